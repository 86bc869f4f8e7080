/* gpus.h - the lists of the machine: its workers, its GPUs; for people, or with --json as they come */
#ifndef MEKIKI_CLI_GPUS_H
#define MEKIKI_CLI_GPUS_H

#include <stdbool.h>

struct client;
struct error;

bool workers_print(struct client *client, struct error *err);
bool gpus_print(struct client *client, struct error *err);

#endif
