/* engine.c - the engine's beginning and end, and what wakes it
 *
 * What wakes it: outcomes, commits, orders, changes of workers, the disk, and a
 * tick a second. Each of them ends in the same two calls: live_advance() moves
 * the runs, dispatch_pump() fills the workers.
 */
#include "engine/engine.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/core.h"
#include "engine/courtesy.h"
#include "engine/loader.h"
#include "engine/deathbed.h"

enum { TICK_MS = 1000, LIVE_RUNS_MAX = 64, OWNERS_MAX = 4096 };

static void go_on(struct engine *engine)
{
	live_advance(engine);
	dispatch_pump(engine);
}

static void on_tick(void *arg)
{
	struct engine *engine = arg;
	dispatch_check_gap(engine);
	for (int i = 0; i < fleet_count(engine->fleet); i++)
		if (engine->limits[i].in_flight == 0)
			fleet_drained(engine->fleet, i); /* who drains and has nothing in flight */
	if (engine->lives)
		show_soon(engine); /* rates and estimates move though nothing happens */
	go_on(engine);
}

static void on_due(void *arg)
{
	dispatch_pump(arg);
}

static void on_worker(void *arg, int worker, enum worker_state from)
{
	struct engine *engine = arg;
	if (engine->stopping || !engine->fleet)
		return;
	const struct fleet_worker *it = fleet_worker(engine->fleet, worker);
	if (it->health.state != from) {
		const char *cause = worker_cause_sentence(it->health.cause);
		log_info("workers", "worker %s: %s -> %s: %s%s%s%s%s", it->config->id, worker_state_name(from),
		         worker_state_name(it->health.state), it->happened ? it->happened : "", *cause ? ": " : "", cause,
		         it->text ? ": " : "", it->text ? it->text : "");
		record_worker_event(engine, worker, from, engine->acting);
	}
	deathbed_look(engine, worker);
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->opened && fleet_is_lost(it))
			dispatch_cancel(live, worker);
	show_soon(engine);
	go_on(engine);
}

static void on_own(void *arg, int worker, const struct owner_record *owner, fleet_written *written, void *written_arg)
{
	struct engine *engine = arg;
	courtesy_owns(engine->courtesy, worker, owner);
	record_owner(arg, worker, owner, written, written_arg);
}

struct disk_news {
	struct engine *engine;
	bool blocked;
	char *why;
};

static void on_disk(void *arg)
{
	struct disk_news *news = arg;
	struct engine *engine = news->engine;
	if (engine->blocked != news->blocked && !engine->stopping) {
		engine->blocked = news->blocked;
		free(engine->blocked_why);
		engine->blocked_why = TAKE(news->why);
		log_warning("engine", "%s", engine->blocked ? engine->blocked_why : "the store writes again; dispatching goes on");
		record_event(engine, engine->blocked ? EVENT_STORE_BLOCKED : EVENT_STORE_UNBLOCKED, 0, NULL);
		show_soon(engine);
		go_on(engine);
	}
	free(news->why);
	free(news);
}

/* On the writer's thread. */
static void on_store(void *arg, const struct store_notice *notice)
{
	struct engine *engine = arg;
	if (notice->blocked == atomic_load(&engine->told_blocked))
		return;
	atomic_store(&engine->told_blocked, notice->blocked);
	struct disk_news *news = NEW(struct disk_news);
	*news = (struct disk_news){.engine = engine, .blocked = notice->blocked, .why = memory_copy(notice->why)};
	if (!loop_post(engine->loop, on_disk, news)) {
		free(news->why);
		free(news);
	}
}

/* Runs that were live when we died go on: the running one first, then the queue. */
static bool pick_up(struct engine *engine, struct error *err)
{
	struct reader *reader = reader_open(engine->store, err);
	if (!reader)
		return false;
	struct run_record *records = memory_array(LIVE_RUNS_MAX, sizeof(*records));
	int count = run_list_live(reader, records, LIVE_RUNS_MAX, err);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++)
			if (records[i].id && (records[i].state == RUN_QUEUED) == (pass == 1)) {
				char id[RUN_ID_SIZE];
				log_info("engine", "%s was %s when the server ended; it goes on",
				         run_id_format(records[i].id, id), run_state_name(records[i].state));
				struct live *live = live_add(engine, &records[i]);
				if (live->state == RUN_RUNNING)
					live->active_since_ms = clock_mono_ms();
			}
	free(records);
	reader_close(reader);
	return count >= 0;
}

/* Every request in flight holds a descriptor. Where not all that the workers may get can have one, each gets its part of
 * what is left by 40 for files and threads, 2 a worker for its probes, and 64 for connections to us. */
static int64_t affordable(const struct config *config, int64_t wanted)
{
	struct rlimit limit;
	int64_t all = 0, others = 40 + 64 + 2 * (int64_t)config->worker_count;
	for (size_t i = 0; i < config->worker_count; i++)
		all += config->workers[i].max_in_flight;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > (rlim_t)(all + others))
		return wanted;
	int64_t part = wanted * ((int64_t)limit.rlim_cur - others) / all;
	log_warning("engine", "the limit of open files is %lld: a worker gets %lld requests at a time instead of %lld "
	                      "(ulimit -n raises it)",
	            (long long)limit.rlim_cur, (long long)(part < 1 ? 1 : part), (long long)wanted);
	return part < 1 ? 1 : part;
}

