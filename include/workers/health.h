/* health.h - what probes and answers say about a worker: one policy for all kinds
 *
 * Three failed probes in a row mean down, but busy is not dead: a probe that
 * times out does not count while an answer has arrived since the probe before
 * (facts: llm-servers A3). Refused, reset and 503 do count. What cannot be cured
 * by waiting (a wrong key, another model) takes effect at once, and ends as soon
 * as a probe finds it mended.
 *
 * A suspected worker - one whose connection just failed under an item - gets no
 * new items until a probe has answered, so a dead endpoint costs each of its
 * places one item's try and no more.
 *
 * Pure: no clock, no I/O. The fleet keeps one per worker.
 */
#ifndef MEKIKI_WORKERS_HEALTH_H
#define MEKIKI_WORKERS_HEALTH_H

#include <stdbool.h>

#include "model/worker.h"

enum probe {
	PROBE_GOOD,
	PROBE_TIMEOUT,      /* connected, no answer in time */
	PROBE_REFUSED,
	PROBE_RESET,        /* reset, cut, or closed without a byte */
	PROBE_UNRESOLVED,
	PROBE_UNREACHABLE,  /* no connection in time */
	PROBE_UNAVAILABLE,  /* 503 */
	PROBE_ERROR,        /* any other status of 400 and more */
	PROBE_AUTH,         /* 401, 403 */
	PROBE_WRONG_MODEL,
	PROBE_NO_MODELS,    /* /v1/models is no list of models */
	PROBE_COUNT
};

struct health {
	enum worker_state state;
	enum worker_cause cause;
	int failures, max_failures; /* probes in a row that count; >= max_failures means out of service */
	bool answered;              /* an answer has arrived since the last probe */
	bool suspected;
};

void health_init(struct health *health, int max_failures);
/* Returns true when state or cause changed. */
bool health_probe(struct health *health, enum probe probe);
void health_answer(struct health *health);
void health_suspect(struct health *health);
/* The process or the machine slept: what failed meanwhile says nothing. */
void health_forgive(struct health *health);

/* The table behind it, for the documentation: one row per kind of probe. */
struct health_rule {
	const char *probe;             /* "timeout" */
	bool counts;                   /* among max_failures in a row */
	bool at_once;                  /* takes effect with the first */
	enum worker_state out;         /* where it leads */
	enum worker_cause cause;
};
const struct health_rule *health_rule(enum probe probe);

#endif
