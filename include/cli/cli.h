/* cli.h - the command line: a client of the REST API, and nothing more
 *
 * One table (cli.c) has every command: its handler, its line of help, its
 * usage. Only `serve` is not a client; main.c passes it in. What people read is
 * plain English on stdout, problems are on stderr, colour and redrawing only on
 * a terminal; --json prints what the API answered.
 *
 * The server is found by --url or MEKIKI_URL (with MEKIKI_TOKEN), else by
 * runtime.json in the data directory of the same user.
 */
#ifndef MEKIKI_CLI_CLI_H
#define MEKIKI_CLI_CLI_H

#include <stdbool.h>

#include "config/config.h"

enum cli_exit {
	CLI_FINE = 0,       /* done; a run that was followed has finished */
	CLI_FAILED = 1,     /* refused, failed, or the run was stopped */
	CLI_USAGE = 2,      /* the command line or the configuration is wrong */
	CLI_NO_SERVER = 3,  /* no server answers */
	CLI_WAITING = 4,    /* the run waits for a worker and --patience is over */
	CLI_LEFT = 130      /* Ctrl-C while following; the run goes on */
};

/* argv[0] is the command's name; returns the exit code. */
typedef int cli_handler(int argc, char **argv);

int cli_main(int argc, char **argv, cli_handler *serve);

/* For `serve`: reads its options and the configuration, says on stderr what is wrong or
 * worth knowing. NULL = leave with *code. */
struct config *cli_serve_config(int argc, char **argv, int *code);

#endif
