#include "engine/deathbed.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/vector.h"

bool deathbed_waits(const struct engine *engine, int worker, enum failure failure)
{
	return failure_kind(failure)->suspicion == SUSPECT_WORKER &&
	       fleet_worker(engine->fleet, worker)->config->kind != WORKER_FAKE;
}

void deathbed_add(struct live *live, int worker, uint32_t n)
{
	struct deathbed *bed = &live->engine->deathbeds[worker];
	if (bed->run != live->record.id)
		bed->count = 0; /* of a run that is over: its items wait for nobody */
	bed->run = live->record.id;
	VECTOR_ADD(bed->positions, bed->count, bed->capacity) = n;
}

static void release(struct deathbed *bed, struct live *live)
{
	for (size_t i = 0; live && i < bed->count; i++)
		sched_release(live->sched, bed->positions[i], clock_mono_ms());
	bed->count = 0;
}

static void bury(struct deathbed *bed, struct live *live)
{
	for (size_t i = 0; i < bed->count; i++) {
		struct sched_pick pick = {.n = bed->positions[i]};
		sched_death(live->sched, pick.n, &pick);
		if (!sched_is_convicted(live->sched, pick.n)) {
			sched_release(live->sched, pick.n, clock_mono_ms());
			continue;
		}
		sched_dismiss(live->sched, pick.n);
		record_quarantine(live, pick.n);
	}
	bed->count = 0;
}

static void count_in_flight(struct live *live, int worker)
{
	struct sched_pick pick;
	for (const struct attempt *attempt = live->attempts; attempt; attempt = attempt->next)
		if (attempt->worker == worker && attempt->evaluation)
			sched_death(live->sched, attempt->pick.n, &pick);
}

/* Lost in a way that an item may have brought about: not by the network, a key or a person. */
static bool is_dead(const struct fleet_worker *worker)
{
	switch ((int)worker->health.cause) {
	case CAUSE_REFUSED:
	case CAUSE_RESET:
	case CAUSE_ENGINE_DEAD:
	case CAUSE_SILENT:
	case CAUSE_EXITED:
	case CAUSE_KILLED:
	case CAUSE_GPU_FAULT:
	case CAUSE_HUNG:
		return true;
	default:
		return false;
	}
}

void deathbed_look(struct engine *engine, int worker)
{
	const struct fleet_worker *it = fleet_worker(engine->fleet, worker);
	struct deathbed *bed = &engine->deathbeds[worker];
	struct live *live = live_find(engine, bed->run);
	bool lost = fleet_is_lost(it);
	bool unknown = !lost && it->health.suspected && it->desired == WORKER_WANTED_UP;
	if (live && !live->opened)
		live = NULL;
	if (unknown)
		return;
	if (live && lost && is_dead(it))
		bury(bed, live);
	else
		release(bed, live);
	for (live = engine->lives; live && lost && is_dead(it); live = live->next)
		if (live->opened)
			count_in_flight(live, worker);
}

void deathbed_release_run(struct live *live)
{
	struct engine *engine = live->engine;
	for (size_t i = 0; i < engine->config->worker_count; i++)
		if (engine->deathbeds[i].run == live->record.id)
			release(&engine->deathbeds[i], live);
}

void deathbed_free_all(struct engine *engine)
{
	for (size_t i = 0; engine->deathbeds && i < engine->config->worker_count; i++)
		free(engine->deathbeds[i].positions);
	free(engine->deathbeds);
}
