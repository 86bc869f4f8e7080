/* backend.h - how a worker is started, found again, and stopped
 *
 * A backend is a documented struct of functions; implementations are one file
 * each in one visible array (backend.c): local.c, command.c (start_cmd and
 * stop_cmd of an external worker), fake.c. All calls are asynchronous, on the
 * engine's thread; each reports its end exactly once, never inside the call.
 * NULL means "cannot".
 *
 * Health is not in it: a probe is the same for all (health.h). Recovery is not in
 * it either: it is a policy over the desired and the observed state (recovery.h),
 * so a worker that was stopped on purpose is never "recovered".
 */
#ifndef MEKIKI_WORKERS_BACKEND_H
#define MEKIKI_WORKERS_BACKEND_H

#include "config/config.h"
#include "io/loop.h"
#include "model/worker.h"
#include "store/owner.h"

struct backend;

/* What a backend tells its owner between the calls. */
struct backend_listener {
	/* Start-up moves: a phase for people ("loading weights"), 0..1 or -1 = unknown; also proves that it is alive. */
	void (*phase)(void *arg, const char *phase, double progress);
	/* It has ended though nobody asked: a failure, whatever its exit status. Comes once. */
	void (*ended)(void *arg, enum worker_cause cause, const char *text);
	/* The ownership record changed: must be written (and committed before a spawn: see own()). */
	void (*own)(void *arg, const struct owner_record *owner, loop_call *written, void *written_arg);
	void *arg;
};

struct backend_options {
	struct loop *loop;
	const struct config *config;
	const struct config_worker *worker;
	const char *logs;              /* directory: logs/worker-ID.log, appended */
	struct backend_listener listener;
};

/* How a start or a stop ended. */
struct backend_end {
	bool good;
	enum worker_cause cause;       /* when not good; failure lines of the log are classified (table A4) */
	const char *text;              /* borrowed: the line that says it, or the receipt of a stop */
	bool permanent;                /* waiting or trying again changes nothing (configuration, model not found) */
	bool spends_attempt;           /* false: somebody else holds the GPU, our own drain, ... */
};
typedef void backend_done(void *arg, const struct backend_end *end);

struct backend_class {
	const char *name;
	struct backend *(*new)(const struct backend_options *options, struct error *err);
	void (*free)(struct backend *backend); /* leaves the process alone: it outlives us */
	/* May it start now? Port free, command there. */
	void (*check)(struct backend *backend, backend_done *done, void *arg);
	/* Ends when the process is up; readiness is a matter of probes. */
	void (*start)(struct backend *backend, backend_done *done, void *arg);
	/* Find it again after our own death. Not good: it is gone (and has been cleaned up). */
	void (*attach)(struct backend *backend, const struct owner_record *owner, backend_done *done, void *arg);
	/* The whole tree: TERM, group, KILL; ends when every process is gone. `text` is the receipt. */
	void (*stop)(struct backend *backend, backend_done *done, void *arg);
};

/* NULL: nothing of ours runs there (external without start_cmd). */
const struct backend_class *backend_class_of(const struct config_worker *worker);

#endif
