/* request.h - the options of `run`, and the run request they mean */
#ifndef MEKIKI_CLI_REQUEST_H
#define MEKIKI_CLI_REQUEST_H

#include <jansson.h>

#include "cli/client.h"

struct run_options {
	const char *file, *population, *name, *sampling;
	const char *request;  /* a file with a whole run request; NULL = made from the other options */
	int64_t n_sample;     /* -1 = not given, 0 = all */
	int64_t first;        /* 0 = not given */
	int64_t random_state; /* -1 = not given */
	int64_t patience_s;   /* 0 = for ever */
	struct arg_texts add_gpu, workers;
	bool shuffle, yes, dry_run, resume, retry_failed, check_gpus, no_follow;
};

void request_options_release(struct run_options *options);

/* Options that do not go together; ERROR_CONFIG. */
bool request_check(const struct run_options *options, struct error *err);

/* Only what was asked: the rest is the server's configuration. New reference. */
json_t *request_json(const struct run_options *options, const char *dataset);

/* The run request in a file, as the page shows it: everything but plan and acknowledgements. New reference. */
json_t *request_read(const char *path, struct error *err);

/* Turns --workers and --add-gpu into "workers", by the server's list; ERROR_INPUT names the known ids. */
bool request_choose_workers(struct client *client, const struct run_options *options, json_t *request,
                            struct error *err);

/* The same, from a list of ids: exported for the test. New reference, NULL with err; `known` are the server's workers. */
json_t *request_workers(const struct run_options *options, const json_t *known, struct error *err);

#endif
