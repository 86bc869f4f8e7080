/* run.h - a run as JSON, as the engine saw it last or as it lies in the store
 *
 * On job threads: a run that is over is counted in the store.
 */
#ifndef MEKIKI_SERVER_API_RUN_H
#define MEKIKI_SERVER_API_RUN_H

#include <jansson.h>

#include "api/context.h"
#include "store/dataset.h"
#include "store/run.h"
#include "store/store.h"

/* *run* of the README; new reference, NULL with err. */
json_t *run_json(struct api *api, struct reader *reader, const struct run_record *run,
                 const struct dataset_record *dataset, struct error *err);

#endif
