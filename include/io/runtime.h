/* runtime.h - where the server of this user is: runtime.json in the data directory
 *
 * The server writes it once it listens and removes it when it ends; the command
 * line of the same user reads it. It holds an admin token, so it is written with
 * mode 0600 (beside it, then renamed) and refused when others could read it or
 * somebody else wrote it.
 */
#ifndef MEKIKI_IO_RUNTIME_H
#define MEKIKI_IO_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct runtime {
	char *url;    /* owned, "http://127.0.0.1:8580" */
	char *token;  /* owned, a secret */
	int64_t pid;
};

bool runtime_write(const char *data_dir, const struct runtime *runtime, struct error *err);
/* ERROR_NOT_FOUND when there is none, ERROR_FORBIDDEN when it cannot be trusted, ERROR_INPUT when it is broken. */
bool runtime_read(const char *data_dir, struct runtime *out, struct error *err);
void runtime_remove(const char *data_dir);
void runtime_release(struct runtime *runtime);

#endif
