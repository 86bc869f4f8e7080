/* daemon.h - libmicrohttpd on the API's loop
 *
 * External epoll: the loop watches the library's epoll descriptor and a timer
 * from MHD_get_timeout(), and calls MHD_run(). Nothing else calls the library.
 * Resuming happens here too, on this thread, because a resume from another
 * thread wakes nothing in this mode (libmicrohttpd 0.9.75).
 */
#ifndef MEKIKI_SERVER_API_DAEMON_H
#define MEKIKI_SERVER_API_DAEMON_H

#include <microhttpd.h>

#include "api/context.h"

/* Binds and listens; before the loop's thread starts. Sets api->port. NULL with err. */
struct daemon *daemon_new(struct api *api, struct error *err);
/* HTTP thread: no more connections; what is open goes on. */
void daemon_quiesce(struct daemon *daemon);
/* HTTP thread: nothing may be suspended. Ends the library. */
void daemon_stop(struct daemon *daemon);
void daemon_free(struct daemon *daemon); /* after the loop's end */

/* HTTP thread. */
void daemon_resume(struct daemon *daemon, struct MHD_Connection *connection);
void daemon_close_idle(struct daemon *daemon);
int daemon_connections(const struct daemon *daemon);

#endif
