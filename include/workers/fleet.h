/* fleet.h - the workers: who they are, how they are, whether they may get items
 *
 * The fleet probes every worker on its own connection, keeps its health, checks
 * who answers (/v1/models) whenever it comes back, and tells its listener of
 * every change. Workers that have a backend (backend.h) it starts, finds again,
 * restarts (recovery.h) and stops; those that it did not start it never touches.
 * The engine's thread only.
 */
#ifndef MEKIKI_WORKERS_FLEET_H
#define MEKIKI_WORKERS_FLEET_H

#include "config/config.h"
#include "io/http.h"
#include "model/failure.h"
#include "workers/health.h"

struct fleet;
struct log_lines;

/* One worker. The fleet's to change; everybody else only looks. */
struct fleet_worker {
	const struct config_worker *config;
	struct health health;
	enum worker_desired desired;
	const char *happened;         /* the sentence of the last change; NULL = none yet */
	bool paused;                  /* by a person */
	char *text;                   /* of the last probe that failed, or why it ended; NULL = all is well */
	int64_t since_ms;             /* wall: when state or cause last changed */
	int64_t last_probe_ms, last_answer_ms; /* wall, 0 = never */
	int64_t probe_ms;             /* how long the last good probe took, -1 = none yet */
	char *model;                  /* the name to ask for; NULL = not known yet */
	char *root, *version;         /* as reported, NULL = not */
	char **models;                /* NULL-terminated, NULL = not known yet */
	int64_t max_model_len;        /* 0 = not reported */
	const char **headers;         /* NULL-terminated: authorization and configured ones */
	/* of workers that have a backend */
	bool has_backend;             /* mekiki can start and stop it */
	int attempt, of;              /* "recovering 2/3"; of 0 = no restart under way */
	int64_t next_at_ms;           /* wall: of the next try; 0 = none */
	char *phase;                  /* of a start, for people; NULL = none */
	double progress;              /* of a start, 0..1; -1 = unknown */
	char *receipt;                /* of the last stop; NULL = none yet */
};

struct owner_record;
typedef void fleet_written(void *arg, bool good);

struct fleet_listener {
	/* State, cause, suspicion or the progress of a start changed; `from` is the state before. */
	void (*changed)(void *arg, int worker, enum worker_state from);
	/* The ownership record of the worker is to be written (NULL = forgotten); `written` after the commit, if not NULL. */
	void (*own)(void *arg, int worker, const struct owner_record *owner, fleet_written *written, void *written_arg);
	void *arg;
};

struct fleet *fleet_new(struct loop *loop, struct http *http, const struct config *config,
                        const struct fleet_listener *listener);
void fleet_free(struct fleet *fleet); /* leaves processes alone */
/* Once, before the loop runs: what an earlier mekiki started is found again or cleaned up, and what is to be
 * started with the server is. */
void fleet_begin(struct fleet *fleet, const struct owner_record *owners, int count);

int fleet_count(const struct fleet *fleet);
int fleet_find(const struct fleet *fleet, const char *id); /* -1 = none */
const struct fleet_worker *fleet_worker(const struct fleet *fleet, int worker);
/* Ready or busy, not suspected, not paused, wanted up. */
bool fleet_takes_items(const struct fleet *fleet, int worker);
/* What it wrote since its start; NULL = nothing known. */
const struct log_lines *fleet_log(const struct fleet *fleet, int worker);

/* Out of service: what is in flight there will not come back. */
bool fleet_is_lost(const struct fleet_worker *worker);

/* What items saw of it. */
void fleet_answered(struct fleet *fleet, int worker);
void fleet_suspect(struct fleet *fleet, int worker, enum failure_suspicion suspicion);

/* By a person, from here to fleet_forget(). */
void fleet_pause(struct fleet *fleet, int worker, bool paused);
/* Wanted down: draining while something is in flight, then (fleet_drained) stopped and off. fleet_want_up() takes it back. */
void fleet_drain(struct fleet *fleet, int worker);
void fleet_drained(struct fleet *fleet, int worker);
void fleet_want_up(struct fleet *fleet, int worker);
/* Stopped if it runs, started anew; nothing may be in flight. ERROR_CONFLICT: mekiki did not start it. */
bool fleet_restart(struct fleet *fleet, int worker, struct error *err);
/* All failures are forgotten; tried again now. ERROR_CONFLICT: it has not failed. */
bool fleet_retry(struct fleet *fleet, int worker, struct error *err);
/* A failed one is put away: off, without cause and ownership. ERROR_CONFLICT: something of it may run. */
bool fleet_forget(struct fleet *fleet, int worker, struct error *err);

/* A run wants it, a run is over: starts and stops those that are configured so, but none that a person stopped. */
void fleet_run_wants(struct fleet *fleet, int worker);
void fleet_run_over(struct fleet *fleet, int worker);
/* It produces nothing: stopped and started again where that can be done; else out of service until fleet_moves_again(). */
void fleet_hung(struct fleet *fleet, int worker, enum worker_cause cause, const char *text);
void fleet_moves_again(struct fleet *fleet, int worker);
/* Makes room (drain, stop, WORKER_WAITING) until fleet_unhold(); nothing is spent. For GPUs that others use. */
void fleet_hold(struct fleet *fleet, int worker, enum worker_cause cause, const char *text);
void fleet_unhold(struct fleet *fleet, int worker);

/* The clock jumped: nothing that timed out meanwhile counts; every worker is probed now. */
void fleet_forgive(struct fleet *fleet);

/* Stops what it started, unless it is to be kept; `over` once, later. */
void fleet_wind_down(struct fleet *fleet, loop_call *over, void *arg);
void fleet_hurry(struct fleet *fleet); /* kills what is being stopped */

#endif
