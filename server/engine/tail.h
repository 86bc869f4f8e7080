/* tail.h - the end of a run
 *
 * A hedge: when nothing is left to give out, an attempt that has outlived twice
 * the slowest answer of its own worker gets a twin on another one; the first
 * verdict counts and the other attempt is cut off. Never blindly: duplicating
 * whatever is in flight makes small jobs slower (performance.md §1).
 */
#ifndef MEKIKI_ENGINE_TAIL_H
#define MEKIKI_ENGINE_TAIL_H

#include "engine/core.h"

/* An answer came: the worker's slowest so far. */
void tail_note(struct attempt *attempt, int64_t elapsed_ms);
/* The attempt that deserves a twin on this worker, or NULL. */
struct attempt *tail_overdue(const struct live *live, int worker, int64_t now_ms);

#endif
