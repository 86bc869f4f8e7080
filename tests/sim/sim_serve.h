/* sim_serve.h - vLLM's command line: `vllm-sim serve MODEL --port 8001 --served-model-name A B`
 *
 * Turns it into the options of vllm-sim, which are taken too. Those of vLLM that
 * mean nothing here are read over, as a list; anything else is the error that
 * argparse gives. $VLLM_SIM_OPTIONS holds more options, divided by spaces.
 */
#ifndef MEKIKI_SIM_SERVE_H
#define MEKIKI_SIM_SERVE_H

#include <stdbool.h>

struct error;

/* An argument vector as main() gets it (free() it and each of its members), or NULL with ERROR_CONFIG. */
char **sim_serve_arguments(int argc, char **argv, const char *more, int *count, struct error *err);

#endif
