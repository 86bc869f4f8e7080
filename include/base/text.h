/* text.h - a growing text with a maximum, and small helpers on strings
 *
 * A text has its limit from birth (0 = none): what would exceed it is dropped
 * and `overflow` says so, so a stranger cannot make a buffer grow for ever.
 * Always NUL-terminated; may hold NUL bytes inside, `length` counts.
 */
#ifndef MEKIKI_BASE_TEXT_H
#define MEKIKI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;      /* never NULL after text_init() */
	size_t length;   /* without the final NUL */
	size_t capacity;
	size_t limit;    /* bytes, 0 = no limit */
	bool overflow;   /* something was dropped */
};

void text_init(struct text *text, size_t limit);
void text_release(struct text *text);
void text_clear(struct text *text); /* keeps the memory */
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands the bytes to the caller (free()); the text is as after text_release(). */
char *text_take(struct text *text);

bool text_equal(const char *a, const char *b);       /* NULL equals NULL only */
bool text_equal_fold(const char *a, const char *b);  /* ASCII case folded */
bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);

/* Whole-string numbers; false when anything else is in it or it is out of range. */
bool text_to_int(const char *string, int64_t min, int64_t max, int64_t *out);
bool text_to_double(const char *string, double *out); /* finite, "." as decimal point */

/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, shortest form). */
bool text_is_utf8(const char *bytes, size_t length);
/* Length of the longest prefix of at most `limit` bytes that ends on a character. */
size_t text_utf8_cut(const char *bytes, size_t length, size_t limit);

/* Edit distance (Levenshtein), for "did you mean"; strings beyond 63 bytes count as far. */
int text_distance(const char *a, const char *b);

#define AUTO_TEXT AUTO(text_release)

#endif
