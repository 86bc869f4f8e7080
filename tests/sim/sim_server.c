#include "sim_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim_chat.h"
#include "sim_connection.h"
#include "sim_life.h"
#include "sim_load.h"

enum { BACKLOG = 4096 }; /* above any number of clients a test has; the kernel's somaxconn is the same */

static double seconds_now(void)
{
	return (double)uv_hrtime() * 1e-9;
}

uint64_t sim_server_scaled(const struct sim_server *server, int64_t ms)
{
	return (uint64_t)llround((double)ms * server->options->time_scale);
}

const char *sim_server_model(const struct sim_server *server)
{
	return json_object_iter_key(json_object_iter(server->options->models));
}

/* The engine */

static void set_alarm(struct sim_server *server)
{
	double next = sim_batch_next(&server->batch);
	struct itimerspec when = {0}; /* all zero: off */
	if (isfinite(next)) {
		int64_t ns = (int64_t)(next * 1e9) + 1000; /* a little late: never woken for nothing */
		when.it_value.tv_sec = ns / 1000000000;
		when.it_value.tv_nsec = ns % 1000000000;
	}
	timerfd_settime(server->alarm, 0, &when, NULL);
}

void sim_server_pump(struct sim_server *server)
{
	struct sim_job *job;
	double now = seconds_now();
	while ((job = sim_batch_advance(&server->batch, now)))
		sim_chat_finish(job);
	set_alarm(server);
	sim_life_request_ended(server);
}

static void on_alarm(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	struct sim_server *server = poll->data;
	uint64_t times;
	if (read(server->alarm, &times, sizeof(times)) > 0)
		sim_server_pump(server);
}

/* The port */

/* By hand, because libuv puts off the errors of bind() and knows no SO_REUSEPORT. */
static int bound_socket(const struct sim_server *server, struct error *err)
{
	const struct sim_options *options = server->options;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && inet_pton(AF_INET, options->host, &address.sin_addr) == 1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (!options->reuseport || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error_set(err, ERROR_NETWORK, "cannot bind %s:%d: [Errno %d] %s", options->host, server->port, errno, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

bool sim_server_bind(struct sim_server *server, struct error *err)
{
	int fd = bound_socket(server, err);
	if (fd < 0)
		return false;
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	getsockname(fd, (struct sockaddr *)&address, &size);
	server->port = ntohs(address.sin_port);
	server->listener = NEW(uv_tcp_t);
	server->listener->data = server;
	uv_tcp_init(&server->loop, server->listener);
	int code = uv_tcp_open(server->listener, fd);
	return code == 0 || error_set(err, ERROR_NETWORK, "port %d: %s", server->port, uv_strerror(code));
}

static void on_listener_closed(uv_handle_t *handle)
{
	free(handle);
}

void sim_server_unbind(struct sim_server *server)
{
	if (server->listener)
		uv_close((uv_handle_t *)server->listener, on_listener_closed);
	server->listener = NULL;
}

static void on_client(uv_stream_t *listener, int status)
{
	if (status == 0)
		sim_connection_accept(listener->data, listener);
}

static void on_back(uv_timer_t *timer)
{
	sim_server_up(timer->data);
}

/* The port is bound again at once, so that it refuses and nobody else can take it. */
static void on_away(uv_timer_t *timer)
{
	struct sim_server *server = timer->data;
	struct error err = {0};
	server->phase = SIM_AWAY;
	server->options->away_after = -1;
	sim_server_unbind(server);
	sim_connection_reset_all(server);
	if (!sim_server_bind(server, &err)) {
		fprintf(stderr, "vllm-sim: %s\n", err.text);
		sim_server_stop(server, 1);
		return;
	}
	uv_timer_start(&server->phase_timer, on_back, sim_server_scaled(server, server->options->away_for), 0);
}

static void plan_away(struct sim_server *server)
{
	if (server->options->away_after >= 0)
		uv_timer_start(&server->phase_timer, on_away, sim_server_scaled(server, server->options->away_after), 0);
	else
		uv_timer_stop(&server->phase_timer);
}

void sim_server_up(struct sim_server *server)
{
	int code = uv_listen((uv_stream_t *)server->listener, BACKLOG, on_client);
	if (code != 0) {
		fprintf(stderr, "vllm-sim: port %d: [Errno %d] %s\n", server->port, -code, uv_strerror(code));
		sim_server_stop(server, 1);
		return;
	}
	if (server->phase == SIM_LOADING) {
		printf("listening on http://%s:%d\n", server->options->host, server->port);
		fflush(stdout);
	}
	server->phase = SIM_UP;
	plan_away(server);
}

void sim_server_apply(struct sim_server *server, bool away_was_set)
{
	sim_life_apply(server);
	if (away_was_set && server->phase == SIM_UP)
		plan_away(server);
}

/* The life of the process */

void sim_server_stop(struct sim_server *server, int exit_status)
{
	server->exit_status = exit_status;
	uv_stop(&server->loop);
}

static void init_handles(struct sim_server *server)
{
	uv_loop_init(&server->loop);
	uv_timer_init(&server->loop, &server->phase_timer);
	sim_life_init(server);
	server->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	uv_poll_init(&server->loop, &server->alarm_poll, server->alarm);
	server->phase_timer.data = server->alarm_poll.data = server;
	uv_poll_start(&server->alarm_poll, UV_READABLE, on_alarm);
}

bool sim_server_start(struct sim_server *server, struct sim_options *options, struct sim_ledger *ledger, struct error *err)
{
	*server = (struct sim_server){.options = options, .ledger = ledger, .port = (int)options->port};
	server->attempts = json_object();
	server->ids = json_object();
	server->metrics.started_at = (double)clock_wall_ms() / 1000;
	sim_batch_init(&server->batch, (int)options->max_num_seqs, options->beta, seconds_now());
	server->batch.frozen = options->freeze || options->sleeping;
	init_handles(server);
	return sim_load_begin(server, err);
}

void sim_server_run(struct sim_server *server)
{
	uv_run(&server->loop, UV_RUN_DEFAULT);
}

void sim_server_release(struct sim_server *server)
{
	server->dropping = true;
	while (server->batch.running_count)
		sim_chat_drop(server->batch.running[0]);
	while (server->batch.first)
		sim_chat_drop(server->batch.first);
	while (server->connections)
		sim_connection_close(server->connections);
	sim_server_unbind(server);
	uv_close((uv_handle_t *)&server->phase_timer, NULL);
	sim_life_close(server);
	uv_close((uv_handle_t *)&server->alarm_poll, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	close(server->alarm);
	sim_batch_release(&server->batch);
	free(server->frozen_metrics);
	json_decref(server->attempts);
	json_decref(server->ids);
	sim_children_release(&server->children);
}
