/* utf8.h - one character after another, from text that is known to be UTF-8 */
#ifndef MEKIKI_DATASET_UTF8_H
#define MEKIKI_DATASET_UTF8_H

#include <stdint.h>

/* The code point at *text, which moves on behind it. The text is well-formed and not at its end. */
static inline uint32_t utf8_next(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	int more = at[0] < 0x80 ? 0 : at[0] < 0xE0 ? 1 : at[0] < 0xF0 ? 2 : 3;
	uint32_t code = more ? at[0] & (0x3Fu >> more) : at[0];
	for (int i = 1; i <= more; i++)
		code = code << 6 | (at[i] & 0x3Fu);
	*text += more + 1;
	return code;
}

#endif
