#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 64, DISTANCE_MAX = 63 };

void text_init(struct text *text, size_t limit)
{
	*text = (struct text){.data = memory_new(FIRST_CAPACITY), .capacity = FIRST_CAPACITY, .limit = limit};
}

void text_release(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->overflow = false;
	text->data[0] = '\0';
}

static void make_room(struct text *text, size_t more)
{
	size_t needed = text->length + more + 1;
	if (needed <= text->capacity)
		return;
	size_t capacity = text->capacity;
	while (capacity < needed)
		capacity *= 2;
	text->data = memory_grow(text->data, capacity, 1);
	text->capacity = capacity;
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
	if (text->limit && length > text->limit - text->length) {
		length = text->limit - text->length;
		text->overflow = true;
	}
	if (!length)
		return;
	make_room(text, length);
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length > 0) {
		char *piece = memory_new((size_t)length + 1);
		vsnprintf(piece, (size_t)length + 1, format, again);
		text_add_bytes(text, piece, (size_t)length);
		free(piece);
	}
	va_end(again);
}

char *text_take(struct text *text)
{
	char *data = text->data;
	*text = (struct text){0};
	return data;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_fold(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

bool text_starts(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *string, const char *suffix)
{
	size_t length = strlen(string), tail = strlen(suffix);
	return length >= tail && strcmp(string + length - tail, suffix) == 0;
}

bool text_to_int(const char *string, int64_t min, int64_t max, int64_t *out)
{
	if (!string || !*string || strspn(string, "+-0123456789") != strlen(string))
		return false;
	char *end = NULL;
	errno = 0;
	long long value = strtoll(string, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool text_to_double(const char *string, double *out)
{
	/* strspn keeps out hexadecimal, "inf" and leading blanks, all of which strtod accepts */
	if (!string || !*string || strspn(string, "+-.0123456789eE") != strlen(string))
		return false;
	char *end = NULL;
	errno = 0;
	double value = strtod(string, &end);
	if (*end || !isfinite(value))
		return false;
	*out = value;
	return true;
}

/* Length of the well-formed character at p, or 0. Table 3-7 of the Unicode standard. */
static size_t character_length(const unsigned char *p, size_t left)
{
	unsigned char c = p[0];
	if (c < 0x80)
		return 1;
	size_t length = c >= 0xC2 && c <= 0xDF ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
	if (!length || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
	    (c == 0xF4 && p[1] > 0x8F))
		return 0;
	return length;
}

bool text_is_utf8(const char *bytes, size_t length)
{
	const unsigned char *p = (const unsigned char *)bytes;
	for (size_t i = 0; i < length;) {
		size_t step = character_length(p + i, length - i);
		if (!step)
			return false;
		i += step;
	}
	return true;
}

size_t text_utf8_cut(const char *bytes, size_t length, size_t limit)
{
	if (length <= limit)
		return length;
	while (limit > 0 && ((unsigned char)bytes[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}

int text_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return DISTANCE_MAX + 1;
	int row[DISTANCE_MAX + 1];
	for (size_t j = 0; j <= m; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int diagonal = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			int change = diagonal + (a[i - 1] != b[j - 1]);
			int least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[m];
}
