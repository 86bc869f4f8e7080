#include "sim_life.h"

#include <signal.h>
#include <stdlib.h>

#include "sim_chat.h"
#include "sim_connection.h"
#include "sim_load.h"
#include "sim_server.h"

enum { DEATH_SEEN_MS = 60, WATCHDOG_MS = 700, SECOND_MS = 1000 };

void sim_life_apply(struct sim_server *server)
{
	const struct sim_children *children = &server->children;
	bool stopped = children->engine_stopped || children->worker_stopped;
	server->batch.frozen = server->options->freeze || server->options->sleeping || stopped || server->ending == SIM_LEAVING;
	sim_server_pump(server);
}

void sim_life_request_ended(struct sim_server *server)
{
	if (server->ending != SIM_STAYS && server->batch.running_count + server->batch.waiting == 0)
		sim_server_stop(server, 0);
}

/* The engine goes, the port refuses; who has an open request is neither answered nor closed. */
static void leave(struct sim_server *server)
{
	server->ending = SIM_LEAVING;
	sim_children_kill(&server->children);
	sim_server_unbind(server);
	sim_life_apply(server);
	sim_life_request_ended(server);
}

static void on_grace_over(uv_timer_t *timer)
{
	leave(timer->data);
}

static void term_while_loading(struct sim_server *server, int number)
{
	switch (sim_load_on_term(server)) {
	case SIM_LOAD_DIES:
		signal(number, SIG_DFL);
		raise(number);
		break;
	case SIM_LOAD_STALLS:
		uv_timer_stop(&server->phase_timer);
		break;
	case SIM_LOAD_GOES_ON:
		break;
	}
}

static void on_term(uv_signal_t *handle, int number)
{
	struct sim_server *server = handle->data;
	const struct sim_options *options = server->options;
	if (options->ignore_sigterm || server->ending != SIM_STAYS)
		return;
	if (!options->vllm_manners) {
		sim_server_stop(server, 0);
		return;
	}
	if (server->phase == SIM_LOADING) {
		term_while_loading(server, number);
		return;
	}
	if (options->shutdown_timeout == 0) {
		leave(server);
		return;
	}
	server->ending = SIM_GRACE;
	uv_timer_start(&server->life_timer, on_grace_over, sim_server_scaled(server, options->shutdown_timeout * SECOND_MS), 0);
	sim_life_request_ended(server);
}

static void on_watchdog(uv_timer_t *timer)
{
	sim_server_stop(timer->data, 0); /* vllm#48966: a dead engine is exit 0 */
}

static void engine_died(struct sim_server *server)
{
	if (server->ending != SIM_STAYS)
		return;
	if (server->phase == SIM_LOADING) {
		sim_load_engine_died(server);
		return;
	}
	server->engine_dead = true;
	printf("(APIServer pid=%d) ERROR [async_llm.py:480] AsyncLLM output_handler failed.\n", (int)getpid());
	fflush(stdout);
	sim_chat_fail_all(server);
	if (!getenv("VLLM_KEEP_ALIVE_ON_ENGINE_DEATH"))
		uv_timer_start(&server->life_timer, on_watchdog, DEATH_SEEN_MS + sim_server_scaled(server, WATCHDOG_MS), 0);
}

static void look(struct sim_server *server)
{
	bool died = sim_children_look(&server->children);
	sim_life_apply(server);
	if (died)
		engine_died(server);
}

static void on_child(uv_signal_t *handle, int number)
{
	(void)number;
	look(handle->data);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct sim_server *server = poll->data;
	(void)events;
	look(server);
	if (status < 0 || server->children.engine == 0)
		uv_poll_stop(poll);
}

void sim_life_watch_engine(struct sim_server *server)
{
	if (server->children.news < 0)
		return;
	uv_poll_init(&server->loop, &server->news_poll, server->children.news);
	server->news_poll.data = server;
	server->news_watched = true;
	uv_poll_start(&server->news_poll, UV_READABLE, on_news);
	look(server);
}

void sim_life_init(struct sim_server *server)
{
	uv_signal_t *signals[] = {&server->on_term, &server->on_int, &server->on_child};
	for (int i = 0; i < 3; i++) {
		uv_signal_init(&server->loop, signals[i]);
		signals[i]->data = server;
	}
	uv_timer_init(&server->loop, &server->life_timer);
	server->life_timer.data = server;
	server->children.news = server->children.lifeline = -1;
	uv_signal_start(&server->on_term, on_term, SIGTERM);
	uv_signal_start(&server->on_int, on_term, SIGINT);
	uv_signal_start(&server->on_child, on_child, SIGCHLD);
}

void sim_life_close(struct sim_server *server)
{
	uv_close((uv_handle_t *)&server->on_term, NULL);
	uv_close((uv_handle_t *)&server->on_int, NULL);
	uv_close((uv_handle_t *)&server->on_child, NULL);
	uv_close((uv_handle_t *)&server->life_timer, NULL);
	if (server->news_watched)
		uv_close((uv_handle_t *)&server->news_poll, NULL);
}
