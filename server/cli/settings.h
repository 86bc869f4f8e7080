/* settings.h - the configuration as a command gets it: --config, --data-dir, --set */
#ifndef MEKIKI_CLI_SETTINGS_H
#define MEKIKI_CLI_SETTINGS_H

#include <stdio.h>

#include "cli/args.h"
#include "config/config.h"

/* One line per problem that is at least this severe. */
void settings_print_problems(const struct config_problems *problems, FILE *out, enum config_severity least);

/* Loads, says on stderr what is wrong, and applies the overrides; NULL when there are errors. */
struct config *settings_load(const char *file, const char *data_dir, const struct arg_texts *overrides,
                             enum config_severity least);

#endif
