#include "model/event.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[EVENT_KIND_COUNT] = {
	[EVENT_SERVER_STARTED] = "server.started",
	[EVENT_SERVER_STOPPED] = "server.stopped",
	[EVENT_DATASET_IMPORTED] = "dataset.imported",
	[EVENT_DATASET_FAILED] = "dataset.failed",
	[EVENT_POPULATION_TIED] = "dataset.population",
	[EVENT_RUN_CREATED] = "run.created",
	[EVENT_RUN_STATE] = "run.state",
	[EVENT_RUN_WORKERS] = "run.workers",
	[EVENT_WORKER_STATE] = "worker.state",
	[EVENT_ITEM_QUARANTINED] = "item.quarantined",
	[EVENT_STORE_BLOCKED] = "store.blocked",
	[EVENT_STORE_UNBLOCKED] = "store.unblocked",
	[EVENT_SESSION_CREATED] = "session.created",
	[EVENT_TOKEN_CREATED] = "token.created",
	[EVENT_TOKEN_REVOKED] = "token.revoked",
	[EVENT_GPU_FOREIGN] = "gpu.foreign",
	[EVENT_GPU_CLEAR] = "gpu.clear",
	[EVENT_CLOCK_GAP] = "server.clock_gap",
};

const char *event_kind_name(enum event_kind kind)
{
	return names[kind];
}

bool event_kind_parse(const char *name, enum event_kind *out)
{
	for (int i = 0; i < EVENT_KIND_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum event_kind)i;
			return true;
		}
	return false;
}

void event_release(struct event *event)
{
	free(event->worker);
	free(event->person);
	free(event->data);
	*event = (struct event){0};
}
