#include "config/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "model/failure.h"

static const char *const selection_names[] = {"all", "first", "random", "filter", "list", "run", "errors"};
static const char *const evaluator_names[] = {"chat", "fake"};
static const char *const language_names[] = {"en", "ja"};
static const char *const sampling_names[] = {"mekiki", "pandas"};

/* A template is a page of text; a filter one line of a URL. */
enum { TEMPLATE_BYTES = 256 * 1024, FILTER_BYTES = 8 * 1024, NAME_BYTES = 200 };

/* ---- reading --------------------------------------------------------------------------- */

static bool choose(const char *key, const char *value, const char *const *names, size_t count, int *out, struct error *err)
{
	AUTO_TEXT struct text known;
	text_init(&known, 0);
	for (size_t i = 0; i < count; i++) {
		if (text_equal(names[i], value)) {
			*out = (int)i;
			return true;
		}
		text_addf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	return error_set(err, ERROR_INPUT, "\"%s\": \"%.40s\" is none of %s", key, value, known.data);
}

/* A list of texts, each not empty. */
static bool read_texts(const char *key, json_t *list, char ***out, int *count, struct error *err)
{
	size_t length = json_array_size(list), i;
	json_t *item;
	if (length == 0)
		return error_set(err, ERROR_INPUT, "\"%s\": the list is empty; leave it out to mean all", key);
	*out = memory_array(length, sizeof(**out));
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item);
		if (!text || !*text || strlen(text) != json_string_length(item))
			return error_set(err, ERROR_INPUT, "\"%s\"[%zu]: expected a text", key, i);
		(*out)[(*count)++] = memory_copy(text);
	}
	return true;
}

static bool read_kinds(json_t *list, unsigned *kinds, struct error *err)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		enum failure failure;
		const char *name = json_string_value(item);
		if (!name || !failure_parse(name, &failure) || failure == FAILURE_NONE)
			return error_set(err, ERROR_INPUT, "\"selection.kinds\"[%zu]: \"%.40s\" is no kind of failure", i,
			                 name ? name : "");
		*kinds |= 1u << failure;
	}
	return true;
}

struct selection_fields {
	const char *kind, *sampling, *filter, *run;
	int64_t n, seed;
	json_t *keys, *kinds;
};

/* What each kind needs, beside the kind itself. */
static bool check_selection(struct run_request *request, const struct selection_fields *fields, struct error *err)
{
	enum selection_kind kind = request->selection;
	const char *name = selection_names[kind];
	bool counted = kind == SELECT_FIRST || kind == SELECT_RANDOM;
	bool of_run = kind == SELECT_RUN || kind == SELECT_ERRORS;
	if (counted && fields->n < 1)
		return error_set(err, ERROR_INPUT, "\"selection.n\" is missing: how many items is \"%s\"?", name);
	if (!counted && fields->n >= 1)
		return error_set(err, ERROR_INPUT, "\"selection.n\" belongs to first and random, not to \"%s\"", name);
	if ((kind == SELECT_FILTER) != (fields->filter != NULL))
		return error_set(err, ERROR_INPUT, "\"selection.filter\" belongs to the kind filter, and only there");
	if ((kind == SELECT_LIST) != (fields->keys != NULL))
		return error_set(err, ERROR_INPUT, "\"selection.keys\" belongs to the kind list, and only there");
	if (of_run != (fields->run != NULL))
		return error_set(err, ERROR_INPUT, "\"selection.run\" belongs to the kinds run and errors, and only there");
	if (fields->kinds && kind != SELECT_ERRORS)
		return error_set(err, ERROR_INPUT, "\"selection.kinds\" belongs to the kind errors");
	return true;
}

