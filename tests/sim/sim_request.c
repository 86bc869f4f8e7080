#include "sim_request.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "sim_opinion.h"

static const char bad_request[] = "BadRequestError";
static const char invalid[] = "Bad Request"; /* vLLM's name, with the space, for JSON and field errors */

bool sim_problem_set(struct sim_problem *problem, int status, const char *type, const char *param, const char *format, ...)
{
	*problem = (struct sim_problem){.status = status, .type = type, .param = param};
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(problem->message, sizeof(problem->message), format, arguments);
	va_end(arguments);
	problem->message[text_utf8_cut(problem->message, strlen(problem->message), sizeof(problem->message) - 4)] = '\0';
	return false;
}

bool sim_problem_context(struct sim_problem *problem, int64_t limit, int64_t prompt)
{
	return sim_problem_set(problem, 400, bad_request, "input_tokens",
			       "This model's maximum context length is %lld tokens. However, your prompt contains at "
			       "least %lld input tokens. Please reduce the length of the input prompt.",
			       (long long)limit, (long long)prompt);
}

int64_t sim_request_tokens(const char *text)
{
	return (int64_t)strlen(text) / 4 + 1;
}

static bool missing(struct sim_problem *problem, const char *name)
{
	return sim_problem_set(problem, 400, invalid, name,
			       "1 validation error:\n  {'type': 'missing', 'loc': ('body', '%s'), 'msg': 'Field required'}", name);
}

static bool wrong_type(struct sim_problem *problem, const char *name, const char *wanted)
{
	return sim_problem_set(problem, 400, invalid, name,
			       "1 validation error:\n  {'type': '%s_type', 'loc': ('body', '%s'), 'msg': 'Input should be a valid %s'}",
			       wanted, name, wanted);
}

/* The text of a message: a string, or the text parts of a list. */
static void add_content(struct text *out, const json_t *content)
{
	if (json_is_string(content))
		text_add(out, json_string_value(content));
	size_t i;
	const json_t *part;
	json_array_foreach(content, i, part)
		if (json_is_string(json_object_get(part, "text")))
			text_add(out, json_string_value(json_object_get(part, "text")));
}

static bool read_messages(struct sim_request *out, struct sim_problem *problem)
{
	const json_t *messages = json_object_get(out->body, "messages");
	if (!messages)
		return missing(problem, "messages");
	if (!json_is_array(messages))
		return wrong_type(problem, "messages", "list");
	AUTO_TEXT struct text all, last;
	text_init(&all, 0);
	text_init(&last, 0);
	size_t i;
	const json_t *message;
	json_array_foreach(messages, i, message) {
		const json_t *content = json_object_get(message, "content");
		const char *role = json_string_value(json_object_get(message, "role"));
		if (!role)
			return missing(problem, "messages.role");
		add_content(&all, content);
		if (strcmp(role, "user") != 0)
			continue;
		text_clear(&last);
		add_content(&last, content);
	}
	if (json_array_size(messages) == 0)
		return sim_problem_set(problem, 400, bad_request, "messages", "list index out of range");
	out->domain = sim_opinion_domain(last.data);
	out->prompt_tokens = sim_request_tokens(all.data) + 8 * (int64_t)json_array_size(messages);
	return true;
}

static bool read_model(const struct sim_options *options, struct sim_request *out, struct sim_problem *problem)
{
	const json_t *model = json_object_get(out->body, "model");
	if (!model || json_is_null(model))
		return true; /* the served one */
	if (!json_is_string(model))
		return wrong_type(problem, "model", "string");
	if (json_object_get(options->models, json_string_value(model)))
		return true;
	AUTO_TEXT struct text names;
	text_init(&names, 512);
	const char *name;
	json_t *ignored;
	json_object_foreach(options->models, name, ignored)
		text_addf(&names, "%s%s", names.length ? ", " : "", name);
	return sim_problem_set(problem, 404, "NotFoundError", "model", "The model `%.300s` does not exist. Valid aliases: %s.",
			       json_string_value(model), names.data);
}

static bool read_max_tokens(const struct sim_options *options, struct sim_request *out, struct sim_problem *problem)
{
	int64_t limit = options->max_model_len;
	const char *name = "max_completion_tokens";
	const json_t *value = json_object_get(out->body, name);
	if (!value || json_is_null(value)) {
		name = "max_tokens";
		value = json_object_get(out->body, name);
	}
	if (out->prompt_tokens >= limit)
		return sim_problem_context(problem, limit, out->prompt_tokens);
	out->max_tokens = limit - out->prompt_tokens;
	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value))
		return wrong_type(problem, name, "integer");
	int64_t wanted = json_integer_value(value);
	if (wanted < 1)
		return sim_problem_set(problem, 400, bad_request, name, "%s must be at least 1, got %lld.", name,
				       (long long)wanted);
	if (wanted > limit)
		return sim_problem_set(problem, 400, bad_request, name,
				       "%s=%lld cannot be greater than max_model_len=%lld. Please request fewer output tokens.",
				       name, (long long)wanted, (long long)limit);
	if (wanted < out->max_tokens)
		out->max_tokens = wanted;
	return true;
}

