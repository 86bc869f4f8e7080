/* words.h - numbers as people read them
 *
 * Each writes into the caller's buffer and returns it.
 */
#ifndef MEKIKI_CLI_WORDS_H
#define MEKIKI_CLI_WORDS_H

#include <stdint.h>

enum { WORDS_SIZE = 48 };

const char *words_count(int64_t count, char out[WORDS_SIZE]);                   /* 17,434 */
const char *words_duration(double seconds, char out[WORDS_SIZE]);               /* 46 s, 12 min, 3.2 h */
const char *words_range(double low, double high, char out[WORDS_SIZE]);         /* 38-46 min: one unit, the larger's */
const char *words_rate(double per_second, char out[WORDS_SIZE]);                /* 198/min; "-" for none */
const char *words_bytes(int64_t bytes, char out[WORDS_SIZE]);                   /* 49.2 MB */

#endif
