/* csv_scan.h - where quotes and cell ends are, 64 bytes at a time
 *
 * The reader's inner loop asks only two questions: where is the next quote, where
 * is the next comma or line feed. Both are bits of a mask made once per block
 * (performance.md §5: six times the speed of a byte loop on JSON-heavy cells).
 */
#ifndef MEKIKI_DATASET_CSV_SCAN_H
#define MEKIKI_DATASET_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { CSV_SCAN_BLOCK = 64 }; /* bytes; a buffer must be readable this far beyond its end */

struct csv_masks {
	uint64_t quotes; /* bit i: byte i is a quote */
	uint64_t ends;   /* bit i: byte i is a comma or a line feed */
};

#ifdef __SSE2__
static inline struct csv_masks csv_scan_block(const char *bytes)
{
	const __m128i quote = _mm_set1_epi8('"'), comma = _mm_set1_epi8(','), feed = _mm_set1_epi8('\n');
	struct csv_masks masks = {0};
	for (int i = 0; i < 4; i++) {
		__m128i part = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
		__m128i ends = _mm_or_si128(_mm_cmpeq_epi8(part, comma), _mm_cmpeq_epi8(part, feed));
		masks.quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, quote)) << (16 * i);
		masks.ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(ends) << (16 * i);
	}
	return masks;
}
#else
static inline struct csv_masks csv_scan_block(const char *bytes)
{
	struct csv_masks masks = {0};
	for (int i = 0; i < CSV_SCAN_BLOCK; i++) {
		masks.quotes |= (uint64_t)(bytes[i] == '"') << i;
		masks.ends |= (uint64_t)(bytes[i] == ',' || bytes[i] == '\n') << i;
	}
	return masks;
}
#endif

/* The bytes to search. The inner loop works on a copy, which the compiler keeps in registers. */
struct csv_bytes {
	char *buffer; /* `capacity` bytes and CSV_SCAN_BLOCK more that may be read */
	size_t filled;
	size_t block; /* the block that `masks` describes */
	struct csv_masks masks;
};

/* Makes `masks` those of the block in which `at` lies. */
static inline void csv_scan_look_at(struct csv_bytes *in, size_t at)
{
	size_t block = at & ~(size_t)(CSV_SCAN_BLOCK - 1);
	if (block != in->block) {
		in->masks = csv_scan_block(in->buffer + block);
		in->block = block;
	}
}

/* The first quote, or the first comma or line feed, from `at` on; `filled` when there is none yet. */
static inline size_t csv_scan_find(struct csv_bytes *in, size_t at, bool quote)
{
	while (at < in->filled) {
		csv_scan_look_at(in, at);
		uint64_t hits = (quote ? in->masks.quotes : in->masks.ends) >> (at - in->block);
		if (hits) {
			at += (size_t)__builtin_ctzll(hits);
			return at < in->filled ? at : in->filled; /* old bytes lie beyond the end */
		}
		at = in->block + CSV_SCAN_BLOCK;
	}
	return in->filled;
}

/*
 * The bit after each run of quotes of odd length. Doubled quotes make even runs, so the first odd one ends the cell.
 * Adding the first bit of a run carries to the bit behind it; its parity against the start's tells the length's.
 * Bit 63 must be clear, or the run might go on.
 */
static inline uint64_t csv_scan_odd_ends(uint64_t quotes)
{
	const uint64_t even = 0x5555555555555555u;
	uint64_t starts = quotes & ~(quotes << 1);
	uint64_t from_even = (quotes + (starts & even)) & ~quotes, from_odd = (quotes + (starts & ~even)) & ~quotes;
	return (from_even & ~even) | (from_odd & even);
}

/* The closing quote of the cell whose first byte is `at`; `filled` when it, or the byte after it, is not there yet. */
static inline size_t csv_scan_close(struct csv_bytes *in, size_t at, bool *escaped)
{
	while (at < in->filled) {
		csv_scan_look_at(in, at);
		uint64_t quotes = in->masks.quotes >> (at - in->block);
		if (in->block + CSV_SCAN_BLOCK > in->filled || in->masks.quotes >> 63) {
			at = csv_scan_find(in, at, true); /* a run may go on in the next block: pair by pair */
			if (at + 1 >= in->filled)
				return in->filled;
			if (in->buffer[at + 1] != '"')
				return at;
			*escaped = true;
			at += 2;
			continue;
		}
		uint64_t ends = csv_scan_odd_ends(quotes);
		if (ends) {
			size_t close = (size_t)__builtin_ctzll(ends) - 1;
			*escaped |= (quotes & (((uint64_t)1 << close) - 1)) != 0;
			return at + close;
		}
		*escaped |= quotes != 0;
		at = in->block + CSV_SCAN_BLOCK;
	}
	return in->filled;
}

#endif
