#include "api/daemon.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/dispatch.h"
#include "api/peer.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

/* Seconds without a byte in either direction before the library closes: also how long a reader that does not
 * read may hold an answer. */
enum { SILENCE_S = 30, SWEEP_MS = 1000, HEADER_BYTES = 32 * 1024 };

/* Descriptors that are not connections: database and its readers, logs, loops, uploads, exports. */
enum { OTHER_DESCRIPTORS = 40, FEWEST_CONNECTIONS = 16 };

struct daemon {
	struct api *api;
	struct MHD_Daemon *mhd;
	struct peers *peers;
	uv_poll_t poll;
	uv_timer_t timer;
	struct loop_timer *sweep;
	bool closed;   /* a connection, in this round */
	int listening; /* ours once the library has been told to stop */
};

static void run(struct daemon *daemon);

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void run(struct daemon *daemon)
{
	if (!daemon->mhd)
		return;
	daemon->closed = false;
	MHD_run(daemon->mhd);
	MHD_UNSIGNED_LONG_LONG wait_ms;
	/* At its limit the library stops listening, and begins again only at the start of a later round: after the round
	 * that closed a connection there must be one more, though nothing will happen to cause it. */
	if (daemon->closed)
		uv_timer_start(&daemon->timer, on_timer, 0, 0);
	else if (MHD_get_timeout(daemon->mhd, &wait_ms) == MHD_YES)
		uv_timer_start(&daemon->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&daemon->timer);
}

void daemon_resume(struct daemon *daemon, struct MHD_Connection *connection)
{
	MHD_resume_connection(connection);
	/* Soon, not now: many resumes become one round. */
	uv_timer_start(&daemon->timer, on_timer, 0, 0);
}

void daemon_close_idle(struct daemon *daemon)
{
	peers_close_idle(daemon->peers);
}

int daemon_connections(const struct daemon *daemon)
{
	return peers_count(daemon->peers);
}

static void on_sweep(void *arg)
{
	struct daemon *daemon = arg;
	peers_sweep(daemon->peers, clock_mono_ms());
}

static void on_log(void *arg, const char *format, va_list parameters) __attribute__((format(printf, 2, 0)));
static void on_log(void *arg, const char *format, va_list parameters)
{
	(void)arg;
	char text[300];
	vsnprintf(text, sizeof(text), format, parameters);
	log_debug("http", "%.*s", (int)strcspn(text, "\n"), text);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct daemon *daemon = arg;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*context = peer_add(daemon->peers, info->connect_fd, clock_mono_ms());
	} else {
		daemon->closed = true;
		peer_remove(daemon->peers, *context);
		*context = NULL;
	}
}

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct daemon *daemon = arg;
	struct request *request = request_new(daemon->api, uri);
	request->connection = connection;
	request->peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	return request;
}

static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **state)
{
	(void)arg;
	(void)connection;
	(void)url;
	(void)version;
	return dispatch_step(*state, method, data, size) ? MHD_YES : MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	(void)code;
	struct request *request = *state;
	if (!request)
		return;
	peer_waits(request->peer, clock_mono_ms());
	request_free(request);
	*state = NULL;
}

/* ---- starting ---------------------------------------------------------------- */

static int bind_one(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 511) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int listen_on(const char *host, int port, struct error *err)
{
	char service[16];
	snprintf(service, sizeof(service), "%d", port);
	struct addrinfo *found = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	int failed = getaddrinfo(host, service, &hints, &found);
	if (failed) {
		error_set(err, ERROR_CONFIG, "server.listen: \"%s\" is no address of this machine: %s", host,
		          gai_strerror(failed));
		return -1;
	}
	int fd = bind_one(found);
	int why = errno;
	freeaddrinfo(found);
	if (fd < 0 && why == EADDRINUSE)
		error_set(err, ERROR_IO, "port %d on %s is taken; end what listens there, or choose another port in "
		          "server.listen (0 = a free one)", port, host);
	else if (fd < 0)
		error_set(err, ERROR_IO, "cannot listen on %s port %d: %s", host, port, strerror(why));
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char service[16] = "0";
	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
		getnameinfo((struct sockaddr *)&address, length, NULL, 0, service, sizeof(service), NI_NUMERICSERV);
	return (int)strtol(service, NULL, 10);
}

