/* probe.h - one look at an endpoint: is it well, and who is it?
 *
 * GET /health; when asked to look deep, also /v1/models and /version. A server
 * without /health (404) is judged by /v1/models. Ends once, on the loop.
 */
#ifndef MEKIKI_WORKERS_PROBE_H
#define MEKIKI_WORKERS_PROBE_H

#include "io/http.h"
#include "workers/health.h"

struct probing;

struct probe_result {
	enum probe probe;
	char *text;             /* owned; what failed, for people; NULL when good */
	int64_t elapsed_ms;     /* of /health */
	bool deep;              /* the fields below were asked for and came */
	char **models;          /* owned, NULL-terminated */
	char *model;            /* owned: the wanted name, or the first; NULL on PROBE_WRONG_MODEL */
	char *root, *version;   /* owned, may be NULL */
	int64_t max_model_len;  /* 0 = not reported */
};
void probe_result_release(struct probe_result *result);

struct probe_order {
	const char *base_url;
	const char *const *headers;
	const char *wanted_model; /* NULL = any */
	int64_t timeout_ms;       /* of each request */
	bool deep;
};

typedef void probe_done(void *arg, struct probe_result *result); /* may TAKE from it; released after */
struct probing *probe_begin(struct http *http, const struct probe_order *order, probe_done *done, void *arg);
void probe_cancel(struct probing *probing); /* done is not called */

/* Pure: reads an answer of /v1/models into the result. */
void probe_read_models(struct probe_result *result, const char *body, size_t length, const char *wanted_model);

#endif
