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
#include "store/store.h"

/* *progress* of a run as it stands in the store; NULL with err. */
json_t *figures_progress(struct reader *reader, int64_t run, struct error *err);
/* *confusion*; policy NULL = the run's own. */
json_t *figures_confusion(struct reader *reader, int64_t run, const enum no_verdict_policy *policy, struct error *err);
/* After the end of the API: forgets all. */
void figures_forget(void);

#endif
