/* Plan, try, create: the three that read a run request. On job threads. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/request.h"
#include "api/shape.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/vector.h"
#include "config/request.h"
#include "jobs/plan.h"

/* What stands in the body beside the run request itself. */
struct extras {
	const char *plan_etag, *worker;
	json_t *acknowledgements;
	bool start;
	int64_t k;
};

/* One planning, released at the end of the scope. */
struct draft {
	struct run_request *request;
	struct plan *plan;
	struct snapshot *snapshot;
};

static void draft_release(struct draft *draft)
{
	plan_free(draft->plan);
	run_request_free(draft->request);
	snapshot_release(draft->snapshot);
}

/* Takes the named keys out of the body: what is left must be a run request. */
static bool split(json_t *body, const char *const *names, json_t *extras)
{
	for (; *names; names++) {
		json_t *value = json_object_get(body, *names);
		if (value)
			json_object_set(extras, *names, value);
		json_object_del(body, *names);
	}
	return true;
}

/* The length of the name in quotation marks that a text begins with, 0 = none. */
static size_t quoted(const char *text)
{
	size_t length = *text == '"' ? strcspn(text + 1, "\"") : 0;
	return length > 0 && text[1 + length] == '"' ? length : 0;
}

/* A page shows the problem where the field is. What is wrong with a request begins with its key, within an
 * object with both: "selection.n": ... or "selection": "n": ... */
static void name_field(struct request *request, const struct error *err)
{
	const char *first = err->text + 1, *second = "";
	size_t length = quoted(err->text), more = 0;
	if (err->code != ERROR_INPUT || length == 0)
		return;
	if (text_starts(first + length, "\": ") && !memchr(first, '.', length)) {
		second = first + length + 3;
		more = quoted(second);
	}
	if (more > 0 && second[more + 2] != ':')
		more = 0;
	AUTO_FREE char *field = memory_format("%.*s%s%.*s", (int)length, first, more ? "." : "", (int)more, more ? second + 1 : "");
	request->problem_params = json_pack("{s:s}", "field", field);
}

static bool draft_request(struct request *request, struct reader *reader, struct draft *draft, struct error *err)
{
	draft->request = run_request_new(request->json, request->api->config, err);
	if (!draft->request)
		return false;
	plan_complete(draft->request);
	draft->snapshot = engine_snapshot(request->api->engine);
	draft->plan = plan_new(reader, draft->request, draft->snapshot, err);
	return draft->plan != NULL;
}

static bool make_draft(struct request *request, struct reader *reader, struct draft *draft, struct error *err)
{
	if (draft_request(request, reader, draft, err))
		return true;
	name_field(request, err);
	return false;
}

/* ---- plan ---------------------------------------------------------------------------------- */

static json_t *warnings_json(const struct plan *plan)
{
	json_t *list = json_array();
	for (int i = 0; i < plan->warning_count; i++) {
		const struct plan_warning *warning = &plan->warnings[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:O}", "code", warning->code, "text",
		                                      json_text_or_null(warning->text), "params", warning->params));
	}
	return list;
}

static json_t *estimate_json(const struct plan *plan)
{
	if (!plan->has_estimate)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:o}", "items_per_s", plan->items_per_s, "lo_s", plan->lo_s, "hi_s", plan->hi_s,
	                 "basis", shape_run_id(plan->basis));
}

static json_t *counts_json(const struct plan *plan)
{
	return json_pack("{s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}}", "rows", (json_int_t)plan->rows, "items",
	                 (json_int_t)plan->dataset_items, "selected", (json_int_t)plan->count, "labels", "phishing",
	                 (json_int_t)plan->labels[BINARY_PHISHING + 1], "benign",
	                 (json_int_t)plan->labels[BINARY_BENIGN + 1], "unknown",
	                 (json_int_t)plan->labels[BINARY_UNKNOWN + 1], "conflict", (json_int_t)plan->conflicts);
}

/* The workers that would take part. */
static json_t *workers_json(const struct draft *draft)
{
	json_t *list = json_array();
	const struct snapshot *snapshot = draft->snapshot;
	for (int i = 0; i < snapshot->worker_count; i++) {
		bool chosen = draft->request->worker_count == 0;
		for (int w = 0; w < draft->request->worker_count; w++)
			chosen |= text_equal(draft->request->workers[w], snapshot->workers[i].id);
		if (chosen)
			json_array_append_new(list, shape_worker(&snapshot->workers[i]));
	}
	return list;
}

