/* core.h - what the engine's files share: the engine, its live runs, their attempts
 *
 * Everything here is touched on the engine's thread only, except where a comment
 * says otherwise.
 */
#ifndef MEKIKI_ENGINE_CORE_H
#define MEKIKI_ENGINE_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/request.h"
#include "engine/engine.h"
#include "engine/source.h"
#include "engine/transitions.h"
#include "evaluators/evaluator.h"
#include "sched/eta.h"
#include "sched/limit.h"
#include "sched/sched.h"
#include "store/event.h"
#include "store/owner.h"
#include "store/result.h"
#include "store/run.h"
#include "workers/fleet.h"

struct loader;
struct deathbed;
struct courtesy;

/* One try at one item on one worker, from the pick to the outcome. */
struct attempt {
	struct live *live;
	struct attempt *next, *previous; /* in live->attempts */
	struct sched_pick pick;
	int worker;
	int64_t started_ms;              /* monotonic: of the dispatch */
	struct evaluation *evaluation;   /* NULL while the loader reads the item */
	struct attempt *twin;            /* the same item on another worker (tail.h); the first verdict counts */
	bool hedged;                     /* has or had a twin: not a second time */
	bool abandoned;                  /* its worker or its run is gone; the loader still holds it */
	char *key;                       /* owned; from the loader */
	struct cells cells;              /* owned; from the loader */
	char id[64];                     /* "r-0001-3f9c2a-17-2": run, salt, position, try */
};

/* A live run: queued, running, paused or waiting. */
struct live {
	struct engine *engine;
	struct live *next;               /* in the order of their turns */
	struct run_record record;
	enum run_state state;            /* what the engine does; shown once committed */
	enum run_state shown;            /* what is committed */
	char *cause;                     /* owned, of the shown state; "" = none */
	bool opening, opened;            /* the loader reads it; everything below is there */
	struct run_request *request;
	struct source *source;
	const struct evaluator_class *class;
	struct evaluator *evaluator;
	struct sched *sched;
	bool *uses;                      /* by worker: among this run's */
	int64_t *done_by;                /* by worker: results accepted */
	int64_t *answers_by, *slowest_by; /* by worker: good answers since it was opened, the slowest in ms */
	int alone_on;                    /* worker that has a suspect alone in flight; -1 = none */
	struct attempt *attempts;
	int in_flight;                   /* attempts in the list */
	int writes;                      /* results handed to the store, not yet committed */
	int changes;                     /* changes of state not yet committed */
	struct result_counts counts;     /* of what is committed */
	struct rate rate;
	int64_t active_since_ms;         /* monotonic, while running; -1 otherwise */
	int64_t active_before_ms;
};

struct engine {
	struct store *store;
	const struct config *config;
	struct loop *loop;
	struct http *http;
	struct fleet *fleet;
	struct loader *loader;
	struct live *lives;              /* oldest turn first */
	struct limit *limits;            /* by worker */
	struct rate *rates;              /* by worker: results accepted */
	struct courtesy *courtesy;       /* others on our GPUs; NULL = no worker of ours has one */
	struct deathbed *deathbeds;      /* by worker */
	int64_t *done, *failed;          /* by worker, since the server started */
	struct loop_timer *tick;         /* once a second: gaps, waiting, due items */
	struct loop_timer *due;          /* when the next delayed item is due */
	struct loop_timer *show;         /* a new snapshot */
	bool pumping, dirty, stopping;
	bool *wanted;                    /* by worker: a live run uses it */
	bool fleet_over;                 /* what we started is stopped */
	bool started;
	const char *acting;              /* who asked for the change under way; NULL = nobody */
	bool blocked;                    /* the disk is full */
	atomic_bool told_blocked;        /* the same, as the writer's thread last told it */
	char *blocked_why;               /* owned */
	int64_t last_tick_ms, gap_end_ms; /* monotonic */
	int outstanding;                 /* writes whose `done` has not come back */
	void (*watcher)(void *arg);
	void *watcher_arg;
	pthread_mutex_t snapshot_lock;   /* of the pointer only */
	struct snapshot *snapshot;
	int64_t snapshot_number;
};

/* live.c: the list of live runs and their states */
struct live *live_find(const struct engine *engine, int64_t run);
/* Takes the record. */
struct live *live_add(struct engine *engine, struct run_record *record);
/* Changes the state by the table, writes it, and calls `reply` (may be NULL) when it is committed.
 * false with ERROR_CONFLICT when the table has no such row. */
bool live_event(struct live *live, enum run_event event, const char *cause, const char *person, engine_reply *reply,
                void *arg, struct error *err);
/* Gives the turn to the next run, opens what must be opened, ends what is over. */
void live_advance(struct engine *engine);
/* The loader has read it (err: it could not). */
void live_opened(struct live *live, const struct error *err);
void live_free_all(struct engine *engine);
int64_t live_active_ms(const struct live *live, int64_t now_ms);

/* fit.c: which workers may serve a run */
void fit_choose(struct live *live);                      /* when it is opened: uses, done_by */
bool fit_serves(const struct live *live, int worker);    /* the right model? */
void fit_pin(struct live *live);                         /* before an item is sent: the models are the run's from now on */
char *fit_why_nobody(const struct live *live);           /* a sentence for people; free() */

/* dispatch.c: items to workers, outcomes back */
void dispatch_pump(struct engine *engine);
void dispatch_loaded(struct attempt *attempt, const struct error *err);
/* Puts back what is in flight: of one worker (>= 0) or of all (-1). No try is spent. */
void dispatch_cancel(struct live *live, int worker);
void dispatch_check_gap(struct engine *engine);
void dispatch_place(const struct engine *engine, int worker, struct evaluator_place *out);

/* record.c: what is written */
/* Moves the outcome. The item's end: a verdict, or the failure that stays. */
void record_result(struct live *live, const struct attempt *attempt, struct outcome *outcome);
/* In flight at three deaths of workers: its result, without another try. */
void record_quarantine(struct live *live, uint32_t n);
/* A failed attempt that will be followed by another. */
void record_attempt(struct live *live, const struct attempt *attempt, struct outcome *outcome);
void record_state(struct live *live, const char *cause, const char *person, engine_reply *reply, void *arg);
void record_workers(struct live *live, const char *person, engine_reply *reply, void *arg);
void record_model(struct live *live);
void record_worker_event(struct engine *engine, int worker, enum worker_state from, const char *person);
/* Ownership of a worker's process; NULL = forgotten. `written` (may be NULL) after the commit. */
void record_owner(struct engine *engine, int worker, const struct owner_record *owner, fleet_written *written, void *arg);
void record_event(struct engine *engine, enum event_kind kind, int64_t run, const char *data_json);
void record_forget_failures(struct engine *engine, int64_t run, engine_reply *reply, void *arg);

void record_worker_fact(struct engine *engine, enum event_kind kind, int worker, const char *data_json);

/* command.c, trial.c, show.c */
void command_execute(void *order);
void trial_begin(void *trial);
void show_soon(struct engine *engine);
void show_now(void *engine);

#endif
