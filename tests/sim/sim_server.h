/* sim_server.h - one simulated server: its port, its phases, its engine
 *
 * Everything runs on one libuv loop and one thread. The port goes through
 * loading (bound, refusing) -> up -> away (bound, refusing, connections reset)
 * -> up. The engine is a sim_batch that a timerfd wakes when its next
 * completion is due: loop timers have whole milliseconds, too coarse when nine
 * seconds are scaled to nine milliseconds.
 */
#ifndef MEKIKI_SIM_SERVER_H
#define MEKIKI_SIM_SERVER_H

#include <uv.h>

#include "sim_batch.h"
#include "sim_children.h"
#include "sim_ledger.h"
#include "sim_metrics.h"
#include "sim_options.h"

struct sim_connection;

enum sim_phase { SIM_LOADING, SIM_UP, SIM_AWAY };
/* After SIGTERM: running requests are still answered; nobody is, and we wait for clients to leave. */
enum sim_ending { SIM_STAYS, SIM_GRACE, SIM_LEAVING };

struct sim_server {
	struct sim_options *options; /* borrowed */
	struct sim_ledger *ledger;   /* borrowed */
	uv_loop_t loop;
	uv_tcp_t *listener; /* freed by its close callback; NULL while there is none */
	int port;
	enum sim_phase phase;
	uv_timer_t phase_timer;
	size_t load_step; /* the next one, see sim_load.c */
	uint64_t load_began;
	uv_signal_t on_term, on_int, on_child;
	uv_timer_t life_timer;
	uv_poll_t news_poll;
	bool news_watched;
	struct sim_children children;
	enum sim_ending ending;
	bool engine_dead, slept;
	struct sim_batch batch;
	int alarm; /* timerfd */
	uv_poll_t alarm_poll;
	struct sim_metrics metrics;
	char *frozen_metrics;
	json_t *attempts; /* domain -> how many requests for it came */
	json_t *ids;      /* a set: request ids that were seen, for --reject-duplicate-ids */
	int64_t seen, ended;
	struct sim_connection *connections; /* a list; see sim_connection.c */
	int connection_count;
	bool dropping; /* connections end by our doing, not the client's */
	int exit_status;
};

/* Binds the port, says so on stdout, and starts loading. ERROR_NETWORK names the address. */
bool sim_server_start(struct sim_server *server, struct sim_options *options, struct sim_ledger *ledger, struct error *err);
void sim_server_run(struct sim_server *server); /* until a signal or --exit-after */
void sim_server_release(struct sim_server *server);
void sim_server_stop(struct sim_server *server, int exit_status);

/* For sim_load.c: the port is bound (and refuses); it listens; it is given up. */
bool sim_server_bind(struct sim_server *server, struct error *err);
void sim_server_up(struct sim_server *server);
void sim_server_unbind(struct sim_server *server);

/* Brings the batch to the present, ends what is due, and sets the alarm: call before and after changing the batch. */
void sim_server_pump(struct sim_server *server);
/* After options were switched. */
void sim_server_apply(struct sim_server *server, bool away_was_set);

uint64_t sim_server_scaled(const struct sim_server *server, int64_t ms);
const char *sim_server_model(const struct sim_server *server); /* the first served name */

#endif
