/* A list that somebody pasted, held against a dataset: what a selection of the kind list would do with it. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/request.h"
#include "base/memory.h"
#include "dataset/key.h"
#include "store/dataset.h"

/* A page shows a few dozen of them; the count is of all. */
enum { REFUSED_SHOWN = 100 };

struct check {
	struct reader *reader;
	const struct dataset_record *dataset;
	bool *seen;      /* by item id */
	int64_t items, repeated, refused;
	json_t *examples;
};

static void refuse(struct check *check, const char *text, const char *reason)
{
	if (check->refused++ < REFUSED_SHOWN)
		json_array_append_new(check->examples, json_pack("{s:o, s:s}", "text", json_text_or_null(text), "reason", reason));
}

static bool look_up(struct check *check, const char *text, struct error *err)
{
	char key[KEY_SIZE];
	unsigned flags;
	const char *why;
	if (!key_read(text, strlen(text), key, &flags, &why)) {
		refuse(check, text, why);
		return true;
	}
	int64_t item = dataset_item_find(check->reader, check->dataset->id, key, err);
	if (item < 0)
		return false;
	if (item == 0 || item > check->dataset->items)
		refuse(check, text, "not in the dataset");
	else if (check->seen[item])
		check->repeated++;
	else
		check->items++;
	if (item > 0 && item <= check->dataset->items)
		check->seen[item] = true;
	return true;
}

static bool look_up_all(struct check *check, json_t *keys, struct error *err)
{
	size_t i;
	json_t *key;
	json_array_foreach(keys, i, key) {
		const char *text = json_string_value(key);
		if (!text)
			return error_set(err, ERROR_INPUT, "\"keys\"[%zu]: expected a text", i);
		if (!look_up(check, text, err))
			return false;
	}
	return true;
}

bool api_dataset_keys(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!dataset_find(reader, request->params[0], &dataset, err))
		return false;
	json_t *keys = json_object_get(request->json, "keys");
	AUTO_FREE bool *seen = memory_array((size_t)dataset.items + 1, sizeof(*seen));
	AUTO_JSON json_t *examples = json_array();
	struct check check = {.reader = reader, .dataset = &dataset, .seen = seen, .examples = examples};
	reader_begin(reader);
	bool ok = look_up_all(&check, keys, err);
	reader_end(reader);
	if (ok)
		request->answer.json = json_pack("{s:I, s:I, s:I, s:I, s:O}", "given", (json_int_t)json_array_size(keys), "items",
		                                 (json_int_t)check.items, "repeated", (json_int_t)check.repeated, "refused",
		                                 (json_int_t)check.refused, "examples", examples);
	return ok;
}
