#include "dataset/cell.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/vector.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool equal_fold(const char *bytes, size_t length, const char *word)
{
	size_t i = 0;
	for (; i < length && word[i]; i++) {
		char c = bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char)(bytes[i] + 32) : bytes[i];
		if (c != word[i])
			return false;
	}
	return i == length && word[i] == '\0';
}

static bool is_missing(const char *bytes, size_t length)
{
	static const char *const words[] = {"", "nan", "none", "null", "na", "n/a", "<na>"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (equal_fold(bytes, length, words[i]))
			return true;
	return false;
}

static void trim(const char **bytes, size_t *length)
{
	for (; *length && is_blank(**bytes); --*length)
		++*bytes;
	while (*length && is_blank((*bytes)[*length - 1]))
		--*length;
}

bool cell_binary(const char *bytes, size_t length, enum binary *out)
{
	static const struct {
		const char *word;
		enum binary value;
	} words[] = {
		{"0", BINARY_BENIGN},     {"1", BINARY_PHISHING},    {"false", BINARY_BENIGN}, {"true", BINARY_PHISHING},
		{"0.0", BINARY_BENIGN},   {"1.0", BINARY_PHISHING},  {"no", BINARY_BENIGN},    {"yes", BINARY_PHISHING},
		{"benign", BINARY_BENIGN},{"phishing", BINARY_PHISHING},
	};
	*out = BINARY_UNKNOWN;
	trim(&bytes, &length);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (equal_fold(bytes, length, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	return is_missing(bytes, length);
}

bool cell_probability(const char *bytes, size_t length, double *out)
{
	char number[64];
	double value;
	*out = NAN;
	trim(&bytes, &length);
	if (is_missing(bytes, length))
		return true;
	if (length >= sizeof(number) || memchr(bytes, '\0', length))
		return false;
	memcpy(number, bytes, length);
	number[length] = '\0';
	if (!text_to_double(number, &value) || value < 0 || value > 1)
		return false;
	*out = value;
	return true;
}
