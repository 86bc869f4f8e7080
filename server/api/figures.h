/* figures.h - progress and matrices of a run from the store, on job threads
 *
 * The analyses of the last few runs are kept, so that the next update reads only
 * what came since. A job takes one out, uses it alone, and puts it back: no lock
 * is held meanwhile. Whoever finds it taken starts a new one.
 */
#ifndef MEKIKI_SERVER_API_FIGURES_H
#define MEKIKI_SERVER_API_FIGURES_H

#include <jansson.h>

#include "model/run.h"
#include "store/run.h"
#include "store/store.h"

/* *progress* of a run as it stands in the store; NULL with err. */
json_t *figures_progress(struct reader *reader, int64_t run, struct error *err);
/* *confusion*; policy NULL = the run's own. */
json_t *figures_confusion(struct reader *reader, int64_t run, const enum no_verdict_policy *policy, struct error *err);
/* *key figures* of a list: recall and precision of the final matrix of the items handed over, under the run's own
 * policy. Those of a run that is over are kept by `version`. JSON null when nothing is done; NULL with err. */
json_t *figures_key(struct reader *reader, const struct run_record *run, int64_t version, struct error *err);
/* After the end of the API: forgets all. */
void figures_forget(void);

#endif