static void make_workers(struct engine *engine)
{
	const struct config *config = engine->config;
	engine->limits = memory_array(config->worker_count, sizeof(*engine->limits));
	engine->rates = memory_array(config->worker_count, sizeof(*engine->rates));
	engine->done = memory_array(config->worker_count, sizeof(*engine->done));
	engine->failed = memory_array(config->worker_count, sizeof(*engine->failed));
	engine->deathbeds = memory_array(config->worker_count, sizeof(*engine->deathbeds));
	for (size_t i = 0; i < config->worker_count; i++) {
		limit_init(&engine->limits[i], (int)affordable(config, config->workers[i].max_in_flight));
		rate_init(&engine->rates[i]);
	}
	engine->wanted = memory_array(config->worker_count, sizeof(*engine->wanted));
	struct fleet_listener listener = {.changed = on_worker, .own = on_own, .arg = engine};
	engine->fleet = fleet_new(engine->loop, engine->http, config, &listener);
	engine->courtesy = courtesy_new(engine);
}

/* What an earlier mekiki started: found again before anything else is. */
static bool pick_up_workers(struct engine *engine, struct error *err)
{
	struct reader *reader = reader_open(engine->store, err);
	if (!reader)
		return false;
	struct owner_record *owners = memory_array(OWNERS_MAX, sizeof(*owners));
	int count = owner_list(reader, owners, OWNERS_MAX, err);
	reader_close(reader);
	for (int i = 0; i < count; i++)
		courtesy_owns(engine->courtesy, fleet_find(engine->fleet, owners[i].worker), &owners[i]);
	if (count >= 0)
		fleet_begin(engine->fleet, owners, count);
	for (int i = 0; i < count; i++)
		owner_record_release(&owners[i]);
	free(owners);
	return count >= 0;
}

static void begin(void *arg)
{
	struct engine *engine = arg;
	engine->last_tick_ms = clock_mono_ms();
	loop_timer_set(engine->tick, TICK_MS, TICK_MS);
	courtesy_begin(engine->courtesy);
	go_on(engine);
}

struct engine *engine_new(const struct engine_options *options, struct error *err)
{
	struct engine *engine = NEW(struct engine);
	*engine = (struct engine){.store = options->store, .config = options->config, .last_tick_ms = clock_mono_ms()};
	pthread_mutex_init(&engine->snapshot_lock, NULL);
	engine->loop = loop_new("engine");
	engine->http = http_new(engine->loop);
	engine->tick = loop_timer_new(engine->loop, on_tick, engine);
	engine->due = loop_timer_new(engine->loop, on_due, engine);
	engine->show = loop_timer_new(engine->loop, show_now, engine);
	make_workers(engine);
	engine->loader = loader_new(engine, options->datasets, err);
	show_now(engine);
	if (!engine->loader || !pick_up(engine, err) || !pick_up_workers(engine, err)) {
		engine_free(engine);
		return NULL;
	}
	store_watch(engine->store, on_store, engine);
	loop_post(engine->loop, begin, engine);
	engine->started = true; /* before the thread, which reads its neighbours */
	loop_start(engine->loop);
	return engine;
}

static void on_fleet_over(void *arg)
{
	struct engine *engine = arg;
	engine->fleet_over = true;
	if (engine->outstanding == 0)
		loop_stop(engine->loop);
}

static void hurry(void *arg)
{
	struct engine *engine = arg;
	fleet_hurry(engine->fleet);
}

void engine_hurry(struct engine *engine)
{
	loop_post(engine->loop, hurry, engine);
}

/* On the loop: nothing new begins, what is in flight is given up, and the loop ends when every write has come back. */
static void wind_down(void *arg)
{
	struct engine *engine = arg;
	engine->stopping = true;
	courtesy_end(engine->courtesy);
	loop_timer_stop(engine->tick);
	loop_timer_stop(engine->due);
	loop_timer_stop(engine->show);
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->opened)
			dispatch_cancel(live, -1);
	fleet_wind_down(engine->fleet, on_fleet_over, engine);
}

static void free_attempts(struct engine *engine)
{
	for (struct live *live = engine->lives; live; live = live->next)
		while (live->attempts) {
			struct attempt *attempt = live->attempts;
			live->attempts = attempt->next;
			free(attempt->key);
			cells_release(&attempt->cells);
			free(attempt);
		}
}

void engine_end(struct engine *engine)
{
	if (!engine->started)
		return;
	engine->started = false;
	store_unwatch(engine->store, engine);
	loop_post(engine->loop, wind_down, engine);
	loop_join(engine->loop);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_end(engine);
	loader_free(engine->loader);
	free_attempts(engine);
	live_free_all(engine);
	deathbed_free_all(engine);
	courtesy_free(engine->courtesy);
	fleet_free(engine->fleet);
	http_free(engine->http);
	loop_timer_free(engine->tick);
	loop_timer_free(engine->due);
	loop_timer_free(engine->show);
	loop_free(engine->loop);
	snapshot_release(engine->snapshot);
	pthread_mutex_destroy(&engine->snapshot_lock);
	free(engine->limits);
	free(engine->rates);
	free(engine->done);
	free(engine->failed);
	free(engine->wanted);
	free(engine->blocked_why);
	free(engine);
}

void engine_watch(struct engine *engine, void (*watcher)(void *arg), void *arg)
{
	LOCK_SCOPE(&engine->snapshot_lock);
	engine->watcher_arg = arg;
	engine->watcher = watcher;
}
