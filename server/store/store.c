#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "store/faults.h"
#include "store/filesystem.h"
#include "store/reader.h"
#include "store/view_terms.h"
#include "store/writer.h"

struct store {
	char *directory, *path, *vfs;
	struct writer *writer;
	atomic_int readers; /* open now: the last connection to close must be the writer's, because closing checkpoints */
};

/* The entry of a new file in its directory is durable only after this. */
static bool sync_directory(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	int cause = errno;
	if (fd >= 0)
		close(fd);
	return ok || error_set(err, ERROR_IO, "%s: cannot sync the directory: %s", path, strerror(cause));
}

struct store *store_open(const struct store_options *options, struct error *err)
{
	const struct store_faults none = {.synchronous = "FULL"};
	const struct store_faults *faults = options->faults ? options->faults : &none;
	if (!filesystem_check(options->directory, options->allow_network_filesystem, faults->filesystem, err))
		return NULL;
	AUTO_FREE char *path = memory_format("%s/mekiki.db", options->directory);
	struct writer *writer =
		writer_new(path, options->vfs, faults->synchronous ? faults->synchronous : "FULL", err);
	if (!writer || !sync_directory(options->directory, err)) {
		writer_free(writer);
		return NULL;
	}
	struct store *store = NEW(struct store);
	store->directory = memory_copy(options->directory);
	store->path = TAKE(path);
	store->vfs = memory_copy(options->vfs);
	store->writer = writer;
	writer_start(writer);
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	assert(store->readers == 0);
	writer_free(store->writer);
	free(store->directory);
	free(store->path);
	free(store->vfs);
	free(store);
}

void store_write(struct store *store, store_apply *apply, store_done *done, void *arg)
{
	writer_queue(store->writer, false, apply, done, arg);
}

struct wait {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	store_apply *apply;
	void *arg;
	bool over, ok;
	struct error *err;
};

static bool wait_apply(struct writer *writer, void *arg, struct error *err)
{
	struct wait *wait = arg;
	return wait->apply(writer, wait->arg, err);
}

static void wait_done(void *arg, bool ok, const struct error *err)
{
	struct wait *wait = arg;
	LOCK_SCOPE(&wait->mutex);
	if (!ok && wait->err)
		*wait->err = *err;
	wait->ok = ok;
	wait->over = true;
	pthread_cond_signal(&wait->changed);
}

static bool write_and_wait(struct store *store, bool bulk, store_apply *apply, void *arg, struct error *err)
{
	struct wait wait = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,
			    .apply = apply, .arg = arg, .err = err};
	writer_queue(store->writer, bulk, wait_apply, wait_done, &wait);
	LOCK_SCOPE(&wait.mutex);
	while (!wait.over)
		pthread_cond_wait(&wait.changed, &wait.mutex);
	return wait.ok;
}

bool store_write_wait(struct store *store, store_apply *apply, void *arg, struct error *err)
{
	return write_and_wait(store, false, apply, arg, err);
}

bool store_write_bulk(struct store *store, store_apply *apply, void *arg, struct error *err)
{
	return write_and_wait(store, true, apply, arg, err);
}

void store_watch(struct store *store, store_watcher *watcher, void *arg)
{
	writer_watch(store->writer, watcher, arg);
}

void store_unwatch(struct store *store, void *arg)
{
	writer_unwatch(store->writer, arg);
}

struct reader *reader_open(struct store *store, struct error *err)
{
	struct reader *reader = NEW(struct reader);
	reader->store = store;
	reader->directory = store->directory;
	reader->large = large_new();
	store->readers++;
	if (connection_open_reader(&reader->connection, store->path, store->vfs, err) &&
	    connection_prepare(&reader->connection, false, err)) {
		reader->cells = cells_new(reader);
		return reader;
	}
	reader_close(reader);
	return NULL;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	connection_close(&reader->connection);
	cells_free(reader->cells);
	large_free(reader->large);
	reader->store->readers--;
	free(reader);
}

void reader_begin(struct reader *reader)
{
	if (reader->depth++ == 0)
		connection_run(&reader->connection, "BEGIN", NULL);
}

void reader_end(struct reader *reader)
{
	assert(reader->depth > 0);
	if (--reader->depth == 0)
		connection_run(&reader->connection, "COMMIT", NULL);
}
