/* spelling.h - which keys are spelled in different case
 *
 * Remembers a hash of each key and of its first spelling: 16 bytes per item, at
 * most half full. A collision of 64-bit hashes would only set a flag too many.
 */
#ifndef MEKIKI_DATASET_SPELLING_H
#define MEKIKI_DATASET_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

struct spelling;

struct spelling *spelling_new(void);
void spelling_free(struct spelling *spelling);
/* True when the key was seen before in another case. Cells that differ in more than case are not looked at. */
bool spelling_differs(struct spelling *spelling, const char *key, const char *cell, size_t length);

#endif
