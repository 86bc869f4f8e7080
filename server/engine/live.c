/* live.c - live runs: their turns and their states
 *
 * The state in memory is what the engine does; the state that is shown is what
 * has been committed. A run leaves the list when it is over and nothing of it is
 * under way any more: no attempt, no write, no change of state.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "engine/core.h"
#include "engine/loader.h"

enum { PATIENCE_MS = 5000 };

struct live *live_find(const struct engine *engine, int64_t run)
{
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->record.id == run)
			return live;
	return NULL;
}

struct live *live_add(struct engine *engine, struct run_record *record)
{
	struct live *live = NEW(struct live);
	*live = (struct live){.engine = engine, .record = *record, .active_since_ms = -1, .alone_on = -1};
	*record = (struct run_record){0};
	live->state = live->shown = live->record.state;
	live->active_before_ms = live->record.active_ms;
	live->cause = memory_copy(live->record.cause ? live->record.cause : "");
	rate_init(&live->rate);
	struct live **end = &engine->lives;
	while (*end)
		end = &(*end)->next;
	*end = live;
	return live;
}

static void close_parts(struct live *live)
{
	if (live->evaluator)
		live->class->free(live->evaluator);
	live->evaluator = NULL;
	sched_free(live->sched);
	live->sched = NULL;
	source_free(live->source);
	live->source = NULL;
	run_request_free(live->request);
	live->request = NULL;
	free(live->uses);
	free(live->done_by);
	free(live->answers_by);
	free(live->slowest_by);
	live->answers_by = live->slowest_by = NULL;
	live->uses = NULL;
	live->done_by = NULL;
	live->opened = false;
}

static void live_free(struct live *live)
{
	close_parts(live);
	run_record_release(&live->record);
	free(live->cause);
	free(live);
}

void live_free_all(struct engine *engine)
{
	while (engine->lives) {
		struct live *live = engine->lives;
		engine->lives = live->next;
		live_free(live);
	}
}

int64_t live_active_ms(const struct live *live, int64_t now_ms)
{
	return live->active_before_ms + (live->active_since_ms >= 0 ? now_ms - live->active_since_ms : 0);
}

static void enter(struct live *live, enum run_state to)
{
	int64_t now = clock_mono_ms();
	if (live->state == RUN_RUNNING) {
		live->active_before_ms = live_active_ms(live, now);
		live->active_since_ms = -1;
	}
	live->state = to;
	if (to == RUN_RUNNING) {
		live->active_since_ms = now;
		rate_start(&live->rate, now);
	}
	if (to == RUN_STOPPED || to == RUN_FAILED)
		dispatch_cancel(live, -1);
}

bool live_event(struct live *live, enum run_event event, const char *cause, const char *person, engine_reply *reply,
                void *arg, struct error *err)
{
	char id[RUN_ID_SIZE];
	const struct run_transition *row = run_transition_find(live->state, event);
	if (!row)
		return error_set(err, ERROR_CONFLICT, "%s is %s (%s); \"%s\" is not possible now",
		                 run_id_format(live->record.id, id), run_state_name(live->state),
		                 engine_run_sentence(live->state), run_event_name(event));
	log_info("engine", "%s: %s -> %s: %s%s%s", run_id_format(live->record.id, id), run_state_name(row->from),
	         run_state_name(row->to), row->sentence, *cause ? ": " : "", cause);
	enter(live, row->to);
	record_state(live, cause, person, reply, arg);
	show_soon(live->engine);
	return true;
}

/* The same, for events of our own: they come only where the table has them. */
static void happen(struct live *live, enum run_event event, const char *cause)
{
	struct error err = {0};
	if (!live_event(live, event, cause, NULL, NULL, NULL, &err))
		log_error("engine", "%s", err.text);
}

static bool holds_turn(const struct live *live)
{
	return live->state == RUN_RUNNING || live->state == RUN_PAUSED || live->state == RUN_WAITING;
}

static bool is_over(const struct live *live)
{
	return !run_state_is_live(live->state) && !live->attempts && !live->writes && !live->changes && !live->opening;
}

static void drop_what_is_over(struct engine *engine)
{
	for (struct live **place = &engine->lives; *place;) {
		struct live *live = *place;
		if (is_over(live)) {
			*place = live->next;
			live_free(live);
		} else {
			place = &live->next;
		}
	}
}

static void give_turn(struct engine *engine)
{
	struct live *first = NULL;
	for (struct live *live = engine->lives; live; live = live->next) {
		if (holds_turn(live))
			return;
		if (!first && live->state == RUN_QUEUED)
			first = live;
	}
	if (first)
		happen(first, RUN_EVENT_TURN, "");
}

