/* run.c - mekiki run: upload, plan, ask, start, follow */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/gpus.h"
#include "cli/dataset.h"
#include "cli/field.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/plan.h"
#include "cli/request.h"
#include "cli/spawn.h"

static const char about[] =
	"Uploads FILE (CSV, or one domain per line), plans, asks, starts and follows. Starts a server if none\n"
	"answers. Ctrl-C ends the looking, not the run.";

static bool connect_or_start(struct client *client, struct error *err)
{
	if (client_connect(client, err))
		return true;
	bool none = err->code == ERROR_NETWORK || err->code == ERROR_NOT_FOUND;
	return none && client->data_dir && spawn_server(client, err);
}

static int fail(const struct client *client, const struct error *err)
{
	return client_fail(client, "run", err);
}

/* The newest run, of the file's dataset when there is a file, that can still go somewhere. */
static char *find_again(struct client *client, const char *sha, const char *action, struct error *err)
{
	AUTO_JSON json_t *list = client_get(client, "/runs?limit=100", err);
	size_t index;
	json_t *run;
	json_array_foreach(json_object_get(list, "items"), index, run) {
		const char *of = json_string_value(json_object_get(json_object_get(run, "dataset"), "sha256"));
		const char *state = json_string_value(json_object_get(run, "state"));
		if (sha && !text_equal(sha, of))
			continue;
		if (text_equal(action, "start") && text_equal(state, "finished"))
			continue;
		return memory_copy(json_string_value(json_object_get(run, "id")));
	}
	if (list)
		error_set(err, ERROR_NOT_FOUND, "there is no run%s to %s", sha ? " of this file" : "",
		          text_equal(action, "start") ? "resume" : "retry");
	return NULL;
}

static bool may(const json_t *run, const char *action)
{
	size_t index;
	json_t *possible;
	json_array_foreach(json_object_get(run, "actions"), index, possible)
		if (text_equal(json_string_value(possible), action))
			return true;
	return false;
}

/* Starts it again by the action that its state allows; a live run is only followed. */
static bool again(struct client *client, const char *id, const char *wanted, struct error *err)
{
	AUTO_FREE char *path = memory_format("/runs/%s", id);
	AUTO_JSON json_t *run = client_get(client, path, err);
	if (!run)
		return false;
	bool retry = text_equal(wanted, "retry_failed");
	const char *action = retry ? wanted : may(run, "resume") ? "resume" : may(run, "start") ? "start" : NULL;
	if (!action)
		return true;
	AUTO_FREE char *target = memory_format("/runs/%s/actions", id);
	AUTO_JSON json_t *body = json_pack("{s:s}", "action", action);
	AUTO_JSON json_t *answer = NULL;
	return client_call(client, "POST", target, body, &answer, err);
}

/* Creates the run that was planned; its id, free(). */
static char *create(struct client *client, json_t *request, const json_t *plan, struct error *err)
{
	json_object_set(request, "plan_etag", json_object_get(plan, "plan_etag"));
	json_object_set_new(request, "acknowledgements", plan_codes(plan));
	json_object_set_new(request, "start", json_true());
	AUTO_JSON json_t *run = NULL;
	if (!client_call(client, "POST", "/runs", request, &run, err))
		return NULL;
	return memory_copy(json_string_value(json_object_get(run, "id")));
}

/* Plans, prints the plan, gets consent, creates. NULL = leave with *code. */
static char *launch(struct client *client, struct run_options *options, const json_t *dataset, int *code)
{
	struct error err = {0};
	AUTO_JSON json_t *request = options->request
	                                    ? request_read(options->request, &err)
	                                    : request_json(options, json_string_value(json_object_get(dataset, "sha256")));
	AUTO_JSON json_t *plan = NULL;
	*code = CLI_FINE;
	if (!request || !request_choose_workers(client, options, request, &err) ||
	    !client_call(client, "POST", "/runs/plan", request, &plan, &err)) {
		*code = fail(client, &err);
		return NULL;
	}
	if (client->json && options->dry_run)
		field_print(plan);
	else if (!client->json)
		plan_print(plan, stdout);
	if (options->dry_run)
		return NULL;
	if (!options->yes && !plan_ask(plan)) {
		*code = CLI_USAGE;
		return NULL;
	}
	char *id = create(client, request, plan, &err);
	if (!id)
		*code = fail(client, &err);
	return id;
}

