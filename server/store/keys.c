#include "store/keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "store/statement.h"

/* Imports that go on at once: as many as there are job threads, and one to spare. */
enum { DATASETS = 4, SLOTS_LEAST = 1024 };

struct keys {
	int64_t dataset; /* 0 = this place is free */
	int64_t used;    /* when last, in calls of keys_of() */
	uint64_t *hashes;
	uint32_t *items; /* 0 = the slot is free */
	size_t slots;    /* a power of two */
	size_t count;
	int64_t last;    /* highest item number */
};

struct keys_cache {
	struct keys list[DATASETS];
	int64_t calls;
};

/* Secret, so that nobody can prepare a file whose keys all hash alike. */
static uint64_t secrets[2];

__extension__ typedef unsigned __int128 wide;

static uint64_t fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const char *key)
{
	size_t length = strlen(key);
	uint64_t sum = secrets[0] ^ length, word = 0;
	for (; length > sizeof(word); length -= sizeof(word), key += sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		sum = fold(sum ^ word, secrets[1]);
	}
	word = 0;
	memcpy(&word, key, length);
	return fold(fold(sum ^ word, secrets[1]), secrets[0]);
}

static void clear(struct keys *keys)
{
	free(keys->hashes);
	free(keys->items);
	*keys = (struct keys){0};
}

struct keys_cache *keys_cache_new(void)
{
	if (getrandom(secrets, sizeof(secrets), 0) != sizeof(secrets))
		abort();
	secrets[0] |= 1; /* a factor of nought would fold everything to nought */
	secrets[1] |= 1;
	return NEW(struct keys_cache);
}

void keys_forget(struct keys_cache *cache)
{
	for (int i = 0; i < DATASETS; i++)
		clear(&cache->list[i]);
}

void keys_drop(struct keys_cache *cache, int64_t dataset)
{
	for (int i = 0; i < DATASETS; i++)
		if (cache->list[i].dataset == dataset)
			clear(&cache->list[i]);
}

void keys_cache_free(struct keys_cache *cache)
{
	if (!cache)
		return;
	keys_forget(cache);
	free(cache);
}

static size_t slot_of(const struct keys *keys, uint64_t sum)
{
	return (size_t)sum & (keys->slots - 1);
}

static void put(struct keys *keys, uint64_t sum, uint32_t item)
{
	size_t slot = slot_of(keys, sum);
	while (keys->items[slot])
		slot = (slot + 1) & (keys->slots - 1);
	keys->hashes[slot] = sum;
	keys->items[slot] = item;
}

static void grow(struct keys *keys)
{
	struct keys old = *keys;
	keys->slots = old.slots ? old.slots * 2 : SLOTS_LEAST;
	keys->hashes = memory_array(keys->slots, sizeof(*keys->hashes));
	keys->items = memory_array(keys->slots, sizeof(*keys->items));
	for (size_t i = 0; i < old.slots; i++)
		if (old.items[i])
			put(keys, old.hashes[i], old.items[i]);
	free(old.hashes);
	free(old.items);
}

static void add(struct keys *keys, uint64_t sum, int64_t item)
{
	if ((keys->count + 1) * 3 > keys->slots * 2)
		grow(keys);
	put(keys, sum, (uint32_t)item);
	keys->count++;
	keys->last = item;
}

static bool load(struct keys *keys, struct connection *connection, int64_t dataset, struct error *err)
{
	keys->dataset = dataset;
	grow(keys);
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_ITEM_KEYS, VALUES(integer(dataset)));
	bool ok;
	while (statement_next(connection, s, &ok, err))
		add(keys, hash((const char *)sqlite3_column_text(s, 1)), sqlite3_column_int64(s, 0));
	return ok;
}

struct keys *keys_of(struct keys_cache *cache, struct connection *connection, int64_t dataset, struct error *err)
{
	struct keys *oldest = &cache->list[0];
	cache->calls++;
	for (struct keys *keys = cache->list; keys < cache->list + DATASETS; keys++) {
		if (keys->dataset == dataset) {
			keys->used = cache->calls;
			return keys;
		}
		if (keys->used < oldest->used)
			oldest = keys;
	}
	clear(oldest);
	oldest->used = cache->calls;
	if (load(oldest, connection, dataset, err))
		return oldest;
	clear(oldest);
	return NULL;
}

struct keys_search keys_search(const struct keys *keys, const char *key)
{
	uint64_t sum = hash(key);
	return (struct keys_search){sum, slot_of(keys, sum)};
}

bool keys_next(const struct keys *keys, struct keys_search *search, int64_t *item)
{
	for (; keys->items[search->slot]; search->slot = (search->slot + 1) & (keys->slots - 1))
		if (keys->hashes[search->slot] == search->hash) {
			*item = keys->items[search->slot];
			search->slot = (search->slot + 1) & (keys->slots - 1);
			return true;
		}
	return false;
}

int64_t keys_add(struct keys *keys, const struct keys_search *search)
{
	add(keys, search->hash, keys->last + 1);
	return keys->last;
}
