/* dataset.h - files on their way to the server */
#ifndef MEKIKI_CLI_DATASET_H
#define MEKIKI_CLI_DATASET_H

#include <jansson.h>

#include "cli/client.h"

/* Uploads a file and waits until it is imported; says what was found. New reference, or NULL. */
json_t *dataset_bring(struct client *client, const char *path, struct error *err);

/* Ties a dataset to its population; the dataset as it is then, new reference, or NULL. */
json_t *dataset_tie(struct client *client, const json_t *dataset, const json_t *population, struct error *err);

#endif
