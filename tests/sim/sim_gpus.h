/* sim_gpus.h - a machine's GPUs as files, for vllm-sim and fake-nvidia-smi
 *
 * DIR/gpus.json says what GPUs there are, what else runs on them, and how
 * nvidia-smi misbehaves; tests write it (to a temporary name, then rename).
 * DIR/hold/PID says what a simulator's process holds: it counts while that very
 * process (pid and start time) lives, so a kill -9 frees it, and an orphan
 * keeps it. README.md has the format.
 */
#ifndef MEKIKI_SIM_GPUS_H
#define MEKIKI_SIM_GPUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim_children.h"
#include "sim_options.h"

struct error;

/* The whole state: gpus.json, with what simulators hold among its "processes". NULL with an error. */
json_t *sim_gpus_read(const char *directory, struct error *err);
/* MiB in use on this GPU of a state: its "base_mib" and all its processes. */
int64_t sim_gpus_used(const json_t *state, int64_t index);

/* When the process began, in ticks since boot; -1: it is dead, reaped or not. */
int64_t sim_gpus_start_of(int64_t pid);

/* Takes --gpu-memory-utilization of each GPU of CUDA_VISIBLE_DEVICES for workers, engine or ourselves. False: too
 * little is free; *refusal (free()) says so in vLLM's words. True when there is no directory. */
bool sim_gpus_hold(const struct sim_options *options, const struct sim_children *children, char **refusal);

#endif
