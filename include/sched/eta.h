/* eta.h - how fast, and when done: as a range
 *
 * Counts are kept in buckets of five seconds over ten minutes. The estimate is
 * what remains divided by the rates of several windows, widened by the noise of
 * counting (two standard deviations of a Poisson count), so it is a range that
 * narrows as evidence grows and never a number that pretends.
 *
 * Pure: time is passed in (monotonic milliseconds) and never runs backwards.
 */
#ifndef MEKIKI_SCHED_ETA_H
#define MEKIKI_SCHED_ETA_H

#include <stdbool.h>
#include <stdint.h>

enum { RATE_BUCKET_MS = 5000, RATE_BUCKETS = 121 };

struct rate {
	int64_t start_ms;              /* counting began, -1 = not yet */
	int64_t bucket;                /* number of the newest bucket since start */
	int32_t counts[RATE_BUCKETS];  /* ring by bucket number */
	int64_t last_ms;               /* of the last count, -1 = none */
};

void rate_init(struct rate *rate);
/* (Re)starts the clock: after a pause, the time that passed says nothing. */
void rate_start(struct rate *rate, int64_t now_ms);
void rate_add(struct rate *rate, int64_t now_ms, int count);
/* Items per second over the last window_ms (at most ten minutes); NAN before the first count. */
double rate_over(struct rate *rate, int64_t now_ms, int64_t window_ms);

struct eta {
	bool known;
	double lo_s, p50_s, hi_s; /* lo <= p50 <= hi */
};
void eta_estimate(struct rate *rate, int64_t now_ms, int64_t remaining, struct eta *out);

#endif