static bool read_selection(struct run_request *request, json_t *json, int64_t *seed, struct error *err)
{
	struct selection_fields at = {.n = 0, .seed = -1};
	const struct json_field fields[] = {
		{"kind", JSON_FIELD_TEXT, &at.kind, true, 1, 20},      {"n", JSON_FIELD_INT, &at.n, false, 1, 1e9},
		{"seed", JSON_FIELD_INT, &at.seed, false, 0, 4294967295.0},
		{"sampling", JSON_FIELD_TEXT, &at.sampling, false, 1, 20},
		{"filter", JSON_FIELD_TEXT, &at.filter, false, 1, FILTER_BYTES},
		{"keys", JSON_FIELD_ARRAY, &at.keys, false, 0, 0},     {"run", JSON_FIELD_TEXT, &at.run, false, 1, RUN_ID_SIZE},
		{"kinds", JSON_FIELD_ARRAY, &at.kinds, false, 0, 0},
	};
	int kind = 0, sampling = 0;
	if (!json_read(json, fields, COUNT_OF(fields), err))
		return error_prefix(err, "\"selection\"");
	if (!choose("selection.kind", at.kind, selection_names, COUNT_OF(selection_names), &kind, err))
		return false;
	if (at.sampling && !choose("selection.sampling", at.sampling, sampling_names, COUNT_OF(sampling_names), &sampling, err))
		return false;
	request->selection = (enum selection_kind)kind;
	request->pandas = sampling == 1;
	request->n = at.n;
	*seed = at.seed;
	if (!check_selection(request, &at, err))
		return false;
	request->filter = memory_copy(at.filter);
	if (at.run && !run_id_parse(at.run, &request->of_run))
		return error_set(err, ERROR_INPUT, "\"selection.run\": \"%.40s\" is no run; they are called r-0001", at.run);
	return (!at.keys || read_texts("selection.keys", at.keys, &request->keys, &request->key_count, err)) &&
	       (!at.kinds || read_kinds(at.kinds, &request->kinds, err));
}

static bool read_prompt(struct run_request *request, json_t *json, struct error *err)
{
	const char *system = NULL, *user = NULL;
	const struct json_field fields[] = {
		{"system", JSON_FIELD_TEXT, &system, false, 1, TEMPLATE_BYTES},
		{"user", JSON_FIELD_TEXT, &user, false, 1, TEMPLATE_BYTES},
	};
	if (!json_read(json, fields, COUNT_OF(fields), err))
		return error_prefix(err, "\"prompt\"");
	if (system) {
		free(request->system);
		request->system = memory_copy(system);
	}
	if (user) {
		free(request->user);
		request->user = memory_copy(user);
	}
	return true;
}

/* null, true, false */
static bool read_thinking(struct run_request *request, json_t *json, struct error *err)
{
	if (!json_is_null(json) && !json_is_boolean(json))
		return error_set(err, ERROR_INPUT, "\"enable_thinking\": expected true, false, or null for not sent");
	request->enable_thinking = json_is_null(json) ? -1 : json_is_true(json);
	return true;
}

static bool read_model(struct run_request *request, json_t *json, struct error *err)
{
	const char *name = json_string_value(json);
	if (!json_is_null(json) && (!name || !*name || strlen(name) != json_string_length(json)))
		return error_set(err, ERROR_INPUT, "\"model\": expected a name, or null for what the workers serve");
	free(request->model);
	request->model = memory_copy(name);
	return true;
}

struct top {
	const char *dataset, *name, *evaluator, *no_verdict, *language;
	json_t *selection, *prompt, *workers, *model, *thinking;
	int64_t seed, max_tokens, attempts;
	double timeout_s;
};

static bool read_top(struct run_request *request, json_t *json, struct top *top, struct error *err)
{
	const struct json_field fields[] = {
		{"dataset", JSON_FIELD_TEXT, &top->dataset, true, 8, 64},
		{"name", JSON_FIELD_TEXT, &top->name, false, 0, NAME_BYTES},
		{"selection", JSON_FIELD_OBJECT, &top->selection, false, 0, 0},
		{"shuffle", JSON_FIELD_BOOL, &request->shuffle, false, 0, 0},
		{"seed", JSON_FIELD_INT, &top->seed, false, 0, 4294967295.0},
		{"evaluator", JSON_FIELD_TEXT, &top->evaluator, false, 1, 40},
		{"model", JSON_FIELD_ANY, &top->model, false, 0, 0},
		{"prompt", JSON_FIELD_OBJECT, &top->prompt, false, 0, 0},
		{"temperature", JSON_FIELD_NUMBER, &request->temperature, false, 0, 2},
		{"top_p", JSON_FIELD_NUMBER, &request->top_p, false, 0.01, 1},
		{"max_tokens", JSON_FIELD_INT, &top->max_tokens, false, 1, 1000000},
		{"enable_thinking", JSON_FIELD_ANY, &top->thinking, false, 0, 0},
		{"timeout_s", JSON_FIELD_NUMBER, &top->timeout_s, false, 0.05, 86400},
		{"attempts", JSON_FIELD_INT, &top->attempts, false, 1, 20},
		{"no_verdict", JSON_FIELD_TEXT, &top->no_verdict, false, 1, 20},
		{"language", JSON_FIELD_TEXT, &top->language, false, 1, 20},
		{"workers", JSON_FIELD_ARRAY, &top->workers, false, 0, 0},
	};
	return json_read(json, fields, COUNT_OF(fields), err);
}

