/* main.c - the composition root: create in order, run, release in reverse */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "engine/engine.h"
#include "jobs/import.h"
#include "jobs/jobs.h"
#include "store/event.h"
#include "store/lock.h"
#include "store/store.h"

/* Whoever opens a run of a million rows for the first time has its matrices and its facets counted, which takes both
 * seconds; an import or an export may be at work besides. One more is left for everybody else's small questions. */
enum { JOB_THREADS = 4, DESCRIPTORS_WANTED = 8192, DESCRIPTORS_NEEDED = 256 };

/* Everything that `serve` owns, in the order in which it is made. */
struct parts {
	const struct config *config;
	char *datasets;
	struct lock *lock;
	struct store *store;
	struct jobs *jobs;
	struct engine *engine;
	struct api *api;
};

static bool make_directory(const char *path, struct error *err)
{
	AUTO_FREE char *copy = memory_copy(path);
	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			return error_set(err, ERROR_IO, "the directory %s cannot be made: %s", copy, strerror(errno));
		if (!slash)
			return true;
		*slash = '/';
	}
}

/* One descriptor per request in flight and per connection: the soft limit of 1,024 is soon reached. */
static bool raise_descriptors(struct error *err)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t wanted = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur >= DESCRIPTORS_NEEDED ||
	       error_set(err, ERROR_CONFIG, "only %llu open files are allowed, %d are needed; raise it with \"ulimit -n\"",
	                 (unsigned long long)limit.rlim_cur, DESCRIPTORS_NEEDED);
}

static bool append_event(struct writer *writer, void *arg, struct error *err)
{
	struct event event = {.kind = *(enum event_kind *)arg};
	return event_append(writer, &event, err);
}

static bool note(struct store *store, enum event_kind kind, struct error *err)
{
	return store_write_wait(store, append_event, &kind, err);
}

static bool parts_make(struct parts *parts, struct error *err)
{
	const char *data_dir = parts->config->server.data_dir;
	parts->datasets = memory_format("%s/datasets", data_dir);
	if (!raise_descriptors(err) || !make_directory(parts->datasets, err))
		return false;
	if (!(parts->lock = lock_take(data_dir, err)))
		return false;
	struct store_options store = {.directory = data_dir,
	                              .allow_network_filesystem = parts->config->server.network_file_system};
	if (!(parts->store = store_open(&store, err)) || !note(parts->store, EVENT_SERVER_STARTED, err))
		return false;
	if (!(parts->jobs = jobs_new(parts->store, JOB_THREADS, err)))
		return false;
	import_resume(parts->jobs, parts->datasets);
	struct engine_options engine = {
		.store = parts->store, .config = parts->config, .datasets = parts->datasets};
	if (!(parts->engine = engine_new(&engine, err)))
		return false;
	struct api_options api = {.config = parts->config,
	                          .store = parts->store,
	                          .engine = parts->engine,
	                          .jobs = parts->jobs,
	                          .datasets = parts->datasets,
	                          .data_dir = data_dir};
	return (parts->api = api_new(&api, err)) != NULL;
}

static void parts_release(struct parts *parts)
{
	struct error err = {0};
	if (parts->api)
		api_runtime_remove(parts->api);
	api_free(parts->api);
	engine_free(parts->engine);
	jobs_free(parts->jobs);
	if (parts->store && !note(parts->store, EVENT_SERVER_STOPPED, &err))
		log_error("main", "%s", err.text);
	store_close(parts->store);
	lock_release(parts->lock);
	free(parts->datasets);
}

static bool say_where(struct parts *parts, struct error *err)
{
	AUTO_FREE char *link = api_login_link(parts->api, err);
	if (!link || !api_runtime_write(parts->api, err))
		return false;
	char host[256] = "this-machine";
	gethostname(host, sizeof(host) - 1);
	int port = api_port(parts->api);
	printf("mekiki serves %s\n"
	       "  log in (once, within 15 minutes):  %s\n"
	       "  from another machine, first:       ssh -L %d:127.0.0.1:%d %s\n"
	       "  data:                              %s\n",
	       api_url(parts->api), link, port, port, host, parts->config->server.data_dir);
	fflush(stdout);
	return true;
}

/* SIGTERM and SIGINT are waited for by the main thread; blocked before any thread starts, so that none takes them. */
static void block_signals(sigset_t *set)
{
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void wait_for_the_end(const sigset_t *set)
{
	int number = 0;
	while (sigwait(set, &number) != 0)
		;
	log_info("main", "%s: stopping; every result is committed, runs go on at the next start", strsignal(number));
}

/* A second signal while we wind down kills the workers that are being stopped; a third one is our own end. Nothing
 * committed is lost by either. */
struct impatience {
	struct engine *engine;
	const sigset_t *signals;
	atomic_bool over; /* the engine has ended: the next signal is only to wake the thread */
};

static void *wait_for_impatience(void *arg)
{
	struct impatience *impatience = arg;
	for (int number = 0, heard = 0;; heard++) {
		while (sigwait(impatience->signals, &number) != 0)
			;
		if (atomic_load(&impatience->over))
			return NULL;
		if (heard)
			_exit(128 + number);
		log_warning("main", "%s again: what is being stopped is killed", strsignal(number));
		engine_hurry(impatience->engine);
	}
}

static void end_engine(struct engine *engine, const sigset_t *signals)
{
	struct impatience impatience = {.engine = engine, .signals = signals};
	pthread_t thread;
	bool watched = pthread_create(&thread, NULL, wait_for_impatience, &impatience) == 0;
	engine_end(engine);
	if (!watched)
		return;
	atomic_store(&impatience.over, true);
	pthread_kill(thread, SIGTERM); /* blocked everywhere: it only ends the wait */
	pthread_join(thread, NULL);
}

static int serve(int argc, char **argv)
{
	int code;
	struct config *config = cli_serve_config(argc, argv, &code);
	if (!config)
		return code;
	log_init((enum log_level)config->logging.level, config->logging.format == LOG_FORMAT_JSON);
	sigset_t signals;
	block_signals(&signals);
	struct parts parts = {.config = config};
	struct error err = {0};
	bool good = parts_make(&parts, &err) && say_where(&parts, &err);
	if (good)
		wait_for_the_end(&signals);
	else
		fprintf(stderr, "mekiki: %s\n", err.text);
	if (good)
		end_engine(parts.engine, &signals);
	parts_release(&parts);
	config_free(config);
	return good ? CLI_FINE : CLI_FAILED;
}

int main(int argc, char **argv)
{
	return cli_main(argc, argv, serve);
}
