/* value.h - one value of the file, by its row of the option table */
#ifndef MEKIKI_CONFIG_VALUE_H
#define MEKIKI_CONFIG_VALUE_H

#include "config/options.h"
#include "config/yaml.h"

struct value_context {
	struct yaml *yaml;
	struct config_problems *problems;
	const char *directory; /* absolute; relative paths start here */
};

/* Reads a node into base + option->at (when the option has a place), else reports what was expected. */
bool value_read(const struct value_context *context, const struct option *option, const yaml_node_t *node,
                const char *key, void *base);

/* The same for a default; the table is wrong when it does not read (a bug, asserted). */
void value_default(const struct option *option, const char *directory, void *base);

/* ~ and relative paths made absolute; free(). */
char *value_path(const char *directory, const char *path);

#endif
