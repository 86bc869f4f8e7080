#include "sim_hash.h"

#include <stddef.h>

/* FNV-1a takes the bytes in, the finaliser of splitmix64 spreads them: FNV alone leaves the high bits of similar names alike. */
static uint64_t take(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t take_text(uint64_t hash, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + ('a' - 'A'));
		hash = take(hash, &c, 1);
	}
	return take(hash, "", 1);
}

static uint64_t spread(uint64_t hash)
{
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
	return hash ^ (hash >> 31);
}

uint64_t sim_hash(uint64_t seed, const char *salt, const char *text, int64_t number)
{
	uint64_t hash = take(0xcbf29ce484222325u, &seed, sizeof(seed));
	hash = take_text(hash, salt);
	hash = take_text(hash, text);
	return spread(take(hash, &number, sizeof(number)));
}

double sim_chance(uint64_t seed, const char *salt, const char *text, int64_t number)
{
	return (double)(sim_hash(seed, salt, text, number) >> 11) * 0x1p-53;
}
