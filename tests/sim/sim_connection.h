/* sim_connection.h - one client's TCP connection
 *
 * Requests are answered one after another; while one is computed the connection
 * still reads, because a client that leaves aborts its request. Idle
 * connections that have been answered once are closed after --keepalive.
 */
#ifndef MEKIKI_SIM_CONNECTION_H
#define MEKIKI_SIM_CONNECTION_H

#include "sim_http.h"
#include "sim_server.h"

struct sim_chat;

struct sim_connection {
	struct sim_server *server;
	struct sim_connection *next, *previous;
	uv_tcp_t tcp;
	uv_timer_t timer;   /* idle, or a late answer */
	struct text in;     /* bytes not yet taken */
	struct text late;   /* an answer that waits for the timer */
	struct sim_chat *chat; /* what is computed for it, or NULL */
	bool busy;          /* a request was taken and its answer has not left */
	bool keep_alive;    /* as the request in work asked */
	bool continued;     /* 100 Continue was sent for the request being read */
	bool closing;
	int open_handles;
};

void sim_connection_accept(struct sim_server *server, uv_stream_t *listener);

/* Answers the request in work. `type` NULL: no Content-Type. `more` is whole header lines or NULL. */
void sim_connection_reply(struct sim_connection *connection, int status, const char *type, const char *body,
			  const char *more);
void sim_connection_reply_late(struct sim_connection *connection, uint64_t after_ms, int status, const char *type,
			       const char *body);
/* Sends bytes as they are (taken out of the text); `last` closes afterwards. */
void sim_connection_send(struct sim_connection *connection, struct text *bytes, bool last);
void sim_connection_close(struct sim_connection *connection);
void sim_connection_reset(struct sim_connection *connection);
void sim_connection_reset_all(struct sim_server *server);

#endif
