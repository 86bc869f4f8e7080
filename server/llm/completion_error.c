/* Status and wording decide together: vLLM says 400 for a prompt that is too long as
 * well as for a wrong parameter, and 503 for a full queue as well as for a dead
 * engine. The wordings are those seen on vLLM 0.32 and llama.cpp, and in the sources
 * of older vLLM, TGI, Ollama, SGLang and OpenAI.
 */
#include "completion_error.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "base/vector.h"

enum { SHOWN = 400, TITLE_FROM = 2048 }; /* bytes: of a message; of a page that is searched for its title */

struct rule {
	int from, to;         /* statuses, both included */
	const char *wording;  /* in lower case, found anywhere in message, type or code; NULL = any */
	enum failure failure;
};

/* The first that fits. */
static const struct rule rules[] = {
	{400, 400, "maximum context length", FAILURE_CONTEXT},             /* vLLM, OpenAI, SGLang */
	{400, 400, "context_length_exceeded", FAILURE_CONTEXT},            /* OpenAI's code */
	{400, 400, "exceed_context_size", FAILURE_CONTEXT},                /* llama.cpp's type */
	{400, 400, "exceeds the available context size", FAILURE_CONTEXT}, /* llama.cpp */
	{400, 400, "longer than the maximum model length", FAILURE_CONTEXT}, /* vLLM before 0.10 */
	{400, 400, "longer than the model's context length", FAILURE_CONTEXT}, /* SGLang */
	{400, 400, "prompt is too long", FAILURE_CONTEXT},
	{400, 422, "`inputs` must have less than", FAILURE_CONTEXT},       /* TGI */
	{400, 422, "`inputs` tokens + `max_new_tokens`", FAILURE_CONTEXT}, /* TGI */
	{400, 400, "invalid model name", FAILURE_WRONG_MODEL},             /* LiteLLM */
	{400, 400, NULL, FAILURE_BAD_REQUEST},
	{401, 401, NULL, FAILURE_AUTH},
	{403, 403, NULL, FAILURE_AUTH},
	{407, 407, NULL, FAILURE_AUTH},
	{404, 405, NULL, FAILURE_WRONG_MODEL}, /* the model's name, or a path that is no model server's */
	{408, 408, NULL, FAILURE_SERVER_ERROR},
	{424, 424, NULL, FAILURE_SERVER_ERROR}, /* TGI: the generation failed */
	{429, 429, "insufficient_quota", FAILURE_AUTH}, /* OpenAI: no waiting helps */
	{425, 425, NULL, FAILURE_OVERLOADED},
	{429, 429, NULL, FAILURE_OVERLOADED},
	{400, 499, NULL, FAILURE_BAD_REQUEST},
	{501, 501, NULL, FAILURE_BAD_REQUEST},
	{503, 503, "currently busy", FAILURE_OVERLOADED}, /* vLLM with --max-num-queued-reqs */
	{503, 503, "server busy", FAILURE_OVERLOADED},    /* Ollama */
	{503, 503, "maximum pending requests", FAILURE_OVERLOADED},
	{503, 503, "overloaded", FAILURE_OVERLOADED},
	{503, 503, "queue", FAILURE_OVERLOADED},
	{503, 503, "too many requests", FAILURE_OVERLOADED},
	{529, 529, NULL, FAILURE_OVERLOADED},
	{0, 999, NULL, FAILURE_SERVER_ERROR},
};

static enum failure judge(int status, const char *wording)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (status >= rules[i].from && status <= rules[i].to &&
		    (!rules[i].wording || strstr(wording, rules[i].wording)))
			return rules[i].failure;
	return FAILURE_SERVER_ERROR;
}

/* ---- where the message stands ---- */

static void add_part(struct text *text, const json_t *part)
{
	if (json_is_string(part) && json_string_length(part))
		text_addf(text, "%s%s", text->length ? " " : "", json_string_value(part));
	else if (json_is_integer(part))
		text_addf(text, "%s%" JSON_INTEGER_FORMAT, text->length ? " " : "", json_integer_value(part));
}

/* FastAPI: {"detail": "Not Found"} or {"detail": [{"loc": [...], "msg": "field required"}]} */
static void add_details(struct text *text, const json_t *details)
{
	size_t i;
	const json_t *entry, *place;
	add_part(text, details);
	json_array_foreach(details, i, entry) {
		size_t j;
		json_array_foreach(json_object_get(entry, "loc"), j, place)
			add_part(text, place);
		add_part(text, json_object_get(entry, "msg"));
	}
}

/* The message to show, and in `tags` what else may name the fault. */
static void read_object(const json_t *body, struct text *message, struct text *tags)
{
	static const char *const tag_names[] = {"type", "code", "error_type", "param"};
	const json_t *error = json_object_get(body, "error");
	const json_t *inner = json_is_object(error) ? error : body;
	add_part(message, error); /* {"error": "Unauthorized"} */
	add_part(message, json_object_get(inner, "message"));
	if (!message->length)
		add_details(message, json_object_get(inner, "detail"));
	for (size_t i = 0; i < COUNT_OF(tag_names); i++)
		add_part(tags, json_object_get(inner, tag_names[i]));
}

/* Of a proxy's page, the title says enough. */
static void read_page(const char *body, size_t length, struct text *message)
{
	AUTO_FREE char *head = memory_copy_n(body, length < TITLE_FROM ? length : TITLE_FROM);
	char *title = strcasestr(head, "<title>");
	char *end = title ? strcasestr(title, "</title>") : NULL;
	if (end) {
		text_add_bytes(message, title + strlen("<title>"), (size_t)(end - title) - strlen("<title>"));
		return;
	}
	text_add_bytes(message, body, text_utf8_cut(body, length, SHOWN));
}

static char *sentence(int status, const struct text *message)
{
	size_t cut = text_utf8_cut(message->data, message->length, SHOWN);
	if (!cut)
		return memory_format("HTTP %d without a message", status);
	return memory_format("HTTP %d: %.*s%s", status, (int)cut, message->data, cut < message->length ? "…" : "");
}

static enum failure conclude(int status, struct text *message, struct text *tags, char **detail)
{
	*detail = sentence(status, message);
	text_addf(tags, " %s", message->data);
	for (size_t i = 0; i < tags->length; i++)
		tags->data[i] = (char)tolower((unsigned char)tags->data[i]);
	return judge(status, tags->data);
}

enum failure completion_error(int status, const char *body, size_t length, char **detail)
{
	AUTO_TEXT struct text message;
	AUTO_TEXT struct text tags;
	text_init(&message, 0);
	text_init(&tags, 0);
	AUTO_JSON json_t *object = json_loadb(body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (json_is_string(object))
		add_part(&message, object);
	else if (object)
		read_object(object, &message, &tags);
	else
		read_page(body, length, &message);
	return conclude(status, &message, &tags, detail);
}

enum failure completion_error_inside(const json_t *body, char **detail)
{
	AUTO_TEXT struct text message;
	AUTO_TEXT struct text tags;
	text_init(&message, 0);
	text_init(&tags, 0);
	read_object(body, &message, &tags);
	const json_t *code = json_object_get(json_object_get(body, "error"), "code");
	json_int_t status = json_integer_value(code);
	return conclude(status >= 400 && status <= 599 ? (int)status : 500, &message, &tags, detail);
}
