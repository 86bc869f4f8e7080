/* launch.h - a program started so that it outlives us
 *
 * In a session of its own, without a shell, with default signals and no
 * descriptors but its output, which goes straight to a file: appended, never
 * through a pipe of ours (EPIPE would end it after our death).
 */
#ifndef MEKIKI_WORKERS_LAUNCH_H
#define MEKIKI_WORKERS_LAUNCH_H

#include <sys/types.h>

#include "base/error.h"
#include "config/config.h"

struct launch {
	char **argv, **environ; /* owned, NULL-terminated */
	bool names_nonce;       /* the nonce is among its arguments: it will be a served name */
};

/* The configured command, or vLLM's; {model} {port} {gpu} {nonce} are replaced. Never NULL fields. */
void launch_init(struct launch *launch, const struct config *config, const struct config_worker *worker, const char *nonce);
/* One text for /bin/sh. */
void launch_init_shell(struct launch *launch, const struct config_worker *worker, const char *text);
void launch_release(struct launch *launch);
char *launch_text(const struct launch *launch); /* "vllm serve …" for people; free() */
/* ERROR_CONFIG: the program cannot be run. ERROR_IO: the log cannot be written. */
bool launch_spawn(const struct launch *launch, const char *log_path, pid_t *pid, struct error *err);

#endif
