/* yaml.h - a YAML document with the place of everything in it (libyaml)
 *
 * Anchors, aliases and merge keys (<<) work. A key that stands twice, a key
 * that is no text and a second document are problems, never silently one of
 * the two. Nodes are borrowed from the document.
 */
#ifndef MEKIKI_CONFIG_YAML_H
#define MEKIKI_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "config/problems.h"

struct yaml {
	yaml_document_t document;
	bool loaded;
};

struct yaml_entry {
	const char *key;
	const yaml_node_t *name; /* the node of the key, for its place */
	const yaml_node_t *value;
};

struct yaml_entries {
	struct yaml_entry *items;
	size_t count, capacity;
};

/* False with one problem when it is not YAML. */
bool yaml_open(struct yaml *yaml, const char *bytes, size_t length, struct config_problems *problems);
void yaml_release(struct yaml *yaml);

/* NULL for an empty document. */
const yaml_node_t *yaml_root(struct yaml *yaml);

/* The entries of a mapping, merged ones last; `path` ("evaluation") stands before keys in messages. */
void yaml_entries_read(struct yaml *yaml, const yaml_node_t *mapping, const char *path,
                       struct config_problems *problems, struct yaml_entries *out);
void yaml_entries_release(struct yaml_entries *entries);

/* The elements of a sequence. */
size_t yaml_length(const yaml_node_t *sequence);
const yaml_node_t *yaml_element(struct yaml *yaml, const yaml_node_t *sequence, size_t index);

struct config_place yaml_place(const yaml_node_t *node);
bool yaml_is_null(const yaml_node_t *node);   /* empty, ~, null */
bool yaml_is_scalar(const yaml_node_t *node); /* and not null */
bool yaml_is_quoted(const yaml_node_t *node);
const char *yaml_text(const yaml_node_t *node); /* of a scalar */

/* What was found, for messages: `"abc"`, `a list`, `nothing`; free(). */
char *yaml_what(const yaml_node_t *node);

#define AUTO_ENTRIES AUTO(yaml_entries_release)

#endif
