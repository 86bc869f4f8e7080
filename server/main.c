/* main.c - the composition root: create in order, run, release in reverse */
#include <stdio.h>

#include "cli/cli.h"

static int serve(int argc, char **argv)
{
	int code;
	struct config *config = cli_serve_config(argc, argv, &code);
	if (!config)
		return code;
	fprintf(stderr, "mekiki serve: not wired yet\n");
	config_free(config);
	return CLI_FAILED;
}

int main(int argc, char **argv)
{
	return cli_main(argc, argv, serve);
}
