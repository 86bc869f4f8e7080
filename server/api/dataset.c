#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/handlers.h"
#include "api/request.h"
#include "api/rows.h"
#include "api/shape.h"
#include "base/memory.h"
#include "jobs/import.h"

enum { PAGE = 500, NAME_BYTES = 200 };

static json_t *to_json(struct api *api, struct reader *reader, const struct dataset_record *dataset)
{
	AUTO(dataset_record_release) struct dataset_record population = {0};
	struct error ignored = {0};
	if (dataset->population)
		dataset_read(reader, dataset->population, &population, &ignored);
	return shape_dataset(dataset, population.sha256, jobs_progress(api->jobs, dataset->id));
}

/* ---- reading ------------------------------------------------------------------------------ */

bool api_dataset_list(struct request *request, struct reader *reader, struct error *err)
{
	struct dataset_record *datasets = memory_array(PAGE, sizeof(*datasets));
	int limit = (int)query_int(&request->query, "limit");
	int count = dataset_list(reader, query_int(&request->query, "after"), limit, datasets, err);
	json_t *items = json_array();
	int64_t last = 0;
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, to_json(request->api, reader, &datasets[i]));
		last = datasets[i].id;
		dataset_record_release(&datasets[i]);
	}
	free(datasets);
	request->answer.json =
	        json_pack("{s:o, s:o}", "items", items, "next_cursor", count == limit ? json_integer(last) : json_null());
	return count >= 0;
}

bool api_dataset_read(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!dataset_find(reader, request->params[0], &dataset, err))
		return false;
	request->answer.json = to_json(request->api, reader, &dataset);
	return true;
}

static json_t *row_json(struct reader *reader, struct rows *rows, int64_t dataset, const struct dataset_place *place,
                        struct error *err)
{
	struct item item = {0};
	json_t *cells = rows_cells(rows, place->offset, place->length, err);
	if (!cells || dataset_items(reader, dataset, place->item - 1, 1, &item, err) < 0) {
		json_decref(cells);
		return NULL;
	}
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "row", (json_int_t)place->row, "record",
	                         (json_int_t)place->record, "line", (json_int_t)place->line, "item", (json_int_t)place->item,
	                         "key", json_text_or_null(item.key), "cells", cells);
	item_release(&item);
	return json;
}

static bool add_rows(struct request *request, struct reader *reader, const struct dataset_record *dataset, json_t *items,
                     struct error *err)
{
	AUTO_FREE struct dataset_place *places = memory_array(PAGE, sizeof(*places));
	int count = dataset_rows(reader, dataset->id, query_int(&request->query, "offset"),
	                         (int)query_int(&request->query, "limit"), places, err);
	struct rows *rows = count > 0 ? rows_open(request->api, dataset, err) : NULL;
	bool ok = count == 0 || rows != NULL;
	for (int i = 0; ok && i < count; i++) {
		json_t *json = row_json(reader, rows, dataset->id, &places[i], err);
		ok = json && json_array_append_new(items, json) == 0;
	}
	rows_close(rows);
	return ok;
}

bool api_dataset_rows(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!dataset_find(reader, request->params[0], &dataset, err))
		return false;
	json_t *items = json_array();
	reader_begin(reader);
	bool ok = add_rows(request, reader, &dataset, items, err);
	reader_end(reader);
	request->answer.json = json_pack("{s:I, s:I, s:o, s:o}", "total", (json_int_t)dataset.rows, "offset",
	                                 (json_int_t)query_int(&request->query, "offset"), "columns",
	                                 shape_parsed(dataset.columns), "items", items);
	return ok;
}

bool api_dataset_problems(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!dataset_find(reader, request->params[0], &dataset, err))
		return false;
	AUTO_FREE struct dataset_problem *problems = memory_array(PAGE, sizeof(*problems));
	int count = dataset_problems(reader, dataset.id, query_int(&request->query, "offset"),
	                             (int)query_int(&request->query, "limit"), problems, err);
	json_t *items = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, json_pack("{s:I, s:I, s:o, s:o}", "record", (json_int_t)problems[i].record, "line",
		                                       (json_int_t)problems[i].line, "reason",
		                                       json_text_or_null(problems[i].reason), "excerpt",
		                                       json_text_or_null(problems[i].excerpt)));
		free(problems[i].reason);
		free(problems[i].excerpt);
	}
	request->answer.json = json_pack("{s:I, s:o}", "total", (json_int_t)dataset.bad_rows, "items", items);
	return count >= 0;
}

/* ---- uploading ---------------------------------------------------------------------------- */

/* On a job thread: the record exists. The request is ours until the step ends. */
static void on_accepted(void *arg, const struct dataset_record *dataset, bool known, const struct error *err)
{
	struct request *request = arg;
	if (dataset) {
		request->answer.status = known ? 200 : 202;
		request->answer.location = memory_format("/api/v1/datasets/%s", dataset->sha256);
		request->answer.json = shape_dataset(dataset, NULL, known ? 1.0 : 0.0);
	}
	request_step_end(request, dataset != NULL, err);
}

/* The last piece of what the client calls it: directories of its machine say nothing here. */
static const char *file_name(const struct request *request)
{
	const char *name = query_text(&request->query, "name");
	const char *slash = name ? strrchr(name, '/') : NULL;
	name = slash ? slash + 1 : name;
	return name && *name ? name : "upload";
}

bool api_dataset_create(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	const char *name = file_name(request);
	if (strlen(name) > NAME_BYTES)
		return error_set(err, ERROR_INPUT, "\"name\" has more than %d bytes", NAME_BYTES);
	if (request->upload_bytes == 0)
		return error_set(err, ERROR_INPUT, "the file is empty");
	close(request->upload);
	request->upload = -1;
	/* The import moves or removes the file; the path is copied. */
	AUTO_FREE char *path = TAKE(request->upload_path);
	const struct import_request import = {
		.datasets = request->api->datasets, .path = path, .name = name, .person = request->person,
		.accepted = on_accepted, .arg = request,
	};
	request_step_begin(request, NULL);
	import_submit(request->api->jobs, &import);
	return true;
}

/* ---- population --------------------------------------------------------------------------- */

bool api_dataset_population(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0}, population = {0};
	json_t *wanted = json_object_get(request->json, "population");
	if (!json_is_null(wanted) && !json_is_string(wanted))
		return error_set(err, ERROR_INPUT, "\"population\": expected the SHA-256 of a dataset, or null");
	if (!dataset_find(reader, request->params[0], &dataset, err))
		return false;
	if (json_is_string(wanted) && !dataset_find(reader, json_string_value(wanted), &population, err))
		return error_prefix(err, "\"population\"");
	if (!import_tie_population(request->job, dataset.id, population.id, request->person, err))
		return false;
	return api_dataset_read(request, reader, err);
}
