#include "workers/place.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

void place_tell(struct place *place, enum worker_state from)
{
	place->fleet->listener.changed(place->fleet->listener.arg, place->index, from);
}

void place_say(struct place *place, const char *text)
{
	char *copy = memory_copy(text);
	free(place->worker.text);
	place->worker.text = copy;
}

void place_happen(struct place *place, enum worker_event event, enum worker_cause cause)
{
	struct fleet_worker *worker = &place->worker;
	enum worker_state from = worker->health.state;
	const struct worker_transition *row = worker_transition_find(from, event);
	if (!row) {
		log_error("workers", "worker %s: \"%s\" while %s is in no row of the table", worker->config->id,
		          worker_event_name(event), worker_state_name(from));
		return;
	}
	worker->health.state = row->to;
	worker->health.cause = cause;
	worker->happened = row->sentence;
	worker->since_ms = clock_wall_ms();
	place_tell(place, from);
}

void place_probe_soon(struct place *place)
{
	if (!place->probing)
		loop_timer_set(place->timer, 0, 0);
}

void place_drain(struct place *place)
{
	place->worker.desired = WORKER_WANTED_DOWN;
	place->held = place->held_for_hours = false;
	loop_timer_stop(place->due);
	if (place->step == CARE_STOPPING)
		place->after = AFTER_OFF;
	if (worker_transition_find(place->worker.health.state, WORKER_EVENT_DRAIN))
		place_happen(place, WORKER_EVENT_DRAIN, place->by_person ? CAUSE_REQUESTED : CAUSE_NONE);
}
