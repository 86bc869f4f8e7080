#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/request.h"
#include "api/rows.h"
#include "api/shape.h"
#include "base/memory.h"
#include "jobs/window.h"
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

/* A view with a version stays as it is, so what it shows is worth keeping; else every answer would be another view. */
static int find_rows(struct request *request, struct reader *reader, int64_t run, bool frozen, struct view_row *rows,
                     int64_t *total, struct error *err)
{
	int64_t offset = query_int(&request->query, "offset"), positions[PAGE];
	int limit = (int)query_int(&request->query, "limit");
	if (!frozen) {
		*total = view_count(reader, run, request->view, err);
		return *total < 0 ? -1 : view_rows(reader, run, request->view, offset, limit, REASONING_BYTES, rows, err);
	}
	int count = windows_page(request->api->windows, reader, run, request->view, offset, limit, positions, total, err);
	if (count < 0 || !view_rows_at(reader, run, request->view, positions, count, REASONING_BYTES, rows, err))
		return -1;
	return count;
}

static bool list(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	bool frozen = view_version(request->view) > 0;
	if (!open_view(request, reader, &run, err))
		return false;
	AUTO_FREE struct view_row *rows = memory_array(PAGE, sizeof(*rows));
	int64_t total, version = view_version(request->view);
	int count = find_rows(request, reader, run.id, frozen, rows, &total, err);
	if (count < 0)
		return false;
	AUTO_FREE char *name = memory_format("v%lld", (long long)version);
	request->answer.json = json_pack("{s:s, s:I, s:I, s:I, s:o}", "view", name, "version", (json_int_t)version, "total",
	                                 (json_int_t)total, "offset", (json_int_t)query_int(&request->query, "offset"), "items",
	                                 rows_json(rows, count));
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

static bool facets(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	const char *by = query_text(&request->query, "by");
	if (!open_view(request, reader, &run, err))
		return false;
	AUTO_FREE char *counts = windows_facets(request->api->windows, reader, run.id, request->view, by ? by : "", FACETS, err);
	if (!counts)
		return false;
	request->answer.bytes =
	        memory_format("{\"version\":%lld,\"facets\":%s}", (long long)view_version(request->view), counts);
	request->answer.length = strlen(request->answer.bytes);
	request->answer.content_type = "application/json";
	return true;
}

bool api_item_facets(struct request *request, struct reader *reader, struct error *err)
{
	reader_begin(reader);
	bool ok = facets(request, reader, err);
	reader_end(reader);
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