static bool take_names(struct run_request *request, const struct top *top, struct error *err)
{
	int chosen;
	if (strspn(top->dataset, "0123456789abcdefABCDEF") != strlen(top->dataset))
		return error_set(err, ERROR_INPUT, "\"dataset\": \"%.64s\" is no SHA-256 in hexadecimal digits", top->dataset);
	request->dataset = memory_copy(top->dataset);
	request->name = memory_copy(top->name ? top->name : "");
	if (top->evaluator) {
		if (!choose("evaluator", top->evaluator, evaluator_names, COUNT_OF(evaluator_names), &chosen, err))
			return false;
		free(request->evaluator);
		request->evaluator = memory_copy(top->evaluator);
	}
	if (top->language) {
		if (!choose("language", top->language, language_names, COUNT_OF(language_names), &chosen, err))
			return false;
		free(request->language);
		request->language = memory_copy(top->language);
	}
	if (top->no_verdict && !no_verdict_policy_parse(top->no_verdict, &request->policy))
		return error_set(err, ERROR_INPUT, "\"no_verdict\": \"%.40s\" is none of exclude, stage1, benign",
		                 top->no_verdict);
	return true;
}

/* One seed for everything; it may stand in either place. */
static bool take_seed(struct run_request *request, int64_t outer, int64_t inner, struct error *err)
{
	if (outer >= 0 && inner >= 0 && outer != inner)
		return error_set(err, ERROR_INPUT, "\"seed\" is %lld but \"selection.seed\" is %lld; a run has one seed",
		                 (long long)outer, (long long)inner);
	if (outer >= 0 || inner >= 0)
		request->seed = outer >= 0 ? outer : inner;
	return true;
}

static void set_defaults(struct run_request *request, const struct config *config)
{
	request->selection = config->sampling.count > 0 ? SELECT_RANDOM : SELECT_ALL;
	request->n = config->sampling.count;
	request->seed = config->sampling.seed;
	request->shuffle = config->sampling.shuffle;
	request->evaluator = memory_copy(evaluator_names[config->evaluation.evaluator]);
	request->model = memory_copy(config->vllm.model);
	request->system = memory_copy(config->evaluation.system_prompt);
	request->user = memory_copy(config->evaluation.user_prompt);
	request->temperature = config->evaluation.temperature;
	request->top_p = config->evaluation.top_p;
	request->max_tokens = (int)config->evaluation.max_tokens;
	request->enable_thinking = config->evaluation.thinking;
	request->timeout_ms = config->evaluation.timeout_ms;
	request->attempts = (int)config->evaluation.attempts;
	request->policy = config->evaluation.no_verdict;
	request->language = memory_copy(language_names[config->evaluation.language]);
}

static bool read_request(struct run_request *request, json_t *json, struct error *err)
{
	struct top top = {.seed = -1};
	int64_t inner_seed = -1;
	if (!read_top(request, json, &top, err) || !take_names(request, &top, err) ||
	    (top.selection && !read_selection(request, top.selection, &inner_seed, err)) ||
	    !take_seed(request, top.seed, inner_seed, err) || (top.prompt && !read_prompt(request, top.prompt, err)) ||
	    (top.thinking && !read_thinking(request, top.thinking, err)) ||
	    (top.model && !read_model(request, top.model, err)) ||
	    (top.workers && !read_texts("workers", top.workers, &request->workers, &request->worker_count, err)))
		return false;
	if (top.max_tokens)
		request->max_tokens = (int)top.max_tokens;
	if (top.attempts)
		request->attempts = (int)top.attempts;
	if (top.timeout_s > 0)
		request->timeout_ms = (int64_t)(top.timeout_s * 1000 + 0.5);
	return true;
}

