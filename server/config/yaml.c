#include "config/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum { MERGE_DEPTH = 8, SHOWN = 40 };

/* The bytes of a line, counted from 0; *length without its end. */
static const char *line_of(const char *bytes, size_t size, size_t line, size_t *length)
{
	const char *end = bytes + size;
	for (; line > 0; line--) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));
		if (!feed)
			break;
		bytes = feed + 1;
	}
	const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));
	*length = (size_t)((feed ? feed : end) - bytes);
	return bytes;
}

/* 1-based column of a tab before the first other character of a line, 0 = none. */
static int tab_in_indent(const char *bytes, size_t size, size_t line)
{
	size_t length;
	const char *text = line_of(bytes, size, line, &length);
	for (size_t i = 0; i < length && (text[i] == ' ' || text[i] == '\t'); i++)
		if (text[i] == '\t')
			return (int)i + 1;
	return 0;
}

static bool report_tab(const char *bytes, size_t length, size_t line, struct config_problems *problems)
{
	for (size_t back = 0; back < 2 && back <= line; back++) {
		int column = tab_in_indent(bytes, length, line - back);
		if (!column)
			continue;
		problems_add(problems, CONFIG_ERROR, (struct config_place){(int)(line - back) + 1, column}, "",
		             "the line is indented with a tab; YAML indents with spaces only");
		return true;
	}
	return false;
}

static void report_syntax(const yaml_parser_t *parser, const char *bytes, size_t length,
                          struct config_problems *problems)
{
	if (parser->error == YAML_READER_ERROR) {
		size_t line = 0;
		for (size_t i = 0; i < parser->problem_offset && i < length; i++)
			line += bytes[i] == '\n';
		problems_add(problems, CONFIG_ERROR, (struct config_place){(int)line + 1, 1}, "",
		             "not valid YAML: %s; the file must be UTF-8 text", parser->problem);
		return;
	}
	if (report_tab(bytes, length, parser->problem_mark.line, problems))
		return;
	struct config_place place = {(int)parser->problem_mark.line + 1, (int)parser->problem_mark.column + 1};
	const char *what = parser->problem ? parser->problem : "it cannot be read";
	if (parser->context)
		problems_add(problems, CONFIG_ERROR, place, "", "not valid YAML: %s, %s that began on line %d", what,
		             parser->context, (int)parser->context_mark.line + 1);
	else
		problems_add(problems, CONFIG_ERROR, place, "", "not valid YAML: %s", what);
}

/* False when another document follows. */
static bool refuse_second(yaml_parser_t *parser, struct config_problems *problems)
{
	yaml_document_t second;
	if (!yaml_parser_load(parser, &second))
		return true; /* what is behind the end of the first does not matter to us */
	const yaml_node_t *root = yaml_document_get_root_node(&second);
	if (root)
		problems_add(problems, CONFIG_ERROR, yaml_place(root), "",
		             "a second YAML document begins here; the file must hold one");
	yaml_document_delete(&second);
	return !root;
}

bool yaml_open(struct yaml *yaml, const char *bytes, size_t length, struct config_problems *problems)
{
	*yaml = (struct yaml){0};
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
	bool good = yaml_parser_load(&parser, &yaml->document);
	if (!good)
		report_syntax(&parser, bytes, length, problems);
	yaml->loaded = good;
	if (good && yaml_root(yaml))
		good = refuse_second(&parser, problems);
	yaml_parser_delete(&parser);
	return good;
}

void yaml_release(struct yaml *yaml)
{
	if (yaml->loaded)
		yaml_document_delete(&yaml->document);
	yaml->loaded = false;
}

const yaml_node_t *yaml_root(struct yaml *yaml)
{
	return yaml->loaded ? yaml_document_get_root_node(&yaml->document) : NULL;
}

static const yaml_node_t *node_at(struct yaml *yaml, int index)
{
	return yaml_document_get_node(&yaml->document, index);
}

static const struct yaml_entry *find_entry(const struct yaml_entries *entries, size_t upto, const char *key)
{
	for (size_t i = 0; i < upto; i++)
		if (text_equal(entries->items[i].key, key))
			return &entries->items[i];
	return NULL;
}

