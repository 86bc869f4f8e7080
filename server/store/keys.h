/* keys.h - which key is which item, while datasets grow
 *
 * A table of hashes in memory, 12 bytes per slot and at most two slots in three
 * taken. A hash says where to look and not what is there: whoever finds an item
 * compares its key. Only the writer thread; a few datasets at a time.
 *
 * What was rolled back must be forgotten: the table is then read anew.
 */
#ifndef MEKIKI_SERVER_STORE_KEYS_H
#define MEKIKI_SERVER_STORE_KEYS_H

#include "store/connection.h"

struct keys_cache;
struct keys; /* of one dataset */

struct keys_cache *keys_cache_new(void);
void keys_cache_free(struct keys_cache *cache);
void keys_forget(struct keys_cache *cache);
void keys_drop(struct keys_cache *cache, int64_t dataset); /* it grows no more, or is gone */

/* Valid until the next call with the cache. NULL with err. */
struct keys *keys_of(struct keys_cache *cache, struct connection *connection, int64_t dataset, struct error *err);

struct keys_search {
	uint64_t hash;
	size_t slot;
};
struct keys_search keys_search(const struct keys *keys, const char *key);
/* The next item that may have the key. */
bool keys_next(const struct keys *keys, struct keys_search *search, int64_t *item);
/* After keys_next() found no more: a new item for the key, numbered after the last. */
int64_t keys_add(struct keys *keys, const struct keys_search *search);

#endif
