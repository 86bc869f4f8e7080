/* engine.h - the life of runs
 *
 * The engine thread owns everything that changes in a run: its queue, the
 * workers, timers, outgoing HTTP. It never blocks: rows are read by the loader
 * thread, writes go to the store's writer, and a result counts only when its
 * commit has come back. Starting is resuming: at start the engine asks the store
 * for runs that were live and for run items without a result, nothing else.
 *
 * Other threads talk to it through commands and look at it through snapshots.
 */
#ifndef MEKIKI_ENGINE_ENGINE_H
#define MEKIKI_ENGINE_ENGINE_H

#include "config/config.h"
#include "model/snapshot.h"
#include "io/loop.h"
#include "store/store.h"

struct engine;

struct engine_options {
	struct store *store;
	const struct config *config;  /* outlives the engine */
	const char *datasets;         /* directory of the bytes of datasets */
};

/* Starts its threads, picks up live runs. */
struct engine *engine_new(const struct engine_options *options, struct error *err);
/* Drains nothing: cancels requests (their items are pending again), stops the workers that it started unless they are
 * to be kept (that may take a while), ends its threads. Live runs stay live in the
 * store, so that the next start goes on with them. */
void engine_end(struct engine *engine);
void engine_free(struct engine *engine); /* after engine_end(), or with it */

/* A second signal: what is being stopped is killed. Any thread, while engine_end() waits. */
void engine_hurry(struct engine *engine);

enum engine_action {
	ENGINE_RUN_START,       /* a new, stopped or failed run: queue it, run it when it is its turn */
	ENGINE_RUN_PAUSE,
	ENGINE_RUN_RESUME,
	ENGINE_RUN_STOP,
	ENGINE_RUN_RETRY_FAILED,/* failures become pending again, then start */
	ENGINE_RUN_ADD_WORKERS,
	ENGINE_RUN_REMOVE_WORKERS,
	ENGINE_WORKER_PAUSE,
	ENGINE_WORKER_RESUME,
	ENGINE_WORKER_DRAIN,    /* finish what is in flight, take no more: off; a worker of ours is stopped then */
	ENGINE_WORKER_GIVE_BACK,/* the same: its GPU is free for others, and the receipt says so */
	ENGINE_WORKER_START,    /* wanted up, by a person */
	ENGINE_WORKER_STOP,     /* now: what is in flight goes to others */
	ENGINE_WORKER_RESTART,
	ENGINE_WORKER_RETRY,    /* failures are forgotten, it is tried again now */
	ENGINE_WORKER_FORGET,   /* a failed one is put away */
	ENGINE_ACTION_COUNT
};
const char *engine_action_name(enum engine_action action); /* "retry_failed", for both nouns */

/* ok: the change is committed. Called once, on another thread: it must only post elsewhere. */
typedef void engine_reply(void *arg, bool ok, const struct error *err);

struct engine_command {
	enum engine_action action;
	int64_t run;                  /* of ENGINE_RUN_* */
	const char *worker;           /* of ENGINE_WORKER_* ; copied */
	const char *const *workers;   /* NULL-terminated, of ADD/REMOVE_WORKERS ; copied */
	const char *person;           /* by whom ; copied */
	engine_reply *reply;
	void *arg;
};
/* Any thread. Errors: ERROR_NOT_FOUND, ERROR_CONFLICT with the sentence of the transition table, ERROR_INPUT. */
void engine_command(struct engine *engine, const struct engine_command *command);

/* Evaluates keys once, outside any run, storing nothing: `try`. */
struct engine_try_item {
	const char *key;
	const char *worker;            /* id */
	struct outcome *outcome;
};
struct engine_try {
	int64_t dataset;               /* store id */
	const char *request;           /* JSON text of the complete run request */
	const char *worker;            /* id, NULL = any that is ready */
	const int64_t *items;          /* item ids, at most 10 */
	int count;
	/* Once, on the engine thread; items are borrowed. err when nothing could be tried. */
	void (*done)(void *arg, const struct engine_try_item *items, int count, const struct error *err);
	void *arg;
};
void engine_try(struct engine *engine, const struct engine_try *request);

/* Any thread; release it. Never NULL after engine_new(). */
struct snapshot *engine_snapshot(struct engine *engine);
/* Called on the engine thread after each new snapshot; must only post elsewhere. One watcher. */
void engine_watch(struct engine *engine, void (*watcher)(void *arg), void *arg);

/* What may be done with a run in this state, from the transition table: bit (1 << action). */
unsigned engine_run_actions(enum run_state state);
/* The same for a worker as it stands. */
unsigned engine_worker_actions(const struct worker_view *worker);
const char *engine_run_sentence(enum run_state state);

#endif
