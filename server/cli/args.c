#include "cli/args.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

/* The walk over argv. */
struct walk {
	const struct args *args;
	int argc;
	char **argv;
	int at;
	size_t positional;
};

static void texts_add(struct arg_texts *texts, char *text)
{
	texts->items = memory_grow(texts->items, texts->count + 1, sizeof(*texts->items));
	texts->items[texts->count++] = text;
}

void args_texts_release(struct arg_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct arg_texts){0};
}

static bool take_list(const struct arg *arg, const char *value, struct error *err)
{
	struct arg_texts *list = arg->out;
	AUTO_FREE char *copy = memory_copy(value);
	for (char *rest = copy, *part; (part = strsep(&rest, ","));) {
		if (!*part || strpbrk(part, " \t"))
			return error_set(err, ERROR_CONFIG, "--%s: expected %s, such as \"1,2\", found \"%s\"", arg->name,
			                 arg->value, value);
		for (size_t i = 0; i < list->count; i++)
			if (text_equal(list->items[i], part))
				return error_set(err, ERROR_CONFIG, "--%s: \"%s\" stands twice", arg->name, part);
		texts_add(list, memory_copy(part));
	}
	return true;
}

static bool take_value(const struct arg *arg, const char *value, struct error *err)
{
	switch (arg->kind) {
	case ARG_FLAG:
		*(bool *)arg->out = true;
		return true;
	case ARG_TEXT:
		if (!*value)
			return error_set(err, ERROR_CONFIG, "--%s: expected %s, found nothing", arg->name, arg->value);
		*(const char **)arg->out = value;
		return true;
	case ARG_TEXTS:
		texts_add(arg->out, memory_copy(value));
		return true;
	case ARG_INT:
		if (text_to_int(value, arg->min, arg->max, arg->out))
			return true;
		return error_set(err, ERROR_CONFIG, "--%s: expected a whole number from %lld to %lld, found \"%s\"",
		                 arg->name, (long long)arg->min, (long long)arg->max, value);
	case ARG_COUNT:
		if (text_equal_fold(value, "all")) {
			*(int64_t *)arg->out = 0;
			return true;
		}
		if (text_to_int(value, 1, INT64_MAX, arg->out))
			return true;
		return error_set(err, ERROR_CONFIG, "--%s: expected a whole number of at least 1, or ALL, found \"%s\"",
		                 arg->name, value);
	case ARG_LIST:
		return take_list(arg, value, err);
	}
	return false;
}

static bool refuse_unknown(const struct args *args, const char *name, struct error *err)
{
	const char *nearest = NULL;
	int best = strlen(name) < 5 ? 2 : 4; /* a short name may differ by one letter, a long one by three */
	for (size_t i = 0; i < args->count; i++) {
		int distance = text_distance(name, args->list[i].name);
		if (distance < best) {
			best = distance;
			nearest = args->list[i].name;
		}
	}
	if (nearest)
		return error_set(err, ERROR_CONFIG, "unknown option --%s, did you mean --%s?", name, nearest);
	return error_set(err, ERROR_CONFIG, "unknown option --%s", name);
}

static const struct arg *find_long(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++)
		if (text_equal(args->list[i].name, name))
			return &args->list[i];
	return NULL;
}

static const struct arg *find_letter(const struct args *args, char letter)
{
	for (size_t i = 0; letter && i < args->count; i++)
		if (args->list[i].letter == letter)
			return &args->list[i];
	return NULL;
}

/* `value` is what stood behind "=", or NULL. */
static bool take(struct walk *walk, const struct arg *arg, const char *value, struct error *err)
{
	if (arg->kind == ARG_FLAG && value)
		return error_set(err, ERROR_CONFIG, "--%s takes no value", arg->name);
	if (arg->kind != ARG_FLAG && !value) {
		if (walk->at + 1 >= walk->argc)
			return error_set(err, ERROR_CONFIG, "--%s: expected %s, found nothing", arg->name, arg->value);
		value = walk->argv[++walk->at];
	}
	return take_value(arg, value, err);
}

static bool take_long(struct walk *walk, const char *word, struct error *err)
{
	size_t length = strcspn(word, "=");
	AUTO_FREE char *name = memory_copy_n(word, length);
	const struct arg *arg = find_long(walk->args, name);
	if (!arg)
		return refuse_unknown(walk->args, name, err);
	return take(walk, arg, word[length] ? word + length + 1 : NULL, err);
}

static bool take_positional(struct walk *walk, const char *word, struct error *err)
{
	if (walk->positional == walk->args->max_positional)
		return error_set(err, ERROR_CONFIG, "unexpected \"%s\"; usage: mekiki %s %s", word, walk->args->command,
		                 walk->args->usage);
	walk->args->positional[walk->positional++] = word;
	return true;
}

static bool take_word(struct walk *walk, bool *only_positional, struct error *err)
{
	const char *word = walk->argv[walk->at];
	if (*only_positional || word[0] != '-' || !word[1])
		return take_positional(walk, word, err);
	if (text_equal(word, "--")) {
		*only_positional = true;
		return true;
	}
	if (word[1] == '-')
		return take_long(walk, word + 2, err);
	const struct arg *arg = find_letter(walk->args, word[1]);
	if (!arg || (word[2] && arg->kind == ARG_FLAG))
		return error_set(err, ERROR_CONFIG, "unknown option %s", word);
	return take(walk, arg, word[2] ? word + 2 : NULL, err);
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc && !text_equal(argv[i], "--"); i++)
		if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h"))
			return true;
	return false;
}

bool args_read(const struct args *args, int argc, char **argv, bool *help, struct error *err)
{
	*help = asks_help(argc, argv);
	if (*help)
		return true;
	struct walk walk = {args, argc, argv, 1, 0};
	bool only_positional = false;
	for (; walk.at < argc; walk.at++)
		if (!take_word(&walk, &only_positional, err))
			return false;
	if (walk.positional < args->min_positional)
		return error_set(err, ERROR_CONFIG, "something is missing; usage: mekiki %s %s", args->command, args->usage);
	return true;
}

void args_help(const struct args *args, FILE *out)
{
	fprintf(out, "usage: mekiki %s %s\n", args->command, args->usage);
	if (args->about)
		fprintf(out, "\n%s\n", args->about);
	if (args->count)
		fprintf(out, "\noptions:\n");
	for (size_t i = 0; i < args->count; i++) {
		const struct arg *arg = &args->list[i];
		AUTO_FREE char *shown = memory_format("%c%c%s--%s%s%s", arg->letter ? '-' : ' ', arg->letter ? arg->letter : ' ',
		                                      arg->letter ? ", " : "  ", arg->name, arg->value ? " " : "",
		                                      arg->value ? arg->value : "");
		fprintf(out, "  %-28s  %s\n", shown, arg->help);
	}
}

bool args_take(const struct args *args, int argc, char **argv, int *code)
{
	struct error err = {0};
	bool help;
	*code = CLI_USAGE;
	if (!args_read(args, argc, argv, &help, &err)) {
		fprintf(stderr, "mekiki %s: %s\n", args->command, err.text);
		return false;
	}
	if (!help)
		return true;
	args_help(args, stdout);
	*code = CLI_FINE;
	return false;
}
