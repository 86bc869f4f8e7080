#include "dataset/punycode.h"

#include <string.h>

/* The parameters of RFC 3492 §5. */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128 };

struct output {
	char *bytes;
	size_t length, size;
	bool overflow;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->bytes[out->length++] = c;
	else
		out->overflow = true;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	uint32_t k = 0;
	for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* One number as a generalised variable-length integer (§3.3). */
static void put_number(struct output *out, uint32_t number, uint32_t bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		if (number < t)
			break;
		put(out, digits[t + (number - t) % (BASE - t)]);
		number = (number - t) / (BASE - t);
	}
	put(out, digits[number]);
}

static uint32_t least_from(const uint32_t *code, size_t count, uint32_t floor)
{
	uint32_t least = UINT32_MAX;
	for (size_t i = 0; i < count; i++)
		if (code[i] >= floor && code[i] < least)
			least = code[i];
	return least;
}

bool punycode_label(const uint32_t *code, size_t count, char *out_bytes, size_t size)
{
	struct output out = {.bytes = out_bytes, .size = size};
	for (const char *prefix = "xn--"; *prefix; prefix++)
		put(&out, *prefix);
	uint32_t basic = 0;
	for (size_t i = 0; i < count; i++)
		if (code[i] < INITIAL_N) {
			put(&out, (char)code[i]);
			basic++;
		}
	if (basic)
		put(&out, '-');
	uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, handled = basic;
	while (handled < count) {
		uint32_t next = least_from(code, count, n);
		delta += (next - n) * (handled + 1); /* at most 0x10FFFF * 254: fits */
		n = next;
		for (size_t i = 0; i < count; i++) {
			if (code[i] < n)
				delta++;
			if (code[i] == n) {
				put_number(&out, delta, bias);
				bias = adapt(delta, handled + 1, handled == basic);
				delta = 0;
				handled++;
			}
		}
		delta++;
		n++;
	}
	out_bytes[out.length] = '\0';
	return !out.overflow;
}
