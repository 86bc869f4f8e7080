/* http_fixture.h - a small HTTP server on a loop and thread of its own, which misbehaves as told
 *
 * Included once by each test that sends requests; functions are static, so a test that does not need all of
 * them still builds. The test gives one function that answers a complete request; it runs on the server's
 * thread.
 */
#ifndef MEKIKI_TESTS_HTTP_FIXTURE_H
#define MEKIKI_TESTS_HTTP_FIXTURE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/loop.h"

#define MAYBE_UNUSED __attribute__((unused))

enum { BACKLOG = 1024, PATIENCE_MS = 60000 };

struct peer {
	uv_tcp_t tcp;
	char in[32768]; /* the request, NUL-terminated */
	size_t length;
};

static struct {
	struct loop *loop;
	uv_tcp_t listener;
	int port;
	void (*answer)(struct peer *peer);
	_Atomic int connections, requests, open;
} server;

struct reply {
	uv_write_t write;
	char *bytes;
	bool close;
};

static void peer_closed(uv_handle_t *handle)
{
	atomic_fetch_sub(&server.open, 1);
	free(handle->data);
}

static void peer_close(struct peer *peer)
{
	if (!uv_is_closing((uv_handle_t *)&peer->tcp))
		uv_close((uv_handle_t *)&peer->tcp, peer_closed);
}

static void reply_written(uv_write_t *write, int status)
{
	struct reply *reply = write->data;
	if (status < 0 || reply->close)
		peer_close(write->handle->data);
	free(reply->bytes);
	free(reply);
}

static void send_bytes(struct peer *peer, char *bytes, size_t length, bool close)
{
	struct reply *reply = NEW(struct reply);
	*reply = (struct reply){.bytes = bytes, .close = close, .write = {.data = reply}};
	uv_buf_t buffer = uv_buf_init(bytes, (unsigned)length);
	uv_write(&reply->write, (uv_stream_t *)&peer->tcp, &buffer, 1, reply_written);
}

static MAYBE_UNUSED void send_text(struct peer *peer, const char *text, bool close)
{
	send_bytes(peer, memory_copy(text), strlen(text), close);
}

/* Headers are there, and as much body as they promise. */
static bool request_complete(const struct peer *peer)
{
	const char *end = strstr(peer->in, "\r\n\r\n");
	if (!end)
		return false;
	const char *length = strstr(peer->in, "Content-Length: ");
	return !length || strlen(end + 4) >= strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	(void)wanted;
	struct peer *peer = handle->data;
	*buffer = uv_buf_init(peer->in + peer->length, (unsigned)(sizeof(peer->in) - 1 - peer->length));
}

static void peer_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	(void)buffer;
	struct peer *peer = stream->data;
	if (length < 0) {
		peer_close(peer);
		return;
	}
	peer->length += (size_t)length;
	peer->in[peer->length] = '\0';
	if (peer->in[0] == 0x16) { /* somebody speaks TLS */
		send_text(peer, "HTTP/1.1 400 Bad Request\r\n\r\n", true);
		return;
	}
	if (!request_complete(peer))
		return;
	atomic_fetch_add(&server.requests, 1);
	server.answer(peer);
	peer->length = 0;
}

static void accept_peer(uv_stream_t *listener, int status)
{
	if (status < 0)
		return; /* whoever asked will say so */
	struct peer *peer = NEW(struct peer);
	peer->tcp.data = peer;
	uv_tcp_init(listener->loop, &peer->tcp);
	uv_accept(listener, (uv_stream_t *)&peer->tcp);
	atomic_fetch_add(&server.connections, 1);
	atomic_fetch_add(&server.open, 1);
	uv_read_start((uv_stream_t *)&peer->tcp, give_room, peer_read);
}

static bool server_start(void (*answer)(struct peer *peer))
{
	server.answer = answer;
	signal(SIGPIPE, SIG_IGN);
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	server.loop = loop_new("server");
	uv_tcp_init(loop_uv(server.loop), &server.listener);
	struct sockaddr_in address;
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_bind(&server.listener, (struct sockaddr *)&address, 0);
	if (uv_listen((uv_stream_t *)&server.listener, BACKLOG, accept_peer))
		return false;
	int length = sizeof(address);
	uv_tcp_getsockname(&server.listener, (struct sockaddr *)&address, &length);
	server.port = ntohs(address.sin_port);
	loop_start(server.loop);
	return true;
}

static void close_peers(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (handle->type == UV_TCP && handle != (uv_handle_t *)&server.listener)
		peer_close(handle->data);
}

static void server_stop(void)
{
	loop_stop(server.loop);
	loop_join(server.loop);
	uv_walk(loop_uv(server.loop), close_peers, NULL);
	loop_free(server.loop);
}

/* Connections that the server sees, once it has seen everything. */
static MAYBE_UNUSED void wait_until_open(int count)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	while (atomic_load(&server.open) != count && clock_mono_ms() < until)
		usleep(1000);
	assert_int_equal(atomic_load(&server.open), count);
}

#endif
