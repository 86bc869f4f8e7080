/* snapshot.h - what the engine looked like at one moment: immutable, counted
 *
 * It stands in model/, because the API and the jobs look at it and neither may
 * include the other's neighbours.
 *
 * The engine makes a new one when something changed, at most four a second, and
 * swaps a pointer; readers on other threads hold a reference for as long as they
 * look. Only what is committed is counted as done.
 */
#ifndef MEKIKI_MODEL_SNAPSHOT_H
#define MEKIKI_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/failure.h"
#include "model/run.h"
#include "model/worker.h"

/* One worker as it stands. Texts belong to the snapshot; NULL = unknown. */
struct worker_view {
	const char *id, *url;
	enum worker_kind kind;
	enum worker_desired desired;
	enum worker_state state;
	enum worker_cause cause;
	const char *text;            /* of the last failed probe, NULL = none */
	int64_t since_ms, last_probe_ms, last_answer_ms; /* wall, 0 = never */
	int64_t probe_ms;            /* -1 = none yet */
	int failures, max_failures;  /* failed probes in a row */
	const char *model, *root, *server_version;
	const char *const *models;   /* NULL-terminated, may be empty */
	int64_t max_model_len;       /* 0 = unknown */
	int in_flight, allowed;
	int64_t done, failed;        /* verdicts and failed attempts since the server started */
	double rate_1m;              /* items per second, NAN = none yet */
	bool paused;
	/* of workers that mekiki starts */
	bool has_backend;            /* it can be started, stopped and restarted */
	const char *gpu;             /* as configured */
	int attempt, of;             /* "recovering 2/3"; of 0 = no restart under way */
	int64_t next_at_ms;          /* wall: of the next try, 0 = none */
	const char *phase;           /* of a start, NULL = none */
	double progress;             /* of a start, 0..1; NAN = unknown */
	const char *receipt;         /* of the last stop */
	const char *const *log;      /* its last lines, NULL-terminated, may be empty */
	const char *gpu_foreign;     /* a sentence: somebody else uses its GPU; NULL = nobody */
	const char *gpu_unknown;     /* a sentence: that cannot be told; NULL = it can, or it has no GPU */
	bool in_run;                 /* among the live run's workers */
	int64_t run_done;            /* results of the live run that are its own */
};

struct gpu_process_view {
	int64_t pid;
	const char *name, *user;     /* user NULL = hidden */
	int64_t used_mib;            /* -1 = unknown */
	bool ours;
};

struct gpu_view {
	int index;
	const char *uuid, *name;
	int64_t total_mib, used_mib, free_mib, unattributed_mib; /* -1 = unknown */
	int use_percent, celsius;    /* -1 = unknown */
	bool mig;
	int process_count;
	const struct gpu_process_view *processes;
};

/* One live run (queued, running, paused, waiting). Other runs are read from the store. */
struct progress {
	int64_t run;
	enum run_state state;
	int64_t version;             /* highest committed sequence number */
	int64_t total, done, verdicts, no_verdict, in_flight, retried, from_text, duplicates;
	int64_t by_failure[FAILURE_COUNT];
	double rate_1m, rate_10m;    /* items per second, NAN = none yet */
	bool has_eta;
	double eta_lo_s, eta_p50_s, eta_hi_s;
	bool stalled;                /* items in flight, nothing answered for long */
	bool shuffled;
	int64_t active_ms;           /* time spent running, all starts together */
};

struct snapshot {
	int64_t at_ms;               /* wall */
	int64_t number;              /* grows with each snapshot */
	bool store_blocked;
	const char *store_why;       /* NULL when not blocked */
	int worker_count;
	const struct worker_view *workers; /* in the configuration's order, always the same */
	int gpu_count;
	const struct gpu_view *gpus; /* as they were seen last */
	int64_t gpus_at_ms;          /* wall, 0 = never */
	const char *gpus_problem;    /* why they are unknown or stale; NULL = fine */
	int run_count;
	const struct progress *runs; /* live runs, the running one first */
};

/* A new one, filled in by the engine before it is shown: arrays of the given counts, one reference, and an
 * arena for its texts (snapshot_text copies; NULL stays NULL). */
struct snapshot *snapshot_new(int worker_count, int run_count);
struct worker_view *snapshot_worker_at(struct snapshot *snapshot, int index);
struct progress *snapshot_run_at(struct snapshot *snapshot, int index);
void *snapshot_room(struct snapshot *snapshot, size_t count, size_t size); /* zeroed, belongs to the snapshot */
const char *snapshot_text(struct snapshot *snapshot, const char *text);
const char *const *snapshot_texts(struct snapshot *snapshot, char *const *texts); /* NULL-terminated; NULL = empty */

/* NULL gives NULL. Any thread. */
struct snapshot *snapshot_retain(struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot);
const struct progress *snapshot_run(const struct snapshot *snapshot, int64_t run);      /* NULL = not live */
const struct worker_view *snapshot_worker(const struct snapshot *snapshot, const char *id);

#endif
