/* delay.h - items that wait for their back-off: a binary heap by due time */
#ifndef MEKIKI_SCHED_DELAY_H
#define MEKIKI_SCHED_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delay {
	int64_t due_ms;
	uint32_t n;
};

struct delays {
	struct delay *heap;
	size_t count, capacity;
};

void delays_add(struct delays *delays, uint32_t n, int64_t due_ms);
/* Takes the earliest when it is due. */
bool delays_take(struct delays *delays, int64_t now_ms, struct delay *out);
/* Takes this one out, whenever it is due; false when it is not there. Slow: looks at all. */
bool delays_remove(struct delays *delays, uint32_t n);
void delays_release(struct delays *delays);

#endif
