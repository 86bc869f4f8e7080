/* shape.h - the JSON of server/api/README.md, made from what the layers below know
 *
 * No I/O and no decisions: structs in, new references out. Any thread.
 */
#ifndef MEKIKI_SERVER_API_SHAPE_H
#define MEKIKI_SERVER_API_SHAPE_H

#include <jansson.h>

#include "config/request.h"
#include "jobs/plan.h"
#include "model/event.h"
#include "model/snapshot.h"
#include "store/access.h"
#include "store/dataset.h"
#include "store/result.h"
#include "store/run.h"
#include "store/view.h"

json_t *shape_run_id(int64_t run); /* null for 0 */
json_t *shape_parsed(const char *text); /* JSON text -> value; null when NULL or broken */

json_t *shape_token(const struct token_record *token);
json_t *shape_event(const struct event *event);

/* population: its sha256, NULL = none. progress 0..1 of an import, NAN = not known. */
json_t *shape_dataset(const struct dataset_record *dataset, const char *population, double progress);

json_t *shape_worker(const struct worker_view *worker);
json_t *shape_workers(const struct snapshot *snapshot);
json_t *shape_gpus(const struct snapshot *snapshot); /* {"items":[...]} */

/* A live run, from the engine's snapshot. */
json_t *shape_progress_live(const struct progress *progress, const struct snapshot *snapshot);
/* Any other, from the store; by_worker: {"0": 812}, borrowed. */
json_t *shape_progress_stored(const struct run_record *run, const struct result_counts *counts, json_t *by_worker,
                              int64_t now_ms);

/* progress is taken. */
json_t *shape_run(const struct run_record *run, const struct dataset_record *dataset, json_t *progress);
/* "running.61": changes with the state and, while it is live, the version; after that `number` is its active time. */
enum { SHAPE_ETAG_SIZE = 48 };
const char *shape_run_etag(enum run_state state, int64_t number, char out[SHAPE_ETAG_SIZE]);

json_t *shape_item(const struct view_row *row);
json_t *shape_attempt(const struct attempt_record *attempt);

#endif
