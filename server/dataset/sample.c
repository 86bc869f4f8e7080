#include "dataset/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

enum { MT_SIZE = 624, MT_SHIFT = 397 };

/* One seeded sequence; `method` says which. */
struct sequence {
	enum sample_method method;
	uint64_t split; /* SplitMix64 */
	uint32_t twister[MT_SIZE];
	int used; /* of the twister's current block */
};

static void sequence_init(struct sequence *sequence, enum sample_method method, uint64_t seed)
{
	sequence->method = method;
	sequence->split = seed;
	sequence->used = MT_SIZE;
	sequence->twister[0] = (uint32_t)seed;
	for (uint32_t i = 1; i < MT_SIZE; i++) {
		uint32_t before = sequence->twister[i - 1];
		sequence->twister[i] = 1812433253u * (before ^ before >> 30) + i;
	}
}

static uint64_t next_split(struct sequence *sequence)
{
	uint64_t z = sequence->split += 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static void twist(uint32_t *mt)
{
	for (int i = 0; i < MT_SIZE; i++) {
		uint32_t y = (mt[i] & 0x80000000u) | (mt[(i + 1) % MT_SIZE] & 0x7FFFFFFFu);
		mt[i] = mt[(i + MT_SHIFT) % MT_SIZE] ^ y >> 1 ^ (y & 1 ? 0x9908B0DFu : 0);
	}
}

static uint32_t next_twister(struct sequence *sequence)
{
	if (sequence->used == MT_SIZE) {
		twist(sequence->twister);
		sequence->used = 0;
	}
	uint32_t y = sequence->twister[sequence->used++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9D2C5680u;
	y ^= y << 15 & 0xEFC60000u;
	return y ^ y >> 18;
}

static uint64_t next_draw(struct sequence *sequence, bool wide)
{
	if (sequence->method == SAMPLE_MEKIKI)
		return next_split(sequence);
	uint64_t draw = next_twister(sequence);
	return wide ? draw << 32 | next_twister(sequence) : draw;
}

/* 0..max, unbiased: bits are masked and too large draws thrown away, as numpy's legacy generator does. */
static uint64_t interval(struct sequence *sequence, uint64_t max)
{
	uint64_t mask = max;
	for (int shift = 1; shift < 64; shift *= 2)
		mask |= mask >> shift;
	for (;;) {
		uint64_t draw = next_draw(sequence, max > UINT32_MAX) & mask;
		if (draw <= max)
			return draw;
	}
}

static void swap(int64_t *a, int64_t *b)
{
	int64_t kept = *a;
	*a = *b;
	*b = kept;
}

static void shuffle_pandas(struct sequence *sequence, int64_t *items, int64_t count)
{
	for (int64_t i = count - 1; i > 0; i--)
		swap(&items[i], &items[interval(sequence, (uint64_t)i)]);
}

/* The first n become a random draw of all. */
static void draw_mekiki(struct sequence *sequence, int64_t *items, int64_t count, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		swap(&items[i], &items[i + (int64_t)interval(sequence, (uint64_t)(count - 1 - i))]);
}

/* n of them at random, in the order they had. */
static void choose_mekiki(struct sequence *sequence, int64_t *items, int64_t count, int64_t n)
{
	AUTO_FREE int64_t *places = memory_array((size_t)count, sizeof(*places));
	AUTO_FREE bool *chosen = memory_array((size_t)count, sizeof(*chosen));
	for (int64_t i = 0; i < count; i++)
		places[i] = i;
	draw_mekiki(sequence, places, count, n);
	for (int64_t i = 0; i < n; i++)
		chosen[places[i]] = true;
	int64_t kept = 0;
	for (int64_t i = 0; i < count; i++)
		if (chosen[i])
			items[kept++] = items[i];
}

int64_t sample_select(const struct sample *sample, int64_t *items, int64_t count)
{
	struct sequence sequence;
	int64_t n = sample->n > 0 && sample->n < count ? sample->n : count;
	if (sample->method == SAMPLE_PANDAS) {
		sequence_init(&sequence, SAMPLE_PANDAS, sample->seed);
		if (sample->shuffle)
			shuffle_pandas(&sequence, items, count);
		sequence_init(&sequence, SAMPLE_PANDAS, sample->seed); /* each call of sample() seeds anew */
		if (sample->random && n < count) /* the original left a complete set in its order */
			shuffle_pandas(&sequence, items, count);
		return n;
	}
	sequence_init(&sequence, SAMPLE_MEKIKI, sample->seed);
	if (sample->random && n < count)
		choose_mekiki(&sequence, items, count, n);
	if (sample->shuffle)
		draw_mekiki(&sequence, items, n, n);
	return n;
}
