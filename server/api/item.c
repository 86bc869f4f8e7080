#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/request.h"
#include "api/rows.h"
#include "api/shape.h"
#include "base/memory.h"
#include "store/view.h"

enum { PAGE = 500, REASONING_BYTES = 200, FACETS = 50, ITEM_ATTEMPTS = 100 };

/* The run, with its policy told to the view, and the version that the answer names. */
static bool open_view(struct request *request, struct reader *reader, struct run_record *run, struct error *err)
{
	int64_t id;
	struct result_counts counts;
	if (!request_run_id(request, &id, err) || !run_read(reader, id, run, err))
		return false;
	view_set_policy(request->view, run->policy);
	if (view_version(request->view))
		return true;
	if (!result_counts_read(reader, id, &counts, err))
		return false;
	view_set_version(request->view, counts.version);
	return true;
}

static json_t *rows_json(struct view_row *rows, int count)
{
	json_t *items = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, shape_item(&rows[i]));
		view_row_release(&rows[i]);
	}
	return items;
}

static bool list(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	if (!open_view(request, reader, &run, err))
		return false;
	int64_t offset = query_int(&request->query, "offset");
	int limit = (int)query_int(&request->query, "limit");
	int64_t total = view_count(reader, run.id, request->view, err);
	if (total < 0)
		return false;
	AUTO_FREE struct view_row *rows = memory_array(PAGE, sizeof(*rows));
	int count = view_rows(reader, run.id, request->view, offset, limit, REASONING_BYTES, rows, err);
	if (count < 0)
		return false;
	int64_t version = view_version(request->view);
	AUTO_FREE char *name = memory_format("v%lld", (long long)version);
	request->answer.json = json_pack("{s:s, s:I, s:I, s:I, s:o}", "view", name, "version", (json_int_t)version, "total",
	                                 (json_int_t)total, "offset", (json_int_t)offset, "items", rows_json(rows, count));
	return true;
}

bool api_item_list(struct request *request, struct reader *reader, struct error *err)
{
	reader_begin(reader);
	bool ok = list(request, reader, err);
	reader_end(reader);
	return ok;
}

/* ---- one item -------------------------------------------------------------------------- */

static json_t *attempts_json(struct reader *reader, int64_t run, int64_t n, int64_t offset, int limit, struct error *err)
{
	AUTO_FREE struct attempt_record *attempts = memory_array(PAGE, sizeof(*attempts));
	int count = view_attempts(reader, run, n, offset, limit, attempts, err);
	if (count < 0)
		return NULL;
	json_t *items = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, shape_attempt(&attempts[i]));
		attempt_record_release(&attempts[i]);
	}
	return items;
}

static json_t *list_or_empty(const char *text)
{
	json_t *list = shape_parsed(text);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

static json_t *tokens(int64_t count)
{
	return count < 0 ? json_null() : json_integer(count);
}

static json_t *record_json(const struct view_detail *detail)
{
	json_t *json = shape_item(&detail->row);
	json_object_set_new(json, "detail", json_text_or_null(detail->detail));
	json_object_set_new(json, "finish_reason", json_text_or_null(detail->finish_reason));
	json_object_set_new(json, "model", json_text_or_null(detail->model));
	json_object_set_new(json, "prompt_tokens", tokens(detail->row.done ? detail->prompt_tokens : -1));
	json_object_set_new(json, "completion_tokens", tokens(detail->row.done ? detail->completion_tokens : -1));
	json_object_set_new(json, "evaluated", json_time(detail->evaluated_ms));
	json_object_set_new(json, "risk_factors", list_or_empty(detail->risk_factors));
	json_object_set_new(json, "detected_brands", list_or_empty(detail->detected_brands));
	json_object_set_new(json, "prompt", json_text_or_null(detail->prompt));
	json_object_set_new(json, "raw", json_text_or_null(detail->raw));
	return json;
}

static bool read_item(struct request *request, struct reader *reader, struct error *err)
{
	int64_t id, n;
	AUTO(run_record_release) struct run_record run = {0};
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	AUTO(view_detail_release) struct view_detail detail = {0};
	if (!request_run_id(request, &id, err) || !request_number(request, 1, &n, err) || !run_read(reader, id, &run, err) ||
	    !dataset_read(reader, run.dataset, &dataset, err) || !view_detail_read(reader, id, n, &detail, err))
		return false;
	json_t *attempts = attempts_json(reader, id, n, 0, ITEM_ATTEMPTS, err);
	if (!attempts)
		return false;
	json_t *json = request->answer.json = record_json(&detail);
	json_object_set_new(json, "attempts_list", attempts);
	json_t *cells = rows_cells_by_column(request->api, &dataset, detail.row_offset, detail.row_length, err);
	json_object_set_new(json, "cells", cells ? cells : json_object());
	return cells != NULL;
}

bool api_item_read(struct request *request, struct reader *reader, struct error *err)
{
	reader_begin(reader);
	bool ok = read_item(request, reader, err);
	reader_end(reader);
	return ok;
}

/* ---- facets, attempts -------------------------------------------------------------------- */

static json_t *facet_json(struct request *request, struct reader *reader, int64_t run, const char *by, struct error *err)
{
	struct facet facets[FACETS] = {0};
	int count = view_facet(reader, run, request->view, by, FACETS, facets, err);
	if (count < 0)
		return NULL;
	json_t *list = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(list, json_pack("{s:o, s:I}", "value", json_text_or_null(facets[i].value), "count",
		                                      (json_int_t)facets[i].count));
		free(facets[i].value);
	}
	return list;
}

static bool all_facets(struct request *request, struct reader *reader, int64_t run, json_t *out, struct error *err)
{
	const char *at = query_text(&request->query, "by");
	if (!at || !*at)
		return error_set(err, ERROR_INPUT, "\"by\" is missing; for example by=source,band,cell");
	while (*at) {
		size_t length = strcspn(at, ",");
		AUTO_FREE char *by = memory_copy_n(at, length);
		json_t *facet = facet_json(request, reader, run, by, err);
		if (!facet)
			return false;
		json_object_set_new(out, by, facet);
		at += length + (at[length] == ',');
	}
	return true;
}

bool api_item_facets(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	json_t *facets = json_object();
	reader_begin(reader);
	bool ok = open_view(request, reader, &run, err) && all_facets(request, reader, run.id, facets, err);
	reader_end(reader);
	request->answer.json =
	        json_pack("{s:I, s:o}", "version", (json_int_t)view_version(request->view), "facets", facets);
	return ok;
}

bool api_item_attempts(struct request *request, struct reader *reader, struct error *err)
{
	int64_t run;
	AUTO(run_record_release) struct run_record record = {0};
	if (!request_run_id(request, &run, err) || !run_read(reader, run, &record, err))
		return false;
	int64_t total = view_attempts_count(reader, run, err);
	json_t *items = total < 0 ? NULL
	                          : attempts_json(reader, run, 0, query_int(&request->query, "offset"),
	                                          (int)query_int(&request->query, "limit"), err);
	if (!items)
		return false;
	request->answer.json = json_pack("{s:I, s:o}", "total", (json_int_t)total, "items", items);
	return true;
}
