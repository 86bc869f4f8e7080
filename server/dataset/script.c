#include "dataset/script.h"

#include <stdint.h>

#include "base/vector.h"
#include "dataset/utf8.h"

enum script {
	COMMON = 0, LATIN = 1, GREEK = 2, CYRILLIC = 4, ARMENIAN = 8, HEBREW = 16, ARABIC = 32, THAI = 64,
	HAN = 128, KANA = 256, BOPOMOFO = 512, HANGUL = 1024, OTHER = 2048
};

/* Sorted by first code point; what lies between belongs to no script that matters here. */
static const struct {
	uint32_t first, last;
	enum script script;
} ranges[] = {
	{0x41, 0x5A, LATIN},        {0x61, 0x7A, LATIN},         {0xAA, 0xAA, LATIN},        {0xBA, 0xBA, LATIN},
	{0xC0, 0x24F, LATIN},       {0x250, 0x2AF, LATIN},       {0x370, 0x3FF, GREEK},      {0x400, 0x52F, CYRILLIC},
	{0x531, 0x58F, ARMENIAN},   {0x591, 0x5F4, HEBREW},      {0x600, 0x6FF, ARABIC},     {0x700, 0xDFF, OTHER},
	{0xE00, 0xE7F, THAI},       {0xE80, 0x10FF, OTHER},      {0x1100, 0x11FF, HANGUL},   {0x1200, 0x1CFF, OTHER},
	{0x1D00, 0x1DBF, LATIN},    {0x1E00, 0x1EFF, LATIN},     {0x1F00, 0x1FFF, GREEK},    {0x2C60, 0x2C7F, LATIN},
	{0x2DE0, 0x2DFF, CYRILLIC}, {0x2E80, 0x2FDF, HAN},       {0x3005, 0x3007, HAN},      {0x3041, 0x30FF, KANA},
	{0x3100, 0x312F, BOPOMOFO}, {0x3130, 0x318F, HANGUL},    {0x31F0, 0x31FF, KANA},     {0x3400, 0x4DBF, HAN},
	{0x4E00, 0x9FFF, HAN},      {0xA640, 0xA69F, CYRILLIC},  {0xA720, 0xA7FF, LATIN},    {0xAC00, 0xD7AF, HANGUL},
	{0xF900, 0xFAFF, HAN},      {0xFF66, 0xFF9D, KANA},      {0x20000, 0x3FFFF, HAN},
};

static const unsigned ordinary[] = {LATIN | HAN | KANA, LATIN | HAN | BOPOMOFO, LATIN | HAN | HANGUL};

static enum script script_of(uint32_t code)
{
	for (size_t i = 0; i < COUNT_OF(ranges) && ranges[i].first <= code; i++)
		if (code <= ranges[i].last)
			return ranges[i].script;
	return COMMON;
}

static bool is_mixture(unsigned scripts)
{
	if ((scripts & (scripts - 1)) == 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(ordinary); i++)
		if ((scripts & ~ordinary[i]) == 0)
			return false;
	return true;
}

bool script_is_mixed(const char *name)
{
	unsigned scripts = COMMON;
	while (*name) {
		uint32_t code = utf8_next(&name);
		scripts = code == '.' ? COMMON : scripts | (unsigned)script_of(code);
		if (is_mixture(scripts))
			return true;
	}
	return false;
}
