/* writer.c - group commit
 *
 * What queued up during one commit is the next transaction: no timer, so a lone
 * write waits for nothing and a flood shares its fsync. A transaction applies
 * for at most APPLY_US; the rest is the next one.
 *
 * Three kinds of failure, and what each undoes:
 *   a write says no          its own savepoint; the others commit
 *   no room, file held       the whole transaction; it waits and is applied again
 *   the disk fails           nothing can be known any more: the process ends
 */
#include "store/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/statement.h"

/* 100 ms: what a person or a worker's next item may wait for its commit at worst. */
enum { APPLY_US = 100 * 1000, RETRY_S = 1, WATCHERS = 4 };
/* 1,000 pages of 8 KiB: a WAL of 8 MiB, 1-2 commits per second at full speed between checkpoints. */
enum { CHECKPOINT_PAGES = 1000, WAL_LARGE_PAGES = 2000, PAGES_PER_MIB = 128 };

struct write {
	struct write *next;
	store_apply *apply;
	store_done *done;
	void *arg;
	bool ok;
	struct error err;
};

struct queue {
	struct write *first, *last;
};

struct post {
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* the queues, stopping and the watchers */
	pthread_cond_t changed;
	struct queue normal, bulk;
	bool stopping;
	struct watchers {
		struct {
			store_watcher *call;
			void *arg;
		} list[WATCHERS];
		int count;
	} watchers;
	bool telling;        /* the writer is calling watchers right now */
	pthread_cond_t told; /* telling became false */
};

static void queue_add(struct queue *queue, struct write *write)
{
	if (queue->last)
		queue->last->next = write;
	else
		queue->first = write;
	queue->last = write;
}

static struct write *queue_take(struct queue *queue)
{
	struct write *write = queue->first;
	if (write) {
		queue->first = write->next;
		if (!queue->first)
			queue->last = NULL;
		write->next = NULL;
	}
	return write;
}

/* Moves everything from `from` to the end of `to`. */
static void queue_move(struct queue *to, struct queue *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct queue){0};
}

void writer_queue(struct writer *writer, bool bulk, store_apply *apply, store_done *done, void *arg)
{
	struct write *write = NEW(struct write);
	*write = (struct write){.apply = apply, .done = done, .arg = arg};
	struct post *post = writer->post;
	LOCK_SCOPE(&post->mutex);
	queue_add(bulk ? &post->bulk : &post->normal, write);
	pthread_cond_signal(&post->changed);
}

void writer_watch(struct writer *writer, store_watcher *watcher, void *arg)
{
	struct post *post = writer->post;
	LOCK_SCOPE(&post->mutex);
	struct watchers *watchers = &post->watchers;
	if (watchers->count < WATCHERS) {
		watchers->list[watchers->count].call = watcher;
		watchers->list[watchers->count++].arg = arg;
	}
}

void writer_unwatch(struct writer *writer, void *arg)
{
	struct post *post = writer->post;
	LOCK_SCOPE(&post->mutex);
	struct watchers *watchers = &post->watchers;
	int kept = 0;
	for (int i = 0; i < watchers->count; i++)
		if (watchers->list[i].arg != arg)
			watchers->list[kept++] = watchers->list[i];
	watchers->count = kept;
	while (post->telling)
		pthread_cond_wait(&post->told, &post->mutex);
}

/* Marks the calls as under way, so that nobody is called after writer_unwatch() has returned. */
static struct watchers begin_telling(struct post *post)
{
	LOCK_SCOPE(&post->mutex);
	post->telling = true;
	return post->watchers;
}

static void end_telling(struct post *post)
{
	LOCK_SCOPE(&post->mutex);
	post->telling = false;
	pthread_cond_broadcast(&post->told);
}

static void tell(struct writer *writer, const char *why)
{
	struct store_notice notice = {.last_event = writer->last_event, .blocked = why != NULL};
	if (why)
		snprintf(notice.why, sizeof(notice.why), "%s", why);
	struct watchers watchers = begin_telling(writer->post);
	for (int i = 0; i < watchers.count; i++)
		watchers.list[i].call(watchers.list[i].arg, &notice);
	end_telling(writer->post);
}

