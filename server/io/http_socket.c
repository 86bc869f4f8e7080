/* libuv keeps one watcher per descriptor, epoll forgets a descriptor that was
 * closed, and numbers are reused at once: so a watcher must go before close(2),
 * or the next connection with that number inherits a registration that is not
 * there. libcurl says CURL_POLL_REMOVE first; CLOSESOCKETFUNCTION is the guarantee.
 */
#include "http_socket.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

struct http_socket {
	uv_poll_t poll;
	struct http_sockets *sockets;
	curl_socket_t fd;
};

struct http_sockets {
	uv_timer_t timer;
	uv_loop_t *uv;
	CURLM *multi;
	loop_call *progress;
	void *arg;
	struct http_socket **by_fd; /* NULL = not watched */
	size_t room;
};

static void act(struct http_sockets *sockets, curl_socket_t fd, int events)
{
	int running;
	curl_multi_socket_action(sockets->multi, fd, events, &running);
	sockets->progress(sockets->arg);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct http_socket *socket = poll->data;
	int seen = status < 0 ? CURL_CSELECT_ERR : 0;
	if (events & UV_READABLE)
		seen |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		seen |= CURL_CSELECT_OUT;
	act(socket->sockets, socket->fd, seen);
}

static struct http_socket *watcher(struct http_sockets *sockets, curl_socket_t fd)
{
	size_t place = (size_t)fd;
	if (place >= sockets->room) {
		size_t room = (place + 1) * 2;
		sockets->by_fd = memory_grow(sockets->by_fd, room, sizeof(*sockets->by_fd));
		for (size_t i = sockets->room; i < room; i++)
			sockets->by_fd[i] = NULL;
		sockets->room = room;
	}
	if (!sockets->by_fd[place]) {
		struct http_socket *socket = NEW(struct http_socket);
		*socket = (struct http_socket){.sockets = sockets, .fd = fd, .poll = {.data = socket}};
		int failed = uv_poll_init(sockets->uv, &socket->poll, fd);
		assert(!failed);
		sockets->by_fd[place] = socket;
	}
	return sockets->by_fd[place];
}

static void poll_closed(uv_handle_t *poll)
{
	free(poll->data);
}

static void forget(struct http_sockets *sockets, curl_socket_t fd)
{
	size_t place = (size_t)fd;
	if (place >= sockets->room || !sockets->by_fd[place])
		return;
	/* Leaves epoll at once, so that the number is free; the memory follows a round later. */
	uv_close((uv_handle_t *)&sockets->by_fd[place]->poll, poll_closed);
	sockets->by_fd[place] = NULL;
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	(void)easy;
	(void)unused;
	struct http_sockets *sockets = arg;
	if (what == CURL_POLL_REMOVE) {
		forget(sockets, fd);
		return 0;
	}
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	int failed = uv_poll_start(&watcher(sockets, fd)->poll, events, socket_ready);
	assert(!failed);
	return 0;
}

static int socket_closes(void *arg, curl_socket_t fd)
{
	forget(arg, fd);
	return close(fd);
}

static void timer_rings(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wanted(CURLM *multi, long in_ms, void *arg)
{
	(void)multi;
	struct http_sockets *sockets = arg;
	if (in_ms < 0)
		return uv_timer_stop(&sockets->timer);
	uv_update_time(sockets->uv);
	return uv_timer_start(&sockets->timer, timer_rings, (uint64_t)in_ms, 0);
}

struct http_sockets *http_sockets_new(struct loop *loop, CURLM *multi, loop_call *progress, void *arg)
{
	struct http_sockets *sockets = NEW(struct http_sockets);
	*sockets = (struct http_sockets){
		.uv = loop_uv(loop), .multi = multi, .progress = progress, .arg = arg, .timer = {.data = sockets}};
	uv_timer_init(sockets->uv, &sockets->timer);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sockets);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, sockets);
	return sockets;
}

static void sockets_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void http_sockets_free(struct http_sockets *sockets)
{
	for (size_t fd = 0; fd < sockets->room; fd++)
		forget(sockets, (curl_socket_t)fd);
	free(sockets->by_fd);
	uv_close((uv_handle_t *)&sockets->timer, sockets_closed);
}

void http_sockets_adopt(struct http_sockets *sockets, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_closes);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, sockets);
}
