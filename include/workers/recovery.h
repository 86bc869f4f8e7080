/* recovery.h - whether and when a worker that failed is started again
 *
 * At most `restarts` (3) within a rolling `window_ms` (30 min), with growing
 * delays (5, 20, 60 s), forgotten after `forgive_ms` (10 min) of good health. Only
 * for workers that are wanted up. What is nobody's fault (somebody else holds the
 * GPU, our own drain, outside allowed hours) waits and spends nothing; what no
 * restart can mend (configuration, model not found) goes straight to a person.
 *
 * Pure: time is passed in (monotonic milliseconds). One per worker.
 */
#ifndef MEKIKI_WORKERS_RECOVERY_H
#define MEKIKI_WORKERS_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

enum { RECOVERY_DELAYS = 8, RECOVERY_RESTARTS_MAX = 32 };

struct recovery_policy {
	int restarts;                      /* 0..RECOVERY_RESTARTS_MAX */
	int64_t window_ms, forgive_ms;
	int64_t delay_ms[RECOVERY_DELAYS]; /* before restart 1, 2, ...; the last repeats */
	int delay_count;
	int64_t wait_ms;                   /* between looks at something that is nobody's fault */
};

struct recovery {
	struct recovery_policy policy;
	int64_t spent[RECOVERY_RESTARTS_MAX]; /* when each counted restart of the window happened */
	int count;
	int64_t healthy_since_ms;             /* -1 = not healthy */
};

enum recovery_action {
	RECOVERY_RESTART,  /* at `at_ms`; attempt says which of how many */
	RECOVERY_WAIT,     /* look again at `at_ms`; nothing is spent */
	RECOVERY_GIVE_UP   /* needs a person */
};

struct recovery_decision {
	enum recovery_action action;
	int64_t at_ms;
	int attempt, of;   /* "recovering 2/3" */
};

void recovery_init(struct recovery *recovery, const struct recovery_policy *policy);
/* permanent: no restart mends it. spends_attempt false: nobody's fault, look again later. */
struct recovery_decision recovery_failed(struct recovery *recovery, bool permanent, bool spends_attempt, int64_t now_ms);
void recovery_healthy(struct recovery *recovery, int64_t now_ms); /* each good probe */
void recovery_reset(struct recovery *recovery);                   /* a person said: try again */

#endif
