/* prompt.h - templates with {{column}} placeholders
 *
 * A template is compiled once against the columns of the dataset, so an unknown
 * placeholder is an error at launch, not at item 9,000. Values are put in as
 * text with line breaks and control characters made visible (a hostile cell
 * cannot start a new line of instructions), and cut at 4,000 bytes; {{{{ stands
 * for {{ itself. The label columns are refused: a prompt must not hold the answer.
 */
#ifndef MEKIKI_LLM_PROMPT_H
#define MEKIKI_LLM_PROMPT_H

#include <stdbool.h>

#include "base/error.h"

struct prompt; /* immutable after prompt_new(): any thread */

/* columns: as they came; "domain" (the item's key) is always known, whatever the file calls it.
 * `is_label` tells which columns carry the truth. ERROR_INPUT names the placeholder and the nearest column. */
struct prompt *prompt_new(const char *template, const char *const *columns, const bool *is_label, int count,
                          struct error *err);
void prompt_free(struct prompt *prompt);
/* cells[i] belongs to columns[i]; NULL or missing = empty. free(). */
char *prompt_render(const struct prompt *prompt, const char *key, const char *const *cells, int count);

/* The documented defaults for phishing domains (language "en" or "ja"). */
const char *prompt_default_system(const char *language);
const char *prompt_default_user(const char *language);

#endif
