/* plan.h - what a run would do, before it does it
 *
 * Planning freezes nothing: it counts, chooses the items, estimates and warns.
 * Starting carries the plan's etag and acknowledgements; the plan is made again,
 * must select the same, and each of its warnings must have been acknowledged.
 */
#ifndef MEKIKI_JOBS_PLAN_H
#define MEKIKI_JOBS_PLAN_H

#include "config/request.h"
#include "model/snapshot.h"
#include "store/store.h"

struct plan_warning {
	const char *code;     /* static: "label-conflicts" */
	char *text;           /* owned, English */
	json_t *params;       /* owned */
};

struct plan {
	int64_t dataset;      /* store id */
	int64_t *items;       /* owned: item ids in the order of the run */
	int64_t count;
	int64_t rows, dataset_items;
	int64_t labels[3];    /* of the selection, by binary + 1 */
	int64_t conflicts;
	bool has_estimate;
	double items_per_s, lo_s, hi_s;
	int64_t basis;        /* run that the estimate comes from, 0 = none */
	struct plan_warning *warnings;
	int warning_count;
	char etag[65];        /* hash of request, dataset, selection */
	char fingerprint[65]; /* hash of dataset, selection, evaluator and its settings, model */
};

/* Puts the built-in prompt where the request names none, and spells the domains of a list as the store does. */
void plan_complete(struct run_request *request);

/* On a job thread; the request is complete. workers: the engine's snapshot. ERROR_INPUT (also for a placeholder that is
 * no column), ERROR_NOT_FOUND, ERROR_CONFLICT (dataset not ready). */
struct plan *plan_new(struct reader *reader, const struct run_request *request, const struct snapshot *workers,
                      struct error *err);
void plan_free(struct plan *plan);

#endif
