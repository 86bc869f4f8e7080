#include "config/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"

/* An object of the file that is being read: a section, a worker or the top level. */
struct scope {
	const char *section; /* of the option table: "", "server", "workers[]" */
	const char *shown;   /* of messages: "workers[1]" */
	struct given *given;
	void *base;
};

static void given_init(struct given *given)
{
	given->nodes = memory_array(option_count, sizeof(*given->nodes));
}

void reader_init(struct reader *reader, struct yaml *yaml, const char *directory, struct config *config,
                 struct config_problems *problems)
{
	*reader = (struct reader){
		.values = {yaml, problems, directory},
		.config = config,
		.answered = memory_array(option_count, sizeof(bool)),
	};
	given_init(&reader->top);
}

void reader_release(struct reader *reader)
{
	for (size_t i = 0; reader->workers && i < reader->config->worker_count; i++)
		free(reader->workers[i].nodes);
	free(reader->workers);
	free(reader->places);
	free(reader->top.nodes);
	free(reader->answered);
}

const yaml_node_t *reader_node(const struct given *given, const char *key)
{
	return given->nodes[option_index(option_find(key))];
}

const char *reader_text(const struct given *given, const char *key)
{
	const yaml_node_t *node = reader_node(given, key);
	return node && yaml_is_scalar(node) ? yaml_text(node) : NULL;
}

static void unknown_key(struct reader *reader, const struct scope *scope, const struct yaml_entry *entry,
                        const char *shown)
{
	const char *nearest = option_nearest(scope->section, entry->key);
	struct config_problems *problems = reader->values.problems;
	if (nearest)
		problems_add(problems, CONFIG_ERROR, yaml_place(entry->name), shown,
		             "unknown key, did you mean \"%s\"?", nearest);
	else
		problems_add(problems, CONFIG_ERROR, yaml_place(entry->name), shown, "unknown key");
}

/* A key that does not work: one warning or an error, unless it asks for what happens anyway. */
static void answer(struct reader *reader, const struct option *option, const struct yaml_entry *entry,
                   const char *shown)
{
	if (!value_read(&reader->values, option, entry->value, shown, NULL))
		return;
	if (option->harmless && yaml_is_scalar(entry->value) && text_equal_fold(option->harmless, yaml_text(entry->value)))
		return;
	bool *answered = &reader->answered[option_index(option)];
	bool warning = option->status == OPTION_REPLACED;
	if (!warning || !*answered)
		problems_add(reader->values.problems, warning ? CONFIG_WARNING : CONFIG_ERROR,
		             yaml_place(entry->name), shown, "%s", option->help);
	*answered = true;
}

static void read_key(struct reader *reader, const struct scope *scope, const struct yaml_entry *entry)
{
	AUTO_FREE char *key = memory_format("%s%s%s", scope->section, *scope->section ? "." : "", entry->key);
	size_t shown_length = text_utf8_cut(entry->key, strlen(entry->key), 60);
	AUTO_FREE char *shown = memory_format("%s%s%.*s", scope->shown, *scope->shown ? "." : "", (int)shown_length,
	                                      entry->key);
	const struct option *option = option_find(key);
	if (!option) {
		unknown_key(reader, scope, entry, shown);
		return;
	}
	if (yaml_is_null(entry->value))
		return; /* says the same as leaving it out */
	if (option->status != OPTION_WORKS) {
		answer(reader, option, entry, shown);
		return;
	}
	scope->given->nodes[option_index(option)] = entry->value;
	value_read(&reader->values, option, entry->value, shown, scope->base);
}

static bool expect(struct reader *reader, const yaml_node_t *node, yaml_node_type_t type, const char *key,
                   const char *expected)
{
	if (node->type == type)
		return true;
	AUTO_FREE char *found = yaml_what(node);
	problems_add(reader->values.problems, CONFIG_ERROR, yaml_place(node), key, "expected %s, found %s", expected,
	             found);
	return false;
}

static void read_scope(struct reader *reader, const struct scope *scope, const yaml_node_t *mapping)
{
	AUTO_ENTRIES struct yaml_entries entries;
	yaml_entries_read(reader->values.yaml, mapping, scope->shown, reader->values.problems, &entries);
	for (size_t i = 0; i < entries.count; i++)
		read_key(reader, scope, &entries.items[i]);
}

static void worker_defaults(struct reader *reader, size_t index)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_in_section(&options[i], "workers[]"))
			value_default(&options[i], reader->values.directory, &reader->config->workers[index]);
}

static void read_workers(struct reader *reader, const yaml_node_t *list)
{
	if (!expect(reader, list, YAML_SEQUENCE_NODE, "workers", "a list of workers, each beginning with \"- \""))
		return;
	size_t count = yaml_length(list);
	reader->config->workers = memory_array(count, sizeof(*reader->config->workers));
	reader->config->worker_count = count;
	reader->workers = memory_array(count, sizeof(*reader->workers));
	reader->places = memory_array(count, sizeof(*reader->places));
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *node = yaml_element(reader->values.yaml, list, i);
		AUTO_FREE char *shown = memory_format("workers[%zu]", i);
		given_init(&reader->workers[i]);
		reader->places[i] = yaml_place(node);
		reader->config->workers[i].line = reader->places[i].line;
		worker_defaults(reader, i);
		reader->workers[i].unusable =
			!expect(reader, node, YAML_MAPPING_NODE, shown, "a mapping such as {id: 0, port: 8000}");
		if (!reader->workers[i].unusable)
			read_scope(reader, &(struct scope){"workers[]", shown, &reader->workers[i],
			                                  &reader->config->workers[i]}, node);
	}
}

static void read_top_entry(struct reader *reader, const struct yaml_entry *entry)
{
	struct scope scope = {"", "", &reader->top, reader->config};
	bool workers = text_equal(entry->key, "workers");
	if (!workers && !option_is_section(entry->key)) {
		read_key(reader, &scope, entry);
		return;
	}
	if (yaml_is_null(entry->value))
		return; /* a section whose keys are all commented out */
	if (workers) {
		read_workers(reader, entry->value);
		return;
	}
	scope.section = scope.shown = entry->key;
	if (expect(reader, entry->value, YAML_MAPPING_NODE, entry->key, "a mapping of keys"))
		read_scope(reader, &scope, entry->value);
}

void reader_walk(struct reader *reader)
{
	const yaml_node_t *root = yaml_root(reader->values.yaml);
	if (!root || yaml_is_null(root))
		return;
	if (!expect(reader, root, YAML_MAPPING_NODE, "", "a mapping of sections such as \"workers:\""))
		return;
	AUTO_ENTRIES struct yaml_entries entries;
	yaml_entries_read(reader->values.yaml, root, "", reader->values.problems, &entries);
	for (size_t i = 0; i < entries.count; i++)
		read_top_entry(reader, &entries.items[i]);
}
