#include "cli/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

void request_options_release(struct run_options *options)
{
	args_texts_release(&options->add_gpu);
	args_texts_release(&options->workers);
}

/* As large as the server takes. */
enum { REQUEST_BYTES = 8 * 1024 * 1024 };

static bool has_choices(const struct run_options *options)
{
	return options->n_sample >= 0 || options->first || options->random_state >= 0 || options->sampling ||
	       options->shuffle || options->workers.count || options->add_gpu.count || options->population ||
	       options->name;
}

static bool can_read(const char *file, struct error *err)
{
	return access(file, R_OK) == 0 || error_set(err, ERROR_CONFIG, "cannot read %s: %s", file, strerror(errno));
}

bool request_check(const struct run_options *options, struct error *err)
{
	bool again = options->resume || options->retry_failed;
	if (options->resume && options->retry_failed)
		return error_set(err, ERROR_CONFIG, "give either --resume or --retry-failed, not both");
	if (options->request && (options->file || again || has_choices(options)))
		return error_set(err, ERROR_CONFIG, "--request holds the dataset and every choice; "
		                                    "it takes no FILE and no options that choose");
	if (options->request)
		return can_read(options->request, err);
	if (!options->file && !again)
		return error_set(err, ERROR_CONFIG, "a file is missing; usage: mekiki run FILE [options]");
	if (options->n_sample > 0 && options->first)
		return error_set(err, ERROR_CONFIG, "give either --n-sample or --first, not both");
	if (options->add_gpu.count && options->workers.count)
		return error_set(err, ERROR_CONFIG, "give either --add-gpu or --workers, not both");
	if (options->sampling && !text_equal(options->sampling, "mekiki") && !text_equal(options->sampling, "pandas"))
		return error_set(err, ERROR_CONFIG, "--sampling: expected mekiki or pandas, found \"%s\"", options->sampling);
	if (again && (options->n_sample >= 0 || options->first || options->workers.count || options->add_gpu.count ||
	              options->population || options->shuffle || options->dry_run))
		return error_set(err, ERROR_CONFIG, "--resume and --retry-failed go on with a run as it was planned; "
		                                    "they take no other selection, workers or --dry-run");
	for (int i = 0; i < 2; i++) {
		const char *file = i ? options->population : options->file;
		if (file && !can_read(file, err))
			return false;
	}
	return true;
}

json_t *request_read(const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");
	AUTO_FREE char *bytes = memory_new(REQUEST_BYTES + 1);
	size_t length = file ? fread(bytes, 1, REQUEST_BYTES + 1, file) : 0;
	bool broken = !file || ferror(file);
	int why = errno;
	if (file)
		fclose(file);
	if (broken) {
		error_set(err, ERROR_IO, "cannot read %s: %s", path, strerror(why));
		return NULL;
	}
	if (length > REQUEST_BYTES) {
		error_set(err, ERROR_TOO_LARGE, "%s has more than %d bytes", path, REQUEST_BYTES);
		return NULL;
	}
	json_t *request = json_parse(bytes, length, err);
	if (!request)
		error_prefix(err, "%s", path);
	return request;
}

static json_t *selection(const struct run_options *options)
{
	json_t *out = json_object();
	if (options->first) {
		json_object_set_new(out, "kind", json_string("first"));
		json_object_set_new(out, "n", json_integer(options->first));
	} else if (options->n_sample > 0) {
		json_object_set_new(out, "kind", json_string("random"));
		json_object_set_new(out, "n", json_integer(options->n_sample));
		if (options->random_state >= 0)
			json_object_set_new(out, "seed", json_integer(options->random_state));
		if (options->sampling)
			json_object_set_new(out, "sampling", json_string(options->sampling));
	} else {
		json_object_set_new(out, "kind", json_string("all"));
	}
	return out;
}

json_t *request_json(const struct run_options *options, const char *dataset)
{
	json_t *out = json_pack("{s:s}", "dataset", dataset);
	if (options->name)
		json_object_set_new(out, "name", json_string(options->name));
	if (options->n_sample >= 0 || options->first)
		json_object_set_new(out, "selection", selection(options));
	if (options->shuffle)
		json_object_set_new(out, "shuffle", json_true());
	if (options->random_state >= 0)
		json_object_set_new(out, "seed", json_integer(options->random_state));
	return out;
}

static bool is_known(const json_t *known, const char *id)
{
	size_t index;
	json_t *worker;
	json_array_foreach(known, index, worker)
		if (text_equal(json_string_value(json_object_get(worker, "id")), id))
			return true;
	return false;
}

static bool refuse(const json_t *known, const char *option, const char *id, struct error *err)
{
	AUTO_TEXT struct text ids;
	text_init(&ids, 300);
	size_t index;
	json_t *worker;
	json_array_foreach(known, index, worker)
		text_addf(&ids, "%s%s", index ? ", " : "", json_string_value(json_object_get(worker, "id")));
	return error_set(err, ERROR_CONFIG, "--%s: there is no worker \"%s\"; the configuration has %s", option, id,
	                 ids.length ? ids.data : "none");
}

json_t *request_workers(const struct run_options *options, const json_t *known, struct error *err)
{
	bool adding = options->add_gpu.count > 0;
	const struct arg_texts *ids = adding ? &options->add_gpu : &options->workers;
	AUTO_JSON json_t *out = json_array();
	if (adding && !is_known(known, "0")) {
		error_set(err, ERROR_CONFIG, "--add-gpu adds to worker 0, which is not configured; use --workers");
		return NULL;
	}
	if (adding)
		json_array_append_new(out, json_string("0"));
	for (size_t i = 0; i < ids->count; i++) {
		if (!is_known(known, ids->items[i])) {
			refuse(known, adding ? "add-gpu" : "workers", ids->items[i], err);
			return NULL;
		}
		if (!adding || !text_equal(ids->items[i], "0"))
			json_array_append_new(out, json_string(ids->items[i]));
	}
	return TAKE(out);
}

bool request_choose_workers(struct client *client, const struct run_options *options, json_t *request,
                            struct error *err)
{
	if (!options->add_gpu.count && !options->workers.count)
		return true;
	AUTO_JSON json_t *list = client_get(client, "/workers", err);
	if (!list)
		return false;
	json_t *workers = request_workers(options, json_object_get(list, "items"), err);
	if (!workers)
		return false;
	json_object_set_new(request, "workers", workers);
	return true;
}
