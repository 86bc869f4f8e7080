/* care.c - workers that mekiki starts: started, watched, restarted, stopped
 *
 * One place is in one step at a time; what is wanted meanwhile waits for the
 * step's end. A start is: check, write the intent down, spawn, wait for the first
 * good probe of a server that is ours. Any end that nobody asked for goes through
 * failed(), which asks recovery.h what follows.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/place.h"
#include "workers/proc.h"

static void begin(struct place *place);

static bool is_starting(const struct place *place)
{
	return place->step == CARE_CHECKING || place->step == CARE_SPAWNING ||
	       (place->step == CARE_UP && place->worker.health.state == WORKER_LOADING);
}

/* vLLM measures free memory while it starts: two at once on one GPU spoil it for each other. */
static const struct place *who_starts_on_its_gpu(const struct place *place)
{
	const char *gpu = place->worker.config->gpu;
	for (int i = 0; gpu && i < place->fleet->count; i++) {
		const struct place *other = &place->fleet->places[i];
		if (other != place && text_equal(other->worker.config->gpu, gpu) && is_starting(other))
			return other;
	}
	return NULL;
}

static void set_phase(struct place *place, const char *phase, double progress)
{
	free(place->worker.phase);
	place->worker.phase = memory_copy(phase);
	place->worker.progress = progress;
}

static void kick_queue(struct fleet *fleet)
{
	for (int i = 0; i < fleet->count; i++)
		if (fleet->places[i].step == CARE_QUEUED && !who_starts_on_its_gpu(&fleet->places[i]))
			begin(&fleet->places[i]);
}

/* The step is over: others may go on, and so may the end of everything. */
static void settle(struct place *place)
{
	struct fleet *fleet = place->fleet;
	kick_queue(fleet);
	if (!fleet->ending || !fleet->over)
		return;
	for (int i = 0; i < fleet->count; i++)
		if (fleet->places[i].class && fleet->places[i].step != CARE_IDLE)
			return;
	loop_call *over = fleet->over;
	fleet->over = NULL;
	over(fleet->over_arg);
}

static void no_more_tries(struct place *place)
{
	loop_timer_stop(place->due);
	place->worker.next_at_ms = 0;
	place->worker.attempt = place->worker.of = 0;
	set_phase(place, NULL, -1);
}

static bool is_within_hours(const struct place *place)
{
	const struct config_hours *hours = &place->worker.config->allowed_hours;
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm local;
	if (!hours->set || !localtime_r(&now, &local))
		return true;
	int minute = local.tm_hour * 60 + local.tm_min;
	if (hours->from <= hours->to)
		return minute >= hours->from && minute < hours->to;
	return minute >= hours->from || minute < hours->to;
}

/* --- failures --------------------------------------------------------------------------------- */

/* Nothing of it is left. What now? The text is in worker.text. */
static void failed(struct place *place, const struct backend_end *end)
{
	struct fleet_worker *worker = &place->worker;
	int64_t now = clock_mono_ms();
	place->step = CARE_IDLE; /* first: whoever hears of it may ask for more */
	bool permanent = end->permanent || (end->once && place->last_failure == end->cause);
	struct recovery_decision decision = recovery_failed(&place->recovery, permanent, end->spends_attempt, now);
	place->last_failure = end->cause;
	no_more_tries(place);
	worker->attempt = decision.attempt;
	worker->of = decision.of;
	enum worker_cause cause = end->cause;
	if (decision.action == RECOVERY_GIVE_UP) {
		place_happen(place, WORKER_EVENT_GIVE_UP, permanent ? cause : CAUSE_GAVE_UP);
	} else {
		worker->next_at_ms = clock_wall_ms() + decision.at_ms - now;
		loop_timer_set(place->due, decision.at_ms - now, 0);
		place_happen(place, decision.action == RECOVERY_WAIT ? WORKER_EVENT_HOLD : WORKER_EVENT_RESTART, cause);
	}
	settle(place);
}

