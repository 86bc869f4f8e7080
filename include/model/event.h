/* event.h - the kinds of dated facts: audit log and live stream are one list
 *
 * Results are not events. Each kind has a sentence in English for people; pages
 * translate by the name and the parameters in `data`.
 */
#ifndef MEKIKI_MODEL_EVENT_H
#define MEKIKI_MODEL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
	EVENT_SERVER_STARTED,
	EVENT_SERVER_STOPPED,
	EVENT_DATASET_IMPORTED,
	EVENT_DATASET_FAILED,
	EVENT_POPULATION_TIED,
	EVENT_RUN_CREATED,
	EVENT_RUN_STATE,       /* data: from, to, cause */
	EVENT_RUN_WORKERS,     /* data: workers */
	EVENT_WORKER_STATE,    /* data: from, to, cause, text */
	EVENT_ITEM_QUARANTINED,
	EVENT_STORE_BLOCKED,   /* the disk is full; nothing is dispatched */
	EVENT_STORE_UNBLOCKED,
	EVENT_SESSION_CREATED,
	EVENT_TOKEN_CREATED,
	EVENT_TOKEN_REVOKED,
	EVENT_CLOCK_GAP,       /* the process slept: data: seconds */
	EVENT_GPU_FOREIGN,     /* data: gpu, text, policy; worker */
	EVENT_GPU_CLEAR,       /* data: gpu; worker */
	EVENT_KIND_COUNT
};

struct event {
	int64_t id;       /* global, growing, given by the store */
	int64_t at_ms;    /* wall clock */
	enum event_kind kind;
	int64_t run;      /* 0 = none */
	char *worker;     /* owned, NULL = none */
	char *person;     /* owned, NULL = mekiki itself */
	char *data;       /* owned, a JSON object as text, NULL = none */
};

const char *event_kind_name(enum event_kind kind); /* "run.state" */
bool event_kind_parse(const char *name, enum event_kind *out);
void event_release(struct event *event);

#endif