bool api_run_plan(struct request *request, struct reader *reader, struct error *err)
{
	AUTO(draft_release) struct draft draft = {0};
	AUTO(dataset_record_release) struct dataset_record dataset = {0}, population = {0};
	struct error ignored = {0};
	if (!make_draft(request, reader, &draft, err) || !dataset_read(reader, draft.plan->dataset, &dataset, err))
		return false;
	if (dataset.population)
		dataset_read(reader, dataset.population, &population, &ignored);
	const struct plan *plan = draft.plan;
	request->answer.json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "plan_etag", plan->etag, "dataset",
	                                 shape_dataset(&dataset, population.sha256, 1.0), "counts", counts_json(plan),
	                                 "workers", workers_json(&draft), "estimate", estimate_json(plan), "warnings",
	                                 warnings_json(plan), "request", run_request_json(draft.request));
	return true;
}

/* ---- create -------------------------------------------------------------------------------- */

static bool acknowledged(json_t *acknowledgements, const char *code)
{
	size_t i;
	json_t *item;
	json_array_foreach(acknowledgements, i, item)
		if (text_equal(json_string_value(item), code))
			return true;
	return false;
}

static bool check_warnings(struct request *request, const struct plan *plan, json_t *acknowledgements, struct error *err)
{
	json_t *missing = json_array();
	AUTO_TEXT struct text names;
	text_init(&names, 0);
	for (int i = 0; i < plan->warning_count; i++)
		if (!acknowledged(acknowledgements, plan->warnings[i].code)) {
			text_addf(&names, "%s%s", names.length ? ", " : "", plan->warnings[i].code);
			json_array_append_new(missing, json_string(plan->warnings[i].code));
		}
	request->problem_params = json_pack("{s:o}", "codes", missing);
	return json_array_size(missing) == 0 ||
	       error_set(err, ERROR_UNACKNOWLEDGED, "these warnings of the plan need an acknowledgement: %s", names.data);
}

struct creation {
	struct run_record run;
	const struct plan *plan;
};

static bool insert_run(struct writer *writer, void *arg, struct error *err)
{
	struct creation *creation = arg;
	return run_insert(writer, &creation->run, creation->plan->items, creation->plan->count, err);
}

static char *worker_list(const struct run_request *request)
{
	if (!request->worker_count)
		return NULL;
	AUTO_JSON json_t *list = json_array();
	for (int i = 0; i < request->worker_count; i++)
		json_array_append_new(list, json_text_or_null(request->workers[i]));
	return json_text(list);
}

static bool insert(struct request *request, const struct draft *draft, int64_t *run, struct error *err)
{
	AUTO_JSON json_t *json = run_request_json(draft->request);
	struct creation creation = {
		.run = {
			.name = memory_copy(draft->request->name), .dataset = draft->plan->dataset, .state = RUN_DRAFT,
			.cause = memory_copy(""), .request = json_text(json),
			.fingerprint = memory_copy(draft->plan->fingerprint), .policy = draft->request->policy,
			.shuffled = draft->request->shuffle, .total = draft->plan->count, .created_ms = clock_wall_ms(),
			.created_by = memory_copy(request->person), .workers = worker_list(draft->request),
		},
		.plan = draft->plan,
	};
	bool ok = store_write_wait(request->api->store, insert_run, &creation, err);
	*run = creation.run.id;
	run_record_release(&creation.run);
	return ok;
}

static bool read_create_extras(json_t *json, struct extras *extras, struct error *err)
{
	const struct json_field fields[] = {
		{"plan_etag", JSON_FIELD_TEXT, &extras->plan_etag, true, 1, 64},
		{"acknowledgements", JSON_FIELD_ARRAY, &extras->acknowledgements, false, 0, 0},
		{"start", JSON_FIELD_BOOL, &extras->start, false, 0, 0},
	};
	return json_read(json, fields, COUNT_OF(fields), err);
}

bool api_run_create(struct request *request, struct reader *reader, struct error *err)
{
	static const char *const names[] = {"plan_etag", "acknowledgements", "start", NULL};
	AUTO(draft_release) struct draft draft = {0};
	AUTO_JSON json_t *beside = json_object();
	struct extras extras = {.start = true};
	char id[RUN_ID_SIZE];
	int64_t run;
	split(request->json, names, beside);
	if (!read_create_extras(beside, &extras, err) || !make_draft(request, reader, &draft, err))
		return false;
	if (!text_equal(extras.plan_etag, draft.plan->etag))
		return error_set(err, ERROR_CHANGED, "the plan is no longer what it was when it was shown: plan again");
	if (!check_warnings(request, draft.plan, extras.acknowledgements, err) || !insert(request, &draft, &run, err))
		return false;
	request->params[0] = memory_copy(run_id_format(run, id));
	json_object_set(request->json, "start", json_object_get(beside, "start"));
	request->then = api_run_created;
	return true;
}

