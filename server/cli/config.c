#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/settings.h"

int cli_config(int argc, char **argv)
{
	bool annotated = false;
	const struct arg list[] = {
		{"annotated", 0, ARG_FLAG, &annotated, NULL, "print a file with every key, its meaning and its default", 0, 0},
	};
	const struct args args = {"config", "--annotated | --help",
	                          "Without options: every key of the configuration, with its default.", list,
	                          COUNT_OF(list), NULL, 0, 0};
	bool help = false;
	struct error err = {0};
	if (!args_read(&args, argc, argv, &help, &err)) {
		fprintf(stderr, "mekiki config: %s\n", err.text);
		return CLI_USAGE;
	}
	if (help)
		args_help(&args, stdout);
	if (help)
		fputc('\n', stdout);
	if (annotated)
		config_annotated(stdout);
	else
		config_help(stdout);
	return CLI_FINE;
}
