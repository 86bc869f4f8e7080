/* limit.h - how many requests may be in flight to one worker
 *
 * A fixed number for now: the worker's max_in_flight. This is the place where a
 * limit that follows the worker's throughput goes; its callers already take and
 * give back every place, which is all that such a limit needs to see.
 *
 * Pure. The engine keeps one per worker.
 */
#ifndef MEKIKI_SCHED_LIMIT_H
#define MEKIKI_SCHED_LIMIT_H

#include <stdbool.h>

struct limit {
	int allowed;   /* >= 1 */
	int in_flight; /* 0 <= in_flight <= allowed */
};

void limit_init(struct limit *limit, int allowed);
/* Takes a place; false when full. Each place taken is given back exactly once. */
bool limit_take(struct limit *limit);
void limit_give_back(struct limit *limit);

#endif
