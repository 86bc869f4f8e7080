#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"

struct results {
	const char *word, *output;
	bool jsonl, excel;
	struct arg_texts filters;
};

/* "source=jpcert" becomes "&source=jpcert", escaped; false when there is no "=". */
static bool add_filter(struct text *path, const char *filter, struct error *err)
{
	const char *equals = strchr(filter, '=');
	if (!equals || equals == filter)
		return error_set(err, ERROR_CONFIG, "--filter: expected NAME=VALUE, such as source=jpcert, found \"%s\"", filter);
	AUTO_FREE char *raw = memory_copy_n(filter, (size_t)(equals - filter));
	AUTO_FREE char *name = fetch_escape(raw);
	AUTO_FREE char *value = fetch_escape(equals + 1);
	text_addf(path, "%s%s=%s", strchr(path->data, '?') ? "&" : "?", name, value);
	return true;
}

static char *path_of(const struct results *results, const char *id, struct error *err)
{
	AUTO_TEXT struct text path;
	text_init(&path, 0);
	text_addf(&path, "/runs/%s/export.%s%s", id, results->jsonl ? "jsonl" : "csv", results->excel ? "?profile=excel" : "");
	for (size_t i = 0; i < results->filters.count; i++)
		if (!add_filter(&path, results->filters.items[i], err))
			return NULL;
	return text_take(&path);
}

/* Into a file beside it, then renamed: a cut export is never taken for a whole one. */
static bool save(struct client *client, const char *path, const char *output, struct error *err)
{
	AUTO_FREE char *beside = memory_format("%s.part", output);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(err, ERROR_IO, "cannot write %s: %s", beside, strerror(errno));
	bool good = client_download(client, path, fd, err);
	if (close(fd) != 0 && good)
		good = error_set(err, ERROR_IO, "cannot write %s: %s", beside, strerror(errno));
	if (good && rename(beside, output) != 0)
		good = error_set(err, ERROR_IO, "cannot write %s: %s", output, strerror(errno));
	if (!good)
		unlink(beside);
	return good;
}

static bool fetch_results(struct client *client, const struct results *results, struct error *err)
{
	AUTO_FREE char *id = client_run_id(client, results->word, err);
	AUTO_FREE char *path = id ? path_of(results, id, err) : NULL;
	if (!path)
		return false;
	if (!results->output)
		return client_download(client, path, STDOUT_FILENO, err);
	if (!save(client, path, results->output, err))
		return false;
	fprintf(stderr, "results of %s are in %s\n", id, results->output);
	return true;
}

int cli_results(int argc, char **argv)
{
	AUTO_CLIENT struct client client = {0};
	struct results results = {.word = "latest"};
	const struct arg list[] = {
		{"output", 'o', ARG_TEXT, &results.output, "FILE", "write there; without it to standard output", 0, 0},
		{"jsonl", 0, ARG_FLAG, &results.jsonl, NULL, "JSON lines, one per item, instead of CSV", 0, 0},
		{"excel", 0, ARG_FLAG, &results.excel, NULL, "CSV that a spreadsheet cannot misread (BOM, no formulas)", 0, 0},
		{"filter", 'f', ARG_TEXTS, &results.filters, "NAME=VALUE", "only these, such as cell=fp or source=jpcert; repeatable",
		 0, 0},
		CLIENT_ARGS(&client),
	};
	const struct args args = {"results", "[RUN] [options]",
	                          "The merged results of a run (the newest), also while it goes on.", list, COUNT_OF(list),
	                          &results.word, 0, 1};
	int code;
	struct error err = {0};
	bool good = args_take(&args, argc, argv, &code);
	results.jsonl |= client.json;
	if (good && results.jsonl && results.excel) {
		fprintf(stderr, "mekiki results: --excel is a profile of CSV; give either --excel or --jsonl\n");
		good = false;
		code = CLI_USAGE;
	}
	if (good)
		code = client_connect(&client, &err) && fetch_results(&client, &results, &err)
		               ? CLI_FINE : client_fail(&client, "results", &err);
	args_texts_release(&results.filters);
	return code;
}
