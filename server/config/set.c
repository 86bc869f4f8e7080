/* set.c - one key, from the command line */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "config/value.h"

static bool read_one(struct config *config, const struct option *option, const char *value,
                     struct config_problems *problems)
{
	char directory[PATH_MAX];
	struct yaml yaml;
	struct value_context context = {&yaml, problems, getcwd(directory, sizeof(directory)) ? directory : "."};
	bool good = yaml_open(&yaml, value, strlen(value), problems) && yaml_root(&yaml) &&
	            value_read(&context, option, yaml_root(&yaml), option->key, config);
	yaml_release(&yaml);
	return good;
}

bool config_set(struct config *config, const char *key, const char *value, struct error *err)
{
	const struct option *option = option_find(key);
	if (!option || option_in_section(option, "workers[]")) {
		const char *nearest = option ? NULL : option_nearest("", key);
		return error_set(err, ERROR_CONFIG, "%s: %s%s%s", key, option ? "cannot be set here" : "unknown key",
		                 nearest ? ", did you mean " : "", nearest ? nearest : "");
	}
	if (option->status != OPTION_WORKS || option->at == SIZE_MAX)
		return error_set(err, ERROR_CONFIG, "%s: %s", key, option->help);
	struct config_problems problems = {0};
	bool good = read_one(config, option, value, &problems);
	if (!good)
		error_set(err, ERROR_CONFIG, "%s: %s", key, problems.count ? problems.items[0].text : "expected a value");
	config_problems_release(&problems);
	return good;
}
