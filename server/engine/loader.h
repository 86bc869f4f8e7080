/* loader.h - the engine's reading thread: what would block the loop happens here
 *
 * It has its own reader of the store and reads the bytes of items. Each order is
 * answered once, by a call on the engine's loop.
 */
#ifndef MEKIKI_ENGINE_LOADER_H
#define MEKIKI_ENGINE_LOADER_H

#include "engine/core.h"

struct loader *loader_new(struct engine *engine, const char *datasets, struct error *err);
/* Orders that have not been answered are dropped; the engine's loop must have ended. */
void loader_free(struct loader *loader);

/* Reads request, dataset, pending items and counts into the live run; ends in live_opened(). */
void loader_open(struct loader *loader, struct live *live);
/* Reads key and cells of the attempt's item; ends in dispatch_loaded(). */
void loader_item(struct loader *loader, struct attempt *attempt);

/* Reads a run's record; `done` may take it. */
typedef void loader_record(void *arg, struct run_record *record, const struct error *err);
void loader_read_run(struct loader *loader, int64_t run, loader_record *done, void *arg);

/* For `try`: an item of a dataset, outside any run. */
struct loaded_trial {
	struct source *source;       /* owned */
	struct run_request *request; /* owned */
	int count;
	char *keys[10];              /* owned */
	struct cells cells[10];      /* owned */
};
typedef void loader_trial_done(void *arg, struct loaded_trial *trial, const struct error *err);
void loader_trial(struct loader *loader, const struct engine_try *order, loader_trial_done *done, void *arg);
void loaded_trial_release(struct loaded_trial *trial);

#endif
