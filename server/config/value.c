#include "config/value.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"

static void *place_of(const struct option *option, void *base)
{
	return option->at == SIZE_MAX || !base ? NULL : (char *)base + option->at;
}

static void set_text(void *place, char *text)
{
	if (!place) {
		free(text);
		return;
	}
	free(*(char **)place);
	*(char **)place = text;
}

static bool in_range(const struct option *option, double value)
{
	return !(option->max > option->min) || (value >= option->min && value <= option->max);
}

char *value_path(const char *directory, const char *path)
{
	if (path[0] == '~' && (path[1] == '/' || !path[1])) {
		const char *home = getenv("HOME");
		return memory_format("%s%s", home ? home : "", path + 1);
	}
	return path[0] == '/' ? memory_copy(path) : memory_format("%s/%s", directory, path);
}

static bool read_whole(const struct option *option, const char *text, int64_t *out)
{
	return text_to_int(text, INT64_MIN, INT64_MAX, out) && in_range(option, (double)*out);
}

static bool read_int(const struct option *option, const char *text, void *place)
{
	int64_t value;
	if (!read_whole(option, text, &value))
		return false;
	if (place)
		*(int64_t *)place = value;
	return true;
}

static bool read_count(const struct option *option, const char *text, void *place)
{
	if (!text_equal_fold(text, "all"))
		return read_int(option, text, place);
	*(int64_t *)place = 0;
	return true;
}

static bool read_bytes(const struct option *option, const char *text, void *place)
{
	static const char units[] = "KMGT";
	size_t length = strlen(text);
	const char *unit = length ? strchr(units, toupper((unsigned char)text[length - 1])) : NULL;
	AUTO_FREE char *number = memory_copy_n(text, length - (unit ? 1 : 0));
	double value;
	if (!length || !text_to_double(number, &value))
		return false;
	if (unit)
		value = ldexp(value, 10 * (int)(unit - units + 1));
	if (!in_range(option, value))
		return false;
	*(int64_t *)place = (int64_t)value;
	return true;
}

static bool read_seconds(const struct option *option, const char *text, int64_t *ms)
{
	double value;
	if (!text_to_double(text, &value) || !in_range(option, value))
		return false;
	*ms = (int64_t)llround(value * 1000);
	return true;
}

static bool read_number(const struct option *option, const char *text, void *place)
{
	double value;
	if (!text_to_double(text, &value) || !in_range(option, value))
		return false;
	if (place)
		*(double *)place = value;
	return true;
}