struct run_request *run_request_new(json_t *json, const struct config *config, struct error *err)
{
	struct run_request *request = NEW(struct run_request);
	set_defaults(request, config);
	if (read_request(request, json, err))
		return request;
	run_request_free(request);
	return NULL;
}

static void free_texts(char **texts, int count)
{
	for (int i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void run_request_free(struct run_request *request)
{
	if (!request)
		return;
	free(request->dataset);
	free(request->name);
	free(request->filter);
	free_texts(request->keys, request->key_count);
	free(request->evaluator);
	free(request->model);
	free(request->system);
	free(request->user);
	free(request->language);
	free_texts(request->workers, request->worker_count);
	free(request);
}

/* ---- writing --------------------------------------------------------------------------- */

static json_t *texts_json(char *const *texts, int count)
{
	json_t *list = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_text_or_null(texts[i]));
	return list;
}

static json_t *kinds_json(unsigned kinds)
{
	json_t *list = json_array();
	for (unsigned i = 1; i < FAILURE_COUNT; i++)
		if (kinds & (1u << i))
			json_array_append_new(list, json_string(failure_name((enum failure)i)));
	return list;
}

static json_t *selection_json(const struct run_request *request)
{
	char run[RUN_ID_SIZE];
	enum selection_kind kind = request->selection;
	json_t *json = json_pack("{s:s}", "kind", selection_names[kind]);
	if (kind == SELECT_FIRST || kind == SELECT_RANDOM)
		json_object_set_new(json, "n", json_integer(request->n));
	if (kind == SELECT_RANDOM || request->pandas) {
		json_object_set_new(json, "seed", json_integer(request->seed));
		json_object_set_new(json, "sampling", json_string(sampling_names[request->pandas]));
	}
	if (kind == SELECT_FILTER)
		json_object_set_new(json, "filter", json_text_or_null(request->filter));
	if (kind == SELECT_LIST)
		json_object_set_new(json, "keys", texts_json(request->keys, request->key_count));
	if (kind == SELECT_RUN || kind == SELECT_ERRORS)
		json_object_set_new(json, "run", json_string(run_id_format(request->of_run, run)));
	if (kind == SELECT_ERRORS && request->kinds)
		json_object_set_new(json, "kinds", kinds_json(request->kinds));
	return json;
}

static json_t *prompt_json(const struct run_request *request)
{
	json_t *json = json_object();
	if (request->system)
		json_object_set_new(json, "system", json_text_or_null(request->system));
	if (request->user)
		json_object_set_new(json, "user", json_text_or_null(request->user));
	return json;
}

static json_t *thinking_json(int thinking)
{
	return thinking < 0 ? json_null() : json_boolean(thinking);
}

json_t *run_request_json(const struct run_request *request)
{
	json_t *json = json_pack("{s:o, s:o, s:o, s:b, s:I, s:s, s:o, s:o}", "dataset", json_text_or_null(request->dataset),
	                         "name", json_text_or_null(request->name), "selection", selection_json(request), "shuffle",
	                         request->shuffle, "seed", (json_int_t)request->seed, "evaluator", request->evaluator,
	                         "model", json_text_or_null(request->model), "prompt", prompt_json(request));
	json_object_set_new(json, "temperature", json_real(request->temperature));
	json_object_set_new(json, "top_p", json_real(request->top_p));
	json_object_set_new(json, "max_tokens", json_integer(request->max_tokens));
	json_object_set_new(json, "enable_thinking", thinking_json(request->enable_thinking));
	json_object_set_new(json, "timeout_s", json_real((double)request->timeout_ms / 1000));
	json_object_set_new(json, "attempts", json_integer(request->attempts));
	json_object_set_new(json, "no_verdict", json_string(no_verdict_policy_name(request->policy)));
	json_object_set_new(json, "language", json_string(request->language));
	json_object_set_new(json, "workers",
	                    request->workers ? texts_json(request->workers, request->worker_count) : json_null());
	return json;
}
