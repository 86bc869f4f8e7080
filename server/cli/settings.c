#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

void settings_print_problems(const struct config_problems *problems, FILE *out, enum config_severity least)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].severity < least)
			continue;
		AUTO_FREE char *line = config_problems_text(problems, &problems->items[i]);
		fprintf(out, "%s\n", line);
	}
}

static bool override(struct config *config, const char *text, struct error *err)
{
	size_t length = strcspn(text, "=");
	if (!text[length])
		return error_set(err, ERROR_CONFIG, "--set: expected KEY=VALUE, such as server.listen=127.0.0.1:0, found \"%s\"",
		                 text);
	AUTO_FREE char *key = memory_copy_n(text, length);
	return config_set(config, key, text + length + 1, err);
}

static bool apply(struct config *config, const char *data_dir, const struct arg_texts *overrides, struct error *err)
{
	for (size_t i = 0; overrides && i < overrides->count; i++)
		if (!override(config, overrides->items[i], err))
			return false;
	return !data_dir || config_set(config, "server.data_dir", data_dir, err);
}

struct config *settings_load(const char *file, const char *data_dir, const struct arg_texts *overrides,
                             enum config_severity least)
{
	struct config *config;
	struct config_problems problems;
	struct error err = {0};
	config_load(file, &config, &problems);
	settings_print_problems(&problems, stderr, least);
	config_problems_release(&problems);
	if (config && !apply(config, data_dir, overrides, &err)) {
		fprintf(stderr, "mekiki: %s\n", err.text);
		config_free(config);
		return NULL;
	}
	return config;
}
