/* transitions.h - the life of a worker as one table
 *
 * Every change of the observed state is a row: from, event, to, and a sentence
 * for people. What is not in the table cannot happen. The diagram in
 * server/README.md is drawn from it; test_worker_transitions.c holds it fresh.
 */
#ifndef MEKIKI_WORKERS_TRANSITIONS_H
#define MEKIKI_WORKERS_TRANSITIONS_H

#include <stddef.h>

#include "model/worker.h"

enum worker_event {
	WORKER_EVENT_START,       /* wanted: by a person, a run or the server's start */
	WORKER_EVENT_UP,          /* its process is up, spawned or found again */
	WORKER_EVENT_GOOD,        /* a probe was answered well */
	WORKER_EVENT_SLOW,        /* probes time out, answers arrive */
	WORKER_EVENT_LOST,        /* probes fail */
	WORKER_EVENT_UNREACHABLE, /* the network between us fails */
	WORKER_EVENT_HUNG,        /* answers probes, produces nothing */
	WORKER_EVENT_RESTART,     /* ended or lost, and will be started again */
	WORKER_EVENT_HOLD,        /* nobody's fault: GPU or port in use, outside its hours */
	WORKER_EVENT_GIVE_UP,     /* restarted too often, or no restart mends it */
	WORKER_EVENT_DUE,         /* the pause is over */
	WORKER_EVENT_DRAIN,       /* by a person, the run's end, its hours, a neighbour */
	WORKER_EVENT_STOPPED,     /* nothing of it is left */
	WORKER_EVENT_COUNT
};

struct worker_transition {
	enum worker_state from;
	enum worker_event event;
	enum worker_state to;
	const char *sentence;
};

const char *worker_event_name(enum worker_event event);
const struct worker_transition *worker_transition_find(enum worker_state from, enum worker_event event); /* NULL = no */
const struct worker_transition *worker_transitions(size_t *count);
/* What health.h decided, as an event. */
enum worker_event worker_event_of_health(enum worker_state to);

#endif
