/* annotated.c - the option table as a file to start from, and as help */
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/options.h"

/* The keys of the example worker that are not comments. */
static const char *example(const struct option *option)
{
	if (text_equal(option->key, "workers[].id"))
		return "0";
	return text_equal(option->key, "workers[].url") ? "\"http://127.0.0.1:8000\"" : NULL;
}

static void print_key(FILE *out, const struct option *option, bool worker)
{
	const char *indent = worker ? "    " : "  ";
	AUTO_FREE char *expected = option_expected(option);
	const char *value = example(option);
	bool first = value && option->type == OPTION_ID;
	if (first)
		fprintf(out, "  -\n");
	fprintf(out, "%s# %s.\n%s# Expected: %s.\n", indent, option->help, indent, expected);
	if (!value)
		value = option->fallback;
	fprintf(out, "%s%s%s:%s%s\n\n", indent, example(option) ? "" : "#", option_leaf(option), value ? " " : "",
	        value ? value : "");
}

static void print_section(FILE *out, const struct option_section *section)
{
	bool workers = text_equal(section->name, "workers[]");
	fprintf(out, "# %s\n%s:\n", section->help, workers ? "workers" : section->name);
	for (size_t i = 0; i < option_count; i++)
		if (options[i].status == OPTION_WORKS && option_in_section(&options[i], section->name))
			print_key(out, &options[i], workers);
	if (workers)
		fprintf(out, "  # One line is enough for another:\n"
		             "  #- {id: 1, url: \"https://lab.example/v1\", api_key_file: ~/.config/mekiki/lab.key}\n\n");
}

static void print_others(FILE *out)
{
	fprintf(out, "# Keys of the original parallel_config.yaml that are answered with a message:\n");
	for (size_t i = 0; i < option_count; i++)
		if (options[i].status != OPTION_WORKS)
			fprintf(out, "#   %s%s: %s.\n", options[i].key,
			        options[i].status == OPTION_REPLACED ? "" : " (refused)", options[i].help);
}

void config_annotated(FILE *out)
{
	fprintf(out, "# mekiki.yaml - every key, what it does, and its default\n#\n"
	             "# Written by `mekiki config --annotated` from the option table; do not edit the copy in\n"
	             "# the source tree. A key that begins with # has its default. Relative paths start at this\n"
	             "# file's directory. `mekiki check-config FILE` tells what is wrong with a file.\n\n");
	for (size_t i = 0; i < option_section_count; i++)
		print_section(out, &option_sections[i]);
	print_others(out);
}
