/* completion_error.h - answers that are no completion, named. Private to llm/completion. */
#ifndef MEKIKI_SERVER_LLM_COMPLETION_ERROR_H
#define MEKIKI_SERVER_LLM_COMPLETION_ERROR_H

#include <jansson.h>

#include "model/failure.h"

/* What an answer with this status (not 200) and body means; *detail: for people, free(). */
enum failure completion_error(int status, const char *body, size_t length, char **detail);

/* The same for an object that came with 200 and holds "error" instead of a completion. */
enum failure completion_error_inside(const json_t *body, char **detail);

#endif
