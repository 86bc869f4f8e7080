/* progress.h - a run's progress as text: pure functions of the API's `progress` */
#ifndef MEKIKI_CLI_PROGRESS_H
#define MEKIKI_CLI_PROGRESS_H

#include <jansson.h>

#include "base/text.h"

/* All in one line, without its end:
 * "r-0001 running  42.1 %  7,345 of 17,434, 198/min, 38-46 min left, 12 without verdict" */
void progress_line(const json_t *progress, struct text *out);

/* For a terminal: a line with a bar, a line of figures, a line per worker; each less than `columns` wide (0 = any). */
void progress_block(const json_t *progress, int columns, struct text *out);

/* What a run came to, for the end: counts, failures by kind, time, rate. Ends with a newline. */
void progress_summary(const json_t *progress, struct text *out);

#endif
