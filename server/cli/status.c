#include <math.h>
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
#include "cli/progress.h"
#include "cli/words.h"

static void print_worker(const json_t *worker)
{
	char done[WORDS_SIZE];
	printf("  %-8s %-11s %-32s %3lld of %-3lld in flight  %9s done  %s\n", field_text(worker, "id"),
	       field_text(worker, "state"), field_text(worker, "url"), (long long)field_whole(worker, "in_flight"),
	       (long long)field_whole(worker, "allowed"), words_count(field_whole(worker, "done"), done), field_text(worker, "model"));
	if (!text_equal(field_text(worker, "state"), "ready"))
		printf("           %s%s%s\n", field_text(worker, "sentence"), *field_text(worker, "text") ? ": " : "",
		       field_text(worker, "text"));
}

static void print_run(const json_t *run)
{
	char done[WORDS_SIZE], total[WORDS_SIZE];
	const json_t *progress = json_object_get(run, "progress");
	printf("  %-8s %-9s %9s of %-9s  %-19.19s  %s%s%s\n", field_text(run, "id"), field_text(run, "state"),
	       words_count(field_whole(progress, "done"), done), words_count(field_whole(progress, "total"), total),
	       field_text(run, "created"), field_text(json_object_get(run, "dataset"), "name"), *field_text(run, "name") ? ", " : "",
	       field_text(run, "name"));
}

static void print_list(const json_t *list, const char *title, void (*print)(const json_t *))
{
	const json_t *items = json_object_get(list, "items");
	size_t index;
	json_t *item;
	printf("%s%s\n", title, json_array_size(items) ? "" : ": none");
	json_array_foreach(items, index, item)
		print(item);
}

static bool overview(struct client *client, struct error *err)
{
	AUTO_JSON json_t *meta = client_get(client, "/meta", err);
	AUTO_JSON json_t *workers = meta ? client_get(client, "/workers", err) : NULL;
	AUTO_JSON json_t *runs = workers ? client_get(client, "/runs?limit=10", err) : NULL;
	if (!runs)
		return false;
	if (client->json) {
		AUTO_JSON json_t *all = json_pack("{s:O, s:O, s:O}", "meta", meta, "workers",
		                                  json_object_get(workers, "items"), "runs", json_object_get(runs, "items"));
		field_print(all);
		return true;
	}
	printf("mekiki %s on %s, since %s\n", field_text(meta, "version"), client->url, field_text(meta, "server_start"));
	print_list(workers, "workers", print_worker);
	print_list(runs, "runs", print_run);
	return true;
}

static void print_matrix(const json_t *matrix)
{
	const json_t *metrics = json_object_get(matrix, "metrics");
	const json_t *population = json_object_get(matrix, "population");
	static const char *const rates[] = {"precision", "recall"};
	char n[WORDS_SIZE], covered[WORDS_SIZE];
	printf("  %-6s %-7s  TP %-6lld FP %-6lld FN %-6lld TN %-6lld", field_text(matrix, "stage"), field_text(matrix, "subset"),
	       (long long)field_whole(matrix, "tp"), (long long)field_whole(matrix, "fp"), (long long)field_whole(matrix, "fn"),
	       (long long)field_whole(matrix, "tn"));
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		const json_t *est = json_object_get(json_object_get(metrics, rates[i]), "est");
		if (json_is_number(est))
			printf("  %c %.4f", i ? 'R' : 'P', json_number_value(est));
		else
			printf("  %c -     ", i ? 'R' : 'P');
	}
	const json_t *f1 = json_object_get(metrics, "f1");
	if (json_is_number(f1))
		printf("  F1 %.4f", json_number_value(f1));
	printf("  (%s of %s, %s)\n", words_count(field_whole(population, "covered"), covered),
	       words_count(field_whole(population, "n"), n), field_text(population, "name"));
}

static bool detail(struct client *client, const char *word, struct error *err)
{
	AUTO_FREE char *id = client_run_id(client, word, err);
	AUTO_FREE char *path = id ? memory_format("/runs/%s", id) : NULL;
	AUTO_FREE char *figures = id ? memory_format("/runs/%s/confusion", id) : NULL;
	AUTO_JSON json_t *run = id ? client_get(client, path, err) : NULL;
	AUTO_JSON json_t *confusion = run ? client_get(client, figures, err) : NULL;
	if (!confusion)
		return false;
	if (client->json) {
		AUTO_JSON json_t *both = json_pack("{s:O, s:O}", "run", run, "confusion", confusion);
		field_print(both);
		return true;
	}
	AUTO_TEXT struct text block;
	text_init(&block, 0);
	progress_block(json_object_get(run, "progress"), 0, &block);
	fputs(block.data, stdout);
	printf("  %s%s%s\n", field_text(run, "sentence"), *field_text(run, "cause") ? ": " : "", field_text(run, "cause"));
	printf("figures%s\n", json_is_true(json_object_get(confusion, "partial")) ? " so far" : "");
	size_t index;
	json_t *matrix;
	json_array_foreach(json_object_get(confusion, "matrices"), index, matrix)
		print_matrix(matrix);
	return true;
}

int cli_status(int argc, char **argv)
{
	const char *word = NULL;
	AUTO_CLIENT struct client client = {0};
	const struct arg list[] = {CLIENT_ARGS(&client)};
	const struct args args = {"status", "[RUN] [options]",
	                          "The server, its workers and runs; or one run with its figures.", list, COUNT_OF(list),
	                          &word, 0, 1};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	bool good = client_connect(&client, &err) && (word ? detail(&client, word, &err) : overview(&client, &err));
	return good ? CLI_FINE : client_fail(&client, "status", &err);
}
