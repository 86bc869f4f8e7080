/* dispatch.c - items to workers that pull, outcomes back
 *
 * A worker pulls while it has free places. Each attempt is one place of its
 * worker's limit from the pick to the outcome; the item is read by the loader in
 * between, so the loop never waits for a disk.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/core.h"
#include "engine/loader.h"
#include "engine/deathbed.h"
#include "engine/tail.h"

/* Beyond this between two ticks of a second, the process or the machine slept. */
enum { GAP_MS = 5000 };

void dispatch_place(const struct engine *engine, int worker, struct evaluator_place *out)
{
	const struct fleet_worker *it = fleet_worker(engine->fleet, worker);
	bool tls = text_starts(it->config->url, "https:");
	bool reuse = it->config->reuse == REUSE_ALWAYS || (it->config->reuse == REUSE_AUTO && tls);
	*out = (struct evaluator_place){.worker = it->config->id,
	                                .base_url = it->config->url,
	                                .model = it->model,
	                                .headers = it->headers,
	                                .reuse = reuse ? HTTP_REUSE : HTTP_FRESH};
}

/* --- attempts ----------------------------------------------------------------------------------- */

static void attach(struct live *live, struct attempt *attempt)
{
	attempt->next = live->attempts;
	if (attempt->next)
		attempt->next->previous = attempt;
	live->attempts = attempt;
	live->in_flight++;
}

/* The other attempt at the same item goes on by itself. */
static void part(struct attempt *attempt)
{
	if (attempt->twin)
		attempt->twin->twin = NULL;
	attempt->twin = NULL;
}

/* Out of the list and freed. */
static void detach(struct attempt *attempt)
{
	if (attempt->previous)
		attempt->previous->next = attempt->next;
	else
		attempt->live->attempts = attempt->next;
	if (attempt->next)
		attempt->next->previous = attempt->previous;
	free(attempt->key);
	cells_release(&attempt->cells);
	free(attempt);
}

/* Gives the worker's place back; from now on the attempt is in flight no more. */
static void give_back(struct attempt *attempt)
{
	struct live *live = attempt->live;
	limit_give_back(&live->engine->limits[attempt->worker]);
	live->in_flight--;
	if (attempt->pick.alone) {
		live->alone_on = -1;
		sched_alone_over(live->sched);
	}
}

/* The try did not count; while a twin is at the item, the queue does not need it back. */
static void put_back(struct attempt *attempt)
{
	struct live *live = attempt->live;
	if (!attempt->twin && sched_is_convicted(live->sched, attempt->pick.n))
		record_quarantine(live, attempt->pick.n);
	else if (!attempt->twin)
		sched_put_back(live->sched, attempt->pick.n);
	part(attempt);
}

/* Gives the attempt up without an outcome. */
static void abandon(struct attempt *attempt)
{
	give_back(attempt);
	if (attempt->evaluation) {
		attempt->live->class->cancel(attempt->evaluation);
		detach(attempt);
	} else {
		attempt->abandoned = true; /* the loader holds it; dispatch_loaded() ends it */
	}
}

static void drain_if_empty(struct engine *engine, int worker)
{
	if (engine->limits[worker].in_flight == 0)
		fleet_drained(engine->fleet, worker);
}

void dispatch_cancel(struct live *live, int worker)
{
	if (worker < 0 && live->opened)
		deathbed_release_run(live);
	struct attempt *next;
	for (struct attempt *attempt = live->attempts; attempt; attempt = next) {
		next = attempt->next;
		if (attempt->abandoned || (worker >= 0 && attempt->worker != worker))
			continue;
		put_back(attempt);
		abandon(attempt);
	}
}

/* --- outcomes ----------------------------------------------------------------------------------- */

void dispatch_check_gap(struct engine *engine)
{
	int64_t now = clock_mono_ms(), gap = now - engine->last_tick_ms;
	engine->last_tick_ms = now;
	if (gap < GAP_MS)
		return;
	engine->gap_end_ms = now;
	log_warning("engine", "nothing ran here for %" PRId64 " s (suspended, stopped or starved): what timed out "
	                      "meanwhile does not count", gap / 1000);
	AUTO_FREE char *data = memory_format("{\"seconds\":%" PRId64 "}", gap / 1000);
	record_event(engine, EVENT_CLOCK_GAP, 0, data);
	fleet_forgive(engine->fleet);
}

