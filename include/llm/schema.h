/* schema.h - the answer that the chat evaluator asks for, and its reader
 *
 * Property order matters: grammars follow it, so reasoning comes first and the
 * verdict follows from it. The reader is strict about the object and tolerant
 * about where it stands: JSON found inside other text (after </think>, in a
 * fence) is taken, but counted and named (`from_text`).
 */
#ifndef MEKIKI_LLM_SCHEMA_H
#define MEKIKI_LLM_SCHEMA_H

#include <jansson.h>

#include "base/error.h"
#include "model/verdict.h"

/* The JSON schema, new reference. */
json_t *schema_answer(void);

/* Reads an answer. FAILURE_NONE: *verdict is filled in. FAILURE_UNPARSABLE or FAILURE_SCHEMA: *detail
 * (owned) says what is wrong with which property. */
enum failure schema_read(const char *text, size_t length, struct verdict *verdict, bool *from_text, char **detail);

#endif
