#include "workers/fleet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/place.h"

/* Identity is looked at whenever a worker was out of service, and every sixth probe besides:
 * a server that was restarted with another model within one interval is found in half a minute. */
enum { DEEP_EVERY = 6 };

static void probe_now(void *arg);

static void tell(struct place *place, enum worker_state from)
{
	place->fleet->listener.changed(place->fleet->listener.arg, place->index, from);
}

static void take_identity(struct fleet_worker *worker, struct probe_result *result)
{
	for (char **model = worker->models; model && *model; model++)
		free(*model);
	free(worker->models);
	worker->models = TAKE(result->models);
	free(worker->root);
	worker->root = TAKE(result->root);
	worker->max_model_len = result->max_model_len;
	if (result->model) {
		free(worker->model);
		worker->model = TAKE(result->model);
	}
	if (result->version) {
		free(worker->version);
		worker->version = TAKE(result->version);
	}
}

/* A worker that is wanted down keeps its state; a probe may not bring it back. */
static bool judge(struct place *place, enum probe probe)
{
	struct fleet_worker *worker = &place->worker;
	if (worker->desired == WORKER_WANTED_UP)
		return health_probe(&worker->health, probe);
	return false;
}

static void on_probe(void *arg, struct probe_result *result)
{
	struct place *place = arg;
	struct fleet_worker *worker = &place->worker;
	place->probing = NULL;
	worker->last_probe_ms = clock_wall_ms();
	if (result->deep)
		take_identity(worker, result);
	free(worker->text);
	worker->text = TAKE(result->text);
	if (result->probe == PROBE_GOOD)
		worker->probe_ms = result->elapsed_ms;
	enum worker_state from = worker->health.state;
	bool was_suspected = worker->health.suspected;
	bool changed = judge(place, result->probe);
	if (changed)
		worker->since_ms = worker->last_probe_ms;
	loop_timer_set(place->timer, place->fleet->config->health.interval_ms, 0);
	if (changed || was_suspected != worker->health.suspected)
		tell(place, from);
}

static void probe_now(void *arg)
{
	struct place *place = arg;
	struct fleet_worker *worker = &place->worker;
	if (place->probing || worker->config->kind == WORKER_FAKE)
		return;
	bool out = !worker_state_takes_items(worker->health.state) || worker->health.failures > 0;
	bool deep = out || !worker->model || ++place->probes >= DEEP_EVERY;
	if (deep)
		place->probes = 0;
	struct probe_order order = {.base_url = worker->config->url,
	                            .headers = worker->headers,
	                            .wanted_model = worker->config->model,
	                            .timeout_ms = place->fleet->config->health.timeout_ms,
	                            .deep = deep};
	place->probing = probe_begin(place->fleet->http, &order, on_probe, place);
}

static void make_headers(struct place *place)
{
	const struct config_worker *config = place->worker.config;
	size_t count = 0;
	place->worker.headers = memory_array(config->headers.count + 2, sizeof(char *));
	if (config->api_key) {
		place->authorization = memory_format("Authorization: Bearer %s", config->api_key);
		place->worker.headers[count++] = place->authorization;
	}
	for (size_t i = 0; i < config->headers.count; i++)
		place->worker.headers[count++] = config->headers.items[i];
}

static void place_init(struct place *place, struct fleet *fleet, int index, struct loop *loop)
{
	const struct config_worker *config = &fleet->config->workers[index];
	*place = (struct place){.fleet = fleet,
	                        .index = index,
	                        .worker = {.config = config, .since_ms = clock_wall_ms(), .probe_ms = -1}};
	health_init(&place->worker.health, (int)fleet->config->health.max_failures);
	make_headers(place);
	place->timer = loop_timer_new(loop, probe_now, place);
	if (config->kind == WORKER_FAKE) /* nothing to ask: it is always there */
		health_probe(&place->worker.health, PROBE_GOOD);
	else
		loop_timer_set(place->timer, 0, 0);
}

struct fleet *fleet_new(struct loop *loop, struct http *http, const struct config *config,
                        const struct fleet_listener *listener)
{
	struct fleet *fleet = NEW(struct fleet);
	*fleet = (struct fleet){
		.http = http, .config = config, .listener = *listener, .count = (int)config->worker_count};
	fleet->places = memory_array(config->worker_count, sizeof(*fleet->places));
	for (int i = 0; i < fleet->count; i++)
		place_init(&fleet->places[i], fleet, i, loop);
	return fleet;
}

