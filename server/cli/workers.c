/* workers.c - mekiki workers: what they do, and what may be done with one */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/field.h"
#include "cli/gpus.h"

static void print_start(const json_t *worker)
{
	const json_t *progress = json_object_get(worker, "progress");
	long long attempt = (long long)field_whole(worker, "attempt"), of = (long long)field_whole(worker, "of");
	if (*field_text(worker, "phase"))
		printf("           %s", field_text(worker, "phase"));
	if (*field_text(worker, "phase") && json_is_number(progress))
		printf(" (%.0f %%)", json_number_value(progress) * 100);
	if (*field_text(worker, "phase"))
		printf("\n");
	if (of)
		printf("           restart %lld of %lld%s%.19s\n", attempt, of, *field_text(worker, "next_at") ? ", next try " : "",
		       field_text(worker, "next_at"));
	if (*field_text(worker, "receipt"))
		printf("           last stop: %s\n", field_text(worker, "receipt"));
}

static void print_worker(const json_t *worker)
{
	printf("  %-8s %-9s %-11s %-28s since %.19s%s\n", field_text(worker, "id"), field_text(worker, "kind"),
	       field_text(worker, "state"), field_text(worker, "url"), field_text(worker, "since"),
	       json_is_true(json_object_get(worker, "paused")) ? ", paused" : "");
	if (!text_equal(field_text(worker, "state"), "ready") && *field_text(worker, "sentence"))
		printf("           %s%s%s\n", field_text(worker, "sentence"), *field_text(worker, "text") ? ": " : "",
		       field_text(worker, "text"));
	print_start(worker);
}

bool workers_print(struct client *client, struct error *err)
{
	AUTO_JSON json_t *answer = client_get(client, "/workers", err);
	size_t index;
	json_t *worker;
	if (!answer)
		return false;
	if (client->json)
		field_print(answer);
	else
		json_array_foreach(json_object_get(answer, "items"), index, worker)
			print_worker(worker);
	return true;
}

static bool print_log(struct client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = memory_format("/workers/%s/log?limit=200", id);
	AUTO_JSON json_t *answer = client_get(client, path, err);
	size_t index;
	json_t *line;
	if (!answer)
		return false;
	if (client->json)
		field_print(answer);
	else
		json_array_foreach(json_object_get(answer, "items"), index, line)
			printf("%s\n", field_text(line, "text"));
	return true;
}

static bool act(struct client *client, const char *action, const char *id, struct error *err)
{
	AUTO_FREE char *path = memory_format("/workers/%s/actions", id);
	AUTO_JSON json_t *body = json_pack("{s:s}", "action", action);
	AUTO_JSON json_t *worker = NULL;
	if (!client_call(client, "POST", path, body, &worker, err))
		return false;
	if (client->json)
		field_print(worker);
	else
		print_worker(worker);
	return true;
}

static bool run(struct client *client, const char *const words[2], struct error *err)
{
	if (words[0] && !words[1] && !text_equal(words[0], "list"))
		return error_set(err, ERROR_CONFIG, "usage: mekiki workers [ACTION WORKER]; which worker is to %s?", words[0]);
	if (!client_connect(client, err))
		return false;
	if (!words[1])
		return workers_print(client, err);
	return text_equal(words[0], "log") ? print_log(client, words[1], err) : act(client, words[0], words[1], err);
}

int cli_workers(int argc, char **argv)
{
	const char *words[2] = {NULL, NULL};
	AUTO_CLIENT struct client client = {0};
	const struct arg options[] = {CLIENT_ARGS(&client)};
	const struct args args = {"workers", "[ACTION WORKER] [options]",
	                          "The workers, or one action with one of them: start, stop, restart, drain, pause, resume,\n"
	                          "give_back (drain, stop, show the receipt), retry (try again now), forget (put a failed one away), log.",
	                          options, COUNT_OF(options), words, 0, 2};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	return run(&client, words, &err) ? CLI_FINE : client_fail(&client, "workers", &err);
}
