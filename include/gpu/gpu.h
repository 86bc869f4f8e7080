/* gpu.h - who uses which GPU (nvidia-smi)
 *
 * One helper process at a time, with a deadline: nvidia-smi hangs in the kernel
 * when the driver is in trouble, and then it cannot be killed; a helper that does
 * not end is waited for, and no other is started meanwhile. After a failure looks
 * come more rarely, up to once in 60 s. What was seen last stays, with `problem`
 * saying since when and why it is stale.
 *
 * Values that are no numbers ("[N/A]", "ERR!") are unknown, never 0. Processes
 * are joined by UUID; owners come from /proc. Memory that no listed process
 * accounts for is unattributed: a GPU with it is not free.
 *
 * The loop's thread. gpu_read(), gpu_foreign() and gpu_is_free() are pure. No
 * process is ever signalled here but the helper itself.
 */
#ifndef MEKIKI_GPU_GPU_H
#define MEKIKI_GPU_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"

enum { GPU_UNATTRIBUTED_MIB = 500, GPU_BACKOFF_MS = 60000 };

struct gpu_process {
	int64_t pid;
	char *name;            /* owned, as nvidia-smi says it */
	char *user;            /* owned, NULL = not to be found out ("owner hidden") */
	int64_t used_mib;      /* -1 = unknown */
	int64_t start_ticks;   /* with the pid: who it is; 0 = unknown */
	bool ours;             /* started by this server, or by what it started */
};

struct gpu {
	int index;             /* -1 = unknown */
	char *uuid, *name;     /* owned */
	int64_t total_mib, used_mib, free_mib; /* -1 = unknown */
	int use_percent, celsius;              /* -1 = unknown */
	bool mig;
	struct gpu_process *processes;         /* owned */
	int process_count, process_capacity;
	int64_t unattributed_mib;              /* used without a listed process; 0 up to GPU_UNATTRIBUTED_MIB; -1 = unknown */
};

struct gpu_list {
	struct gpu *gpus;      /* owned */
	int count, capacity;
	int64_t at_ms;         /* wall: when it was read; 0 = never */
	char *problem;         /* owned: why it is unknown or stale; NULL = fine */
};
void gpu_list_release(struct gpu_list *list);

/* What nvidia-smi is asked, after --query-gpu= and --query-compute-apps=. */
extern const char gpu_fields[], gpu_process_fields[];
/* Pure: its two answers, --format=csv,noheader,nounits. ERROR_INPUT names the line. Owners are not looked up. */
bool gpu_read(const char *gpus_csv, const char *processes_csv, struct gpu_list *out, struct error *err);

/* True for pids that belong to us; asked with the start time, so that a reused pid is somebody else. A start of 0: the
 * leader of a session, dead itself. */
typedef bool gpu_is_ours(void *arg, int64_t pid, int64_t start_ticks);
/* Fills in user, start_ticks and ours from /proc. A pid is ours when it, its session, or one of its ancestors is. */
void gpu_owners(struct gpu_list *list, gpu_is_ours *is_ours, void *arg);

const struct gpu *gpu_at(const struct gpu_list *list, int index); /* NULL = not there */
/* The largest foreign process above the threshold, or NULL. One whose memory is unknown counts. */
const struct gpu_process *gpu_foreign(const struct gpu *gpu, int64_t threshold_mib);
/* Nobody's process above the threshold, nothing unattributed, and that is known. *why (free()) says it otherwise. */
bool gpu_is_free(const struct gpu_list *list, int index, int64_t threshold_mib, char **why);

struct gpu_watch;
typedef void gpu_seen(void *arg, const struct gpu_list *list); /* after each look, good or not */
/* command: "nvidia-smi" or another program that speaks like it. No look before gpu_watch_look(). is_ours may be NULL. */
struct gpu_watch *gpu_watch_new(struct loop *loop, const char *command, int64_t deadline_ms, gpu_is_ours *is_ours,
                                gpu_seen *seen, void *arg);
void gpu_watch_look(struct gpu_watch *watch);          /* now, unless one is under way */
void gpu_watch_every(struct gpu_watch *watch, int64_t every_ms); /* 0 = stop */
const struct gpu_list *gpu_watch_last(const struct gpu_watch *watch);
/* Does not wait for a helper that hangs. */
void gpu_watch_free(struct gpu_watch *watch);

#endif
