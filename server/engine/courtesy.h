/* courtesy.h - GPUs belong to others too
 *
 * While a local worker has a GPU, nvidia-smi is asked every few seconds. Somebody
 * else on a GPU of ours - a process that is neither ours nor below one of ours,
 * or memory that belongs to no process - is told as an event, and then, as
 * configured, nothing follows, or the worker gets no items, or it finishes them
 * and is stopped. When they have been gone for a while it comes back. What cannot
 * be told changes nothing. No process of others is ever touched.
 *
 * The engine's thread. All calls take NULL: no worker of ours has a GPU.
 */
#ifndef MEKIKI_ENGINE_COURTESY_H
#define MEKIKI_ENGINE_COURTESY_H

#include <stdbool.h>

struct courtesy;
struct engine;
struct owner_record;
struct snapshot;

struct courtesy *courtesy_new(struct engine *engine); /* after the fleet */
void courtesy_begin(struct courtesy *courtesy);       /* on the loop */
void courtesy_end(struct courtesy *courtesy);         /* on the loop: no more looks */
void courtesy_free(struct courtesy *courtesy);        /* before the loop is freed */
/* The process of a worker; NULL = it has none any more. */
void courtesy_owns(struct courtesy *courtesy, int worker, const struct owner_record *owner);
void courtesy_show(struct courtesy *courtesy, struct snapshot *snapshot);
/* Are the GPUs of this worker free again, as far as was seen last? *why (free()) says it otherwise. True without a GPU. */
bool courtesy_is_free(const struct courtesy *courtesy, int worker, char **why);

#endif