static void on_stopped(void *arg, const struct backend_end *end)
{
	struct place *place = arg;
	struct fleet_worker *worker = &place->worker;
	free(worker->receipt);
	worker->receipt = memory_copy(end->text);
	place->stop_wanted = false;
	place->step = CARE_IDLE;
	log_info("workers", "worker %s: stopped: %s", worker->config->id, end->text ? end->text : "");
	if (!end->good) {
		no_more_tries(place);
		place_say(place, end->text);
		place_happen(place, WORKER_EVENT_GIVE_UP, end->cause);
		settle(place);
	} else if (place->after == AFTER_FAILURE) {
		failed(place, &place->failure);
	} else if (place->after == AFTER_HOLD) {
		no_more_tries(place);
		place_happen(place, WORKER_EVENT_HOLD, place->held_for);
		settle(place);
		if (!place->held)
			loop_timer_set(place->due, 0, 0); /* taken back meanwhile */
	} else {
		no_more_tries(place);
		place_say(place, NULL);
		place_happen(place, WORKER_EVENT_STOPPED, place->by_person ? CAUSE_REQUESTED : CAUSE_NONE);
		settle(place);
		if (place->after == AFTER_RESTART)
			care_begin(place);
	}
}

void care_stop(struct place *place, enum care_after after)
{
	place->after = after;
	switch (place->step) {
	case CARE_CHECKING:
	case CARE_SPAWNING:
	case CARE_ATTACHING:
		place->stop_wanted = true;
		return;
	case CARE_STOPPING:
		return;
	case CARE_IDLE:
	case CARE_QUEUED:
	case CARE_UP:
		break;
	}
	bool runs = place->step == CARE_UP && place->class->stop;
	set_phase(place, NULL, -1);
	place->step = CARE_STOPPING;
	if (runs)
		place->class->stop(place->backend, on_stopped, place);
	else
		on_stopped(place, &(struct backend_end){.good = true, .text = "it was not running"});
}

/* What runs is of no use any more; when it is gone, it has failed. */
static void fail_running(struct place *place, const struct backend_end *end)
{
	place->failure = *end;
	place->failure.text = NULL;
	if (worker_state_takes_items(place->worker.health.state))
		place_happen(place, WORKER_EVENT_LOST, end->cause);
	care_stop(place, AFTER_FAILURE);
}

/* --- starts ----------------------------------------------------------------------------------- */

/* A step is over and a stop was asked for meanwhile. */
static bool stops_now(struct place *place, enum care_step reached)
{
	if (!place->stop_wanted)
		return false;
	place->stop_wanted = false;
	place->step = reached;
	care_stop(place, place->after);
	return true;
}

static void on_started(void *arg, const struct backend_end *end)
{
	struct place *place = arg;
	if (stops_now(place, end->good ? CARE_UP : CARE_IDLE))
		return;
	if (!end->good) {
		place_say(place, end->text);
		failed(place, end);
		return;
	}
	place->step = CARE_UP;
	place_happen(place, WORKER_EVENT_UP, CAUSE_STARTED);
	place_probe_soon(place);
}

static void on_checked(void *arg, const struct backend_end *end)
{
	struct place *place = arg;
	if (stops_now(place, CARE_IDLE))
		return;
	if (!end->good) {
		place_say(place, end->text);
		failed(place, end);
		return;
	}
	place->step = CARE_SPAWNING;
	place->class->start(place->backend, on_started, place);
}

static void begin(struct place *place)
{
	struct health *health = &place->worker.health;
	const struct place *other = who_starts_on_its_gpu(place);
	health->failures = 0;
	health->suspected = false;
	place->probes = 0;
	if (other) {
		AUTO_FREE char *phase = memory_format("waits for worker %s, which starts on the same GPU", other->worker.config->id);
		set_phase(place, phase, -1);
		place->step = CARE_QUEUED;
		place_tell(place, health->state);
		return;
	}
	set_phase(place, NULL, -1);
	place->step = CARE_CHECKING;
	place->class->check(place->backend, on_checked, place);
}

void care_begin(struct place *place)
{
	if (place->step != CARE_IDLE || place->fleet->ending)
		return;
	loop_timer_stop(place->due);
	place->worker.next_at_ms = 0;
	place->worker.desired = WORKER_WANTED_UP;
	if (place->worker.health.state != WORKER_STARTING)
		place_happen(place, WORKER_EVENT_START, CAUSE_NONE);
	if (is_within_hours(place)) {
		begin(place);
		return;
	}
	place->held = place->held_for_hours = true;
	place->held_for = CAUSE_OUTSIDE_HOURS;
	place_happen(place, WORKER_EVENT_HOLD, CAUSE_OUTSIDE_HOURS);
}

static void on_due(void *arg)
{
	struct place *place = arg;
	if (place->worker.desired != WORKER_WANTED_UP || place->step != CARE_IDLE || place->held || place->fleet->ending)
		return;
	place->worker.next_at_ms = 0;
	place_happen(place, WORKER_EVENT_DUE, CAUSE_NONE);
	if (!place->class)
		place_probe_soon(place);
	else
		begin(place);
}

