#include "sched/eta.h"

#include <math.h>
#include <string.h>

void rate_init(struct rate *rate)
{
	*rate = (struct rate){.start_ms = -1, .last_ms = -1};
}

void rate_start(struct rate *rate, int64_t now_ms)
{
	rate_init(rate);
	rate->start_ms = now_ms;
}

static void advance(struct rate *rate, int64_t now_ms)
{
	int64_t bucket = (now_ms - rate->start_ms) / RATE_BUCKET_MS;
	int64_t steps = bucket - rate->bucket;
	for (int64_t i = 1; i <= steps && i <= RATE_BUCKETS; i++)
		rate->counts[(rate->bucket + i) % RATE_BUCKETS] = 0;
	if (steps > RATE_BUCKETS)
		memset(rate->counts, 0, sizeof(rate->counts));
	if (steps > 0)
		rate->bucket = bucket;
}

void rate_add(struct rate *rate, int64_t now_ms, int count)
{
	if (rate->start_ms < 0)
		rate_start(rate, now_ms);
	advance(rate, now_ms);
	rate->counts[rate->bucket % RATE_BUCKETS] += count;
	rate->last_ms = now_ms;
}

/* Counts of the newest buckets that cover window_ms; *span_s gets the seconds they stand for. */
static int64_t count_over(struct rate *rate, int64_t now_ms, int64_t window_ms, double *span_s)
{
	advance(rate, now_ms);
	int64_t whole = window_ms / RATE_BUCKET_MS;
	int64_t first = rate->bucket - whole;
	if (first < 0)
		first = 0;
	int64_t sum = 0;
	for (int64_t bucket = first; bucket <= rate->bucket; bucket++)
		sum += rate->counts[bucket % RATE_BUCKETS];
	*span_s = (double)(now_ms - rate->start_ms - first * RATE_BUCKET_MS) / 1000.0;
	return sum;
}

static const int64_t longest_window_ms = (int64_t)(RATE_BUCKETS - 1) * RATE_BUCKET_MS;

double rate_over(struct rate *rate, int64_t now_ms, int64_t window_ms)
{
	if (rate->start_ms < 0 || rate->last_ms < 0)
		return NAN;
	double span_s;
	int64_t sum = count_over(rate, now_ms, window_ms < longest_window_ms ? window_ms : longest_window_ms, &span_s);
	return span_s >= 0.2 ? (double)sum / span_s : NAN;
}

void eta_estimate(struct rate *rate, int64_t now_ms, int64_t remaining, struct eta *out)
{
	const int64_t windows[] = {60000, 180000, longest_window_ms};
	*out = (struct eta){0};
	if (rate->start_ms < 0 || rate->last_ms < 0)
		return;
	double slowest = INFINITY, fastest = 0, middle = 0;
	for (int i = 0; i < 3; i++) {
		double span_s;
		double count = (double)count_over(rate, now_ms, windows[i], &span_s);
		if (count < 5 || span_s < 1)
			return; /* too little to say anything honest, or stalled */
		double noise = 2 * sqrt(count);
		slowest = fmin(slowest, (count - noise > 1 ? count - noise : 1) / span_s);
		fastest = fmax(fastest, (count + noise) / span_s);
		middle = count / span_s; /* the longest window has the last word */
	}
	*out = (struct eta){.known = true,
	                    .lo_s = (double)remaining / fastest,
	                    .p50_s = (double)remaining / middle,
	                    .hi_s = (double)remaining / slowest};
}
