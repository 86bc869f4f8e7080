/* reader.h - walking the file along the option table
 *
 * What was given, and where, is kept per object, so that checks which need two
 * keys can point at the right line.
 */
#ifndef MEKIKI_CONFIG_READER_H
#define MEKIKI_CONFIG_READER_H

#include "config/value.h"

struct given {
	const yaml_node_t **nodes; /* by option_index(); NULL = not given */
	bool unusable;             /* no mapping at all, and reported */
};

struct reader {
	struct value_context values;
	struct config *config;
	bool *answered;              /* by option_index(): its warning was given */
	struct given top;
	struct given *workers;       /* as many as config->worker_count */
	struct config_place *places; /* of each worker */
};

void reader_init(struct reader *reader, struct yaml *yaml, const char *directory, struct config *config,
                 struct config_problems *problems);
void reader_release(struct reader *reader);
void reader_walk(struct reader *reader);

/* The node that was given for a key, or NULL. */
const yaml_node_t *reader_node(const struct given *given, const char *key);
/* Its text, or NULL. */
const char *reader_text(const struct given *given, const char *key);

/* worker.c: urls, ids, secrets and defaults that depend on other keys. */
void worker_finish_all(struct reader *reader);

/* file.c: a whole small file; NULL with a problem at `node`. free(). */
char *file_read(struct reader *reader, const yaml_node_t *node, const char *key, const char *path, bool secret);

#endif