static void add_own(const struct yaml_entry *entry, const char *path, struct config_problems *problems,
                    struct yaml_entries *out)
{
	const struct yaml_entry *first = find_entry(out, out->count, entry->key);
	if (!first) {
		VECTOR_ADD(out->items, out->count, out->capacity) = *entry;
		return;
	}
	AUTO_FREE char *full = memory_format("%s%s%.60s", path, *path ? "." : "", entry->key);
	problems_add(problems, CONFIG_ERROR, yaml_place(entry->name), full,
	             "stands twice; it is already on line %d", yaml_place(first->name).line);
}

static void add_merged(struct yaml *yaml, const yaml_node_t *source, int depth, struct config_problems *problems,
                       struct yaml_entries *out)
{
	if (source->type == YAML_SEQUENCE_NODE && depth < MERGE_DEPTH) {
		for (size_t i = 0; i < yaml_length(source); i++)
			add_merged(yaml, yaml_element(yaml, source, i), depth + 1, problems, out);
		return;
	}
	if (source->type != YAML_MAPPING_NODE || depth >= MERGE_DEPTH) {
		problems_add(problems, CONFIG_ERROR, yaml_place(source), "<<", "expected a mapping to merge");
		return;
	}
	const yaml_node_t *deeper = NULL;
	for (const yaml_node_pair_t *pair = source->data.mapping.pairs.start; pair < source->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *name = node_at(yaml, pair->key);
		if (name->type != YAML_SCALAR_NODE)
			continue; /* reported where the mapping itself stands */
		struct yaml_entry entry = {yaml_text(name), name, node_at(yaml, pair->value)};
		if (text_equal(entry.key, "<<"))
			deeper = entry.value;
		else if (!find_entry(out, out->count, entry.key))
			VECTOR_ADD(out->items, out->count, out->capacity) = entry;
	}
	if (deeper)
		add_merged(yaml, deeper, depth + 1, problems, out);
}

void yaml_entries_read(struct yaml *yaml, const yaml_node_t *mapping, const char *path,
                       struct config_problems *problems, struct yaml_entries *out)
{
	*out = (struct yaml_entries){0};
	const yaml_node_t *merge = NULL;
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *name = node_at(yaml, pair->key);
		struct yaml_entry entry = {NULL, name, node_at(yaml, pair->value)};
		if (name->type != YAML_SCALAR_NODE) {
			problems_add(problems, CONFIG_ERROR, yaml_place(name), path,
			             "expected a name before the colon, found a list or mapping");
			continue;
		}
		entry.key = yaml_text(name);
		if (text_equal(entry.key, "<<"))
			merge = entry.value;
		else
			add_own(&entry, path, problems, out);
	}
	if (merge)
		add_merged(yaml, merge, 0, problems, out);
}

void yaml_entries_release(struct yaml_entries *entries)
{
	free(entries->items);
	*entries = (struct yaml_entries){0};
}

size_t yaml_length(const yaml_node_t *sequence)
{
	return (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
}

const yaml_node_t *yaml_element(struct yaml *yaml, const yaml_node_t *sequence, size_t index)
{
	return node_at(yaml, sequence->data.sequence.items.start[index]);
}

struct config_place yaml_place(const yaml_node_t *node)
{
	return (struct config_place){(int)node->start_mark.line + 1, (int)node->start_mark.column + 1};
}

bool yaml_is_quoted(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

bool yaml_is_null(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE || yaml_is_quoted(node))
		return false;
	const char *text = yaml_text(node);
	return !*text || text_equal(text, "~") || text_equal(text, "null") || text_equal(text, "Null") ||
	       text_equal(text, "NULL");
}

bool yaml_is_scalar(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && !yaml_is_null(node);
}

const char *yaml_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

char *yaml_what(const yaml_node_t *node)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return memory_copy("a list");
	if (node->type == YAML_MAPPING_NODE)
		return memory_copy("a mapping");
	if (yaml_is_null(node))
		return memory_copy("nothing");
	const char *text = yaml_text(node);
	size_t length = node->data.scalar.length;
	size_t shown = text_utf8_cut(text, strlen(text), SHOWN);
	return memory_format("\"%.*s%s\"%s", (int)shown, text, shown < length ? "..." : "",
	                     yaml_is_quoted(node) ? " in quotes" : "");
}
