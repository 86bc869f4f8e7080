/* sim_life.h - how the process ends, and what it does when its engine does
 *
 * SIGTERM with --vllm-manners (llm-servers A2, seen on 0.32.0): while loading it
 * is swallowed; when ready the engine is killed at once, the port refuses, and
 * the process waits until the clients of open requests have left; with
 * --shutdown-timeout running requests are answered meanwhile and new ones are
 * 500. A dead engine: open requests 500, /health 503 for a moment, exit 0 - or,
 * with VLLM_KEEP_ALIVE_ON_ENGINE_DEATH, 500 and 503 for ever.
 */
#ifndef MEKIKI_SIM_LIFE_H
#define MEKIKI_SIM_LIFE_H

struct sim_server;

void sim_life_init(struct sim_server *server); /* signals */
void sim_life_watch_engine(struct sim_server *server); /* once there is one */
void sim_life_close(struct sim_server *server);
/* A request has ended: was it the last that kept us? */
void sim_life_request_ended(struct sim_server *server);
/* Whatever stops the engine: --freeze, sleep, a stopped process, our own end. */
void sim_life_apply(struct sim_server *server);

#endif
