/* run.h (store) - runs and their frozen selections
 *
 * A run stores what it runs with; nothing in it depends on an address. The
 * selection is frozen at creation: positions n = 1..total, each an item of the
 * dataset. A run item without a result is pending; that is the whole queue.
 */
#ifndef MEKIKI_STORE_RUN_H
#define MEKIKI_STORE_RUN_H

#include "model/item.h"
#include "model/run.h"
#include "store/store.h"

struct run_record {
	int64_t id;
	char *name;            /* owned */
	int64_t dataset;       /* store id */
	enum run_state state;
	char *cause;           /* owned, "" = none: why it failed, waits, stopped */
	char *request;         /* owned, JSON text: the complete run request */
	char *fingerprint;     /* owned: hash of dataset, selection, evaluator and its settings, model */
	char *model;           /* owned, as first seen on a worker; NULL before */
	enum no_verdict_policy policy;
	bool shuffled;
	int64_t total;         /* items of the selection */
	int64_t created_ms, started_ms, finished_ms; /* wall; 0 = not yet; started_ms is the first start */
	int64_t active_ms;     /* time spent running before the current start */
	char *created_by;      /* owned */
	char *workers;         /* owned, JSON list of worker ids; NULL = all */
};
void run_record_release(struct run_record *run);

/* Creates the run and its selection: items[i] (item ids of the dataset) becomes n = i + 1. Sets run->id.
 * Adds EVENT_RUN_CREATED, by run->created_by. */
bool run_insert(struct writer *writer, struct run_record *run, const int64_t *items, int64_t count, struct error *err);
/* State, cause and the times that belong to it, in one place; adds the EVENT_RUN_STATE event itself. */
bool run_set_state(struct writer *writer, int64_t run, enum run_state to, const char *cause, const char *person,
                   int64_t now_ms, int64_t active_ms, struct error *err);
/* Adds EVENT_RUN_WORKERS. */
bool run_set_workers(struct writer *writer, int64_t run, const char *workers_json, const char *person, struct error *err);
bool run_set_model(struct writer *writer, int64_t run, const char *model, struct error *err);

/* false with ERROR_NOT_FOUND when there is none. */
bool run_read(struct reader *reader, int64_t run, struct run_record *out, struct error *err);
/* Newest first, ids < before (0 = from the newest); returns the count, -1 with err. */
int run_list(struct reader *reader, int64_t before, int limit, struct run_record *out, struct error *err);
/* Runs that were queued, running, paused or waiting when we died: oldest first. */
int run_list_live(struct reader *reader, struct run_record *out, int limit, struct error *err);

/* The positions without a result, ascending: one pass, into *out (free()); returns the count, -1 with err. */
int64_t run_pending(struct reader *reader, int64_t run, uint32_t **out, struct error *err);

/* The frozen selection: item ids by position, (*out)[n - 1]; free(). The count, -1 with err. */
int64_t run_selection(struct reader *reader, int64_t run, int64_t **out, struct error *err);

/* Everything an evaluator needs of the item at position n. `cells`: where its first row lies in the
 * dataset file (offset, length), so that columns come from the bytes as they came. */
struct run_item {
	struct item item;      /* release with item_release() */
	int64_t row;           /* first row of the item, 1-based */
	int64_t row_offset, row_length;
};
bool run_item_read(struct reader *reader, int64_t run, int64_t n, struct run_item *out, struct error *err);

#endif
