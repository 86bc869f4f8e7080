/* fleet.h - the workers: who they are, how they are, whether they may get items
 *
 * The fleet probes every worker on its own connection, keeps its health, checks
 * who answers (/v1/models) whenever it comes back, and tells its listener of
 * every change. It starts nothing and stops nothing yet: how a worker is started,
 * found again and stopped is a backend's business, and each gets its own file
 * here. The engine's thread only.
 */
#ifndef MEKIKI_WORKERS_FLEET_H
#define MEKIKI_WORKERS_FLEET_H

#include "config/config.h"
#include "io/http.h"
#include "model/failure.h"
#include "workers/health.h"

struct fleet;

/* One worker. The fleet's to change; everybody else only looks. */
struct fleet_worker {
	const struct config_worker *config;
	struct health health;
	enum worker_desired desired;
	bool paused;                  /* by a person */
	char *text;                   /* of the last probe that failed; NULL = the last one was good */
	int64_t since_ms;             /* wall: when state or cause last changed */
	int64_t last_probe_ms, last_answer_ms; /* wall, 0 = never */
	int64_t probe_ms;             /* how long the last good probe took, -1 = none yet */
	char *model;                  /* the name to ask for; NULL = not known yet */
	char *root, *version;         /* as reported, NULL = not */
	char **models;                /* NULL-terminated, NULL = not known yet */
	int64_t max_model_len;        /* 0 = not reported */
	const char **headers;         /* NULL-terminated: authorization and configured ones */
};

struct fleet_listener {
	/* State, cause or suspicion changed; `from` is the state before. */
	void (*changed)(void *arg, int worker, enum worker_state from);
	void *arg;
};

struct fleet *fleet_new(struct loop *loop, struct http *http, const struct config *config,
                        const struct fleet_listener *listener);
void fleet_free(struct fleet *fleet);

int fleet_count(const struct fleet *fleet);
int fleet_find(const struct fleet *fleet, const char *id); /* -1 = none */
const struct fleet_worker *fleet_worker(const struct fleet *fleet, int worker);
/* Ready or busy, not suspected, not paused, wanted up. */
bool fleet_takes_items(const struct fleet *fleet, int worker);

/* What items saw of it. */
void fleet_answered(struct fleet *fleet, int worker);
void fleet_suspect(struct fleet *fleet, int worker, enum failure_suspicion suspicion);

void fleet_pause(struct fleet *fleet, int worker, bool paused);
/* Wanted down: draining while something is in flight, then off (fleet_drained). fleet_want_up() takes it back. */
void fleet_drain(struct fleet *fleet, int worker);
void fleet_drained(struct fleet *fleet, int worker);
void fleet_want_up(struct fleet *fleet, int worker);

/* The clock jumped: nothing that timed out meanwhile counts; every worker is probed now. */
void fleet_forgive(struct fleet *fleet);

#endif
