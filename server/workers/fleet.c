#include "workers/fleet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/place.h"
#include "workers/proc.h"

/* Identity is looked at whenever a worker was out of service, and every sixth probe besides:
 * a server that was restarted with another model within one interval is found in half a minute. */
enum { DEEP_EVERY = 6, LOADING_PROBE_MS = 1000, TICK_MS = 1000 };

static void probe_now(void *arg);

/* The nonce among the served names is between us and the server. */
static void hide_nonce(char **models)
{
	char **kept = models;
	for (char **model = models; model && *model; model++) {
		if (text_starts(*model, "mekiki-") && model != models)
			free(*model);
		else
			*kept++ = *model;
	}
	if (models)
		*kept = NULL;
}

static void take_identity(struct fleet_worker *worker, struct probe_result *result)
{
	for (char **model = worker->models; model && *model; model++)
		free(*model);
	free(worker->models);
	worker->models = TAKE(result->models);
	hide_nonce(worker->models);
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

static int64_t interval_of(const struct place *place)
{
	int64_t interval = place->fleet->config->health.interval_ms;
	bool loading = place->worker.health.state == WORKER_LOADING;
	return loading && interval > LOADING_PROBE_MS ? LOADING_PROBE_MS : interval;
}

/* What a server that loads, or one that is wanted down, answers changes nothing. */
static void judge(struct place *place, struct probe_result *result)
{
	struct fleet_worker *worker = &place->worker;
	place_say(place, result->text);
	if (result->probe == PROBE_GOOD)
		worker->probe_ms = result->elapsed_ms;
	enum worker_state from = worker->health.state;
	bool was_suspected = worker->health.suspected;
	bool changed = health_probe(&worker->health, result->probe);
	if (changed) {
		const struct worker_transition *row = worker_transition_find(from, worker_event_of_health(worker->health.state));
		worker->since_ms = worker->last_probe_ms;
		worker->happened = row ? row->sentence : NULL;
	}
	if (changed || was_suspected != worker->health.suspected)
		place_tell(place, from);
	if (changed)
		care_judged(place);
}

static void on_probe(void *arg, struct probe_result *result)
{
	struct place *place = arg;
	place->probing = NULL;
	place->worker.last_probe_ms = clock_wall_ms();
	bool counts = care_probed(place, result);
	if (result->deep && counts)
		take_identity(&place->worker, result);
	if (counts)
		judge(place, result);
	if (!place->probing) /* somebody may have wanted one at once */
		loop_timer_set(place->timer, interval_of(place), 0);
}

static void probe_now(void *arg)
{
	struct place *place = arg;
	struct fleet_worker *worker = &place->worker;
	if (place->probing || worker->config->kind == WORKER_FAKE)
		return;
	if (!care_is_watched(place)) {
		loop_timer_set(place->timer, interval_of(place), 0);
		return;
	}
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
	care_init(place);
	if (config->kind == WORKER_FAKE) /* nothing to ask: it is always there */
		health_probe(&place->worker.health, PROBE_GOOD);
	else
		loop_timer_set(place->timer, 0, 0);
}

struct fleet *fleet_new(struct loop *loop, struct http *http, const struct config *config,
                        const struct fleet_listener *listener)
{
	struct fleet *fleet = NEW(struct fleet);
	*fleet = (struct fleet){.loop = loop,
	                        .http = http,
	                        .config = config,
	                        .listener = *listener,
	                        .logs = memory_format("%s/logs", config->server.data_dir),
	                        .count = (int)config->worker_count};
	fleet->places = memory_array(config->worker_count, sizeof(*fleet->places));
	for (int i = 0; i < fleet->count; i++)
		if (config->workers[i].kind == WORKER_LOCAL)
			proc_adopt_orphans();
	fleet->tick = loop_timer_new(loop, care_tick, fleet);
	loop_timer_set(fleet->tick, TICK_MS, TICK_MS);
	for (int i = 0; i < fleet->count; i++)
		place_init(&fleet->places[i], fleet, i, loop);
	return fleet;
}

void fleet_begin(struct fleet *fleet, const struct owner_record *owners, int count)
{
	for (int i = 0; i < count; i++) {
		int worker = fleet_find(fleet, owners[i].worker);
		if (worker >= 0)
			care_attach(&fleet->places[worker], &owners[i]);
		else
			log_warning("workers", "worker %s was started by mekiki (process %lld) and is no longer configured; it is left alone",
			            owners[i].worker, (long long)owners[i].pid);
	}
	for (int i = 0; i < fleet->count; i++)
		if (fleet->places[i].class && fleet->places[i].class->attach &&
		    fleet->places[i].worker.config->start == START_SERVER)
			care_begin(&fleet->places[i]);
}

static void place_release(struct place *place)
{
	struct fleet_worker *worker = &place->worker;
	care_release(place);
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
	loop_timer_free(fleet->tick);
	free(fleet->logs);
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

const struct log_lines *fleet_log(const struct fleet *fleet, int worker)
{
	const struct place *place = at(fleet, worker);
	return place->class && place->class->lines ? place->class->lines(place->backend) : NULL;
}

bool fleet_is_lost(const struct fleet_worker *worker)
{
	enum worker_state state = worker->health.state;
	return !worker_state_takes_items(state) && state != WORKER_DRAINING && state != WORKER_STARTING;
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
		place_tell(place, place->worker.health.state);
}

void fleet_pause(struct fleet *fleet, int worker, bool paused)
{
	struct place *place = at(fleet, worker);
	place->worker.paused = paused;
	place_tell(place, place->worker.health.state);
}

void fleet_drain(struct fleet *fleet, int worker)
{
	at(fleet, worker)->by_person = true;
	place_drain(at(fleet, worker));
}

void fleet_drained(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	if (place->worker.health.state != WORKER_DRAINING || place->step == CARE_STOPPING || place->stop_wanted)
		return;
	if (place->class)
		care_stop(place, place->held ? AFTER_HOLD : AFTER_OFF);
	else if (place->held)
		place_happen(place, WORKER_EVENT_HOLD, place->held_for);
	else
		place_happen(place, WORKER_EVENT_STOPPED, CAUSE_REQUESTED);
}

static void start_probing(struct place *place)
{
	place->worker.health.failures = 0;
	place_happen(place, WORKER_EVENT_START, CAUSE_FIRST_PROBE);
	if (place->worker.config->kind == WORKER_FAKE)
		place_happen(place, WORKER_EVENT_GOOD, CAUSE_ANSWERS);
	else
		place_probe_soon(place);
}

/* It runs and was about to be stopped: no need to, any more. */
static void take_back(struct place *place)
{
	place_happen(place, WORKER_EVENT_START, CAUSE_NONE);
	place_happen(place, WORKER_EVENT_UP, CAUSE_STARTED);
	place->probes = DEEP_EVERY;
	place_probe_soon(place);
}

static void want_up(struct place *place)
{
	enum worker_state state = place->worker.health.state;
	bool was_down = place->worker.desired == WORKER_WANTED_DOWN;
	place->worker.desired = WORKER_WANTED_UP;
	place->held = place->held_for_hours = false;
	if (!place->class && was_down)
		start_probing(place);
	else if (!place->class)
		return;
	else if (place->step == CARE_STOPPING || place->stop_wanted)
		place->after = AFTER_RESTART;
	else if (place->step == CARE_UP && state == WORKER_DRAINING)
		take_back(place);
	else if (place->step == CARE_IDLE && !worker_state_takes_items(state))
		care_begin(place);
}

void fleet_want_up(struct fleet *fleet, int worker)
{
	at(fleet, worker)->by_person = false;
	want_up(at(fleet, worker));
}

bool fleet_restart(struct fleet *fleet, int worker, struct error *err)
{
	struct place *place = at(fleet, worker);
	const char *id = place->worker.config->id;
	if (!place->class)
		return error_set(err, ERROR_CONFLICT, "worker %s was not started by mekiki: its restart is a matter of whoever did", id);
	place->by_person = false;
	recovery_reset(&place->recovery);
	if (place->step == CARE_IDLE) {
		want_up(place);
		return true;
	}
	place_drain(place);
	place->worker.desired = WORKER_WANTED_UP;
	care_stop(place, AFTER_RESTART);
	return true;
}

bool fleet_retry(struct fleet *fleet, int worker, struct error *err)
{
	struct place *place = at(fleet, worker);
	enum worker_state state = place->worker.health.state;
	bool waits = state == WORKER_FAILED || state == WORKER_RECOVERING || state == WORKER_WAITING || state == WORKER_DOWN ||
	             state == WORKER_UNREACHABLE;
	if (!waits)
		return error_set(err, ERROR_CONFLICT, "worker %s is %s: there is nothing to try again", place->worker.config->id,
		                 worker_state_name(state));
	place->by_person = false;
	place->last_failure = CAUSE_NONE;
	if (place->class)
		recovery_reset(&place->recovery);
	if (place->class && place->step == CARE_IDLE)
		want_up(place);
	else
		place_probe_soon(place);
	return true;
}

bool fleet_forget(struct fleet *fleet, int worker, struct error *err)
{
	struct place *place = at(fleet, worker);
	if (place->worker.health.state != WORKER_FAILED || place->step != CARE_IDLE)
		return error_set(err, ERROR_CONFLICT, "worker %s is %s; only a failed one can be put away", place->worker.config->id,
		                 worker_state_name(place->worker.health.state));
	place->fleet->listener.own(place->fleet->listener.arg, worker, NULL, NULL, NULL);
	fleet_drain(fleet, worker);
	fleet_drained(fleet, worker);
	return true;
}

void fleet_run_wants(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	bool wanted = place->class && place->worker.config->start == START_RUN && !place->by_person;
	place->in_run = true;
	if (wanted && place->worker.desired == WORKER_WANTED_DOWN)
		want_up(place);
	else if (wanted && place->step == CARE_IDLE && place->worker.health.state == WORKER_DOWN)
		care_begin(place); /* by its start_cmd */
}

void fleet_run_over(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	place->in_run = false;
	place->idle_since_ms = clock_mono_ms();
	if (place->class && place->worker.config->stop_on_complete && place->worker.desired == WORKER_WANTED_UP &&
	    place->step != CARE_IDLE) {
		place_drain(place);
		fleet_drained(fleet, worker); /* its run is over: nothing is in flight */
	}
}

void fleet_hung(struct fleet *fleet, int worker, enum worker_cause cause, const char *text)
{
	struct place *place = at(fleet, worker);
	if (!worker_state_takes_items(place->worker.health.state))
		return;
	place_say(place, text);
	place_happen(place, WORKER_EVENT_HUNG, cause);
	care_hung(place, cause);
}

void fleet_moves_again(struct fleet *fleet, int worker)
{
	if (at(fleet, worker)->worker.health.state == WORKER_HUNG)
		place_happen(at(fleet, worker), WORKER_EVENT_GOOD, CAUSE_ANSWERS);
}

void fleet_hold(struct fleet *fleet, int worker, enum worker_cause cause, const char *text)
{
	struct place *place = at(fleet, worker);
	if (place->held || place->worker.desired == WORKER_WANTED_DOWN || place->worker.health.state == WORKER_FAILED)
		return;
	place->held = true;
	place->held_for = cause;
	place_say(place, text);
	loop_timer_stop(place->due);
	if (place->worker.health.state == WORKER_RECOVERING)
		place_happen(place, WORKER_EVENT_HOLD, cause);
	else if (worker_transition_find(place->worker.health.state, WORKER_EVENT_DRAIN) &&
	         place->worker.health.state != WORKER_WAITING)
		place_happen(place, WORKER_EVENT_DRAIN, cause);
}

void fleet_unhold(struct fleet *fleet, int worker)
{
	struct place *place = at(fleet, worker);
	if (!place->held)
		return;
	place->held = false;
	if (place->worker.health.state == WORKER_WAITING)
		loop_timer_set(place->due, 0, 0);
	else if (place->worker.health.state == WORKER_DRAINING && place->step == CARE_UP)
		take_back(place);
}

void fleet_forgive(struct fleet *fleet)
{
	for (int i = 0; i < fleet->count; i++) {
		health_forgive(&fleet->places[i].worker.health);
		place_probe_soon(&fleet->places[i]);
	}
}

void fleet_wind_down(struct fleet *fleet, loop_call *over, void *arg)
{
	bool busy = false;
	fleet->ending = true;
	fleet->over = over;
	fleet->over_arg = arg;
	for (int i = 0; i < fleet->count && !fleet->config->server.keep_workers; i++) {
		struct place *place = &fleet->places[i];
		if (!place->class || place->step == CARE_IDLE)
			continue;
		busy = true;
		place_drain(place);
		care_stop(place, AFTER_OFF);
	}
	if (busy || !fleet->over)
		return;
	fleet->over = NULL;
	over(arg);
}

void fleet_hurry(struct fleet *fleet)
{
	for (int i = 0; i < fleet->count; i++)
		if (fleet->places[i].step == CARE_STOPPING && fleet->places[i].class->hurry)
			fleet->places[i].class->hurry(fleet->places[i].backend);
}
