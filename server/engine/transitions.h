/* transitions.h - the life of a run as one table
 *
 * Every change of state is a row: from, event, to, and a sentence for people.
 * What is not in the table cannot happen; the refusal names both words. The
 * diagram in server/README.md is drawn from the table; test_transitions.c writes it and holds it fresh.
 */
#ifndef MEKIKI_ENGINE_TRANSITIONS_H
#define MEKIKI_ENGINE_TRANSITIONS_H

#include <stddef.h>

#include "engine/engine.h"

enum run_event {
	RUN_EVENT_START,       /* by a person */
	RUN_EVENT_TURN,        /* the run before it has ended */
	RUN_EVENT_PAUSE,       /* by a person */
	RUN_EVENT_RESUME,      /* by a person */
	RUN_EVENT_STOP,        /* by a person */
	RUN_EVENT_DONE,        /* every item has a result */
	RUN_EVENT_NO_WORKER,   /* none of its workers may get items */
	RUN_EVENT_WORKER_BACK,
	RUN_EVENT_CANNOT,      /* cannot go on: cause */
	RUN_EVENT_COUNT
};

struct run_transition {
	enum run_state from;
	enum run_event event;
	enum run_state to;
	const char *sentence;
};

const char *run_event_name(enum run_event event);
const struct run_transition *run_transition_find(enum run_state from, enum run_event event); /* NULL = no */
const struct run_transition *run_transitions(size_t *count);

#endif