/* Soon, if not now. */
static bool may_serve(const struct live *live, int worker)
{
	const struct fleet_worker *it = fleet_worker(live->engine->fleet, worker);
	enum worker_state state = it->health.state;
	if (!live->uses[worker] || it->desired != WORKER_WANTED_UP || it->paused)
		return false;
	return state == WORKER_STARTING || state == WORKER_LOADING ||
	       (worker_state_takes_items(state) && fit_serves(live, worker));
}

static void check_workers(struct live *live)
{
	bool may = false, takes = false;
	for (int i = 0; i < fleet_count(live->engine->fleet); i++) {
		may = may || may_serve(live, i);
		takes = takes || (live->uses[i] && fleet_takes_items(live->engine->fleet, i) && fit_serves(live, i));
	}
	if (live->state == RUN_WAITING && takes) {
		happen(live, RUN_EVENT_WORKER_BACK, "");
	} else if (live->state == RUN_RUNNING && !may && !live->in_flight && sched_left(live->sched) > 0) {
		AUTO_FREE char *why = fit_why_nobody(live);
		happen(live, RUN_EVENT_NO_WORKER, why);
	}
}

static void check_done(struct live *live)
{
	if (sched_left(live->sched) || live->attempts || live->writes)
		return;
	if (live->counts.done >= live->record.total) {
		happen(live, RUN_EVENT_DONE, "");
		return;
	}
	AUTO_FREE char *why = memory_format("%lld of %lld items have no result though nothing is left to do",
	                                    (long long)(live->record.total - live->counts.done),
	                                    (long long)live->record.total);
	happen(live, RUN_EVENT_CANNOT, why);
}

static void care_for(struct live *live)
{
	if (!holds_turn(live) || live->opening)
		return;
	if (!live->opened) {
		live->opening = true;
		loader_open(live->engine->loader, live);
		return;
	}
	check_done(live);
	if (holds_turn(live))
		check_workers(live);
}

/* Workers that start and stop with runs. While a run is being opened, what it will want is not known yet. */
static void tell_fleet(struct engine *engine)
{
	bool opening = false;
	for (const struct live *live = engine->lives; live; live = live->next)
		opening = opening || (holds_turn(live) && !live->opened);
	for (int i = 0; i < fleet_count(engine->fleet); i++) {
		bool wanted = false;
		for (const struct live *live = engine->lives; live; live = live->next)
			wanted = wanted || (live->opened && run_state_is_live(live->state) && live->uses[i]);
		if (wanted == engine->wanted[i] || (opening && !wanted))
			continue;
		engine->wanted[i] = wanted; /* before the call: it comes back here */
		if (wanted)
			fleet_run_wants(engine->fleet, i);
		else
			fleet_run_over(engine->fleet, i);
	}
}

void live_advance(struct engine *engine)
{
	if (engine->stopping)
		return;
	drop_what_is_over(engine);
	give_turn(engine);
	tell_fleet(engine); /* first: a worker that is being started is worth waiting for */
	for (struct live *live = engine->lives; live; live = live->next)
		care_for(live);
}

static bool make_evaluator(struct live *live, struct error *err)
{
	const struct run_request *request = live->request;
	live->class = evaluator_class_find(request->evaluator);
	if (!live->class)
		return error_set(err, ERROR_UNSUPPORTED, "there is no evaluator \"%s\"", request->evaluator);
	struct evaluator_settings settings = {.system = request->system,
	                                      .user = request->user,
	                                      .language = request->language,
	                                      .temperature = request->temperature,
	                                      .top_p = request->top_p,
	                                      .max_tokens = request->max_tokens,
	                                      .seed = request->seed,
	                                      .enable_thinking = request->enable_thinking,
	                                      .columns = (const char *const *)live->source->columns,
	                                      .is_label = live->source->is_label,
	                                      .column_count = live->source->column_count};
	live->evaluator = live->class->new(live->engine->http, live->engine->loop, &settings, err);
	return live->evaluator != NULL;
}

void live_opened(struct live *live, const struct error *cannot)
{
	live->opening = false;
	struct error err = {0};
	if (cannot)
		err = *cannot;
	else if (make_evaluator(live, &err))
		live->opened = true;
	if (live->opened)
		fit_choose(live);
	else if (holds_turn(live))
		happen(live, RUN_EVENT_CANNOT, err.text);
	if (live->opened && live->state == RUN_RUNNING)
		enter(live, RUN_RUNNING); /* reading millions of rows was no time of evaluating them */
	show_now(live->engine); /* before its first new result: who looked into the store must not be shown fewer */
	live_advance(live->engine);
	dispatch_pump(live->engine);
}
