#include "engine/tail.h"

/* Fewer answers say little about what is slow; and half a second is no reason to ask twice. */
enum { ANSWERS_NEEDED = 8, OVERDUE_FACTOR = 2, OVERDUE_LEAST_MS = 500 };

void tail_note(struct attempt *attempt, int64_t elapsed_ms)
{
	struct live *live = attempt->live;
	live->answers_by[attempt->worker]++;
	if (elapsed_ms > live->slowest_by[attempt->worker])
		live->slowest_by[attempt->worker] = elapsed_ms;
}

static bool is_overdue(const struct attempt *attempt, int64_t now_ms)
{
	const struct live *live = attempt->live;
	int64_t bound = OVERDUE_FACTOR * live->slowest_by[attempt->worker];
	if (bound < OVERDUE_LEAST_MS)
		bound = OVERDUE_LEAST_MS;
	return live->answers_by[attempt->worker] >= ANSWERS_NEEDED && now_ms - attempt->started_ms > bound;
}

struct attempt *tail_overdue(const struct live *live, int worker, int64_t now_ms)
{
	struct attempt *oldest = NULL;
	if (sched_left(live->sched))
		return NULL;
	for (struct attempt *attempt = live->attempts; attempt; attempt = attempt->next) {
		if (!attempt->evaluation || attempt->hedged || attempt->pick.alone || attempt->worker == worker)
			continue;
		if (is_overdue(attempt, now_ms) && (!oldest || attempt->started_ms < oldest->started_ms))
			oldest = attempt;
	}
	return oldest;
}
