/* hub.h - the streams of server-sent events
 *
 * Durable events are pulled from the store by each client's own cursor, so none
 * is lost however slowly somebody reads; snapshots (progress, workers, matrices)
 * are rendered once per topic and coalesced: a client gets the newest when it has
 * room. A client therefore holds one buffer of bounded size, and "resync" is only
 * said when its cursor is not of this store, or so far behind that fetching anew
 * is cheaper.
 *
 * HTTP thread, but for hub_free().
 */
#ifndef MEKIKI_SERVER_API_HUB_H
#define MEKIKI_SERVER_API_HUB_H

#include "api/request.h"

struct hub;

struct hub *hub_new(struct api *api); /* before the thread starts; sets the watchers of engine and store */
void hub_end_streams(struct hub *hub);
void hub_stop(struct hub *hub);
void hub_free(struct hub *hub);

/* Makes the request's answer a stream. topics: "runs,workers,run:r-0001"; after: the last event the client
 * has, -1 = from now on. */
bool hub_stream(struct hub *hub, struct request *request, const char *topics, int64_t after, struct error *err);

#endif
