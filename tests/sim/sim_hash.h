/* sim_hash.h - chance that can be repeated
 *
 * Every random choice of the simulator is a hash of what it is about, never a
 * running generator: the answer for a domain does not depend on what was asked
 * before, nor on which simulator is asked.
 */
#ifndef MEKIKI_SIM_HASH_H
#define MEKIKI_SIM_HASH_H

#include <stdint.h>

/* `salt` names the question ("latency", "fail-500"), `text` what it is asked about (ASCII case folded). */
uint64_t sim_hash(uint64_t seed, const char *salt, const char *text, int64_t number);

/* The same as a number, 0 <= u < 1. */
double sim_chance(uint64_t seed, const char *salt, const char *text, int64_t number);

#endif