/* A deadline that passed while we slept says nothing about item or worker. */
static bool slept_through(struct attempt *attempt, const struct outcome *outcome)
{
	struct engine *engine = attempt->live->engine;
	dispatch_check_gap(engine);
	return outcome->failure == FAILURE_TIMEOUT && attempt->started_ms < engine->gap_end_ms;
}

static void note_answer(struct attempt *attempt, const struct outcome *outcome)
{
	struct engine *engine = attempt->live->engine;
	if (outcome->http_status || outcome->failure == FAILURE_NONE)
		fleet_answered(engine->fleet, attempt->worker);
	if (outcome->failure == FAILURE_NONE)
		tail_note(attempt, outcome->elapsed_ms);
	else
		engine->failed[attempt->worker]++;
}

/* After the item has found its place: the worker's probe may answer at once. */
static void suspect(struct engine *engine, int worker, enum failure failure)
{
	if (failure == FAILURE_NONE)
		return;
	fleet_suspect(engine->fleet, worker, failure_kind(failure)->suspicion);
	deathbed_look(engine, worker);
}

/* One of two attempts has ended. A verdict ends the other, a failure leaves the item to it. */
static void conclude_twin(struct attempt *attempt, struct outcome *outcome)
{
	struct attempt *twin = attempt->twin;
	part(attempt);
	if (outcome->failure != FAILURE_NONE) {
		record_attempt(attempt->live, attempt, outcome);
		return;
	}
	abandon(twin);
	record_result(attempt->live, attempt, outcome);
}

static bool will_try_again(struct attempt *attempt, const struct outcome *outcome)
{
	struct live *live = attempt->live;
	bool wait = deathbed_waits(live->engine, attempt->worker, outcome->failure);
	if (!sched_failed(live->sched, attempt->pick.n, attempt->worker, outcome->failure, outcome->retryable, wait,
	                  clock_mono_ms()))
		return false;
	if (wait)
		deathbed_add(live, attempt->worker, attempt->pick.n);
	return true;
}

static void conclude(struct attempt *attempt, struct outcome *outcome)
{
	struct live *live = attempt->live;
	if (attempt->twin) {
		conclude_twin(attempt, outcome);
	} else if (outcome->failure != FAILURE_NONE && will_try_again(attempt, outcome)) {
		live->counts.retried++;
		record_attempt(live, attempt, outcome);
	} else {
		if (outcome->failure != FAILURE_NONE && sched_is_convicted(live->sched, attempt->pick.n))
			outcome->failure = FAILURE_QUARANTINED;
		record_result(live, attempt, outcome);
	}
}

static void on_outcome(void *arg, struct outcome *outcome)
{
	struct attempt *attempt = arg;
	struct engine *engine = attempt->live->engine;
	int worker = attempt->worker;
	enum failure failure = outcome->failure;
	int64_t elapsed = clock_mono_ms() - attempt->started_ms;
	outcome->elapsed_ms = elapsed;
	outcome->started_ms = clock_wall_ms() - elapsed;
	attempt->evaluation = NULL;
	give_back(attempt);
	bool counts = !slept_through(attempt, outcome);
	if (counts) {
		note_answer(attempt, outcome);
		conclude(attempt, outcome);
	} else {
		put_back(attempt);
	}
	detach(attempt);
	if (counts)
		suspect(engine, worker, failure);
	drain_if_empty(engine, worker);
	show_soon(engine);
	live_advance(engine);
	dispatch_pump(engine);
}

/* --- the way out -------------------------------------------------------------------------------- */

static void begin(struct attempt *attempt)
{
	struct live *live = attempt->live;
	struct evaluator_place place;
	dispatch_place(live->engine, attempt->worker, &place);
	if (live->request->model)
		place.model = live->request->model;
	struct evaluator_task task = {.key = attempt->key,
	                              .cells = (const char *const *)attempt->cells.texts,
	                              .cell_count = attempt->cells.count,
	                              .attempt_id = attempt->id,
	                              .deadline_ms = live->request->timeout_ms * (attempt->pick.last_chance ? 2 : 1)};
	attempt->started_ms = clock_mono_ms();
	attempt->evaluation = live->class->begin(live->evaluator, &place, &task, on_outcome, attempt);
}

