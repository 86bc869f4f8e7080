#include "model/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

/* The public part is first, so that a pointer to it is a pointer to the whole. */
struct whole {
	struct snapshot public;
	atomic_int references;
	struct worker_view *workers;
	struct progress *runs;
	void **pieces; /* everything that texts were copied into */
	size_t piece_count, piece_capacity;
};

struct snapshot *snapshot_new(int worker_count, int run_count)
{
	struct whole *whole = NEW(struct whole);
	atomic_init(&whole->references, 1);
	whole->workers = memory_array((size_t)worker_count, sizeof(*whole->workers));
	whole->runs = memory_array((size_t)run_count, sizeof(*whole->runs));
	whole->public.worker_count = worker_count;
	whole->public.workers = whole->workers;
	whole->public.run_count = run_count;
	whole->public.runs = whole->runs;
	return &whole->public;
}

struct worker_view *snapshot_worker_at(struct snapshot *snapshot, int index)
{
	return &((struct whole *)snapshot)->workers[index];
}

struct progress *snapshot_run_at(struct snapshot *snapshot, int index)
{
	return &((struct whole *)snapshot)->runs[index];
}

static void *keep(struct snapshot *snapshot, void *piece)
{
	struct whole *whole = (struct whole *)snapshot;
	VECTOR_ADD(whole->pieces, whole->piece_count, whole->piece_capacity) = piece;
	return piece;
}

void *snapshot_room(struct snapshot *snapshot, size_t count, size_t size)
{
	return keep(snapshot, memory_array(count, size));
}

const char *snapshot_text(struct snapshot *snapshot, const char *text)
{
	return text ? keep(snapshot, memory_copy(text)) : NULL;
}

const char *const *snapshot_texts(struct snapshot *snapshot, char *const *texts)
{
	size_t count = 0;
	while (texts && texts[count])
		count++;
	const char **copy = keep(snapshot, memory_array(count + 1, sizeof(*copy)));
	for (size_t i = 0; i < count; i++)
		copy[i] = snapshot_text(snapshot, texts[i]);
	return copy;
}

struct snapshot *snapshot_retain(struct snapshot *snapshot)
{
	if (snapshot)
		atomic_fetch_add(&((struct whole *)snapshot)->references, 1);
	return snapshot;
}

void snapshot_release(struct snapshot *snapshot)
{
	struct whole *whole = (struct whole *)snapshot;
	if (!whole || atomic_fetch_sub(&whole->references, 1) != 1)
		return;
	for (size_t i = 0; i < whole->piece_count; i++)
		free(whole->pieces[i]);
	free(whole->pieces);
	free(whole->workers);
	free(whole->runs);
	free(whole);
}

const struct progress *snapshot_run(const struct snapshot *snapshot, int64_t run)
{
	for (int i = 0; i < snapshot->run_count; i++)
		if (snapshot->runs[i].run == run)
			return &snapshot->runs[i];
	return NULL;
}

const struct worker_view *snapshot_worker(const struct snapshot *snapshot, const char *id)
{
	for (int i = 0; i < snapshot->worker_count; i++)
		if (text_equal(snapshot->workers[i].id, id))
			return &snapshot->workers[i];
	return NULL;
}
