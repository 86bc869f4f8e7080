/* screen.h - text that is drawn again and again
 *
 * On a terminal a block replaces the one before; elsewhere (a file, a pipe, a
 * CI log) only its first line is written, every few seconds.
 */
#ifndef MEKIKI_CLI_SCREEN_H
#define MEKIKI_CLI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct screen {
	FILE *out;
	bool terminal;
	int lines;        /* of the block that stands there */
	int64_t next_ms;  /* monotonic, of the next plain line */
};

void screen_init(struct screen *screen, FILE *out);
int screen_columns(const struct screen *screen); /* 0 when it is no terminal */
void screen_draw(struct screen *screen, const char *block);
void screen_clear(struct screen *screen);        /* the block goes away; what follows is written normally */

#endif
