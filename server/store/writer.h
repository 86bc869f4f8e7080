/* writer.h - the writing connection and the thread that owns it
 *
 * writer_new() opens and migrates on the caller's thread; from writer_start() to
 * writer_free() only the writer thread touches the connection.
 */
#ifndef MEKIKI_SERVER_STORE_WRITER_H
#define MEKIKI_SERVER_STORE_WRITER_H

#include "store/connection.h"
#include "store/keys.h"
#include "store/large.h"
#include "store/store.h"

struct writer {
	struct connection connection;
	struct large *large;
	struct keys_cache *keys;
	int64_t last_event;   /* highest id appended, committed or about to be */
	bool news;            /* this transaction added events or results */
	int wal_pages;        /* in the WAL after the last commit */
	int checkpoint_at;    /* try when it has this many */
	int complain_at;      /* say that it grows when it has this many */
	struct post *post;    /* what other threads queue, and the thread itself */
};

struct writer *writer_new(const char *path, const char *vfs, const char *synchronous, struct error *err);
void writer_start(struct writer *writer);
/* Ends the thread after what is queued, checkpoints, closes. */
void writer_free(struct writer *writer);

void writer_queue(struct writer *writer, bool bulk, store_apply *apply, store_done *done, void *arg);
void writer_watch(struct writer *writer, store_watcher *watcher, void *arg);
void writer_unwatch(struct writer *writer, void *arg);

#endif
