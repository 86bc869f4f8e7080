/* place.h - what the fleet's files share: the fleet, and a place per worker
 *
 * fleet.c probes and answers, care.c starts, stops and recovers. The engine's
 * thread only.
 */
#ifndef MEKIKI_WORKERS_PLACE_H
#define MEKIKI_WORKERS_PLACE_H

#include "workers/fleet.h"
#include "workers/probe.h"

struct place {
	struct fleet *fleet;
	int index;
	struct fleet_worker worker;
	char *authorization;
	struct loop_timer *timer;
	struct probing *probing;
	int probes; /* since the last deep one */
};

struct fleet {
	struct http *http;
	const struct config *config;
	struct fleet_listener listener;
	int count;
	struct place *places; /* in the configuration's order */
};

#endif