static void die(const char *doing, const struct error *err)
{
	log_error("store", "%s failed and must not be repeated, because what reached the disk is unknown: %s. Ending now: "
			   "everything that was acknowledged is safe, the next start resumes there.",
		  doing, err->text);
	abort();
}

/* What is kept in memory beside the database may be of a transaction that is gone. */
static void forget(struct writer *writer)
{
	large_forget(writer->large);
	keys_forget(writer->keys);
}

/* One write inside its savepoint. False: the transaction cannot go on. */
static bool apply_one(struct writer *writer, struct write *write, struct error *err)
{
	struct connection *connection = &writer->connection;
	int64_t last_event = writer->last_event;
	bool news = writer->news;
	if (!connection_command(connection, SQL_SAVEPOINT, err))
		return false;
	write->err = (struct error){0};
	write->ok = write->apply(writer, write->arg, &write->err);
	if (connection->trouble != TROUBLE_NONE || sqlite3_get_autocommit(connection->db)) {
		*err = write->err;
		return false;
	}
	if (write->ok)
		return connection_command(connection, SQL_SAVEPOINT_RELEASE, err);
	writer->last_event = last_event;
	writer->news = news;
	forget(writer);
	return connection_command(connection, SQL_SAVEPOINT_UNDO, err) &&
	       connection_command(connection, SQL_SAVEPOINT_RELEASE, err);
}

struct batch {
	struct writer *writer;
	struct queue *waiting; /* applied from its head */
	struct write *last;    /* the last one applied */
};

static bool apply_batch(struct connection *connection, void *arg, struct error *err)
{
	(void)connection;
	struct batch *batch = arg;
	int64_t end = clock_mono_us() + APPLY_US;
	for (struct write *write = batch->waiting->first; write; write = write->next) {
		if (!apply_one(batch->writer, write, err))
			return false;
		batch->last = write;
		if (clock_mono_us() >= end)
			break;
	}
	return true;
}

static void finish(struct write *write)
{
	if (write->done)
		write->done(write->arg, write->ok, write->ok ? NULL : &write->err);
	free(write);
}

/* Answers from the head of the queue up to and including `last`. */
static void answer(struct queue *queue, const struct write *last)
{
	for (bool more = last != NULL; more;) {
		struct write *write = queue_take(queue);
		more = write != last;
		finish(write);
	}
}

/* Once per doubling: whoever holds an old view is found more easily while he still sits there. */
static void watch_growth(struct writer *writer, bool held)
{
	if (!held) {
		writer->complain_at = WAL_LARGE_PAGES;
	} else if (writer->wal_pages >= writer->complain_at) {
		writer->complain_at = 2 * writer->wal_pages;
		log_warning("store", "the WAL has grown to %d MiB because a reader holds an old view of the database (a shell, a "
				     "backup?); nothing is lost, and it shrinks when that one ends",
			    writer->wal_pages / PAGES_PER_MIB);
	}
}

/* Passive: it takes what no reader needs and waits for nobody. */
static void checkpoint(struct writer *writer)
{
	struct connection *connection = &writer->connection;
	if (writer->wal_pages < writer->checkpoint_at)
		return;
	int pages = 0, moved = 0;
	if (sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved) != SQLITE_OK) {
		struct error err = {0};
		connection_fail(connection, "checkpoint", &err);
		if (connection->trouble == TROUBLE_FATAL)
			die("a checkpoint", &err);
		connection->trouble = TROUBLE_NONE; /* no room, or a reader in the way: the WAL keeps everything */
	}
	watch_growth(writer, moved < pages);
	/* A long reader holds it back: not again at every commit. */
	writer->checkpoint_at = moved < pages ? writer->wal_pages + CHECKPOINT_PAGES : CHECKPOINT_PAGES;
}

/* One transaction from the head of the queue. False: blocked, the queue is as it was. */
static bool commit(struct writer *writer, struct queue *waiting, struct error *err)
{
	struct batch batch = {writer, waiting, NULL};
	int64_t last_event = writer->last_event;
	struct connection *connection = &writer->connection;
	connection->trouble = TROUBLE_NONE;
	writer->news = false;
	if (connection_transaction(connection, apply_batch, &batch, err)) {
		answer(waiting, batch.last);
		if (writer->news)
			tell(writer, NULL);
		checkpoint(writer);
		return true;
	}
	writer->last_event = last_event;
	forget(writer);
	if (connection->trouble != TROUBLE_WAIT)
		die("a commit", err);
	return false;
}