/* ---- try ----------------------------------------------------------------------------------- */

enum { TRY_MOST = 10, TRY_DEFAULT = 3 };

/* What engine_try() borrows until it is done. */
struct trial {
	char *request, *worker;
	int64_t items[TRY_MOST];
	int64_t dataset;
	int count;
};

static void free_trial(void *state)
{
	struct trial *trial = state;
	free(trial->request);
	free(trial->worker);
	free(trial);
}

static json_t *tokens(int64_t count)
{
	return count < 0 ? json_null() : json_integer(count);
}

static json_t *parsed_list(const char *text)
{
	json_t *list = shape_parsed(text);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

static json_t *verdict_json(const struct outcome *outcome)
{
	const struct verdict *verdict = &outcome->verdict;
	if (outcome->failure != FAILURE_NONE)
		return json_null();
	const char *risk = risk_name(verdict->risk);
	return json_pack("{s:b, s:o, s:o, s:s, s:o, s:o, s:o}", "is_phishing", verdict->is_phishing, "confidence",
	                 json_real_or_null(verdict->confidence), "risk", json_text_or_null(*risk ? risk : NULL),
	                 "decision_source", decision_source_name(verdict->source), "reasoning",
	                 json_text_or_null(verdict->reasoning), "risk_factors", parsed_list(verdict->risk_factors),
	                 "detected_brands", parsed_list(verdict->detected_brands));
}

static json_t *tried_json(const struct engine_try_item *item)
{
	const struct outcome *outcome = item->outcome;
	const char *failure = failure_name(outcome->failure);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "key", json_text_or_null(item->key), "prompt",
	                 json_text_or_null(outcome->prompt), "raw", json_text_or_null(outcome->raw), "failure",
	                 json_text_or_null(*failure ? failure : NULL), "detail", json_text_or_null(outcome->detail),
	                 "verdict", verdict_json(outcome), "prompt_tokens", tokens(outcome->prompt_tokens),
	                 "completion_tokens", tokens(outcome->completion_tokens), "elapsed_ms",
	                 (json_int_t)outcome->elapsed_ms, "worker", json_text_or_null(item->worker));
}

/* On the engine thread; the request is ours until the step ends. */
static void on_tried(void *arg, const struct engine_try_item *items, int count, const struct error *err)
{
	struct request *request = arg;
	bool ok = !err || !err->code;
	json_t *list = json_array();
	for (int i = 0; ok && i < count; i++)
		json_array_append_new(list, tried_json(&items[i]));
	request->answer.json = json_pack("{s:o}", "items", list);
	request_step_end(request, ok, err);
}

/* Back on the HTTP thread, where steps begin. */
static bool ask_engine(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	const struct trial *trial = request->state;
	const struct engine_try wanted = {
		.dataset = trial->dataset, .request = trial->request, .worker = trial->worker, .items = trial->items,
		.count = trial->count, .done = on_tried, .arg = request,
	};
	request_step_begin(request, NULL);
	engine_try(request->api->engine, &wanted);
	return true;
}

bool api_run_try(struct request *request, struct reader *reader, struct error *err)
{
	static const char *const names[] = {"k", "worker", NULL};
	AUTO(draft_release) struct draft draft = {0};
	AUTO_JSON json_t *beside = json_object();
	struct extras extras = {.k = TRY_DEFAULT};
	const struct json_field fields[] = {{"k", JSON_FIELD_INT, &extras.k, false, 1, TRY_MOST},
	                                    {"worker", JSON_FIELD_TEXT, &extras.worker, false, 1, 64}};
	split(request->json, names, beside);
	if (!json_read(beside, fields, COUNT_OF(fields), err) || !make_draft(request, reader, &draft, err))
		return false;
	struct trial *trial = NEW(struct trial);
	AUTO_JSON json_t *complete = run_request_json(draft.request);
	trial->request = json_text(complete);
	trial->worker = memory_copy(extras.worker);
	trial->dataset = draft.plan->dataset;
	trial->count = (int)(draft.plan->count < extras.k ? draft.plan->count : extras.k);
	memcpy(trial->items, draft.plan->items, (size_t)trial->count * sizeof(*trial->items));
	request->state = trial;
	request->free_state = free_trial;
	request->then = ask_engine;
	return true;
}
