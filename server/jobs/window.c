#include "jobs/window.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "store/run.h"

/* Positions or a text, found or being found. */
struct window {
	char *key;
	bool found;
	void *bytes;      /* owned, while found */
	size_t size;
	int64_t count;    /* of positions */
	int64_t used;     /* when it was last asked for, in turns */
	struct window *next;
};

struct windows {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* one was found, or could not be */
	struct window *list;
	size_t bytes, bytes_most;
	int64_t turn, passes;
};

/* What finds it, without the lock. */
struct quest {
	struct reader *reader;
	int64_t run;
	const struct view *view;
	const char *by; /* of facets, NULL = positions */
	int limit;
};

struct windows *windows_new(size_t bytes_most)
{
	struct windows *windows = NEW(struct windows);
	windows->bytes_most = bytes_most;
	pthread_mutex_init(&windows->lock, NULL);
	pthread_cond_init(&windows->changed, NULL);
	return windows;
}

static void drop(struct windows *windows, struct window *window)
{
	struct window **link = &windows->list;
	while (*link != window)
		link = &(*link)->next;
	*link = window->next;
	windows->bytes -= window->size;
	free(window->bytes);
	free(window->key);
	free(window);
}

void windows_free(struct windows *windows)
{
	if (!windows)
		return;
	while (windows->list)
		drop(windows, windows->list);
	pthread_cond_destroy(&windows->changed);
	pthread_mutex_destroy(&windows->lock);
	free(windows);
}

static struct window *find(struct windows *windows, const char *key)
{
	for (struct window *window = windows->list; window; window = window->next)
		if (strcmp(window->key, key) == 0)
			return window;
	return NULL;
}

static struct window *add(struct windows *windows, const char *key)
{
	struct window *window = NEW(struct window);
	window->key = memory_copy(key);
	window->next = windows->list;
	windows->list = window;
	return window;
}

/* The last one that was asked for stays, however large it is: it would be found again for each page else. */
static void make_room(struct windows *windows, const struct window *kept)
{
	while (windows->bytes > windows->bytes_most) {
		struct window *oldest = NULL;
		for (struct window *window = windows->list; window; window = window->next)
			if (window != kept && window->found && (!oldest || window->used < oldest->used))
				oldest = window;
		if (!oldest)
			return;
		drop(windows, oldest);
	}
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

static json_t *facet_json(const struct facet *facet)
{
	json_t *list = json_array();
	for (int i = 0; i < facet->count; i++)
		json_array_append_new(list, json_pack("{s:o, s:I}", "value", json_text_or_null(facet->values[i].value), "count",
						      (json_int_t)facet->values[i].count));
	return list;
}

static bool find_facets(const struct quest *quest, struct window *out, struct error *err)
{
	struct facet facets[FACETS_MOST];
	int count = view_facets(quest->reader, quest->run, quest->view, quest->by, quest->limit, facets, err);
	if (count < 0)
		return false;
	AUTO_JSON json_t *json = json_object();
	for (int i = 0; i < count; i++)
		json_object_set_new(json, facets[i].by, facet_json(&facets[i]));
	facets_release(facets, count);
	out->bytes = json_text(json);
	out->size = strlen(out->bytes) + 1;
	return true;
}

static bool find_positions(const struct quest *quest, struct window *out, struct error *err)
{
	uint32_t *positions;
	out->count = view_order(quest->reader, quest->run, quest->view, &positions, err);
	if (out->count < 0)
		return false;
	out->bytes = positions;
	out->size = ((size_t)out->count + 1) * sizeof(*positions);
	return true;
}

/* The window, found; with the lock held at the beginning and at the end. NULL with err. */
static struct window *obtain(struct windows *windows, const char *key, const struct quest *quest, struct error *err)
{
	struct window *window;
	while ((window = find(windows, key)) && !window->found)
		pthread_cond_wait(&windows->changed, &windows->lock);
	if (!window) {
		window = add(windows, key);
		windows->passes++;
		pthread_mutex_unlock(&windows->lock);
		struct window made = {0};
		bool ok = quest->by ? find_facets(quest, &made, err) : find_positions(quest, &made, err);
		pthread_mutex_lock(&windows->lock);
		pthread_cond_broadcast(&windows->changed);
		if (!ok) {
			drop(windows, window);
			return NULL;
		}
		window->found = true;
		window->bytes = made.bytes;
		window->size = made.size;
		window->count = made.count;
		windows->bytes += made.size;
	}
	window->used = ++windows->turn;
	make_room(windows, window);
	return window;
}

static char *key_of(int64_t run, const struct view *view, const char *what, int limit)
{
	AUTO_FREE char *asked = view_key(view);
	return memory_format("%lld v%lld %s %d %s", (long long)run, (long long)view_version(view), what, limit, asked);
}

/* ---- pages ---------------------------------------------------------------------------------------------------- */

/* Without conditions and in order of n nothing need be found. */
static int plain_page(const struct quest *quest, int64_t offset, int64_t *out, int64_t *total, struct error *err)
{
	*total = view_count(quest->reader, quest->run, quest->view, err);
	if (*total < 0)
		return -1;
	int count = 0;
	for (; count < quest->limit && offset + count < *total; count++)
		out[count] = view_is_descending(quest->view) ? *total - offset - count : offset + count + 1;
	return count;
}

int windows_page(struct windows *windows, struct reader *reader, int64_t run, const struct view *view, int64_t offset,
                 int limit, int64_t *out, int64_t *total, struct error *err)
{
	struct quest quest = {.reader = reader, .run = run, .view = view, .limit = limit};
	if (view_is_plain(view))
		return plain_page(&quest, offset, out, total, err);
	AUTO_FREE char *key = key_of(run, view, "positions", 0);
	LOCK_SCOPE(&windows->lock);
	struct window *window = obtain(windows, key, &quest, err);
	if (!window)
		return -1;
	const uint32_t *positions = window->bytes;
	*total = window->count;
	int count = 0;
	for (; count < limit && offset + count < window->count; count++)
		out[count] = positions[offset + count];
	return count;
}

char *windows_facets(struct windows *windows, struct reader *reader, int64_t run, const struct view *view, const char *by,
                     int limit, struct error *err)
{
	struct quest quest = {.reader = reader, .run = run, .view = view, .by = by, .limit = limit};
	AUTO_FREE char *key = key_of(run, view, by, limit);
	LOCK_SCOPE(&windows->lock);
	struct window *window = obtain(windows, key, &quest, err);
	return window ? memory_copy(window->bytes) : NULL;
}

int64_t windows_passes(struct windows *windows)
{
	LOCK_SCOPE(&windows->lock);
	return windows->passes;
}
