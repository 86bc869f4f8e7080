/* auth.h - who may do what, before any handler runs
 *
 * Loopback is shared by every account of the machine and by every page a browser
 * shows: each request names an allowed host, an Origin equals it, and all but the
 * public rows need a session cookie or a bearer token.
 */
#ifndef MEKIKI_SERVER_API_AUTH_H
#define MEKIKI_SERVER_API_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "api/request.h"

/* Host and Origin; one Content-Length and none beside Transfer-Encoding. On refusal answer.close is set. */
bool auth_check_transport(struct request *request, struct error *err);
/* Fills in person, role, session when the request carries something valid; carrying something invalid is
 * only an error where access is asked for. */
bool auth_check_access(struct request *request, enum access access, struct error *err);

/* Still, later? One of the two is NULL. */
bool auth_is_valid(struct reader *reader, const char *session, const char *bearer);

/* A secret for tokens and sessions, and the cookie that carries one (seconds 0 = removes it). free(). */
enum { AUTH_SECRET_BYTES = 32 };
extern const int64_t auth_session_ms;
char *auth_cookie(const struct api *api, const char *secret, int64_t seconds);

/* Pure parts. */
bool auth_host_allowed(const char *host, const struct config_texts *allowed, const char *listening);
bool auth_origin_equals(const char *origin, const char *host);
/* Value of a cookie in a Cookie header; NULL = absent. free(). */
char *auth_cookie_find(const char *header, const char *name);

#endif