/* Sleeps until the next try; true when the store is closing. */
static bool pause_blocked(struct post *post)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RETRY_S;
	LOCK_SCOPE(&post->mutex);
	while (!post->stopping)
		if (pthread_cond_timedwait(&post->changed, &post->mutex, &until) != 0)
			break;
	return post->stopping;
}

/* Until the queue is empty, however long the disk stays full; what is new queues behind, so the order is kept. */
static void commit_all(struct writer *writer, struct queue *waiting)
{
	bool blocked = false, last_try = false;
	while (waiting->first) {
		struct error err = {0};
		if (commit(writer, waiting, &err)) {
			if (blocked)
				tell(writer, NULL);
			blocked = false;
			continue;
		}
		if (last_try) { /* closing on a full disk: say of each what became of it */
			log_error("store", "closing with writes that found no room: %s", err.text);
			for (struct write *write; (write = queue_take(waiting));) {
				write->ok = false;
				write->err = err;
				finish(write);
			}
			return;
		}
		if (!blocked) {
			error_prefix(&err, "the database cannot be written, so results wait in memory");
			tell(writer, err.text);
		}
		blocked = true;
		last_try = pause_blocked(writer->post);
		writer->checkpoint_at = 0; /* a checkpoint may make the room */
		checkpoint(writer);
	}
}

/* Waits for work. The normal queue whole, and one bulk write: imports go on between the results, not instead of them. */
static bool take(struct post *post, struct queue *normal, struct queue *bulk)
{
	LOCK_SCOPE(&post->mutex);
	while (!post->normal.first && !post->bulk.first && !post->stopping)
		pthread_cond_wait(&post->changed, &post->mutex);
	queue_move(normal, &post->normal);
	struct write *one = queue_take(&post->bulk);
	if (one)
		queue_add(bulk, one);
	return normal->first || bulk->first;
}

static void *run(void *arg)
{
	struct writer *writer = arg;
	struct queue normal = {0}, bulk = {0};
	while (take(writer->post, &normal, &bulk)) {
		commit_all(writer, &normal);
		commit_all(writer, &bulk);
	}
	return NULL;
}

static int note_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	((struct writer *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

struct writer *writer_new(const char *path, const char *vfs, const char *synchronous, struct error *err)
{
	struct writer *writer = NEW(struct writer);
	writer->post = NEW(struct post);
	pthread_mutex_init(&writer->post->mutex, NULL);
	pthread_cond_init(&writer->post->changed, NULL);
	pthread_cond_init(&writer->post->told, NULL);
	writer->large = large_new();
	writer->keys = keys_cache_new();
	writer->checkpoint_at = CHECKPOINT_PAGES;
	writer->complain_at = WAL_LARGE_PAGES;
	struct connection *connection = &writer->connection;
	if (!connection_open_writer(connection, path, vfs, synchronous, err) ||
	    !connection_migrate(connection, err) || !connection_prepare(connection, true, err) ||
	    !statement_integer(connection, SQL_EVENT_LAST, 0, NULL, &writer->last_event, err)) {
		writer_free(writer);
		return NULL;
	}
	sqlite3_wal_hook(connection->db, note_wal, writer);
	return writer;
}

void writer_start(struct writer *writer)
{
	if (pthread_create(&writer->post->thread, NULL, run, writer) != 0)
		abort();
	writer->post->started = true;
}

static void stop(struct post *post)
{
	pthread_mutex_lock(&post->mutex);
	post->stopping = true;
	pthread_cond_signal(&post->changed);
	pthread_mutex_unlock(&post->mutex);
	pthread_join(post->thread, NULL);
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	if (writer->post->started) {
		stop(writer->post);
		sqlite3_wal_checkpoint_v2(writer->connection.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	connection_close(&writer->connection);
	large_free(writer->large);
	keys_cache_free(writer->keys);
	pthread_cond_destroy(&writer->post->changed);
	pthread_cond_destroy(&writer->post->told);
	pthread_mutex_destroy(&writer->post->mutex);
	free(writer->post);
	free(writer);
}
