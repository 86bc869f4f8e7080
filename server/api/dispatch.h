/* dispatch.h - from the library's callback to a handler, and back to an answer
 *
 * In order: host and origin, route, access, path and query against the row's
 * specification, body within its bounds, handler. No handler is reachable by
 * another way. HTTP thread.
 */
#ifndef MEKIKI_SERVER_API_DISPATCH_H
#define MEKIKI_SERVER_API_DISPATCH_H

#include "api/request.h"

/* One call of the library for this request: header, a piece of body, or the end of it. false closes the connection. */
bool dispatch_step(struct request *request, const char *method, const char *data, size_t *size);

#endif
