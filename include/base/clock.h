/* clock.h - the two clocks, read in one place
 *
 * Pure modules never call these: time is passed to them in milliseconds.
 * Monotonic time decides (deadlines, back-off, health), wall time is shown.
 */
#ifndef MEKIKI_BASE_CLOCK_H
#define MEKIKI_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */

enum { CLOCK_TEXT_SIZE = 40 };
/* RFC 3339 with milliseconds and the offset of the process's zone, "2026-11-24T19:04:05.123+09:00". */
const char *clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

#endif