/* Never so many connections that files can no longer be opened: accept() would fail for good, and the log and the
 * database with it. */
static int affordable_connections(const struct config *config)
{
	struct rlimit limit;
	int64_t wanted = config->limits.connections;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return (int)wanted;
	int64_t others = OTHER_DESCRIPTORS;
	for (size_t i = 0; i < config->worker_count; i++)
		others += config->workers[i].max_in_flight + 2;
	int64_t room = (int64_t)(limit.rlim_cur < 1000000 ? limit.rlim_cur : 1000000) - others;
	if (room >= wanted)
		return (int)wanted;
	int64_t afforded = room < FEWEST_CONNECTIONS ? FEWEST_CONNECTIONS : room;
	log_warning("http", "the limit of open files is %lld: %lld connections instead of %lld (ulimit -n raises it)",
	            (long long)limit.rlim_cur, (long long)afforded, (long long)wanted);
	return (int)afforded;
}

static bool start(struct daemon *daemon, int connections, struct error *err)
{
	daemon->mhd = MHD_start_daemon(
	        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_access, daemon,
	        MHD_OPTION_EXTERNAL_LOGGER, on_log, daemon, MHD_OPTION_LISTEN_SOCKET, daemon->listening,
	        MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
	        daemon, MHD_OPTION_NOTIFY_COMPLETED, on_completed, daemon, MHD_OPTION_URI_LOG_CALLBACK, on_uri, daemon,
	        MHD_OPTION_END);
	if (!daemon->mhd)
		return error_set(err, ERROR_IO, "libmicrohttpd does not start: %s", strerror(errno));
	int epoll = MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	uv_loop_t *loop = loop_uv(daemon->api->loop);
	uv_poll_init(loop, &daemon->poll, epoll);
	uv_timer_init(loop, &daemon->timer);
	daemon->poll.data = daemon->timer.data = daemon;
	uv_poll_start(&daemon->poll, UV_READABLE, on_poll);
	daemon->sweep = loop_timer_new(daemon->api->loop, on_sweep, daemon);
	loop_timer_set(daemon->sweep, SWEEP_MS, SWEEP_MS);
	return true;
}

static bool is_loopback(const char *host)
{
	return text_starts(host, "127.") || text_equal(host, "::1") || text_equal(host, "localhost");
}

struct daemon *daemon_new(struct api *api, struct error *err)
{
	if (!is_loopback(api->config->server.host))
		log_warning("http", "listens on %s: other machines reach it without encryption; everything but the login page "
		            "needs a session or a token", api->config->server.host);
	struct daemon *daemon = NEW(struct daemon);
	daemon->api = api;
	int connections = affordable_connections(api->config);
	daemon->peers = peers_new(connections);
	daemon->listening = listen_on(api->config->server.host, api->config->server.port, err);
	if (daemon->listening >= 0) {
		api->port = port_of(daemon->listening);
		if (start(daemon, connections, err))
			return daemon;
		close(daemon->listening);
	}
	peers_free(daemon->peers);
	free(daemon);
	return NULL;
}

/* ---- ending ------------------------------------------------------------------- */

void daemon_quiesce(struct daemon *daemon)
{
	if (daemon->mhd)
		MHD_quiesce_daemon(daemon->mhd);
}

void daemon_stop(struct daemon *daemon)
{
	loop_timer_free(daemon->sweep);
	daemon->sweep = NULL;
	uv_poll_stop(&daemon->poll);
	uv_timer_stop(&daemon->timer);
	uv_close((uv_handle_t *)&daemon->poll, NULL);
	uv_close((uv_handle_t *)&daemon->timer, NULL);
	MHD_stop_daemon(daemon->mhd);
	daemon->mhd = NULL;
}

void daemon_free(struct daemon *daemon)
{
	if (!daemon)
		return;
	peers_free(daemon->peers);
	if (daemon->listening >= 0)
		close(daemon->listening);
	free(daemon);
}