static void refuse(struct attempt *attempt, const struct error *err)
{
	struct live *live = attempt->live;
	struct error refused = {0};
	give_back(attempt);
	put_back(attempt);
	detach(attempt);
	if (!live_event(live, RUN_EVENT_CANNOT, err->text, NULL, NULL, NULL, &refused))
		log_error("engine", "%s; %s", err->text, refused.text);
}

void dispatch_loaded(struct attempt *attempt, const struct error *err)
{
	struct engine *engine = attempt->live->engine;
	if (attempt->abandoned)
		detach(attempt);
	else if (err)
		refuse(attempt, err);
	else if (!fleet_takes_items(engine->fleet, attempt->worker)) {
		give_back(attempt);
		put_back(attempt);
		drain_if_empty(engine, attempt->worker);
		detach(attempt);
	} else {
		begin(attempt);
		return;
	}
	live_advance(engine);
	dispatch_pump(engine);
}

static bool may_take(const struct live *live, int worker)
{
	return live->uses[worker] && live->alone_on != worker && fleet_takes_items(live->engine->fleet, worker) && fit_serves(live, worker);
}

static int count_others(const struct live *live, int worker)
{
	int others = 0;
	for (int i = 0; i < fleet_count(live->engine->fleet); i++)
		others += i != worker && may_take(live, i);
	return others;
}

static struct attempt *send_out(struct live *live, const struct sched_pick *pick, int worker)
{
	struct attempt *attempt = NEW(struct attempt);
	fit_pin(live);
	*attempt = (struct attempt){.live = live, .pick = *pick, .worker = worker, .started_ms = clock_mono_ms()};
	snprintf(attempt->id, sizeof(attempt->id), "r-%04" PRId64 "-%" PRIx64 "-%" PRIu32 "-%d", live->record.id,
	         (uint64_t)clock_mono_us() & 0xffffff, pick->n, pick->attempt);
	attach(live, attempt);
	if (pick->alone)
		live->alone_on = worker;
	loader_item(live->engine->loader, attempt);
	return attempt;
}

static bool hedge(struct live *live, int worker)
{
	struct attempt *overdue = tail_overdue(live, worker, clock_mono_ms());
	if (!overdue)
		return false;
	log_info("engine", "%s has outlived its worker's history; worker %s tries the same item", overdue->id,
	         fleet_worker(live->engine->fleet, worker)->config->id);
	overdue->twin = send_out(live, &overdue->pick, worker);
	overdue->twin->twin = overdue;
	overdue->hedged = overdue->twin->hedged = true;
	return true;
}

static bool pull(struct live *live, int worker)
{
	struct engine *engine = live->engine;
	struct limit *limit = &engine->limits[worker];
	struct sched_pick pick;
	bool idle = limit->in_flight == 0;
	if (!may_take(live, worker) || !limit_take(limit))
		return false;
	if (sched_next(live->sched, worker, count_others(live, worker), idle, clock_mono_ms(), &pick)) {
		if (!pick.quarantined) {
			send_out(live, &pick, worker);
			return true;
		}
		limit_give_back(limit);
		record_quarantine(live, pick.n);
		return true;
	}
	if (hedge(live, worker))
		return true;
	limit_give_back(limit);
	return false;
}

static struct live *dispatching(const struct engine *engine)
{
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->state == RUN_RUNNING && live->opened)
			return live;
	return NULL;
}

void dispatch_pump(struct engine *engine)
{
	struct live *live = dispatching(engine);
	if (engine->pumping || engine->blocked || engine->stopping || !live)
		return;
	engine->pumping = true;
	bool given = true;
	while (given) { /* one each, in turn: a short queue is shared, not swallowed by the first */
		given = false;
		for (int i = 0; i < fleet_count(engine->fleet); i++)
			given = pull(live, i) || given;
	}
	int64_t due = sched_due(live->sched), now = clock_mono_ms();
	if (due >= 0)
		loop_timer_set(engine->due, due > now ? due - now : 1, 0);
	engine->pumping = false;
}
