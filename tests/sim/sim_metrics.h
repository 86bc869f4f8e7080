/* sim_metrics.h - GET /metrics in the names of three ages
 *
 * The series a client may steer by, as text for Prometheus: with labels `engine`
 * and `model_name` and the names of 0.32, or with the older names and no
 * `engine`. Gauges and tokens come from the batch, the rest is counted here.
 */
#ifndef MEKIKI_SIM_METRICS_H
#define MEKIKI_SIM_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "sim_batch.h"

enum { SIM_METRICS_BUCKETS = 14 };

/* In the order of sim_metrics.c's table of reasons. */
enum sim_reason { SIM_REASON_STOP, SIM_REASON_LENGTH, SIM_REASON_ABORT, SIM_REASON_ERROR, SIM_REASON_REPETITION, SIM_REASONS };

struct sim_histogram {
	uint64_t buckets[SIM_METRICS_BUCKETS + 1]; /* not cumulative; the last one is +Inf */
	double sum;
};

struct sim_metrics {
	double started_at; /* unix seconds */
	int64_t prompt_tokens, rejected;
	int64_t success[SIM_REASONS];
	struct sim_histogram latency, queue, first_token; /* seconds */
};

const char *sim_metrics_reason(enum sim_reason reason); /* "stop" */
void sim_metrics_observe(struct sim_histogram *histogram, double seconds);
void sim_metrics_text(const struct sim_metrics *metrics, const struct sim_batch *batch, const char *model, bool old_names,
		      struct text *out);

#endif
