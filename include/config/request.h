/* request.h - what a run is asked to do: the run request, complete
 *
 * server/api/README.md gives its JSON. Whatever the request leaves out comes
 * from the configuration, so the complete request, stored with the run, says
 * everything that the run depends on. Reading is strict: a typo in a key or a
 * number is an error, never "all".
 */
#ifndef MEKIKI_CONFIG_REQUEST_H
#define MEKIKI_CONFIG_REQUEST_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "model/run.h"

enum selection_kind {
	SELECT_ALL, SELECT_FIRST, SELECT_RANDOM, SELECT_FILTER, SELECT_LIST, SELECT_RUN, SELECT_ERRORS
};

struct run_request {
	char *dataset;              /* sha256 or a prefix */
	char *name;                 /* "" = none */
	enum selection_kind selection;
	int64_t n;                  /* of first and random, >= 1 */
	int64_t seed;               /* of random and shuffle and the sampling parameters */
	bool pandas;                /* sampling: pandas */
	char *filter;               /* of filter */
	char **keys;                /* of list */
	int key_count;
	int64_t of_run;             /* of run and errors */
	unsigned kinds;             /* of errors: bits of enum failure, 0 = all */
	bool shuffle;
	char *evaluator;            /* "chat" */
	char *model;                /* NULL = what the workers serve */
	char *system, *user;        /* templates; NULL = the built-in ones, which the plan fills in */
	double temperature, top_p;
	int max_tokens;
	int enable_thinking;        /* -1 = not sent */
	int64_t timeout_ms;         /* per attempt */
	int attempts;               /* per item */
	enum no_verdict_policy policy;
	char *language;             /* "en", "ja" */
	char **workers;             /* ids; NULL = all */
	int worker_count;
};

/* Reads JSON over the configuration's defaults. ERROR_INPUT names the key. Whether its dataset, run and workers exist
 * is the plan's question: a stored request stays readable when the configuration has lost a worker. */
struct run_request *run_request_new(json_t *json, const struct config *config, struct error *err);
void run_request_free(struct run_request *request);
/* The complete request as JSON: run_request_new() of it gives the same. New reference. */
json_t *run_request_json(const struct run_request *request);

#endif