static void place_release(struct place *place)
{
	struct fleet_worker *worker = &place->worker;
	if (place->probing)
		probe_cancel(place->probing);
	loop_timer_free(place->timer);
	for (char **model = worker->models; model && *model; model++)
		free(*model);
	free(worker->models);
	free(worker->text);
	free(worker->model);
	free(worker->root);
	free(worker->version);
	free(worker->headers);
	free(place->authorization);
}

void fleet_free(struct fleet *fleet)
{
	if (!fleet)
		return;
	for (int i = 0; i < fleet->count; i++)
		place_release(&fleet->places[i]);
	free(fleet->places);
	free(fleet);
}

int fleet_count(const struct fleet *fleet)
{
	return fleet->count;
}

int fleet_find(const struct fleet *fleet, const char *id)
{
	for (int i = 0; i < fleet->count; i++)
		if (text_equal(fleet->places[i].worker.config->id, id))
			return i;
	return -1;
}

static struct place *at(const struct fleet *fleet, int worker)
{
	assert(worker >= 0 && worker < fleet->count);
	return &fleet->places[worker];
}

const struct fleet_worker *fleet_worker(const struct fleet *fleet, int worker)
{
	return &at(fleet, worker)->worker;
}

bool fleet_takes_items(const struct fleet *fleet, int worker)
{
	const struct fleet_worker *it = &at(fleet, worker)->worker;
	return it->desired == WORKER_WANTED_UP && !it->paused && !it->health.suspected &&
	       worker_state_takes_items(it->health.state);
}

void fleet_answered(struct fleet *fleet, int worker)
{
	struct fleet_worker *it = &at(fleet, worker)->worker;
	health_answer(&it->health);
	it->last_answer_ms = clock_wall_ms();
}

void fleet_suspect(struct fleet *fleet, int worker, enum failure_suspicion suspicion)
{
	struct place *place = at(fleet, worker);
	if (place->worker.config->kind == WORKER_FAKE)
		return;
	if (suspicion == SUSPECT_MISCONFIGURED)
		place->probes = DEEP_EVERY; /* who is it, really? */
	else if (suspicion != SUSPECT_WORKER)
		return;
	bool was = place->worker.health.suspected;
	health_suspect(&place->worker.health);
	/* When a probe has just failed, the next one keeps its time: three failures must span three intervals. */
	if (!place->probing && place->worker.health.failures == 0)
		loop_timer_set(place->timer, 0, 0);
	if (!was)
		tell(place, place->worker.health.state);
}

void fleet_pause(struct fleet *fleet, int worker, bool paused)
{
	struct place *place = at(fleet, worker);
	place->worker.paused = paused;
	tell(place, place->worker.health.state);
}

static void set_state(struct place *place, enum worker_state state, enum worker_cause cause)
{
	enum worker_state from = place->worker.health.state;
	if (from == state && place->worker.health.cause == cause)
		return;
	place->worker.health.state = state;
	place->worker.health.cause = cause;
	place->worker.since_ms = clock_wall_ms();
	tell(place, from);
}

void fleet_drain(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	place->worker.desired = WORKER_WANTED_DOWN;
	set_state(place, WORKER_DRAINING, CAUSE_REQUESTED);
}

void fleet_drained(struct fleet *fleet, int worker)
{
	if (at(fleet, worker)->worker.desired == WORKER_WANTED_DOWN)
		set_state(at(fleet, worker), WORKER_OFF, CAUSE_REQUESTED);
}

void fleet_want_up(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	if (place->worker.desired == WORKER_WANTED_UP)
		return;
	place->worker.desired = WORKER_WANTED_UP;
	place->worker.health.failures = 0;
	if (place->worker.config->kind == WORKER_FAKE) {
		set_state(place, WORKER_READY, CAUSE_ANSWERS);
		return;
	}
	set_state(place, WORKER_STARTING, CAUSE_FIRST_PROBE);
	loop_timer_set(place->timer, 0, 0);
}

void fleet_forgive(struct fleet *fleet)
{
	for (int i = 0; i < fleet->count; i++) {
		struct place *place = &fleet->places[i];
		health_forgive(&place->worker.health);
		if (!place->probing)
			loop_timer_set(place->timer, 0, 0);
	}
}
