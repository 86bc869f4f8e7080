/* respond.h - queues what stands in request->answer or request->error
 *
 * Adds the security headers to everything, a strong ETag to answers of GET (304
 * when the client has it), and makes a problem of an error. HTTP thread.
 */
#ifndef MEKIKI_SERVER_API_RESPOND_H
#define MEKIKI_SERVER_API_RESPOND_H

#include "api/request.h"

bool respond_send(struct request *request);
/* Headers of ui.md: content policy with Trusted Types, no sniffing, no referrer, same origin. */
void respond_harden(struct MHD_Response *response);
/* Does the client's If-None-Match name this tag ("..." with quotes)? Pure. */
bool respond_etag_matches(const char *if_none_match, const char *etag);

#endif
