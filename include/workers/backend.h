/* backend.h - how a worker is started, found again, and stopped
 *
 * A backend is a documented struct of functions; implementations are one file
 * each in one visible list (backend.c): local.c, command.c (start_cmd and
 * stop_cmd of an external worker). All calls are asynchronous, on the engine's
 * thread; each reports its end exactly once, never inside the call; one call at a
 * time.
 *
 * Health is not in it: a probe is the same for all (health.h). Recovery is not in
 * it either: it is a policy over the desired and the observed state (recovery.h,
 * care.c), so a worker that was stopped on purpose is never "recovered".
 */
#ifndef MEKIKI_WORKERS_BACKEND_H
#define MEKIKI_WORKERS_BACKEND_H

#include "config/config.h"
#include "io/loop.h"
#include "model/worker.h"
#include "store/owner.h"

struct backend; /* each class has its own behind it */
struct log_lines;

/* How a start, a stop or a life ended. */
struct backend_end {
	bool good;
	enum worker_cause cause;       /* when not good; failure lines of the log are classified (table A4) */
	const char *text;              /* borrowed: the line that says it, or the receipt of a stop */
	bool permanent;                /* waiting or trying again changes nothing (configuration, model not found) */
	bool once;                     /* so it is when it happens twice in a row */
	bool spends_attempt;           /* false: somebody else holds the GPU, the port, ... */
};
typedef void backend_done(void *arg, const struct backend_end *end);
typedef void backend_written(void *arg, bool good);

/* What a backend tells its owner between the calls. */
struct backend_listener {
	/* Start-up moves: a phase for people ("loading weights", NULL = unknown), 0..1 or -1 = unknown. */
	void (*phase)(void *arg, const char *phase, double progress);
	/* It has ended though nobody asked: a failure, whatever its exit status. Once; nothing of it is left then. */
	void (*ended)(void *arg, const struct backend_end *end);
	/* The ownership record changed; NULL = nothing is owned any more. `written` (NULL = nobody waits) after the commit. */
	void (*own)(void *arg, const struct owner_record *owner, backend_written *written, void *written_arg);
	void *arg;
};

struct backend_options {
	struct loop *loop;
	const struct config *config;
	const struct config_worker *worker;
	const char *logs;              /* directory: LOGS/worker-ID.log, appended */
	struct backend_listener listener;
};

struct backend_class {
	const char *name;
	struct backend *(*new)(const struct backend_options *options);
	void (*free)(struct backend *backend); /* leaves the process alone: it outlives us */
	/* May it start now? */
	void (*check)(struct backend *backend, backend_done *done, void *arg);
	/* Ends when the process is up; readiness is a matter of probes. */
	void (*start)(struct backend *backend, backend_done *done, void *arg);
	/* A probe has answered: start-up is over. */
	void (*ready)(struct backend *backend);
	/* Find it again after our own death. Not good: it is gone (and has been cleaned up). NULL = cannot. */
	void (*attach)(struct backend *backend, const struct owner_record *owner, backend_done *done, void *arg);
	/* The whole tree: TERM, all, KILL; ends when every process is gone. `text` is the receipt. NULL = cannot. */
	void (*stop)(struct backend *backend, backend_done *done, void *arg);
	/* A stop under way loses its patience. NULL = it has none. */
	void (*hurry)(struct backend *backend);
	/* Does the answer of /v1/models come from what we started? NULL = cannot tell. ERROR_CONFLICT says whose it is. */
	bool (*is_ours)(struct backend *backend, char *const *models, struct error *err);
	/* What it wrote since its start; NULL = nothing known. Borrowed. */
	const struct log_lines *(*lines)(const struct backend *backend);
};

/* NULL: nothing of ours runs there (external without start_cmd, fake). */
const struct backend_class *backend_class_of(const struct config_worker *worker);

#endif
