#include "llm/completion.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "completion_error.h"
#include "llm/schema.h"

enum { RAW_MAX = 256 * 1024, NAME_MAX = 200 }; /* bytes kept of an answer; of a model's name or a reason */

/* ---- the request ---- */

/* Written as text: as a tree of jansson's it cost ten times as much (44 against 4 us, measured), mostly for
 * the schema, which is always the same. response_format is what vLLM, llama.cpp, SGLang, Ollama and proxies all
 * take; top_k and the like are not standard, and some servers refuse them. */

static char *response_format; /* of every request; never freed */

static void make_response_format(void)
{
	AUTO_JSON json_t *format = json_pack("{s:s, s:{s:s, s:b, s:o}}", "type", "json_schema", "json_schema", "name",
	                                     "verdict", "strict", 1, "schema", schema_answer());
	response_format = json_text(format);
}

static void add_json(struct text *out, json_t *value)
{
	AUTO_JSON json_t *owned = value;
	AUTO_FREE char *text = json_dumps(owned, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	text_add(out, text ? text : "null");
}

static void add_string(struct text *out, const char *string)
{
	static const char special[] = "\"\\\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
				      "\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";
	if (!string || !text_is_utf8(string, strlen(string))) {
		add_json(out, json_text_or_null(string));
		return;
	}
	text_add_char(out, '"');
	for (;;) {
		size_t plain = strcspn(string, special);
		text_add_bytes(out, string, plain);
		string += plain;
		if (!*string)
			break;
		if (*string == '\n')
			text_add(out, "\\n");
		else if (*string < 0x20)
			text_addf(out, "\\u%04x", (unsigned char)*string);
		else
			text_addf(out, "\\%c", *string);
		string++;
	}
	text_add_char(out, '"');
}

static void add_message(struct text *out, const char *role, const char *content)
{
	if (!content || !*content)
		return;
	text_addf(out, "%s{\"role\":\"%s\",\"content\":", out->data[out->length - 1] == '[' ? "" : ",", role);
	add_string(out, content);
	text_add_char(out, '}');
}

char *completion_body(const struct completion_settings *settings, const char *system, const char *user,
                      const char *request_id)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_response_format);
	AUTO_TEXT struct text body;
	text_init(&body, 0);
	text_add(&body, "{\"model\":");
	add_string(&body, settings->model);
	text_add(&body, ",\"messages\":[");
	add_message(&body, "system", system);
	add_message(&body, "user", user);
	text_add(&body, "],\"temperature\":");
	add_json(&body, json_real(settings->temperature));
	text_add(&body, ",\"top_p\":");
	add_json(&body, json_real(settings->top_p));
	text_addf(&body, ",\"max_tokens\":%d,\"seed\":%" PRId64 ",\"stream\":false,\"response_format\":%s",
	          settings->max_tokens, settings->seed, response_format);
	if (settings->enable_thinking >= 0)
		text_addf(&body, ",\"chat_template_kwargs\":{\"enable_thinking\":%s}",
		          settings->enable_thinking ? "true" : "false");
	if (request_id) {
		text_add(&body, ",\"request_id\":");
		add_string(&body, request_id);
	}
	text_add_char(&body, '}');
	return text_take(&body);
}

/* ---- the answer ---- */

/* How many bytes of white space it begins with. */
static size_t blanks(const char *bytes, size_t length)
{
	size_t count = 0;
	while (count < length && strchr(" \t\r\n", bytes[count]) && bytes[count])
		count++;
	return count;
}

static void fail(struct outcome *out, enum failure failure, char *detail)
{
	free(out->detail);
	out->failure = failure;
	out->detail = detail;
}

static char *copy_cut(const char *bytes, size_t length, size_t limit)
{
	return memory_copy_n(bytes, text_utf8_cut(bytes, length, limit));
}

static char *copy_name(const json_t *value)
{
	if (!json_is_string(value))
		return NULL;
	return copy_cut(json_string_value(value), json_string_length(value), NAME_MAX);
}

