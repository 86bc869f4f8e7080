/* command.c - what people ask of runs and workers
 *
 * Each order is answered once, after its change is committed, or at once with
 * the reason why it cannot be.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/core.h"
#include "engine/loader.h"

struct order {
	struct engine *engine;
	enum engine_action action;
	int64_t run;
	char *worker, *person; /* owned */
	char **workers;        /* owned, NULL-terminated; NULL = none */
	bool forgot; /* failures were made pending again: a finished run may start */
	engine_reply *reply;
	void *arg;
};

static void order_free(struct order *order)
{
	free(order->worker);
	free(order->person);
	for (char **id = order->workers; id && *id; id++)
		free(*id);
	free(order->workers);
	free(order);
}

static void answer(struct order *order, bool ok, const struct error *err)
{
	if (order->reply)
		order->reply(order->arg, ok, err);
	order_free(order);
}

static char **copy_list(const char *const *list)
{
	size_t count = 0;
	while (list && list[count])
		count++;
	char **copy = memory_array(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = memory_copy(list[i]);
	return copy;
}

void engine_command(struct engine *engine, const struct engine_command *command)
{
	struct order *order = NEW(struct order);
	*order = (struct order){.engine = engine,
	                        .action = command->action,
	                        .run = command->run,
	                        .worker = memory_copy(command->worker),
	                        .person = memory_copy(command->person),
	                        .workers = copy_list(command->workers),
	                        .reply = command->reply,
	                        .arg = command->arg};
	if (loop_post(engine->loop, command_execute, order))
		return;
	struct error err = {0};
	error_set(&err, ERROR_BUSY, "the server is stopping");
	answer(order, false, &err);
}

static enum run_event event_of(enum engine_action action)
{
	switch ((int)action) {
	case ENGINE_RUN_PAUSE:
		return RUN_EVENT_PAUSE;
	case ENGINE_RUN_RESUME:
		return RUN_EVENT_RESUME;
	case ENGINE_RUN_STOP:
		return RUN_EVENT_STOP;
	default:
		return RUN_EVENT_START;
	}
}

static void change_state(struct order *order, struct live *live)
{
	struct error err = {0};
	struct engine *engine = order->engine;
	if (live_event(live, event_of(order->action), "", order->person, order->reply, order->arg, &err)) {
		order_free(order); /* the reply comes with the commit */
		live_advance(engine);
		dispatch_pump(engine);
	} else {
		answer(order, false, &err);
	}
}

static bool set_workers(struct live *live, const struct order *order, bool use, struct error *err)
{
	for (char **id = order->workers; *id; id++) {
		int worker = fleet_find(order->engine->fleet, *id);
		if (worker < 0)
			return error_set(err, ERROR_NOT_FOUND, "there is no worker \"%s\" in the configuration", *id);
	}
	for (char **id = order->workers; *id; id++)
		live->uses[fleet_find(order->engine->fleet, *id)] = use;
	return true;
}

static void change_workers(struct order *order, struct live *live)
{
	struct error err = {0};
	struct engine *engine = order->engine;
	if (!live->opened)
		error_set(&err, ERROR_BUSY, "the run is not open yet; try again in a moment");
	else if (!order->workers[0])
		error_set(&err, ERROR_INPUT, "\"workers\" names no worker");
	else if (set_workers(live, order, order->action == ENGINE_RUN_ADD_WORKERS, &err)) {
		record_workers(live, order->person, order->reply, order->arg);
		order_free(order);
		live_advance(engine);
		dispatch_pump(engine);
		return;
	}
	answer(order, false, &err);
}

static void act_on_live(struct order *order, struct live *live)
{
	struct error err = {0};
	if (order->action == ENGINE_RUN_ADD_WORKERS || order->action == ENGINE_RUN_REMOVE_WORKERS) {
		change_workers(order, live);
	} else if (order->action == ENGINE_RUN_RETRY_FAILED) {
		error_set(&err, ERROR_CONFLICT, "the run is %s; failures are tried again once it is over",
		          run_state_name(live->state));
		answer(order, false, &err);
	} else {
		change_state(order, live);
	}
}

static void forgotten(void *arg, bool ok, const struct error *err)
{
	struct order *order = arg;
	if (!ok) {
		answer(order, false, err);
		return;
	}
	order->action = ENGINE_RUN_START;
	order->forgot = true;
	command_execute(order);
}

/* A finished run starts again only because failures were forgotten: it counts as stopped. */
static void start_again(struct order *order, struct run_record *record)
{
	struct live *live = live_add(order->engine, record);
	if (live->state == RUN_FINISHED)
		live->state = RUN_STOPPED;
	change_state(order, live);
}

static void act_on_record(void *arg, struct run_record *record, const struct error *err)
{
	struct order *order = arg;
	struct live *live = err ? NULL : live_find(order->engine, record->id);
	struct error refused = {0};
	char id[RUN_ID_SIZE];
	if (err) {
		answer(order, false, err);
	} else if (live) { /* two orders were reading it at once */
		act_on_live(order, live);
	} else if (order->action == ENGINE_RUN_RETRY_FAILED &&
	           (engine_run_actions(record->state) & 1u << ENGINE_RUN_RETRY_FAILED)) {
		record_forget_failures(order->engine, record->id, forgotten, order);
	} else if (order->action == ENGINE_RUN_START && (record->state != RUN_FINISHED || order->forgot)) {
		start_again(order, record);
	} else {
		error_set(&refused, ERROR_CONFLICT, "%s is %s (%s); \"%s\" is not possible now",
		          run_id_format(record->id, id), run_state_name(record->state), engine_run_sentence(record->state),
		          engine_action_name(order->action));
		answer(order, false, &refused);
	}
}

static void cancel_all(struct engine *engine, int worker)
{
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->opened)
			dispatch_cancel(live, worker);
}

