#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/vector.h"
#include "base/version.h"
#include "cli/commands.h"

struct command {
	const char *name;
	cli_handler *handler; /* NULL: of main.c, or answered here */
	const char *usage;
	const char *help;
};

static const struct command commands[] = {
	{"serve", NULL, "[--config FILE]", "run the server: the API and the page"},
	{"run", cli_run, "FILE [options]", "upload a file, plan, start and follow a run"},
	{"status", cli_status, "[RUN]", "the server, its workers and runs; or one run with its figures"},
	{"watch", cli_watch, "[RUN]", "follow a run to its end"},
	{"results", cli_results, "[RUN] [-o FILE]", "the merged CSV (or JSON lines) of a run"},
	{"stop", cli_action_stop, "[RUN]", "stop a run; it can be resumed"},
	{"pause", cli_action_pause, "[RUN]", "pause a run"},
	{"resume", cli_action_resume, "[RUN]", "go on with a paused run"},
	{"workers", cli_workers, "[ACTION WORKER]", "the workers; start, stop, restart, drain, pause, ... or log of one"},
	{"gpus", cli_gpus, "", "who uses which GPU of the server's machine"},
	{"token", cli_token, "list | create PERSON | revoke ID", "tokens for people and programs"},
	{"check-config", cli_check_config, "[FILE]", "say everything that is wrong with a configuration file"},
	{"config", cli_config, "--annotated | --help", "print an annotated configuration file, or its keys"},
	{"version", NULL, "", "print the version"},
	{"help", NULL, "", "this list"},
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (text_equal(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int print_help(FILE *out)
{
	fprintf(out, "mekiki runs a language model over suspicious domains, and loses nothing on the way.\n\n"
	             "usage: mekiki COMMAND ...\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(out, "  %-12s  %-32s  %s\n", commands[i].name, commands[i].usage, commands[i].help);
	fprintf(out, "\nmekiki COMMAND --help tells more. A server is found by --url or MEKIKI_URL (with MEKIKI_TOKEN), else\n"
	             "by runtime.json in the data directory.\n\n"
	             "exit codes: 0 done, 1 failed or stopped, 2 wrong usage or configuration, 3 no server answers,\n"
	             "4 the run still waits for a worker, 130 left by Ctrl-C while the run goes on\n");
	return out == stdout ? CLI_FINE : CLI_USAGE;
}

static int refuse(const char *name)
{
	const char *nearest = NULL;
	int best = 3;
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		int distance = text_distance(name, commands[i].name);
		if (distance < best) {
			best = distance;
			nearest = commands[i].name;
		}
	}
	if (nearest)
		fprintf(stderr, "mekiki: unknown command \"%s\", did you mean \"%s\"?\n", name, nearest);
	else
		fprintf(stderr, "mekiki: unknown command \"%s\"; mekiki help lists them\n", name);
	return CLI_USAGE;
}

int cli_main(int argc, char **argv, cli_handler *serve)
{
	if (argc < 2)
		return print_help(stderr);
	const char *name = argv[1];
	if (text_equal(name, "help") || text_equal(name, "--help") || text_equal(name, "-h"))
		return print_help(stdout);
	if (text_equal(name, "version") || text_equal(name, "--version")) {
		puts("mekiki " MEKIKI_VERSION);
		return CLI_FINE;
	}
	const struct command *command = find(name);
	if (!command)
		return refuse(name);
	signal(SIGPIPE, SIG_IGN); /* a pipe that closes is an error of write, not our death */
	return command->handler ? command->handler(argc - 1, argv + 1) : serve(argc - 1, argv + 1);
}
