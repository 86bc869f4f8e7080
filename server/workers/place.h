/* place.h - what the fleet's files share: the fleet, and a place per worker
 *
 * fleet.c probes and answers, care.c starts, stops and recovers. The engine's
 * thread only.
 */
#ifndef MEKIKI_WORKERS_PLACE_H
#define MEKIKI_WORKERS_PLACE_H

#include "workers/backend.h"
#include "workers/fleet.h"
#include "workers/probe.h"
#include "workers/recovery.h"
#include "workers/transitions.h"

/* Where the backend is; the observed state says what that means for items. */
enum care_step {
	CARE_IDLE,      /* nothing of it runs, as far as we know */
	CARE_QUEUED,    /* another one starts on its GPU */
	CARE_CHECKING,
	CARE_SPAWNING,
	CARE_ATTACHING,
	CARE_UP,
	CARE_STOPPING
};

/* What follows a stop. */
enum care_after { AFTER_OFF, AFTER_FAILURE, AFTER_RESTART, AFTER_HOLD };

struct place {
	struct fleet *fleet;
	int index;
	struct fleet_worker worker;
	char *authorization;
	struct loop_timer *timer;
	struct probing *probing;
	int probes; /* since the last deep one */

	const struct backend_class *class; /* NULL: not ours to start */
	struct backend *backend;
	struct recovery recovery;
	struct loop_timer *due;            /* of the next try */
	enum care_step step;
	enum care_after after;
	bool stop_wanted;                  /* as soon as the step under way is over */
	bool by_person;                    /* a person stopped it: no run starts it again */
	bool in_run;
	int64_t idle_since_ms;             /* monotonic */
	bool held;                         /* until fleet_unhold() */
	enum worker_cause held_for;
	bool held_for_hours;
	struct backend_end failure;        /* while what is left of it is stopped; text in worker.text */
	enum worker_cause last_failure;
};

struct fleet {
	struct loop *loop;
	struct http *http;
	const struct config *config;
	struct fleet_listener listener;
	char *logs;
	struct loop_timer *tick;
	int count;
	struct place *places; /* in the configuration's order */
	int64_t dead_seen;    /* an orphan that nobody has waited for yet */
	bool ending;
	loop_call *over;      /* of fleet_wind_down() */
	void *over_arg;
};

/* Changes the state by the table and tells; the cause alone may change, too. */
void place_happen(struct place *place, enum worker_event event, enum worker_cause cause);
void place_tell(struct place *place, enum worker_state from);
void place_say(struct place *place, const char *text); /* NULL = nothing to say */
void place_probe_soon(struct place *place);
/* Wanted down, by policy: drained, then stopped. */
void place_drain(struct place *place);

/* care.c */
void care_init(struct place *place);
void care_release(struct place *place);
void care_tick(void *fleet);
/* May a probe change its state now? */
bool care_is_watched(const struct place *place);
/* A probe came back and has not been judged yet; false = it is not to be judged. */
bool care_probed(struct place *place, struct probe_result *result);
/* Its state was changed by a probe. */
void care_judged(struct place *place);
void care_hung(struct place *place, enum worker_cause cause);
void care_begin(struct place *place);
void care_stop(struct place *place, enum care_after after);
void care_attach(struct place *place, const struct owner_record *owner);

#endif
