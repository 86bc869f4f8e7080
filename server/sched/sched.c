/* sched.c - see the header; the order of the five places an item may wait in
 * is the policy: returned, due, pending, and only then the end of the line. */
#include "sched/sched.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/vector.h"
#include "sched/delay.h"
#include "sched/trouble.h"

/* A place of positions, first in, first out. */
struct line {
	uint32_t *places;
	size_t head, count, capacity; /* count includes what was taken before head */
};

struct held {
	uint32_t n;
	int64_t until_ms; /* then any worker will do */
};

struct sched {
	struct sched_policy policy;
	struct line pending;  /* in the order of the selection */
	struct line returned; /* put back: first */
	struct line at_end;   /* timed out once */
	struct line suspects; /* in flight at two deaths: alone, after everything else */
	int64_t waiting;      /* for the fate of the worker they failed on */
	bool alone_out;       /* one of them is in flight */
	struct delays delays;
	struct held *held;    /* due, but not for the worker they failed on */
	size_t held_count, held_capacity;
	struct troubles troubles;
};

static void line_add(struct line *line, uint32_t n)
{
	VECTOR_ADD(line->places, line->count, line->capacity) = n;
}

static size_t line_length(const struct line *line)
{
	return line->count - line->head;
}

static bool line_take(struct line *line, uint32_t *n)
{
	if (line->head == line->count)
		return false;
	*n = line->places[line->head++];
	if (line->head == line->count)
		line->head = line->count = 0;
	return true;
}

struct sched *sched_new(const struct sched_policy *policy, uint32_t *pending, int64_t count)
{
	assert(policy->attempts >= 1 && policy->troubles >= 1);
	assert(policy->backoff_count >= 1 && policy->backoff_count <= (int)COUNT_OF(policy->backoff_ms));
	struct sched *sched = NEW(struct sched);
	sched->policy = *policy;
	sched->pending = (struct line){.places = pending, .count = (size_t)count, .capacity = (size_t)count};
	return sched;
}

void sched_free(struct sched *sched)
{
	if (!sched)
		return;
	free(sched->pending.places);
	free(sched->returned.places);
	free(sched->at_end.places);
	free(sched->suspects.places);
	free(sched->held);
	delays_release(&sched->delays);
	troubles_release(&sched->troubles);
	free(sched);
}

static bool avoids(const struct sched *sched, uint32_t n, int worker)
{
	const struct trouble *trouble = troubles_find(&sched->troubles, n);
	return trouble && trouble->avoid == worker;
}

/* What is due but avoids somebody waits apart, so that the heap's top never blocks the rest. */
static void hold_what_is_due(struct sched *sched, int64_t now_ms)
{
	struct delay due;
	while (delays_take(&sched->delays, now_ms, &due))
		VECTOR_ADD(sched->held, sched->held_count, sched->held_capacity) =
			(struct held){.n = due.n, .until_ms = due.due_ms + sched->policy.patience_ms};
}

static bool take_held(struct sched *sched, int worker, int others, int64_t now_ms, uint32_t *n)
{
	/* Bounded: a long list of items that all avoid this worker must not make each pull slow. */
	size_t look = sched->held_count < 64 ? sched->held_count : 64;
	for (size_t i = 0; i < look; i++) {
		struct held *held = &sched->held[i];
		if (others > 0 && now_ms < held->until_ms && avoids(sched, held->n, worker))
			continue;
		*n = held->n;
		for (size_t j = i + 1; j < sched->held_count; j++)
			sched->held[j - 1] = sched->held[j];
		sched->held_count--;
		return true;
	}
	return false;
}

static bool take_last(struct sched *sched, int worker, int others, uint32_t *n)
{
	size_t length = line_length(&sched->at_end);
	for (size_t i = 0; i < length && line_take(&sched->at_end, n); i++) {
		if (others == 0 || !avoids(sched, *n, worker))
			return true;
		line_add(&sched->at_end, *n);
	}
	return false;
}

static int deaths(const struct sched *sched, uint32_t n)
{
	const struct trouble *trouble = troubles_find(&sched->troubles, n);
	return trouble ? trouble->deaths : 0;
}

/* The next item in the order of the places; suspects are put aside on the way. */
static bool take(struct sched *sched, int worker, int others, int64_t now_ms, uint32_t *n)
{
	while (line_take(&sched->returned, n) || take_held(sched, worker, others, now_ms, n) ||
	       line_take(&sched->pending, n) || take_last(sched, worker, others, n)) {
		if (deaths(sched, *n) != SCHED_DEATHS_ALONE)
			return true;
		line_add(&sched->suspects, *n);
	}
	return false;
}

static bool take_suspect(struct sched *sched, bool idle, uint32_t *n)
{
	if (!idle || sched->alone_out || !line_take(&sched->suspects, n))
		return false;
	sched->alone_out = true;
	return true;
}

static struct sched_pick pick_of(const struct sched *sched, uint32_t n, bool alone)
{
	const struct trouble *trouble = troubles_find(&sched->troubles, n);
	return (struct sched_pick){.n = n,
	                           .attempt = trouble ? trouble->tries + 1 : 1,
	                           .last_chance = trouble && trouble->timeouts > 0,
	                           .alone = alone,
	                           .quarantined = trouble && trouble->deaths >= SCHED_DEATHS_QUARANTINE};
}

