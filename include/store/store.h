/* store.h - facts in SQLite: one writer thread, any number of readers
 *
 * Only facts are stored; the queue of a run is derived (run items without a
 * result), so starting is resuming. All writing and all checkpointing happen on
 * one connection, owned by the writer thread, because SQLite before 3.51.3 can
 * corrupt a WAL that two connections write or checkpoint at once.
 *
 * Any thread may queue a write. The writer takes what queued up during the
 * previous commit, applies it in one transaction (synchronous=FULL), and only
 * after the COMMIT has returned calls each `done`. So whatever is told after
 * `done` survives power loss. A write that fails is undone alone (savepoint).
 *
 * When the disk is full nothing is lost: the batch waits in memory and is tried
 * again every second; watchers hear "blocked", and the engine stops dispatching.
 */
#ifndef MEKIKI_STORE_STORE_H
#define MEKIKI_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct store;  /* any thread */
struct writer; /* the writing connection: only inside an apply, only on the writer thread */
struct reader; /* one read-only connection: one thread at a time */
struct store_faults; /* tests only: server/store/faults.h */

struct store_options {
	const char *directory;       /* holds mekiki.db; must exist */
	bool allow_network_filesystem;
	const char *vfs;             /* NULL = SQLite's default; tests pass a shim that drops unsynced writes */
	const struct store_faults *faults; /* NULL but in tests; borrowed during the call */
};

/* Opens, migrates, checks the pragmas by reading them back, starts the writer. NULL with err:
 * ERROR_IO, ERROR_DISK_FULL, ERROR_STORE, ERROR_CONFIG (network file system, newer schema). */
struct store *store_open(const struct store_options *options, struct error *err);
/* Commits what is queued, checkpoints, closes. Every reader must be closed before. */
void store_close(struct store *store);

/* Applied again from the start when its transaction found no room, so it must not count or move what arg holds. */
typedef bool store_apply(struct writer *writer, void *arg, struct error *err);
typedef void store_done(void *arg, bool ok, const struct error *err);

/* Queues a write; never blocks, never fails. `done` (may be NULL) is called exactly once, on the
 * writer thread, after the commit or after the failure; it must only post elsewhere. */
void store_write(struct store *store, store_apply *apply, store_done *done, void *arg);

/* Queues and waits. Never on the engine or HTTP thread. */
bool store_write_wait(struct store *store, store_apply *apply, void *arg, struct error *err);

/* Bulk work (import) yields to everything else that is queued: applied one by one after the others. */
bool store_write_bulk(struct store *store, store_apply *apply, void *arg, struct error *err);

struct store_notice {
	int64_t last_event;   /* highest committed event id */
	bool blocked;         /* the disk is full: `why` says it */
	char why[256];
};
/* Called on the writer thread after each commit that added events or results, and when
 * blocked changes; it must only post elsewhere. At most 4 watchers. */
typedef void store_watcher(void *arg, const struct store_notice *notice);
void store_watch(struct store *store, store_watcher *watcher, void *arg);
/* Ends every watch with this arg; when it returns, no call is under way and none will come. Not from a watcher. */
void store_unwatch(struct store *store, void *arg);

/* Read-only, query_only connection with its own prepared statements. */
struct reader *reader_open(struct store *store, struct error *err);
void reader_close(struct reader *reader);
/* A consistent snapshot from begin to end; keep it short (an open one pins the WAL). Nestable: only the outermost counts. */
void reader_begin(struct reader *reader);
void reader_end(struct reader *reader);

#endif