/* --- found again ------------------------------------------------------------------------------ */

static void on_attached(void *arg, const struct backend_end *end)
{
	struct place *place = arg;
	const struct config_worker *config = place->worker.config;
	log_info("workers", "worker %s: %s%s", config->id, end->good ? "found again; its process is ours" : "not found again: ",
	         end->good ? "" : end->text);
	if (stops_now(place, end->good ? CARE_UP : CARE_IDLE))
		return;
	if (end->good) {
		place->step = CARE_UP;
		place_happen(place, WORKER_EVENT_UP, CAUSE_STARTED);
		place_probe_soon(place);
		return;
	}
	place_say(place, end->text);
	place->step = CARE_IDLE;
	if (end->cause == CAUSE_UNKILLABLE) {
		place_happen(place, WORKER_EVENT_GIVE_UP, CAUSE_UNKILLABLE);
		settle(place);
	} else if (end->cause == CAUSE_REQUESTED) {
		place->worker.desired = WORKER_WANTED_DOWN;
		place_happen(place, WORKER_EVENT_DRAIN, CAUSE_REQUESTED);
		place_happen(place, WORKER_EVENT_STOPPED, CAUSE_REQUESTED);
		settle(place);
	} else { /* it was wanted up when we died */
		begin(place);
	}
}

void care_attach(struct place *place, const struct owner_record *owner)
{
	if (!place->class || !place->class->attach)
		return;
	place->worker.desired = WORKER_WANTED_UP;
	place_happen(place, WORKER_EVENT_START, CAUSE_NONE);
	set_phase(place, "looks for the process that mekiki started before", -1);
	place->step = CARE_ATTACHING;
	place->class->attach(place->backend, owner, on_attached, place);
}

/* --- what the backend tells ------------------------------------------------------------------- */

static void on_phase(void *arg, const char *phase, double progress)
{
	struct place *place = arg;
	bool same = text_equal(phase, place->worker.phase) && !(progress > place->worker.progress);
	if (same || place->step != CARE_UP)
		return;
	set_phase(place, phase, progress);
	place_tell(place, place->worker.health.state);
}

static void on_ended(void *arg, const struct backend_end *end)
{
	struct place *place = arg;
	place_say(place, end->text);
	failed(place, end);
}

static void on_own(void *arg, const struct owner_record *owner, backend_written *written, void *written_arg)
{
	struct place *place = arg;
	place->fleet->listener.own(place->fleet->listener.arg, place->index, owner, written, written_arg);
}

/* --- probes ----------------------------------------------------------------------------------- */

bool care_is_watched(const struct place *place)
{
	enum worker_state state = place->worker.health.state;
	if (place->worker.desired != WORKER_WANTED_UP || place->held)
		return false;
	if (place->class && place->class->attach && place->step != CARE_UP)
		return false; /* nothing of ours is there: whoever answers is somebody else */
	return state == WORKER_STARTING || state == WORKER_LOADING || worker_state_takes_items(state) || state == WORKER_DOWN ||
	       state == WORKER_UNREACHABLE;
}

static void refuse_stranger(struct place *place, const struct error *err)
{
	struct backend_end end = {.cause = CAUSE_PORT_TAKEN};
	place_say(place, err->text);
	fail_running(place, &end);
}

/* It has loaded and serves something else, or nothing to us: no log will say more. */
static void check_answer(struct place *place, const struct probe_result *result)
{
	struct backend_end end = {.cause = health_rule(result->probe)->cause, .permanent = true};
	if (result->probe != PROBE_WRONG_MODEL && result->probe != PROBE_AUTH)
		return;
	place_say(place, result->text);
	fail_running(place, &end);
}

bool care_probed(struct place *place, struct probe_result *result)
{
	struct error err = {0};
	bool loading = place->worker.health.state == WORKER_LOADING;
	if (!care_is_watched(place))
		return false;
	if (!place->class || place->step == CARE_IDLE)
		return true;
	if (place->step != CARE_UP)
		return false; /* its command runs: how it is can be asked then */
	if (result->deep && place->class->is_ours && !place->class->is_ours(place->backend, result->models, &err)) {
		refuse_stranger(place, &err);
		return false;
	}
	if (result->probe != PROBE_GOOD) {
		if (loading)
			check_answer(place, result);
		return !loading; /* a server that loads refuses: that is no failure */
	}
	if (loading && !result->deep)
		return false; /* who it is has not been asked */
	if (loading && place->class->ready)
		place->class->ready(place->backend);
	recovery_healthy(&place->recovery, clock_mono_ms());
	return true;
}

