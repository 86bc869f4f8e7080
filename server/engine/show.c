/* show.c - the engine as others see it: snapshots */
#include <math.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "engine/core.h"
#include "engine/courtesy.h"
#include "workers/log_lines.h"

enum { SHOW_EVERY_MS = 250, RATE_WINDOW_MS = 60000, RATE_LONG_MS = 600000, STALLED_AFTER_MS = 120000, LOG_SHOWN = 10 };

static const struct live *serving(const struct engine *engine, int worker)
{
	for (const struct live *live = engine->lives; live; live = live->next)
		if (live->opened && live->uses[worker])
			return live;
	return NULL;
}

/* The last lines of a worker that does not serve: those are looked at. */
static const char *const *show_log(struct engine *engine, struct snapshot *snapshot, int worker)
{
	const struct log_lines *log = fleet_log(engine->fleet, worker);
	char *lines[LOG_SHOWN + 1] = {0};
	if (worker_state_takes_items(fleet_worker(engine->fleet, worker)->health.state))
		log = NULL;
	size_t count = log ? log->count : 0, from = count > LOG_SHOWN ? count - LOG_SHOWN : 0;
	for (size_t i = from; i < count; i++)
		lines[i - from] = (char *)(uintptr_t)log_lines_at(log, i);
	return snapshot_texts(snapshot, lines);
}

static void show_worker(struct engine *engine, struct snapshot *snapshot, int index, int64_t now)
{
	const struct fleet_worker *it = fleet_worker(engine->fleet, index);
	const struct live *live = serving(engine, index);
	*snapshot_worker_at(snapshot, index) = (struct worker_view){
		.id = snapshot_text(snapshot, it->config->id),
		.url = snapshot_text(snapshot, it->config->url),
		.kind = it->config->kind,
		.desired = it->desired,
		.state = it->health.state,
		.cause = it->health.cause,
		.text = snapshot_text(snapshot, it->text),
		.since_ms = it->since_ms,
		.last_probe_ms = it->last_probe_ms,
		.last_answer_ms = it->last_answer_ms,
		.probe_ms = it->probe_ms,
		.failures = it->health.failures,
		.max_failures = it->health.max_failures,
		.model = snapshot_text(snapshot, it->model),
		.root = snapshot_text(snapshot, it->root),
		.server_version = snapshot_text(snapshot, it->version),
		.models = snapshot_texts(snapshot, it->models),
		.max_model_len = it->max_model_len,
		.in_flight = engine->limits[index].in_flight,
		.allowed = engine->limits[index].allowed,
		.done = engine->done[index],
		.failed = engine->failed[index],
		.rate_1m = rate_over(&engine->rates[index], now, RATE_WINDOW_MS),
		.paused = it->paused,
		.has_backend = it->has_backend,
		.gpu = snapshot_text(snapshot, it->config->gpu),
		.attempt = it->attempt,
		.of = it->of,
		.next_at_ms = it->next_at_ms,
		.phase = snapshot_text(snapshot, it->phase),
		.progress = it->progress < 0 ? NAN : it->progress,
		.receipt = snapshot_text(snapshot, it->receipt),
		.log = show_log(engine, snapshot, index),
		.in_run = live != NULL,
		.run_done = live ? live->done_by[index] : 0,
	};
}

/* Something is in flight and nothing has been answered for long. */
static bool is_stalled(const struct live *live, int64_t now)
{
	int64_t since = live->rate.last_ms >= 0 ? live->rate.last_ms : live->rate.start_ms;
	return live->state == RUN_RUNNING && live->in_flight > 0 && since >= 0 && now - since > STALLED_AFTER_MS;
}

static void show_run(struct live *live, struct progress *out, int64_t now)
{
	struct eta eta = {0};
	const struct result_counts *counts = &live->counts;
	if (live->state == RUN_RUNNING)
		eta_estimate(&live->rate, now, live->record.total - counts->done, &eta);
	*out = (struct progress){.run = live->record.id,
	                         .state = live->shown,
	                         .version = counts->version,
	                         .total = live->record.total,
	                         .done = counts->done,
	                         .verdicts = counts->verdicts,
	                         .no_verdict = counts->no_verdict,
	                         .in_flight = live->in_flight,
	                         .retried = counts->retried,
	                         .from_text = counts->from_text,
	                         .duplicates = counts->duplicates,
	                         .rate_1m = rate_over(&live->rate, now, RATE_WINDOW_MS),
	                         .rate_10m = rate_over(&live->rate, now, RATE_LONG_MS),
	                         .has_eta = eta.known,
	                         .eta_lo_s = eta.lo_s,
	                         .eta_p50_s = eta.p50_s,
	                         .eta_hi_s = eta.hi_s,
	                         .stalled = is_stalled(live, now),
	                         .shuffled = live->record.shuffled,
	                         .active_ms = live_active_ms(live, now)};
	for (int i = 0; i < FAILURE_COUNT; i++)
		out->by_failure[i] = counts->by_failure[i];
}

/* The counts of a run that is not open yet are not known: it is left out, and read from the store. */
static bool is_shown(const struct live *live)
{
	return live->opened && run_state_is_live(live->shown);
}

void show_now(void *arg)
{
	struct engine *engine = arg;
	int runs = 0, index = 0;
	int64_t now = clock_mono_ms();
	for (struct live *live = engine->lives; live; live = live->next)
		runs += is_shown(live);
	struct snapshot *snapshot = snapshot_new(fleet_count(engine->fleet), runs);
	snapshot->at_ms = clock_wall_ms();
	snapshot->number = ++engine->snapshot_number;
	snapshot->store_blocked = engine->blocked;
	snapshot->store_why = engine->blocked ? snapshot_text(snapshot, engine->blocked_why) : NULL;
	for (int i = 0; i < fleet_count(engine->fleet); i++)
		show_worker(engine, snapshot, i, now);
	courtesy_show(engine->courtesy, snapshot);
	for (struct live *live = engine->lives; live; live = live->next)
		if (is_shown(live))
			show_run(live, snapshot_run_at(snapshot, index++), now);
	struct snapshot *old = engine->snapshot;
	void (*watcher)(void *arg);
	void *watcher_arg;
	{
		LOCK_SCOPE(&engine->snapshot_lock);
		engine->snapshot = snapshot;
		watcher = engine->watcher;
		watcher_arg = engine->watcher_arg;
	}
	snapshot_release(old);
	engine->dirty = false;
	if (watcher)
		watcher(watcher_arg);
}

void show_soon(struct engine *engine)
{
	if (engine->dirty || engine->stopping)
		return;
	engine->dirty = true;
	loop_timer_set(engine->show, SHOW_EVERY_MS, 0);
}

struct snapshot *engine_snapshot(struct engine *engine)
{
	LOCK_SCOPE(&engine->snapshot_lock);
	return snapshot_retain(engine->snapshot);
}
