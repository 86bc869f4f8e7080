/* tail.h - the end of a run, and items under suspicion
 *
 * A hedge: when nothing is left to give out, an attempt that has outlived twice
 * the slowest answer of its own worker gets a twin on another one; the first
 * verdict counts and the other attempt is cut off. Never blindly: duplicating
 * whatever is in flight makes small jobs slower (performance.md §1).
 *
 * A deathbed: items that failed on a worker under suspicion wait for its fate. If
 * a probe finds it well, they are tried again; if it is lost, they - and what is in
 * flight there - were there when it died, which is counted before anybody else is
 * put at risk.
 */
#ifndef MEKIKI_ENGINE_TAIL_H
#define MEKIKI_ENGINE_TAIL_H

#include "engine/core.h"

/* Of one worker; of one run. */
struct deathbed {
	int64_t run;
	uint32_t *positions;
	size_t count, capacity;
};

/* Must an item that failed so on this worker wait for the worker's fate? */
bool deathbed_waits(const struct engine *engine, int worker, enum failure failure);
void deathbed_add(struct live *live, int worker, uint32_t n);
/* Looks at the worker's state: lost, well, or not known yet. Before what is in flight there is put back. */
void deathbed_look(struct engine *engine, int worker);
/* The run is left: everything may be tried again. */
void deathbed_release_run(struct live *live);
void deathbed_free_all(struct engine *engine);

/* An answer came: the worker's slowest so far. */
void tail_note(struct attempt *attempt, int64_t elapsed_ms);
/* The attempt that deserves a twin on this worker, or NULL. */
struct attempt *tail_overdue(const struct live *live, int worker, int64_t now_ms);

#endif
