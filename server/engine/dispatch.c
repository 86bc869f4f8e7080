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
	limit_give_back(&attempt->live->engine->limits[attempt->worker]);
	attempt->live->in_flight--;
}

static void drain_if_empty(struct engine *engine, int worker)
{
	if (engine->limits[worker].in_flight == 0)
		fleet_drained(engine->fleet, worker);
}

void dispatch_cancel(struct live *live, int worker)
{
	struct attempt *next;
	for (struct attempt *attempt = live->attempts; attempt; attempt = next) {
		next = attempt->next;
		if (attempt->abandoned || (worker >= 0 && attempt->worker != worker))
			continue;
		give_back(attempt);
		sched_put_back(live->sched, attempt->pick.n);
		if (attempt->evaluation) {
			live->class->cancel(attempt->evaluation);
			detach(attempt);
		} else {
			attempt->abandoned = true; /* the loader holds it; dispatch_loaded() ends it */
		}
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
	if (outcome->failure != FAILURE_NONE) {
		engine->failed[attempt->worker]++;
		fleet_suspect(engine->fleet, attempt->worker, failure_kind(outcome->failure)->suspicion);
	}
}

static void conclude(struct attempt *attempt, struct outcome *outcome)
{
	struct live *live = attempt->live;
	if (outcome->failure == FAILURE_NONE ||
	    !sched_failed(live->sched, attempt->pick.n, attempt->worker, outcome->failure, outcome->retryable,
	                  clock_mono_ms())) {
		record_result(live, attempt, outcome);
		return;
	}
	live->counts.retried++;
	record_attempt(live, attempt, outcome);
}

static void on_outcome(void *arg, struct outcome *outcome)
{
	struct attempt *attempt = arg;
	struct engine *engine = attempt->live->engine;
	int worker = attempt->worker;
	int64_t elapsed = clock_mono_ms() - attempt->started_ms;
	outcome->elapsed_ms = elapsed;
	outcome->started_ms = clock_wall_ms() - elapsed;
	attempt->evaluation = NULL;
	give_back(attempt);
	if (slept_through(attempt, outcome)) {
		sched_put_back(attempt->live->sched, attempt->pick.n);
	} else {
		note_answer(attempt, outcome);
		conclude(attempt, outcome);
	}
	detach(attempt);
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
	sched_put_back(live->sched, attempt->pick.n);
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
		sched_put_back(attempt->live->sched, attempt->pick.n);
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
	return live->uses[worker] && fleet_takes_items(live->engine->fleet, worker) && fit_serves(live, worker);
}

static int count_others(const struct live *live, int worker)
{
	int others = 0;
	for (int i = 0; i < fleet_count(live->engine->fleet); i++)
		others += i != worker && may_take(live, i);
	return others;
}

static bool pull(struct live *live, int worker)
{
	struct engine *engine = live->engine;
	struct sched_pick pick;
	if (!may_take(live, worker) || !limit_take(&engine->limits[worker]))
		return false;
	if (!sched_next(live->sched, worker, count_others(live, worker), clock_mono_ms(), &pick)) {
		limit_give_back(&engine->limits[worker]);
		return false;
	}
	fit_pin(live);
	struct attempt *attempt = NEW(struct attempt);
	*attempt = (struct attempt){.live = live, .pick = pick, .worker = worker, .started_ms = clock_mono_ms()};
	snprintf(attempt->id, sizeof(attempt->id), "r-%04" PRId64 "-%" PRIx64 "-%" PRIu32 "-%d", live->record.id,
	         (uint64_t)clock_mono_us() & 0xffffff, pick.n, pick.attempt);
	attach(live, attempt);
	loader_item(engine->loader, attempt);
	return true;
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
