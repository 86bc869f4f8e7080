/* owner.h (store) - what we started, so that we find it again and touch nothing else
 *
 * Written before the spawn (nonce, port, GPU), completed after it (pid, start
 * time, boot id). A pid alone is never proof: pids are reused.
 */
#ifndef MEKIKI_STORE_OWNER_H
#define MEKIKI_STORE_OWNER_H

#include "store/store.h"

struct owner_record {
	char *worker;          /* owned: id in the configuration */
	char *nonce;           /* owned: in the environment of the tree (MEKIKI_NONCE) and among the served names */
	int64_t pid;           /* 0 = not spawned yet */
	int64_t start_ticks;   /* field 22 of /proc/PID/stat */
	char *boot_id;         /* owned, /proc/sys/kernel/random/boot_id; NULL = not spawned yet */
	int port;
	char *gpu;             /* owned, as configured; NULL = none */
	int64_t started_ms;    /* wall */
	char *data;            /* owned: free use of the backend, a JSON object; NULL = nothing */
};
void owner_record_release(struct owner_record *owner);
void owner_record_copy(struct owner_record *out, const struct owner_record *owner);

bool owner_write(struct writer *writer, const struct owner_record *owner, struct error *err); /* by worker: replaces */
bool owner_forget(struct writer *writer, const char *worker, struct error *err); /* one that is not there is fine */
/* By worker; owner_record_release() each. Count, -1 with err. */
int owner_list(struct reader *reader, struct owner_record *out, int limit, struct error *err);

#endif
