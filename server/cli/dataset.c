#include "cli/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/field.h"
#include "cli/interrupt.h"
#include "cli/screen.h"
#include "cli/words.h"

enum { LOOK_MS = 200 };

static void describe(const json_t *dataset)
{
	char rows[WORDS_SIZE], items[WORDS_SIZE], phishing[WORDS_SIZE], benign[WORDS_SIZE], bad[WORDS_SIZE];
	const json_t *labels = json_object_get(dataset, "labels");
	fprintf(stderr, "%s: %s rows, %s items; labels: %s phishing, %s benign", field_text(dataset, "name"),
	        words_count(field_whole(dataset, "rows"), rows), words_count(field_whole(dataset, "items"), items),
	        words_count(field_whole(labels, "phishing"), phishing), words_count(field_whole(labels, "benign"), benign));
	if (field_whole(dataset, "bad_rows") > 0)
		fprintf(stderr, "; %s bad rows left out", words_count(field_whole(dataset, "bad_rows"), bad));
	fputc('\n', stderr);
	size_t index;
	json_t *column;
	json_array_foreach(json_object_get(dataset, "renamed"), index, column)
		fprintf(stderr, "  the column %s has a name of ours; the export calls it input_%s\n",
		        json_string_value(column), json_string_value(column));
}

static void show(struct screen *screen, const json_t *dataset)
{
	const json_t *progress = json_object_get(dataset, "progress");
	AUTO_FREE char *line = memory_format("importing %s: %.0f %%\n", field_text(dataset, "name"),
	                                     json_number_value(progress) * 100);
	screen_draw(screen, line);
}

/* Looks until it is ready; a reference is taken and given. */
static json_t *wait_for_import(struct client *client, json_t *dataset, struct error *err)
{
	AUTO_FREE char *path = memory_format("/datasets/%s", field_text(dataset, "sha256"));
	struct screen screen;
	screen_init(&screen, stderr);
	screen.next_ms = INT64_MAX; /* not worth lines of a log */
	while (dataset && text_equal(field_text(dataset, "state"), "importing") && interrupt_absent()) {
		show(&screen, dataset);
		interrupt_sleep(LOOK_MS);
		json_decref(dataset);
		dataset = client_get(client, path, err);
	}
	screen_clear(&screen);
	return dataset;
}

json_t *dataset_bring(struct client *client, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	json_t *sent = client_upload(client, path, slash ? slash + 1 : path, err);
	if (!sent)
		return NULL;
	AUTO_JSON json_t *dataset = wait_for_import(client, sent, err);
	if (!dataset)
		return NULL;
	if (!text_equal(field_text(dataset, "state"), "ready")) {
		error_set(err, ERROR_INPUT, "%s cannot be imported: %s", path, field_text(dataset, "problem"));
		return NULL;
	}
	describe(dataset);
	return TAKE(dataset);
}

json_t *dataset_tie(struct client *client, const json_t *dataset, const json_t *population, struct error *err)
{
	AUTO_FREE char *path = memory_format("/datasets/%s/population", field_text(dataset, "sha256"));
	AUTO_JSON json_t *body = json_pack("{s:s}", "population", field_text(population, "sha256"));
	json_t *out = NULL;
	if (!client_call(client, "PUT", path, body, &out, err))
		return NULL;
	const json_t *tie = json_object_get(out, "population_tie");
	char matched[WORDS_SIZE], missing[WORDS_SIZE];
	if (json_is_object(tie))
		fprintf(stderr, "tied to %s: %s items found there, %s missing\n", field_text(population, "name"),
		        words_count(field_whole(tie, "matched"), matched), words_count(field_whole(tie, "missing"), missing));
	return out;
}