static bool known_type(const char *type)
{
	static const char *const types[] = {"object", "array", "string", "number", "integer", "boolean", "null"};
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* The first type in the schema that no grammar knows; NULL when all are known. */
static const char *unknown_type(const json_t *schema, int depth)
{
	const char *type = json_string_value(json_object_get(schema, "type"));
	if (type && !known_type(type))
		return type;
	if (depth > 16)
		return NULL;
	const char *name, *found;
	json_t *property;
	json_object_foreach(json_object_get(schema, "properties"), name, property)
		if ((found = unknown_type(property, depth + 1)))
			return found;
	const json_t *items = json_object_get(schema, "items");
	return items ? unknown_type(items, depth + 1) : NULL;
}

static bool read_schema(const json_t *format, struct sim_request *out, struct sim_problem *problem)
{
	const json_t *holder = json_object_get(format, "json_schema");
	if (!json_is_object(holder))
		return missing(problem, "response_format.json_schema");
	if (!json_is_string(json_object_get(holder, "name")))
		return missing(problem, "response_format.json_schema.name");
	out->schema = json_object_get(holder, "schema");
	if (!json_is_object(out->schema))
		return wrong_type(problem, "response_format.json_schema.schema", "dict");
	const char *type = unknown_type(out->schema, 0);
	return !type || sim_problem_set(problem, 400, bad_request, NULL,
					"Failed to transform json schema into a grammar: Unsupported type \"%.100s\"", type);
}

static bool read_format(struct sim_request *out, struct sim_problem *problem)
{
	const json_t *format = json_object_get(out->body, "response_format");
	if (!format || json_is_null(format))
		return true;
	const char *type = json_string_value(json_object_get(format, "type"));
	if (!type)
		return missing(problem, "response_format.type");
	if (strcmp(type, "json_schema") == 0)
		return read_schema(format, out, problem);
	out->json_object = strcmp(type, "json_object") == 0;
	if (!out->json_object && strcmp(type, "text") != 0)
		return sim_problem_set(problem, 400, invalid, "response_format.type",
				       "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'response_format', "
				       "'type'), 'msg': \"Input should be 'text', 'json_object' or 'json_schema'\"}");
	return true;
}

static bool read_sampling(const struct sim_request *out, struct sim_problem *problem)
{
	int64_t logprobs = json_integer_value(json_object_get(out->body, "top_logprobs"));
	if (logprobs > 20)
		return sim_problem_set(problem, 400, bad_request, "top_logprobs",
				       "Requested sample logprobs of %lld, which is greater than max allowed: 20",
				       (long long)logprobs);
	const json_t *temperature = json_object_get(out->body, "temperature");
	if (json_is_number(temperature) && json_number_value(temperature) < 0)
		return sim_problem_set(problem, 400, bad_request, "temperature",
				       "temperature must be non-negative, got %g.", json_number_value(temperature));
	if (json_integer_value(json_object_get(out->body, "n")) > 1 && json_is_number(temperature) &&
	    !(json_number_value(temperature) > 0))
		return sim_problem_set(problem, 400, bad_request, "n", "n must be 1 when using greedy sampling, got %lld.",
				       (long long)json_integer_value(json_object_get(out->body, "n")));
	return true;
}

bool sim_request_read(const struct sim_options *options, const char *bytes, size_t length, struct sim_request *out,
		      struct sim_problem *problem)
{
	*out = (struct sim_request){0};
	json_error_t error;
	out->body = json_loadb(bytes, length, 0, &error);
	if (!json_is_object(out->body))
		return sim_problem_set(problem, 400, invalid, NULL,
				       "1 validation error:\n  {'type': 'json_invalid', 'loc': ('body', %d), 'msg': 'JSON decode "
				       "error', 'ctx': {'error': '%.200s'}}",
				       out->body ? 0 : error.position, out->body ? "expected an object" : error.text);
	out->id = json_string_value(json_object_get(out->body, "request_id"));
	out->stream = json_is_true(json_object_get(out->body, "stream"));
	out->usage_chunk = json_is_true(json_object_get(json_object_get(out->body, "stream_options"), "include_usage"));
	return read_messages(out, problem) && read_model(options, out, problem) && read_format(out, problem) &&
	       read_sampling(out, problem) && read_max_tokens(options, out, problem);
}

void sim_request_release(struct sim_request *request)
{
	json_decref(request->body);
	free(request->domain);
	*request = (struct sim_request){0};
}
