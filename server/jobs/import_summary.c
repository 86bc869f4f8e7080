#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"
#include "jobs/import_rows.h"

/* Sources beyond this many different ones are not counted: then the column is no category. */
enum { PAGE = 1000, SOURCES_COUNTED = 10000, SOURCES_SHOWN = 50 };

struct summary {
	int64_t items, labels[3], conflicts, case_duplicates, idn, invalid;
	json_t *sources; /* source -> count */
};

static void count_source(json_t *sources, const char *source)
{
	json_t *count = source ? json_object_get(sources, source) : NULL;
	if (count)
		json_integer_set(count, json_integer_value(count) + 1);
	else if (source && json_object_size(sources) < SOURCES_COUNTED)
		json_object_set_new(sources, source, json_integer(1)); /* text that is not UTF-8 is not taken */
}

static void count_item(struct summary *summary, const struct item *item)
{
	bool conflict = item->flags & ITEM_LABEL_CONFLICT;
	summary->items++;
	summary->conflicts += conflict;
	summary->labels[item->label + 1] += !conflict;
	summary->case_duplicates += (item->flags & ITEM_CASE_DUPLICATE) != 0;
	summary->idn += (item->flags & ITEM_IDN) != 0;
	summary->invalid += (item->flags & ITEM_IDNA_INVALID) != 0;
	count_source(summary->sources, item->source);
}

static bool read_items(struct job *job, int64_t dataset, struct summary *summary, struct error *err)
{
	AUTO_FREE struct item *items = memory_array(PAGE, sizeof(*items));
	int64_t after = 0;
	int count;
	while ((count = dataset_items(job_reader(job), dataset, after, PAGE, items, err)) > 0) {
		after = items[count - 1].id;
		for (int i = 0; i < count; i++) {
			count_item(summary, &items[i]);
			item_release(&items[i]);
		}
		if (job_cancelled(job))
			return error_set(err, ERROR_BUSY, "the import was interrupted");
	}
	return count == 0;
}

struct source_count {
	const char *value;
	json_int_t count;
};

static int by_count(const void *a, const void *b)
{
	const struct source_count *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->value, y->value);
}

/* The most frequent first. */
static json_t *list_sources(json_t *sources)
{
	size_t count = 0;
	AUTO_FREE struct source_count *list = memory_array(json_object_size(sources) + 1, sizeof(*list));
	const char *value;
	json_t *number;
	json_object_foreach(sources, value, number)
		list[count++] = (struct source_count){value, json_integer_value(number)};
	qsort(list, count, sizeof(*list), by_count);
	json_t *out = json_array();
	for (size_t i = 0; i < count && i < SOURCES_SHOWN; i++)
		json_array_append_new(out, json_pack("{s:s, s:I}", "value", list[i].value, "count", list[i].count));
	return out;
}

bool import_summary(struct job *job, struct dataset_record *record, struct error *err)
{
	AUTO_JSON json_t *sources = json_object();
	struct summary summary = {.sources = sources};
	if (!read_items(job, record->id, &summary, err))
		return false;
	AUTO_JSON json_t *json = json_pack(
		"{s:{s:I, s:I, s:I, s:I}, s:{s:I, s:I}, s:I, s:I, s:o}", "labels", "phishing", (json_int_t)summary.labels[2],
		"benign", (json_int_t)summary.labels[1], "unknown", (json_int_t)summary.labels[0], "conflict",
		(json_int_t)summary.conflicts, "duplicates", "rows", (json_int_t)(record->rows - summary.items), "case",
		(json_int_t)summary.case_duplicates, "idn", (json_int_t)summary.idn, "invalid_idna", (json_int_t)summary.invalid,
		"sources", list_sources(sources));
	record->items = summary.items;
	record->summary = json_text(json);
	return true;
}
