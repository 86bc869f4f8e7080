#include "sim_connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "sim_chat.h"
#include "sim_routes.h"

struct sending {
	uv_write_t write;
	struct sim_connection *connection;
	struct text bytes;
	bool last;
};

static void handle_next(struct sim_connection *connection);

static void on_closed(uv_handle_t *handle)
{
	struct sim_connection *connection = handle->data;
	if (--connection->open_handles > 0)
		return;
	text_release(&connection->in);
	text_release(&connection->late);
	free(connection);
}

static void leave_list(struct sim_connection *connection)
{
	struct sim_server *server = connection->server;
	*(connection->previous ? &connection->previous->next : &server->connections) = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	server->connection_count--;
}

static void shut(struct sim_connection *connection, bool reset)
{
	/* What is due by now ends as it would have, even when its client leaves this moment; that may close this very
	 * connection. */
	if (connection->chat && !connection->server->dropping)
		sim_server_pump(connection->server);
	if (connection->closing)
		return;
	connection->closing = true;
	leave_list(connection);
	if (connection->chat)
		sim_chat_client_left(connection->chat);
	connection->chat = NULL;
	if (!reset || uv_tcp_close_reset(&connection->tcp, on_closed) != 0)
		uv_close((uv_handle_t *)&connection->tcp, on_closed);
	uv_close((uv_handle_t *)&connection->timer, on_closed);
}

void sim_connection_close(struct sim_connection *connection)
{
	shut(connection, false);
}

void sim_connection_reset(struct sim_connection *connection)
{
	shut(connection, true);
}

void sim_connection_reset_all(struct sim_server *server)
{
	server->dropping = true;
	while (server->connections)
		sim_connection_reset(server->connections);
	server->dropping = false;
}

static void on_idle(uv_timer_t *timer)
{
	struct sim_connection *connection = timer->data;
	sim_connection_close(connection);
}

static void on_sent(uv_write_t *write, int status)
{
	struct sending *sending = write->data;
	struct sim_connection *connection = sending->connection;
	bool last = sending->last;
	text_release(&sending->bytes);
	free(sending);
	if (connection->closing)
		return;
	if (status < 0 || last) {
		sim_connection_close(connection);
		return;
	}
	connection->busy = false;
	connection->continued = false;
	uv_timer_start(&connection->timer, on_idle, (uint64_t)connection->server->options->keepalive, 0);
	handle_next(connection);
}

void sim_connection_send(struct sim_connection *connection, struct text *bytes, bool last)
{
	struct sending *sending = NEW(struct sending);
	sending->connection = connection;
	sending->bytes = *bytes;
	sending->last = last;
	sending->write.data = sending;
	text_init(bytes, 0);
	uv_buf_t buffer = uv_buf_init(sending->bytes.data, (unsigned)sending->bytes.length);
	if (uv_write(&sending->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_sent) == 0)
		return;
	text_release(&sending->bytes);
	free(sending);
	sim_connection_close(connection);
}

void sim_connection_reply(struct sim_connection *connection, int status, const char *type, const char *body,
			  const char *more)
{
	AUTO_TEXT struct text bytes;
	text_init(&bytes, 0);
	sim_http_head(&bytes, status, type, (long long)strlen(body), connection->keep_alive, more);
	text_add(&bytes, body);
	sim_connection_send(connection, &bytes, !connection->keep_alive);
}

static void on_late(uv_timer_t *timer)
{
	struct sim_connection *connection = timer->data;
	sim_connection_send(connection, &connection->late, !connection->keep_alive);
}

void sim_connection_reply_late(struct sim_connection *connection, uint64_t after_ms, int status, const char *type,
			       const char *body)
{
	sim_http_head(&connection->late, status, type, (long long)strlen(body), connection->keep_alive, NULL);
	text_add(&connection->late, body);
	uv_timer_start(&connection->timer, on_late, after_ms, 0);
}

static void send_continue(struct sim_connection *connection)
{
	/* A hundred bytes into an empty socket buffer: not worth a queued write, and a lost one only delays the client. */
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)line, sizeof(line) - 1);
	uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1);
	connection->continued = true;
}

/* Takes the next whole request from the bytes that have come, if there is one. */
static void handle_next(struct sim_connection *connection)
{
	if (connection->busy || connection->in.length == 0)
		return;
	struct sim_http_request request;
	size_t used = 0;
	enum sim_http_state state = sim_http_read(connection->in.data, connection->in.length, &used, &request);
	if (state == SIM_HTTP_DONE) {
		uv_timer_stop(&connection->timer);
		connection->busy = true;
		connection->keep_alive = request.keep_alive;
		connection->in.length -= used;
		memmove(connection->in.data, connection->in.data + used, connection->in.length + 1);
		sim_routes_handle(connection, &request);
	} else if (state == SIM_HTTP_BAD) {
		connection->busy = true;
		connection->keep_alive = false;
		sim_connection_reply(connection, 400, "text/plain; charset=utf-8", "Invalid HTTP request received.", NULL);
	} else {
		uv_timer_stop(&connection->timer);
		if (request.expects_continue && !connection->continued)
			send_continue(connection);
	}
	sim_http_release(&request);
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)handle;
	(void)suggested;
	static char shared[64 * 1024]; /* one thread; the bytes are copied before the next read */
	*buffer = uv_buf_init(shared, sizeof(shared));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct sim_connection *connection = stream->data;
	if (count < 0) {
		sim_connection_close(connection);
		return;
	}
	text_add_bytes(&connection->in, buffer->base, (size_t)count);
	if (connection->in.overflow)
		sim_connection_close(connection);
	else
		handle_next(connection);
}

void sim_connection_accept(struct sim_server *server, uv_stream_t *listener)
{
	struct sim_connection *connection = NEW(struct sim_connection);
	connection->server = server;
	connection->open_handles = 2;
	text_init(&connection->in, SIM_HTTP_HEAD_MAX + SIM_HTTP_BODY_MAX);
	text_init(&connection->late, 0);
	uv_tcp_init(&server->loop, &connection->tcp);
	uv_timer_init(&server->loop, &connection->timer);
	connection->tcp.data = connection->timer.data = connection;
	connection->next = server->connections;
	if (connection->next)
		connection->next->previous = connection;
	server->connections = connection;
	server->connection_count++;
	if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&connection->tcp, on_buffer, on_read) != 0) {
		sim_connection_close(connection);
		return;
	}
	uv_tcp_nodelay(&connection->tcp, 1);
}
