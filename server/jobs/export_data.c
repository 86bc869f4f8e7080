#include "jobs/export_data.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"

enum { PAGE = 1000, SPAN_MOST = 8 << 20 };

static bool read_columns(struct export *export, struct error *err)
{
	const char *text = export->dataset.columns ? export->dataset.columns : "[]";
	AUTO_JSON json_t *names = json_parse(text, strlen(text), err);
	size_t i;
	json_t *name;
	if (!names)
		return error_prefix(err, "columns of dataset %s", export->dataset.name);
	json_array_foreach(names, i, name)
		columns_add(&export->columns, json_string_value(name), json_string_length(name));
	return true;
}

static bool open_bytes(struct export *export, const char *directory, struct error *err)
{
	AUTO_FREE char *path = memory_format("%s/%s", directory, export->dataset.sha256);
	export->file = open(path, O_RDONLY | O_CLOEXEC);
	return export->file >= 0 || error_set(err, ERROR_IO, "%s: the bytes of dataset %s cannot be opened: %s", path,
					      export->dataset.name, strerror(errno));
}

/* Positions that the view does not show are taken out of the map. */
static bool apply_view(struct export *export, struct view *view, struct error *err)
{
	if (!view)
		return true;
	if (view_version(view))
		export->version = view_version(view);
	view_set_version(view, export->version);
	AUTO_FREE int64_t *page = memory_array(PAGE, sizeof(*page));
	AUTO_FREE bool *shown = memory_array((size_t)export->run.total + 1, sizeof(*shown));
	int64_t after = 0;
	int count;
	while ((count = view_positions(export->reader, export->run.id, view, after, PAGE, page, err)) > 0) {
		after = page[count - 1];
		for (int i = 0; i < count; i++)
			shown[page[i]] = true;
	}
	for (int64_t item = 0; item <= export->items; item++)
		if (export->positions[item] && !shown[export->positions[item]])
			export->positions[item] = 0;
	return count == 0;
}

/* Only a dataset with duplicate rows needs this; it has one entry for each of them. */
static bool read_duplicates(struct export *export, struct error *err)
{
	if (export->format != EXPORT_JSONL || export->dataset.rows == export->dataset.items)
		return true;
	AUTO_FREE struct dataset_place *page = memory_array(PAGE, sizeof(*page));
	AUTO_FREE bool *seen = memory_array((size_t)export->items + 1, sizeof(*seen));
	int64_t after = 0;
	int count;
	while ((count = dataset_rows(export->reader, export->dataset.id, after, PAGE, page, err)) > 0) {
		after = page[count - 1].row;
		for (int i = 0; i < count; i++) {
			if (seen[page[i].item])
				VECTOR_ADD(export->duplicates, export->duplicate_count, export->duplicate_capacity) =
					(struct duplicate){page[i].item, page[i].row};
			seen[page[i].item] = true;
		}
	}
	return count == 0;
}

static int by_item(const void *a, const void *b)
{
	const struct duplicate *x = a, *y = b;
	return x->item != y->item ? (x->item < y->item ? -1 : 1) : x->row < y->row ? -1 : 1;
}

static bool read_run(struct export *export, const struct export_options *options, struct error *err)
{
	return run_read(export->reader, options->run, &export->run, err) &&
	       dataset_read(export->reader, export->run.dataset, &export->dataset, err) &&
	       extract_version(export->reader, options->run, &export->version, err) &&
	       extract_positions(export->reader, options->run, &export->positions, &export->items, err) &&
	       apply_view(export, options->view, err) && read_duplicates(export, err);
}

bool export_open(struct export *export, struct store *store, const struct export_options *options, struct error *err)
{
	char id[RUN_ID_SIZE];
	export->format = options->format;
	export->profile = options->profile;
	export->reader = reader_open(store, err);
	if (!export->reader)
		return false;
	reader_begin(export->reader);
	bool ok = read_run(export, options, err);
	reader_end(export->reader);
	if (!ok || !read_columns(export, err) || !open_bytes(export, options->datasets, err))
		return false;
	export->policy = export->run.policy;
	if (export->duplicate_count)
		qsort(export->duplicates, export->duplicate_count, sizeof(*export->duplicates), by_item);
	snprintf(export->name, sizeof(export->name), "%s-v%" PRId64 "%s", run_id_format(export->run.id, id), export->version,
		 export->format == EXPORT_JSONL ? ".jsonl" : export->profile == CSV_EXCEL ? "-excel.csv" : "-raw.csv");
	return true;
}

static bool read_at(const struct export *export, int64_t offset, char *bytes, size_t length, struct error *err)
{
	size_t have = 0;
	while (have < length) {
		ssize_t got = pread(export->file, bytes + have, length - have, (off_t)offset + (off_t)have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(err, ERROR_IO, "the bytes of dataset %s cannot be read at %" PRId64 ": %s",
					 export->dataset.name, offset + (int64_t)have, got < 0 ? strerror(errno) : "the file ends early");
		have += (size_t)got;
	}
	return true;
}

/* Rows follow each other in the file, so a page is one piece of it, but for very long rows or wide gaps. */
bool export_bytes(const struct export *export, const struct dataset_place *places, int count, char **block,
                  const char **bytes, struct error *err)
{
	int64_t first = places[0].offset, last = places[count - 1].offset + places[count - 1].length, total = 0;
	for (int i = 0; i < count; i++)
		total += places[i].length;
	bool whole = last - first <= SPAN_MOST;
	char *at = *block = memory_new((size_t)(whole ? last - first : total) + 1);
	if (whole && !read_at(export, first, at, (size_t)(last - first), err))
		return false;
	for (int i = 0; i < count; i++) {
		bytes[i] = whole ? at + (places[i].offset - first) : at;
		if (!whole && !read_at(export, places[i].offset, at, (size_t)places[i].length, err))
			return false;
		at += whole ? 0 : places[i].length;
	}
	return true;
}

bool export_final(struct export *export, const struct extract_result *result, int64_t item, enum binary *out,
                  struct error *err)
{
	*out = result->verdict;
	if (!result->done || result->verdict != BINARY_UNKNOWN || export->policy == NO_VERDICT_EXCLUDE)
		return true;
	*out = BINARY_BENIGN;
	if (export->policy == NO_VERDICT_BENIGN)
		return true;
	struct item found;
	int count = dataset_items(export->reader, export->dataset.id, item - 1, 1, &found, err);
	if (count < 1)
		return count == 0 && error_set(err, ERROR_STORE, "item %" PRId64 " is not there", item);
	*out = found.stage1;
	item_release(&found);
	return true;
}