bool sched_next(struct sched *sched, int worker, int others, bool idle, int64_t now_ms, struct sched_pick *pick)
{
	uint32_t n;
	hold_what_is_due(sched, now_ms);
	bool alone = false;
	if (!take(sched, worker, others, now_ms, &n) && !(alone = take_suspect(sched, idle, &n)))
		return false;
	*pick = pick_of(sched, n, alone);
	return true;
}

static bool line_remove(struct line *line, uint32_t n)
{
	for (size_t i = line->head; i < line->count; i++)
		if (line->places[i] == n) {
			for (size_t j = i + 1; j < line->count; j++)
				line->places[j - 1] = line->places[j];
			line->count--;
			return true;
		}
	return false;
}

static bool held_remove(struct sched *sched, uint32_t n)
{
	for (size_t i = 0; i < sched->held_count; i++)
		if (sched->held[i].n == n) {
			sched->held[i] = sched->held[--sched->held_count];
			return true;
		}
	return false;
}

bool sched_death(struct sched *sched, uint32_t n, struct sched_pick *pick)
{
	struct trouble *trouble = troubles_make(&sched->troubles, n);
	if (++trouble->deaths < SCHED_DEATHS_QUARANTINE)
		return false;
	trouble->deaths = SCHED_DEATHS_QUARANTINE;
	if (!line_remove(&sched->returned, n) && !held_remove(sched, n) && !delays_remove(&sched->delays, n) &&
	    !line_remove(&sched->suspects, n) && !line_remove(&sched->at_end, n))
		return false; /* in flight, or over */
	*pick = pick_of(sched, n, false);
	return true;
}

bool sched_is_convicted(const struct sched *sched, uint32_t n)
{
	return deaths(sched, n) >= SCHED_DEATHS_QUARANTINE;
}

void sched_alone_over(struct sched *sched)
{
	sched->alone_out = false;
}

static int64_t backoff(const struct sched *sched, const struct trouble *trouble)
{
	int last = sched->policy.backoff_count - 1;
	int index = trouble->tries - 1 < last ? trouble->tries - 1 : last;
	int64_t base = sched->policy.backoff_ms[index];
	/* Jitter of +-25 %, from the item itself: reproducible, and no herd comes back at once. */
	uint32_t hash = (trouble->n * 2654435769u) ^ ((uint32_t)trouble->tries * 40503u);
	return base * 3 / 4 + (int64_t)(hash >> 8) % (base / 2 + 1);
}

/* Does the failure say something about the item, though it spends no attempt? A wrong key or a full
 * queue does not: 404 must never mark forty thousand items as failed. */
static bool says_something(const struct failure_kind *kind)
{
	return kind->suspicion != SUSPECT_MISCONFIGURED && kind->suspicion != SUSPECT_OVERLOAD;
}

static void remember(struct trouble *trouble, const struct failure_kind *kind, int worker)
{
	trouble->tries++;
	trouble->avoid = (int16_t)worker;
	if (kind->spends_attempt)
		trouble->spent++;
	else if (says_something(kind))
		trouble->troubles++;
}

bool sched_failed(struct sched *sched, uint32_t n, int worker, enum failure failure, bool retryable, bool wait,
                  int64_t now_ms)
{
	const struct failure_kind *kind = failure_kind(failure);
	struct trouble *trouble = troubles_make(&sched->troubles, n);
	remember(trouble, kind, worker);
	if (trouble->deaths >= SCHED_DEATHS_QUARANTINE)
		return false;
	if (kind->retry == RETRY_NEVER || (failure == FAILURE_EVALUATOR && !retryable))
		return false;
	if (trouble->spent >= sched->policy.attempts || trouble->troubles >= sched->policy.troubles)
		return false;
	if (kind->retry == RETRY_AT_END) {
		if (trouble->timeouts++)
			return false;
		line_add(&sched->at_end, n);
		return true;
	}
	sched->waiting++;
	if (!wait)
		sched_release(sched, n, now_ms);
	return true;
}

void sched_release(struct sched *sched, uint32_t n, int64_t now_ms)
{
	assert(sched->waiting > 0);
	sched->waiting--;
	delays_add(&sched->delays, n, now_ms + backoff(sched, troubles_find(&sched->troubles, n)));
}

void sched_dismiss(struct sched *sched, uint32_t n)
{
	(void)n;
	assert(sched->waiting > 0);
	sched->waiting--;
}

void sched_put_back(struct sched *sched, uint32_t n)
{
	line_add(&sched->returned, n);
}

int64_t sched_left(const struct sched *sched)
{
	return sched->waiting + (int64_t)(line_length(&sched->pending) + line_length(&sched->returned) + line_length(&sched->at_end) +
	                 line_length(&sched->suspects) +	                 sched->delays.count + sched->held_count);
}

int64_t sched_due(const struct sched *sched)
{
	if (sched->held_count)
		return sched->held[0].until_ms;
	return sched->delays.count ? sched->delays.heap[0].due_ms : -1;
}
