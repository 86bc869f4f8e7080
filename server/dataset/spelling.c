#include "dataset/spelling.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct entry {
	uint64_t key, first; /* key 0 = free */
};

struct spelling {
	struct entry *entries;
	size_t count, capacity; /* a power of two */
};

struct spelling *spelling_new(void)
{
	struct spelling *spelling = NEW(struct spelling);
	spelling->capacity = 1024;
	spelling->entries = memory_array(spelling->capacity, sizeof(struct entry));
	return spelling;
}

void spelling_free(struct spelling *spelling)
{
	if (!spelling)
		return;
	free(spelling->entries);
	free(spelling);
}

/* FNV-1a, 64 bits; never 0. */
static uint64_t hash(const char *bytes, size_t length)
{
	uint64_t value = 0xCBF29CE484222325u;
	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)bytes[i]) * 0x100000001B3u;
	return value ? value : 1;
}

static struct entry *find(struct entry *entries, size_t capacity, uint64_t key)
{
	size_t at = (size_t)(key ^ key >> 32) & (capacity - 1);
	while (entries[at].key && entries[at].key != key)
		at = (at + 1) & (capacity - 1);
	return &entries[at];
}

static void grow(struct spelling *spelling)
{
	size_t capacity = spelling->capacity * 2;
	struct entry *entries = memory_array(capacity, sizeof(struct entry));
	for (size_t i = 0; i < spelling->capacity; i++)
		if (spelling->entries[i].key)
			*find(entries, capacity, spelling->entries[i].key) = spelling->entries[i];
	free(spelling->entries);
	spelling->entries = entries;
	spelling->capacity = capacity;
}

static bool same_but_case(const char *key, const char *cell, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = cell[i] >= 'A' && cell[i] <= 'Z' ? (char)(cell[i] + 32) : cell[i];
		if (key[i] != c) /* also at the key's end */
			return false;
	}
	return key[length] == '\0';
}

bool spelling_differs(struct spelling *spelling, const char *key, const char *cell, size_t length)
{
	if (!same_but_case(key, cell, length))
		return false;
	if (spelling->count * 2 >= spelling->capacity)
		grow(spelling);
	struct entry *entry = find(spelling->entries, spelling->capacity, hash(key, length));
	uint64_t seen = hash(cell, length);
	if (!entry->key) {
		*entry = (struct entry){.key = hash(key, length), .first = seen};
		spelling->count++;
	}
	return entry->first != seen;
}