/* The words of YAML 1.1, as the original system read them. */
static bool read_truth(const char *text, bool *out)
{
	static const struct { const char *word; bool value; } words[] = {
		{"true", true}, {"yes", true}, {"on", true}, {"false", false}, {"no", false}, {"off", false},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_equal_fold(text, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	return false;
}

static bool read_choice(const struct option *option, const char *text, void *place)
{
	int index = 0;
	size_t length = strlen(text);
	for (const char *at = option->choices; *at; index++) {
		size_t width = strcspn(at, "|");
		if (width == length && strncasecmp(at, text, length) == 0) {
			*(int *)place = index;
			return true;
		}
		at += width + (at[width] ? 1 : 0);
	}
	return false;
}

static bool is_id(const char *text)
{
	size_t length = strlen(text);
	if (length < 1 || length > 64)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
			return false;
	return true;
}

/* "host:port", ":port", "port", "[::1]:port"; host and port lie side by side in struct config. */
static bool read_address(const char *text, void *place)
{
	const char *colon = strrchr(text, ':');
	const char *digits = colon ? colon + 1 : text;
	int64_t port;
	if (!text_to_int(digits, 0, 65535, &port))
		return false;
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
	AUTO_FREE char *host = brackets  ? memory_copy_n(text + 1, length - 2)
	                       : length ? memory_copy_n(text, length)
	                                : memory_copy("127.0.0.1");
	if (!*host || strpbrk(host, " /[]@?#") || (!brackets && strchr(host, ':')))
		return false;
	struct { char *host; int port; } *address = place;
	set_text(&address->host, TAKE(host));
	address->port = (int)port;
	return true;
}

/* "22:00-07:00" */
static bool read_hours(const char *text, struct config_hours *place)
{
	int fields[4], used = 0;
	if (sscanf(text, "%2d:%2d-%2d:%2d%n", &fields[0], &fields[1], &fields[2], &fields[3], &used) != 4 || text[used])
		return false;
	for (int i = 0; i < 4; i += 2)
		if (fields[i] < 0 || fields[i + 1] < 0 || fields[i + 1] > 59 || fields[i] * 60 + fields[i + 1] > 24 * 60)
			return false;
	if (place)
		*place = (struct config_hours){true, fields[0] * 60 + fields[1], fields[2] * 60 + fields[3]};
	return true;
}

/* A scalar by its type; `directory` for paths. */
static bool read_scalar(const struct option *option, const char *text, const char *directory, void *place)
{
	bool truth;
	switch (option->type) {
	case OPTION_TEXT:
	case OPTION_URL:
		set_text(place, memory_copy(text));
		return true;
	case OPTION_PATH:
		if (!*text)
			return false;
		set_text(place, value_path(directory, text));
		return true;
	case OPTION_ID:
		if (!is_id(text))
			return false;
		set_text(place, memory_copy(text));
		return true;
	case OPTION_ADDRESS:
		return read_address(text, place);
	case OPTION_INT:
		return read_int(option, text, place);
	case OPTION_COUNT_OR_ALL:
		return read_count(option, text, place);
	case OPTION_BYTES:
		return read_bytes(option, text, place);
	case OPTION_SECONDS:
		return read_seconds(option, text, place);
	case OPTION_NUMBER:
		return read_number(option, text, place);
	case OPTION_BOOL:
	case OPTION_SWITCH:
		if (!read_truth(text, &truth))
			return false;
		if (place && option->type == OPTION_BOOL)
			*(bool *)place = truth;
		else if (place)
			*(int *)place = truth ? SWITCH_ON : SWITCH_OFF;
		return true;
	case OPTION_CHOICE:
		return read_choice(option, text, place);
	case OPTION_HOURS:
		return read_hours(text, place);
	case OPTION_SECONDS_LIST:
	case OPTION_TEXTS:
	case OPTION_ANY:
		break;
	}
	return false;
}

static bool is_numeric(enum option_type type)
{
	return type == OPTION_INT || type == OPTION_SECONDS || type == OPTION_NUMBER || type == OPTION_BOOL ||
	       type == OPTION_SWITCH;
}

static void texts_add(struct config_texts *texts, const char *text)
{
	texts->items = memory_grow(texts->items, texts->count + 1, sizeof(*texts->items));
	texts->items[texts->count++] = memory_copy(text);
}

static bool read_texts(const struct value_context *context, const yaml_node_t *node, struct config_texts *place)
{
	if (yaml_is_scalar(node)) {
		texts_add(place, yaml_text(node));
		return true;
	}
	if (node->type != YAML_SEQUENCE_NODE)
		return false;
	for (size_t i = 0; i < yaml_length(node); i++) {
		const yaml_node_t *element = yaml_element(context->yaml, node, i);
		if (!yaml_is_scalar(element))
			return false;
		texts_add(place, yaml_text(element));
	}
	return true;
}

static bool read_durations(const struct value_context *context, const struct option *option, const yaml_node_t *node,
                           struct config_durations *place)
{
	struct config_durations out = {0};
	size_t length = node->type == YAML_SEQUENCE_NODE ? yaml_length(node) : 0;
	if (length < 1 || length > sizeof(out.ms) / sizeof(out.ms[0]))
		return false;
	for (; out.count < length; out.count++) {
		const yaml_node_t *element = yaml_element(context->yaml, node, out.count);
		if (!yaml_is_scalar(element) || yaml_is_quoted(element) ||
		    !read_seconds(option, yaml_text(element), &out.ms[out.count]))
			return false;
	}
	*place = out;
	return true;
}

static bool read_node(const struct value_context *context, const struct option *option, const yaml_node_t *node,
                      void *place)
{
	if (option->type == OPTION_ANY)
		return true;
	if (option->type == OPTION_TEXTS)
		return read_texts(context, node, place);
	if (option->type == OPTION_SECONDS_LIST)
		return read_durations(context, option, node, place);
	if (!yaml_is_scalar(node) || (yaml_is_quoted(node) && is_numeric(option->type)))
		return false;
	if (strlen(yaml_text(node)) != node->data.scalar.length)
		return false; /* "\0" in quotes */
	return read_scalar(option, yaml_text(node), context->directory, place);
}

bool value_read(const struct value_context *context, const struct option *option, const yaml_node_t *node,
                const char *key, void *base)
{
	if (read_node(context, option, node, place_of(option, base)))
		return true;
	AUTO_FREE char *expected = option_expected(option);
	AUTO_FREE char *found = yaml_what(node);
	problems_add(context->problems, CONFIG_ERROR, yaml_place(node), key, "expected %s, found %s", expected, found);
	return false;
}

void value_default(const struct option *option, const char *directory, void *base)
{
	if (!option->fallback || option->status != OPTION_WORKS)
		return;
	struct yaml yaml;
	struct config_problems problems = {0};
	struct value_context context = {&yaml, &problems, directory};
	bool good = yaml_open(&yaml, option->fallback, strlen(option->fallback), &problems) &&
	            value_read(&context, option, yaml_root(&yaml), option->key, base);
	assert(good);
	(void)good;
	yaml_release(&yaml);
	config_problems_release(&problems);
}
