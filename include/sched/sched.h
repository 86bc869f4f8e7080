/* sched.h - which item next: one central queue, pulled by the workers
 *
 * Workers pull, so speed is measured and never configured. Items come in their
 * order; what was put back comes first, what waits for its back-off comes when
 * it is due, and what timed out comes once more after everything else.
 *
 * An item that was in flight when a worker died is under suspicion after the
 * second time: it runs alone, at the end, so that the third death convicts it and
 * nobody else; then it is quarantined.
 *
 * Pure: no clock, no lock, no I/O. Time is passed in (monotonic milliseconds).
 * The engine keeps one per run, on its thread. Memory: 4 bytes per pending item,
 * and 24 for each item that has failed at least once.
 */
#ifndef MEKIKI_SCHED_SCHED_H
#define MEKIKI_SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "model/failure.h"

struct sched;

struct sched_policy {
	int attempts;             /* tries that spend an attempt, >= 1 */
	int troubles;             /* tries that do not (connection, server_error, aborted), >= 1: an item that fails
	                             so often while its workers live is itself the trouble */
	int64_t backoff_ms[8];    /* before try 2, 3, ...; the last repeats */
	int backoff_count;        /* 1..8 */
	int64_t patience_ms;      /* how long an item waits for another worker than the one it failed on */
};

struct sched_pick {
	uint32_t n;               /* position in the selection */
	int attempt;              /* counts the item's tries, from 1 */
	bool last_chance;         /* after a time-out: give it twice the deadline */
	bool alone;               /* nothing else may be in flight on its worker; tell sched_alone_over() when it has ended */
	bool quarantined;         /* do not send it out: FAILURE_QUARANTINED is its result */
};

enum { SCHED_DEATHS_ALONE = 2, SCHED_DEATHS_QUARANTINE = 3 };

/* Takes `pending` (free()d by sched_free). */
struct sched *sched_new(const struct sched_policy *policy, uint32_t *pending, int64_t count);
void sched_free(struct sched *sched);

/* The next item for this worker (0 <= worker < 32767). others: how many other workers could take items now.
 * idle: nothing is in flight on this one. false: nothing for it at this moment; sched_due() says when there may be. A pick
 * ends in a verdict, of which the queue need not know, in failed or in put_back. */
bool sched_next(struct sched *sched, int worker, int others, bool idle, int64_t now_ms, struct sched_pick *pick);

/* It failed: true = it will be tried again; false = this failure is its result. `retryable` is what the
 * evaluator said (FAILURE_EVALUATOR only). wait: not before its worker's fate is known; it is in no place
 * until sched_release() or sched_dismiss(), but counts as left. */
bool sched_failed(struct sched *sched, uint32_t n, int worker, enum failure failure, bool retryable, bool wait,
                  int64_t now_ms);
void sched_release(struct sched *sched, uint32_t n, int64_t now_ms); /* after its back-off */
void sched_dismiss(struct sched *sched, uint32_t n);                 /* it has got its result otherwise */
/* The try did not count (its worker was lost, the run was paused): it comes first, at once. */
void sched_put_back(struct sched *sched, uint32_t n);

/* A worker died with this item in flight. true: it was the third, and the item, which waited to be tried
 * again, has been taken out of the queue: *pick holds it, quarantined. */
bool sched_death(struct sched *sched, uint32_t n, struct sched_pick *pick);
void sched_alone_over(struct sched *sched);
bool sched_is_convicted(const struct sched *sched, uint32_t n); /* three deaths */

int64_t sched_left(const struct sched *sched); /* queued in any way, not in flight */
int64_t sched_due(const struct sched *sched);  /* when the next delayed item is due; -1 = none is delayed */

#endif