/* An object that ends where JSON would have gone on was cut; any other fault is the server's. A literal or a
 * character that was cut in its middle is a fault at the very end. */
static void fail_body(struct outcome *out, const char *body, size_t length, const json_error_t *error)
{
	bool at_end = json_error_code(error) == json_error_premature_end_of_input ||
	              (size_t)error->position + sizeof("false") >= length;
	if (at_end && body[blanks(body, length)] == '{')
		fail(out, FAILURE_CONNECTION, memory_format("the answer was cut off after %zu bytes", length));
	else
		fail(out, FAILURE_SERVER_ERROR, memory_format("the answer is no JSON: %.200s", error->text));
}

static void read_usage(const json_t *body, struct outcome *out)
{
	const json_t *usage = json_object_get(body, "usage");
	const json_t *prompt = json_object_get(usage, "prompt_tokens");
	const json_t *completion = json_object_get(usage, "completion_tokens");
	if (json_is_integer(prompt) && json_integer_value(prompt) >= 0)
		out->prompt_tokens = json_integer_value(prompt);
	if (json_is_integer(completion) && json_integer_value(completion) >= 0)
		out->completion_tokens = json_integer_value(completion);
}

/* Which ends count. "abort" and "error" are not OpenAI's, but vLLM's, and come with 200. */
static const struct {
	const char *reason;
	enum failure failure;
	const char *detail;
} ends[] = {
	{"stop", FAILURE_NONE, NULL},
	{"tool_calls", FAILURE_NONE, NULL},
	{"length", FAILURE_TRUNCATED, "the answer did not end within its token budget"},
	{"abort", FAILURE_ABORTED, "the server aborted the request"},
	{"content_filter", FAILURE_REFUSED, "a content filter stopped the answer"},
	{"error", FAILURE_SERVER_ERROR, "the server failed while it generated"},
};

static bool end_counts(const char *reason, struct outcome *out)
{
	for (size_t i = 0; reason && i < COUNT_OF(ends); i++) {
		if (!text_equal(reason, ends[i].reason))
			continue;
		if (ends[i].failure != FAILURE_NONE)
			fail(out, ends[i].failure, memory_copy(ends[i].detail));
		return ends[i].failure == FAILURE_NONE;
	}
	fail(out, FAILURE_SERVER_ERROR,
	     reason ? memory_format("unknown finish_reason \"%.60s\"", reason) : memory_copy("no finish_reason"));
	return false;
}

/* What the model said: borrowed texts, "" = nothing. */
struct message {
	char *joined;          /* owned: content that came in parts */
	const char *content;
	const char *reasoning; /* kept apart by the server */
	const char *arguments; /* of a tool call */
	const char *refusal;
};