static bool mends_by_restart(enum worker_cause cause)
{
	return cause == CAUSE_REFUSED || cause == CAUSE_RESET || cause == CAUSE_ENGINE_DEAD || cause == CAUSE_HTTP_ERROR;
}

void care_judged(struct place *place)
{
	const struct health *health = &place->worker.health;
	if (!place->class)
		return;
	if (health->state == WORKER_READY) {
		no_more_tries(place);
		place->last_failure = CAUSE_NONE;
		kick_queue(place->fleet);
		return;
	}
	if (health->state != WORKER_DOWN || !mends_by_restart(health->cause))
		return;
	struct backend_end end = {.cause = health->cause, .spends_attempt = true};
	if (place->step == CARE_UP)
		fail_running(place, &end);
	else if (place->step != CARE_IDLE || !(place->in_run || place->worker.config->start == START_SERVER))
		return;
	else if (place->last_failure == CAUSE_NONE) /* start_cmd is due: the first time is no failure */
		care_begin(place);
	else
		failed(place, &end);
}

void care_hung(struct place *place, enum worker_cause cause)
{
	struct backend_end end = {.cause = cause, .spends_attempt = true};
	if (place->class && place->step == CARE_UP && place->class->stop)
		fail_running(place, &end);
}

/* --- policy over time ------------------------------------------------------------------------- */

static void check_hours(struct place *place)
{
	if (!place->worker.config->allowed_hours.set || !place->class)
		return;
	bool within = is_within_hours(place);
	if (place->held_for_hours && within) {
		place->held_for_hours = false;
		fleet_unhold(place->fleet, place->index);
	} else if (!within && !place->held && place->step != CARE_IDLE && place->worker.desired == WORKER_WANTED_UP) {
		place->held_for_hours = true;
		fleet_hold(place->fleet, place->index, CAUSE_OUTSIDE_HOURS, NULL);
	}
}

static void check_idle(struct place *place)
{
	int64_t limit = place->worker.config->idle_timeout_ms;
	if (limit && place->step == CARE_UP && !place->in_run && place->worker.desired == WORKER_WANTED_UP &&
	    clock_mono_ms() - place->idle_since_ms > limit) {
		log_info("workers", "worker %s: no run for %" PRId64 " s; stopped", place->worker.config->id, limit / 1000);
		place_drain(place);
	}
}

void care_tick(void *arg)
{
	struct fleet *fleet = arg;
	proc_reap_orphans(&fleet->dead_seen);
	for (int i = 0; i < fleet->count && !fleet->ending; i++) {
		struct place *place = &fleet->places[i];
		if (place->in_run || place->step != CARE_UP)
			place->idle_since_ms = clock_mono_ms();
		check_hours(place);
		check_idle(place);
	}
}

/* --- beginning and end of a place --------------------------------------------------------------- */

static void make_policy(const struct config *config, struct recovery_policy *policy)
{
	*policy = (struct recovery_policy){.restarts = (int)config->recovery.restarts,
	                                   .window_ms = config->recovery.window_ms,
	                                   .forgive_ms = config->recovery.forgive_ms,
	                                   .delay_count = (int)config->recovery.delay.count,
	                                   .wait_ms = config->recovery.wait_ms};
	memcpy(policy->delay_ms, config->recovery.delay.ms, sizeof(policy->delay_ms));
}

void care_init(struct place *place)
{
	const struct config_worker *config = place->worker.config;
	struct fleet *fleet = place->fleet;
	place->due = loop_timer_new(fleet->loop, on_due, place);
	place->worker.progress = -1;
	place->class = backend_class_of(config);
	if (!place->class)
		return;
	struct recovery_policy policy;
	make_policy(fleet->config, &policy);
	recovery_init(&place->recovery, &policy);
	struct backend_options options = {.loop = fleet->loop,
	                                  .config = fleet->config,
	                                  .worker = config,
	                                  .logs = fleet->logs,
	                                  .listener = {on_phase, on_ended, on_own, place}};
	place->backend = place->class->new(&options);
	place->worker.has_backend = true;
	if (!place->class->attach)
		return; /* start_cmd: it may be there without us, so it is looked at */
	place->worker.desired = WORKER_WANTED_DOWN;
	place->worker.health.state = WORKER_OFF;
	place->worker.health.cause = CAUSE_NONE;
}

void care_release(struct place *place)
{
	if (place->class)
		place->class->free(place->backend);
	loop_timer_free(place->due);
	free(place->worker.phase);
	free(place->worker.receipt);
}
