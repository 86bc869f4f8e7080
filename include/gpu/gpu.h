/* gpu.h - who uses which GPU (nvidia-smi)
 *
 * One helper process at a time, with a deadline: nvidia-smi hangs in the kernel
 * when the driver is in trouble, and then it cannot be killed. Values that are no
 * numbers ("[N/A]", "ERR!") are unknown, never 0. Processes are joined by UUID;
 * owners come from /proc. Memory that no listed process accounts for is shown as
 * unattributed: a GPU with it is not free.
 *
 * The engine's thread. Reading text is pure (gpu_read).
 */
#ifndef MEKIKI_GPU_GPU_H
#define MEKIKI_GPU_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"

struct gpu_process {
	int64_t pid;
	char *name;            /* owned, as nvidia-smi says it */
	char *user;            /* owned, NULL = not to be found out ("owner hidden") */
	int64_t used_mib;      /* -1 = unknown */
	int64_t start_ticks;   /* with the pid: who it is; 0 = unknown */
};

struct gpu {
	int index;
	char *uuid, *name;     /* owned */
	int64_t total_mib, used_mib, free_mib; /* -1 = unknown */
	int use_percent, celsius;              /* -1 = unknown */
	bool mig;
	struct gpu_process *processes;         /* owned */
	int process_count;
	int64_t unattributed_mib;              /* used without a listed process; 0 below the threshold; -1 = unknown */
};

struct gpu_list {
	struct gpu *gpus;      /* owned */
	int count;
	int64_t at_ms;         /* wall: when it was read; 0 = never */
	char *problem;         /* owned: why it is unknown or stale; NULL = fine */
};
void gpu_list_release(struct gpu_list *list);

/* Pure: the two CSV answers of nvidia-smi. Owners are not looked up. */
bool gpu_read(const char *gpus_csv, const char *processes_csv, struct gpu_list *out, struct error *err);

struct gpu_watch;
typedef void gpu_seen(void *arg, const struct gpu_list *list); /* after each look, good or not */
/* command: "nvidia-smi" or another program that speaks like it. No look before gpu_watch_look(). */
struct gpu_watch *gpu_watch_new(struct loop *loop, const char *command, int64_t deadline_ms, gpu_seen *seen, void *arg);
void gpu_watch_look(struct gpu_watch *watch);          /* now, unless one is under way */
void gpu_watch_every(struct gpu_watch *watch, int64_t every_ms); /* 0 = stop */
const struct gpu_list *gpu_watch_last(const struct gpu_watch *watch);
void gpu_watch_free(struct gpu_watch *watch);

#endif