static void message_release(struct message *message)
{
	free(message->joined);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* Some gateways send content as [{"type":"text","text":"..."}]. */
static char *join_parts(const json_t *parts)
{
	size_t i;
	const json_t *part;
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	json_array_foreach(parts, i, part)
		text_add(&text, text_of(part, "text"));
	return text_take(&text);
}

/* vLLM calls it `reasoning` since late 2025; older ones, SGLang and llama.cpp say `reasoning_content`. */
static const char *reasoning_of(const json_t *message)
{
	static const char *const names[] = {"reasoning", "reasoning_content", "thinking"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (*text_of(message, names[i]))
			return text_of(message, names[i]);
	return "";
}

static struct message read_message(const json_t *message)
{
	const json_t *content = json_object_get(message, "content");
	const json_t *call = json_array_get(json_object_get(message, "tool_calls"), 0);
	struct message out = {.content = text_of(message, "content"),
	                      .reasoning = reasoning_of(message),
	                      .arguments = text_of(json_object_get(call, "function"), "arguments"),
	                      .refusal = text_of(message, "refusal")};
	if (json_is_array(content)) {
		out.joined = join_parts(content);
		out.content = out.joined;
	}
	return out;
}

static bool is_blank(const char *text)
{
	size_t length = strlen(text);
	return blanks(text, length) == length;
}

/* What people read as "the raw answer": thinking, where it was kept apart, then the text. */
static char *raw_of(const struct message *message)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	if (!is_blank(message->reasoning))
		text_addf(&text, "<think>\n%s\n</think>\n", message->reasoning);
	text_add(&text, message->content);
	if (is_blank(message->content))
		text_add(&text, message->arguments);
	return copy_cut(text.data, text.length, RAW_MAX);
}

/* The answer is the content. A tool call's arguments stand in for it, and so does the reasoning: a parser that
 * does not fit the model leaves content null and puts the answer there (vllm#17609). Thinking aloud without an
 * object is no answer at all. */
static void read_answer(const struct message *message, struct outcome *out)
{
	const char *text = message->content;
	if (is_blank(text))
		text = message->arguments;
	bool elsewhere = is_blank(text);
	if (elsewhere)
		text = message->reasoning;
	char *detail = NULL;
	enum failure failure = FAILURE_UNPARSABLE;
	if (!is_blank(message->refusal))
		failure = FAILURE_REFUSED;
	else if (!is_blank(text))
		failure = schema_read(text, strlen(text), &out->verdict, &out->from_text, &detail);
	out->from_text |= elsewhere && failure == FAILURE_NONE;
	if (failure == FAILURE_REFUSED) {
		detail = memory_format("the model refused: %.200s", message->refusal);
	} else if (elsewhere && failure == FAILURE_UNPARSABLE) {
		failure = FAILURE_REFUSED;
		free(detail);
		detail = memory_copy("the answer is empty");
	}
	if (failure != FAILURE_NONE)
		fail(out, failure, detail);
}

static bool model_fits(const char *expected, struct outcome *out)
{
	if (!expected || !*expected || !out->model || !*out->model || text_equal(expected, out->model))
		return true;
	fail(out, FAILURE_WRONG_MODEL,
	     memory_format("\"%.100s\" answered, not \"%.100s\"; see /v1/models of the worker", out->model, expected));
	return false;
}

static void read_completion(const json_t *body, const char *expected_model, struct outcome *out)
{
	const json_t *choice = json_array_get(json_object_get(body, "choices"), 0);
	out->model = copy_name(json_object_get(body, "model"));
	out->finish_reason = copy_name(json_object_get(choice, "finish_reason"));
	read_usage(body, out);
	if (!json_is_object(choice)) {
		fail(out, FAILURE_SERVER_ERROR, memory_copy("the answer has no \"choices\""));
		return;
	}
	AUTO(message_release) struct message message = read_message(json_object_get(choice, "message"));
	free(out->raw);
	out->raw = raw_of(&message);
	if (model_fits(expected_model, out) && end_counts(out->finish_reason, out))
		read_answer(&message, out);
}

static void read_success(const char *body, size_t length, const char *expected_model, struct outcome *out)
{
	json_error_t error;
	char *detail = NULL;
	AUTO_JSON json_t *object = json_loadb(body, length, JSON_ALLOW_NUL, &error);
	const json_t *inner = json_object_get(object, "error");
	if (blanks(body, length) == length) {
		fail(out, FAILURE_CONNECTION, memory_copy("the answer has no body"));
	} else if (!object) {
		fail_body(out, body, length, &error);
	} else if (inner && !json_is_null(inner)) {
		enum failure failure = completion_error_inside(object, &detail);
		fail(out, failure, detail);
	} else {
		read_completion(object, expected_model, out);
	}
}

void completion_read(int status, const char *body, size_t length, const char *expected_model, struct outcome *out)
{
	char *detail = NULL;
	out->http_status = status;
	out->raw = copy_cut(body, length, RAW_MAX);
	if (status == 200) {
		read_success(body, length, expected_model, out);
		return;
	}
	enum failure failure = completion_error(status, body, length, &detail);
	fail(out, failure, detail);
}
