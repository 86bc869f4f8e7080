/* sample.h - which items, in which order: reproducible from a seed
 *
 * Our own way draws n of N without replacement and keeps the order of the input;
 * shuffling is a separate wish. `pandas` does what the replaced system did, so
 * that the same rows can be evaluated again: df.sample(n, random_state=seed)
 * gives them in the order drawn, and shuffling (sample(frac=1), the same seed)
 * happens before, not after.
 *
 * Pure. Sequences: SplitMix64 (Steele 2014) and Fisher-Yates from the front for ours;
 * MT19937 seeded like numpy's RandomState and Fisher-Yates from the end for pandas;
 * both bounded by masking and throwing away what is too large.
 */
#ifndef MEKIKI_DATASET_SAMPLE_H
#define MEKIKI_DATASET_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

enum sample_method { SAMPLE_MEKIKI, SAMPLE_PANDAS };

struct sample {
	enum sample_method method;
	bool random;  /* n at random; otherwise the first n */
	int64_t n;    /* <= 0 or more than there are: all */
	bool shuffle;
	uint64_t seed; /* pandas: the lower 32 bits */
};

/* Arranges items[0..count) in place and returns how many of them, from the front, are the selection. */
int64_t sample_select(const struct sample *sample, int64_t *items, int64_t count);

#endif
