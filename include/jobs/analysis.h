/* analysis.h - the matrices of a run, kept up to date
 *
 * Holds one tally per run. An update reads only the results that came since the
 * last one; when results were forgotten (retry_failed) or the population was tied
 * anew, it starts over by itself.
 *
 * One thread at a time; on a job thread when the run is large: the first update
 * passes over all items of the population.
 */
#ifndef MEKIKI_JOBS_ANALYSIS_H
#define MEKIKI_JOBS_ANALYSIS_H

#include <jansson.h>

#include "model/run.h"
#include "stats/tally.h"
#include "store/store.h"

struct analysis;

struct analysis *analysis_new(int64_t run);
void analysis_free(struct analysis *analysis);

/* ERROR_NOT_FOUND when there is no such run. */
bool analysis_update(struct analysis *analysis, struct reader *reader, struct error *err);
int64_t analysis_version(const struct analysis *analysis); /* of the last update */
enum no_verdict_policy analysis_policy(const struct analysis *analysis); /* the run's own */
const struct tally *analysis_tally(const struct analysis *analysis);
/* *confusion* of server/api/README.md; new reference. */
json_t *analysis_json(const struct analysis *analysis, enum no_verdict_policy policy);

#endif