static void drain(struct engine *engine, int worker)
{
	fleet_drain(engine->fleet, worker);
	if (engine->limits[worker].in_flight == 0)
		fleet_drained(engine->fleet, worker);
}

static bool do_to_worker(struct engine *engine, enum engine_action action, int worker, struct error *err)
{
	struct fleet *fleet = engine->fleet;
	const struct fleet_worker *it = fleet_worker(fleet, worker);
	switch ((int)action) {
	case ENGINE_WORKER_PAUSE:
		fleet_pause(fleet, worker, true);
		return true;
	case ENGINE_WORKER_RESUME:
		fleet_pause(fleet, worker, false);
		if (!it->has_backend || it->health.state == WORKER_DRAINING)
			fleet_want_up(fleet, worker);
		return true;
	case ENGINE_WORKER_START:
		fleet_want_up(fleet, worker);
		return true;
	case ENGINE_WORKER_STOP:
		cancel_all(engine, worker); /* our connections first: a vLLM with open requests waits for its clients */
		drain(engine, worker);
		return true;
	case ENGINE_WORKER_RESTART:
		cancel_all(engine, worker);
		return fleet_restart(fleet, worker, err);
	case ENGINE_WORKER_RETRY:
		return fleet_retry(fleet, worker, err);
	case ENGINE_WORKER_FORGET:
		return fleet_forget(fleet, worker, err);
	default: /* drain, give_back */
		drain(engine, worker);
		return true;
	}
}

static void act_on_worker(struct order *order)
{
	struct engine *engine = order->engine;
	struct error err = {0};
	int worker = order->worker ? fleet_find(engine->fleet, order->worker) : -1;
	if (worker < 0) {
		error_set(&err, ERROR_NOT_FOUND, "there is no worker \"%s\" in the configuration",
		          order->worker ? order->worker : "");
		answer(order, false, &err);
		return;
	}
	enum worker_state from = fleet_worker(engine->fleet, worker)->health.state;
	engine->acting = order->person;
	bool good = do_to_worker(engine, order->action, worker, &err);
	if (good && fleet_worker(engine->fleet, worker)->health.state == from) /* otherwise on_worker() has told it */
		record_worker_event(engine, worker, from, order->person);
	engine->acting = NULL;
	answer(order, good, good ? NULL : &err);
	live_advance(engine);
	dispatch_pump(engine);
}

void command_execute(void *arg)
{
	struct order *order = arg;
	if (order->action >= ENGINE_WORKER_PAUSE) {
		act_on_worker(order);
		return;
	}
	struct live *live = live_find(order->engine, order->run);
	if (live)
		act_on_live(order, live);
	else
		loader_read_run(order->engine->loader, order->run, act_on_record, order);
}
