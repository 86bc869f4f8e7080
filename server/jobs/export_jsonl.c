#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "dataset/dataset.h"
#include "dataset/key.h"
#include "jobs/export_data.h"

enum { PAGE = 200 };

static const struct {
	enum item_flag flag;
	const char *name;
} flag_names[] = {
	{ITEM_IDN, "idn"},
	{ITEM_IDNA_INVALID, "idna_invalid"},
	{ITEM_IP_ADDRESS, "ip_address"},
	{ITEM_FROM_URL, "from_url"},
	{ITEM_CASE_DUPLICATE, "case_duplicate"},
	{ITEM_LABEL_CONFLICT, "label_conflict"},
	{ITEM_MIXED_SCRIPT, "mixed_script"},
};

static json_t *flags_json(unsigned flags)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (flags & flag_names[i].flag)
			json_array_append_new(list, json_string(flag_names[i].name));
	return list;
}

/* A list as it was stored; null when there is none. */
static json_t *list_json(const char *text)
{
	struct error ignored;
	json_t *list = text ? json_parse(text, strlen(text), &ignored) : NULL;
	return list ? list : json_null();
}

static json_t *name_or_null(const char *name)
{
	return json_text_or_null(name && *name ? name : NULL);
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_item(json_t *line, const struct item *item, int64_t n)
{
	AUTO_FREE char *unicode = key_unicode(item->key);
	set(line, "n", json_integer(n));
	set(line, "item", json_integer(item->id));
	set(line, "key", json_text_or_null(item->key));
	set(line, "unicode", json_text_or_null(unicode));
	set(line, "flags", flags_json(item->flags));
	set(line, "source", json_text_or_null(item->source));
	set(line, "tld", json_text_or_null(item->tld));
	set(line, "label", json_text_or_null(binary_name(item->label)));
	set(line, "ml", json_real_or_null(item->ml));
	set(line, "stage1", json_text_or_null(binary_name(item->stage1)));
}

static json_t *count_or_null(const struct extract_result *result, int64_t count)
{
	return result->done && count >= 0 ? json_integer(count) : json_null();
}

static void set_result(json_t *line, const struct extract_result *result, enum binary final)
{
	bool done = result->done;
	set(line, "done", json_boolean(done));
	set(line, "verdict", json_text_or_null(binary_name(result->verdict)));
	set(line, "confidence", done ? json_real_or_null(result->confidence) : json_null());
	set(line, "risk", name_or_null(risk_name(result->risk)));
	set(line, "reasoning", json_text_or_null(result->reasoning));
	set(line, "risk_factors", list_json(result->risk_factors));
	set(line, "detected_brands", list_json(result->detected_brands));
	set(line, "decision_source", name_or_null(decision_source_name(result->source)));
	set(line, "elapsed_ms", count_or_null(result, result->elapsed_ms));
	set(line, "worker", name_or_null(result->worker));
	set(line, "attempts", count_or_null(result, result->attempts));
	set(line, "failure", name_or_null(failure_name(result->failure)));
	set(line, "detail", json_text_or_null(result->detail));
	set(line, "finish_reason", json_text_or_null(result->finish_reason));
	set(line, "prompt_tokens", count_or_null(result, result->prompt_tokens));
	set(line, "completion_tokens", count_or_null(result, result->completion_tokens));
	set(line, "model", json_text_or_null(result->model));
	set(line, "evaluated", json_time(result->evaluated_ms));
	set(line, "final_pred", final == BINARY_UNKNOWN ? json_null() : json_integer(final));
	set(line, "seq", done ? json_integer(result->seq) : json_null());
}

static json_t *cells_json(const struct export *export, const char *bytes, size_t length)
{
	json_t *object = json_object();
	struct dataset_cells cells;
	dataset_cells_init(&cells, bytes, length);
	for (size_t i = 0; i < cells.count && i < export->columns.count; i++) {
		AUTO_FREE char *text = memory_copy_n(cells.fields[i].bytes, cells.fields[i].length);
		set(object, export->columns.list[i].name, json_text_or_null(text));
	}
	dataset_cells_release(&cells);
	return object;
}

/* The first row and, from the sorted list, the others. */
static json_t *rows_json(const struct export *export, int64_t item, int64_t first_row)
{
	json_t *rows = json_array();
	size_t low = 0, high = export->duplicate_count;
	json_array_append_new(rows, json_integer(first_row));
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (export->duplicates[middle].item < item)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < export->duplicate_count && export->duplicates[low].item == item; low++)
		json_array_append_new(rows, json_integer(export->duplicates[low].row));
	return rows;
}

static bool add_line(struct export *export, const struct item *item, struct error *err)
{
	AUTO(extract_result_release) struct extract_result result = {0};
	struct run_item place = {0};
	enum binary final;
	int64_t n = export->positions[item->id];
	if (!extract_result_read(export->reader, export->run.id, n, export->version, &result, err) ||
	    !export_final(export, &result, item->id, &final, err) ||
	    !run_item_read(export->reader, export->run.id, n, &place, err))
		return false;
	AUTO_FREE char *block = NULL;
	const char *bytes;
	const struct dataset_place row = {.offset = place.row_offset, .length = place.row_length};
	AUTO_JSON json_t *line = json_object();
	bool ok = export_bytes(export, &row, 1, &block, &bytes, err);
	if (ok) {
		set_item(line, item, n);
		set_result(line, &result, final);
		set(line, "row_numbers", rows_json(export, item->id, place.row));
		set(line, "cells", cells_json(export, bytes, (size_t)row.length));
		AUTO_FREE char *text = json_text(line);
		text_add(&export->out, text);
		text_add_char(&export->out, '\n');
	}
	item_release(&place.item);
	return ok;
}

bool export_jsonl_page(struct export *export, struct error *err)
{
	struct item items[PAGE];
	int count = dataset_items(export->reader, export->dataset.id, export->after, PAGE, items, err);
	if (count < 0)
		return false;
	if (count > 0)
		export->after = items[count - 1].id;
	export->ended = count < PAGE;
	bool ok = true;
	for (int i = 0; i < count; i++) {
		if (ok && items[i].id <= export->items && export->positions[items[i].id])
			ok = add_line(export, &items[i], err);
		item_release(&items[i]);
	}
	return ok;
}
