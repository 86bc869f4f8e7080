/* interval.h - a ratio with what is known about it */
#ifndef MEKIKI_STATS_INTERVAL_H
#define MEKIKI_STATS_INTERVAL_H

#include <stdint.h>

/* k of n; est, lo and hi are NAN when n = 0: 0/0 is unknown, never 0. */
struct ratio {
	int64_t k, n;
	double est, lo, hi;
};

/* Wilson's score interval at 95 % (Wilson 1927): sound for small n and for ratios near 0 and 1. */
struct ratio interval_wilson(int64_t k, int64_t n);

#endif
