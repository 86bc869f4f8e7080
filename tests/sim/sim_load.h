/* sim_load.h - a start as vllm logs it, and the ways in which it fails
 *
 * One table of steps with their share of --load-time: lines (some end in a
 * carriage return, as tqdm's do), the bind of the port, the birth of the
 * children, the taking of GPU memory. Lines and order are those of 0.32.0 on a
 * CPU where that has them, else of issue threads (README.md).
 *
 * Each failure has its lines, the step at which it comes, and an exit status.
 */
#ifndef MEKIKI_SIM_LOAD_H
#define MEKIKI_SIM_LOAD_H

#include <stdbool.h>

#define SIM_LOAD_PHASES "none|import|config|engine|weights|compile|kv|graphs"
#define SIM_LOAD_FAILURES "none|args|model|port|gpu_busy|memprof|oom|kv|kv_len|zmq|uuid|cuda|silent|killed"

struct sim_server;
struct error;

/* Begins the start; the rest comes by the server's timer. A port that cannot be bound at once is ERROR_NETWORK. */
bool sim_load_begin(struct sim_server *server, struct error *err);
/* The engine died while the model was loading: the end that vllm has then. */
void sim_load_engine_died(struct sim_server *server);
/* How SIGTERM finds a start: before the engine is there it kills, later it is swallowed, in the first half for good. */
enum sim_load_term { SIM_LOAD_DIES, SIM_LOAD_STALLS, SIM_LOAD_GOES_ON };
enum sim_load_term sim_load_on_term(const struct sim_server *server);

#endif
