/* sim_latency.h - how long a domain takes when it is alone on the engine
 *
 * The distribution is that of the replaced system (one request at a time, mean
 * 9.21 s), drawn by the domain, so that the total work of a dataset is a number
 * that can be computed beforehand: total work / total speed bounds the makespan.
 */
#ifndef MEKIKI_SIM_LATENCY_H
#define MEKIKI_SIM_LATENCY_H

#include <stdint.h>

/* Seconds below which a share u (0..1) of all service times lies. */
double sim_latency_quantile(double u);

/* Seconds of service alone on an engine of slowness 1. */
double sim_latency_of(uint64_t seed, const char *domain);

#endif