/* Sends the files; the dataset as it is known then, or NULL. */
static json_t *bring(struct client *client, const struct run_options *options, struct error *err)
{
	AUTO_JSON json_t *dataset = dataset_bring(client, options->file, err);
	if (!dataset || !options->population)
		return TAKE(dataset);
	AUTO_JSON json_t *population = dataset_bring(client, options->population, err);
	if (!population)
		return NULL;
	return dataset_tie(client, dataset, population, err);
}

static char *find_or_launch(struct client *client, struct run_options *options, int *code)
{
	struct error err = {0};
	*code = CLI_FINE;
	AUTO_JSON json_t *dataset = options->file ? bring(client, options, &err) : NULL;
	if (options->file && !dataset) {
		*code = fail(client, &err);
		return NULL;
	}
	if (!options->resume && !options->retry_failed)
		return launch(client, options, dataset, code);
	const char *action = options->retry_failed ? "retry_failed" : "start";
	AUTO_FREE char *id = find_again(client, json_string_value(json_object_get(dataset, "sha256")), action, &err);
	if (id && again(client, id, action, &err))
		return TAKE(id);
	*code = fail(client, &err);
	return NULL;
}

static int start_and_follow(struct client *client, struct run_options *options)
{
	int code;
	AUTO_FREE char *id = find_or_launch(client, options, &code);
	if (!id)
		return code;
	if (!client->json)
		printf("%s runs; page: %s/runs/%s\n", id, client->url, id);
	fflush(stdout);
	if (!options->no_follow)
		return follow_run(client, "run", id, options->patience_s);
	if (client->json)
		printf("{\"id\":\"%s\"}\n", id);
	else
		printf("  watch it: mekiki watch %s; stop it: mekiki stop %s\n", id, id);
	return CLI_FINE;
}

#define FLAG(name, letter, field, help) {name, letter, ARG_FLAG, &options.field, NULL, help, 0, 0}

int cli_run(int argc, char **argv)
{
	AUTO(request_options_release) struct run_options options = {.n_sample = -1, .random_state = -1};
	AUTO_CLIENT struct client client = {0};
	const struct arg list[] = {
		{"n-sample", 'n', ARG_COUNT, &options.n_sample, "N", "evaluate N random items; ALL = all", 0, 0},
		{"first", 0, ARG_INT, &options.first, "N", "evaluate the first N items", 1, INT64_MAX},
		{"random-state", 0, ARG_INT, &options.random_state, "N", "seed of sample and shuffle", 0, UINT32_MAX},
		{"sampling", 0, ARG_TEXT, &options.sampling, "KIND", "mekiki, or pandas: the sample of DataFrame.sample", 0, 0},
		FLAG("shuffle", 0, shuffle, "random order, so that figures are representative early"),
		{"add-gpu", 0, ARG_LIST, &options.add_gpu, "IDS", "use these workers in addition to worker 0", 0, 0},
		{"workers", 'w', ARG_LIST, &options.workers, "IDS", "use exactly these workers; without it all", 0, 0},
		{"name", 0, ARG_TEXT, &options.name, "TEXT", "name of the run", 0, 0},
		{"request", 0, ARG_TEXT, &options.request, "JSON",
		 "a file with the whole run request, as the page shows it, instead of FILE and choices", 0, 0},
		{"population", 0, ARG_TEXT, &options.population, "FILE", "all decided items, for the overall figures", 0, 0},
		FLAG("yes", 'y', yes, "start without asking; acknowledges the plan's warnings"),
		FLAG("dry-run", 0, dry_run, "only plan"),
		FLAG("resume", 'r', resume, "go on with the newest unfinished run (of FILE)"),
		FLAG("retry-failed", 0, retry_failed, "evaluate the failures of the newest run (of FILE) again"),
		FLAG("check-gpus", 0, check_gpus, "only show the workers and who uses the GPUs"),
		FLAG("no-follow", 0, no_follow, "start and leave"),
		{"patience", 0, ARG_INT, &options.patience_s, "SECONDS", "leave with 4 after waiting for a worker this long", 1,
		 INT32_MAX},
		CLIENT_ARGS(&client),
	};
	const struct args args = {"run", "FILE [options]", about, list, COUNT_OF(list), &options.file, 0, 1};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	if (!options.check_gpus && !request_check(&options, &err))
		return fail(&client, &err);
	if (!connect_or_start(&client, &err))
		return fail(&client, &err);
	if (options.check_gpus)
		return workers_print(&client, &err) && gpus_print(&client, &err) ? CLI_FINE : fail(&client, &err);
	return start_and_follow(&client, &options);
}
