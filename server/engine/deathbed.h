/* deathbed.h - items under suspicion
 *
 * Items that failed on a worker under suspicion wait for its fate. If a probe
 * finds it well, they are tried again; if it is lost, they - and what is in
 * flight there - were there when it died, which is counted before anybody else is
 * put at risk.
 */
#ifndef MEKIKI_ENGINE_DEATHBED_H
#define MEKIKI_ENGINE_DEATHBED_H

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

#endif
