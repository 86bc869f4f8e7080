/* vllm_sim.c - a server that speaks like `vllm serve` 0.32 and fails on command
 *
 * It has a little HTTP/1.1 reader and writer of its own over libuv: a good
 * server library would keep it from what it is for, cut bodies, resets, silence,
 * a port that is bound and refuses. What is imitated, and on which evidence, is
 * in README.md; the options are one table in sim_options.c.
 *
 * Layers, each of the pure ones linked by tests/unit/test_sim.c:
 *   vllm_sim / sim_server sim_routes sim_chat sim_connection (libuv)
 *   / sim_request sim_answer sim_faults sim_metrics sim_batch sim_opinion
 *     sim_latency sim_http sim_options sim_hash (pure) / sim_ledger / base
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sim_latency.h"
#include "sim_opinion.h"
#include "sim_serve.h"
#include "sim_server.h"
#include "sim_title.h"

typedef void line_printer(const struct sim_options *options, const char *domain);

static void print_opinion(const struct sim_options *options, const char *domain)
{
	struct sim_opinion opinion;
	sim_opinion_of((uint64_t)options->opinion_seed, domain, &opinion);
	printf("%s\t%s\t%.2f\n", domain, opinion.is_phishing ? "true" : "false", opinion.confidence);
}

static void print_work(const struct sim_options *options, const char *domain)
{
	printf("%s\t%.6f\n", domain, sim_latency_of((uint64_t)options->seed, domain));
}

/* --opinion, --work: what the server would do, without a server, one line per domain. */
static bool print_lines(const struct sim_options *options, const char *path, line_printer *print, struct error *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	FILE *file = from_stdin ? stdin : fopen(path, "re");
	if (!file)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	while (getline(&line, &capacity, file) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		print(options, line);
	}
	if (!from_stdin)
		fclose(file);
	return true;
}

static bool write_pid(const char *path, struct error *err)
{
	FILE *file = path ? fopen(path, "we") : NULL;
	if (!path)
		return true;
	if (!file)
		return error_set(err, ERROR_IO, "pid file %s: %s", path, strerror(errno));
	fprintf(file, "%d\n", (int)getpid());
	return fclose(file) == 0 || error_set(err, ERROR_IO, "pid file %s: %s", path, strerror(errno));
}

/* A thousand clients are a thousand descriptors. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool serve(struct sim_options *options, int *exit_status, struct error *err)
{
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	struct sim_ledger *ledger = sim_ledger_open(options->ledger, options->name, err);
	if (!ledger)
		return false;
	struct sim_server server;
	bool started = sim_server_start(&server, options, ledger, err) && write_pid(options->pid_file, err);
	if (started)
		sim_server_run(&server);
	sim_server_release(&server);
	*exit_status = server.exit_status;
	sim_ledger_close(ledger);
	if (started && options->pid_file)
		unlink(options->pid_file);
	return started;
}

static bool act(struct sim_options *options, int *status, struct error *err)
{
	if (options->opinion)
		return print_lines(options, options->opinion, print_opinion, err);
	if (options->work)
		return print_lines(options, options->work, print_work, err);
	return serve(options, status, err);
}

/* `serve MODEL`: vLLM's command line. */
static bool parse(struct sim_options *options, int argc, char **argv, bool *help, struct error *err)
{
	if (argc < 2 || strcmp(argv[1], "serve") != 0)
		return sim_options_parse(options, argc, argv, help, err);
	char **all = sim_serve_arguments(argc, argv, getenv("VLLM_SIM_OPTIONS"), &argc, err);
	if (!all)
		return false;
	bool good = sim_options_parse(options, argc, all, help, err);
	for (int i = 0; i < argc; i++)
		free(all[i]);
	free(all);
	return good || error_prefix(err, "vllm: error: unrecognized arguments");
}

int main(int argc, char **argv)
{
	struct sim_options options;
	struct error err = {0};
	bool help;
	int status = 0;
	sim_title_init(argc, argv);
	sim_options_init(&options);
	if (!parse(&options, argc, argv, &help, &err)) {
		fprintf(stderr, "vllm-sim: %s\n", err.text);
		status = 2; /* as argparse */
	} else if (help) {
		sim_options_help(stdout);
	} else if (!act(&options, &status, &err)) {
		fprintf(stderr, "vllm-sim: %s\n", err.text);
		status = 1;
	}
	sim_options_release(&options);
	return status;
}
