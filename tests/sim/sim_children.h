/* sim_children.h - the processes of one vLLM besides its API server
 *
 * EngineCore is a child of the API server, the workers are children of
 * EngineCore, all in the same session and process group. They compute nothing:
 * they hold GPU memory and die as the real ones do (llm-servers A1, A2):
 *   API server killed      all live on, for ten minutes at most
 *   engine killed          the API server hears of it; a worker lives on for a while
 *   a worker killed        the engine follows
 *   engine or worker stopped   nothing is computed; /health stays 200
 * A resource tracker ends when everybody else has ended.
 */
#ifndef MEKIKI_SIM_CHILDREN_H
#define MEKIKI_SIM_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

#include "sim_options.h"

enum { SIM_WORKERS_MOST = 32 };

struct sim_children {
	pid_t engine;                           /* 0 = none, or it has ended */
	volatile pid_t *workers;                /* shared with the engine, which writes them; SIM_WORKERS_MOST */
	int worker_count;
	int news;                               /* what the engine says of its workers; -1 = none */
	int lifeline;                           /* the tracker's; -1 = none */
	bool engine_stopped, worker_stopped;
};

void sim_children_start(struct sim_children *children, const struct sim_options *options);
/* After SIGCHLD or news: true when the engine has died meanwhile. */
bool sim_children_look(struct sim_children *children);
/* As vLLM ends its engine: SIGKILL to engine and workers; waits for their end. */
void sim_children_kill(struct sim_children *children);
void sim_children_release(struct sim_children *children);

#endif
