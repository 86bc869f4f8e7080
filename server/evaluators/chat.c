/* One POST /v1/chat/completions per attempt: llm/prompt makes the texts, llm/completion
 * the body and the meaning of the answer, io/http the rest. The attempt's id goes along
 * as X-Request-Id (vLLM logs it and puts it into the completion's id) and not in the
 * body, where servers that know OpenAI's fields only would refuse it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "classes.h"
#include "llm/completion.h"
#include "llm/prompt.h"
#include "llm/schema.h"

enum {
	CONNECT_MS = 10000,       /* a connection that takes longer is no connection */
	ANSWER_MAX = 4 * 1024 * 1024 /* bytes; an answer has a few thousand */
};

struct evaluator {
	struct http *http;
	struct prompt *system, *user;
	struct completion_settings settings; /* its model is the place's */
	char *fingerprint;
	int open;
};

struct evaluation {
	struct evaluator *evaluator;
	struct http_call *call;
	struct outcome outcome;
	char *model;
	evaluation_done *done;
	void *arg;
};

/* ---- the evaluator ---- */

static char *fingerprint_of(const struct evaluator_settings *settings, const char *system, const char *user)
{
	AUTO_JSON json_t *asked = json_pack(
		"{s:s, s:o, s:o, s:o, s:f, s:f, s:i, s:I, s:i}", "evaluator", "chat 1", "system", json_text_or_null(system),
		"user", json_text_or_null(user), "schema", schema_answer(), "temperature", settings->temperature, "top_p",
		settings->top_p, "max_tokens", settings->max_tokens, "seed", (json_int_t)settings->seed, "enable_thinking",
		settings->enable_thinking);
	return json_text(asked);
}

static struct prompt *compile(const struct evaluator_settings *settings, const char *which, const char *template,
                              struct error *err)
{
	struct prompt *prompt =
		prompt_new(template, settings->columns, settings->is_label, settings->column_count, err);
	if (!prompt)
		error_prefix(err, "%s prompt", which);
	return prompt;
}

static void chat_free(struct evaluator *evaluator)
{
	if (!evaluator)
		return;
	assert(!evaluator->open);
	prompt_free(evaluator->system);
	prompt_free(evaluator->user);
	free(evaluator->fingerprint);
	free(evaluator);
}

static struct evaluator *chat_new(struct http *http, struct loop *loop, const struct evaluator_settings *settings,
                                  struct error *err)
{
	(void)loop;
	const char *system = settings->system ? settings->system : prompt_default_system(settings->language);
	const char *user = settings->user ? settings->user : prompt_default_user(settings->language);
	struct evaluator *evaluator = NEW(struct evaluator);
	evaluator->http = http;
	evaluator->settings = (struct completion_settings){.temperature = settings->temperature,
	                                                   .top_p = settings->top_p,
	                                                   .max_tokens = settings->max_tokens,
	                                                   .seed = settings->seed,
	                                                   .enable_thinking = settings->enable_thinking};
	evaluator->fingerprint = fingerprint_of(settings, system, user);
	evaluator->system = compile(settings, "system", system, err);
	if (evaluator->system)
		evaluator->user = compile(settings, "user", user, err);
	if (evaluator->user)
		return evaluator;
	chat_free(evaluator);
	return NULL;
}

static char *chat_fingerprint(const struct evaluator *evaluator)
{
	return memory_copy(evaluator->fingerprint);
}

/* ---- one attempt ---- */

static void evaluation_free(struct evaluation *evaluation)
{
	evaluation->evaluator->open--;
	outcome_release(&evaluation->outcome);
	free(evaluation->model);
	free(evaluation);
}

/* What it means for the item that no answer came. An answer of megabytes is the model's doing, not the line's. */
static enum failure failure_of(enum http_end end)
{
	static const enum failure failures[HTTP_END_COUNT] = {
		[HTTP_ANSWERED] = FAILURE_NONE,
		[HTTP_UNRESOLVED] = FAILURE_CONNECTION,
		[HTTP_REFUSED] = FAILURE_CONNECTION,
		[HTTP_CONNECT_TIMEOUT] = FAILURE_CONNECTION,
		[HTTP_TIMEOUT] = FAILURE_TIMEOUT,
		[HTTP_RESET] = FAILURE_CONNECTION,
		[HTTP_CUT] = FAILURE_CONNECTION,
		[HTTP_TOO_LARGE] = FAILURE_UNPARSABLE,
		[HTTP_TLS] = FAILURE_CONNECTION,
		[HTTP_FAILED] = FAILURE_CONNECTION,
	};
	return failures[end];
}

static void answered(void *arg, const struct http_answer *answer)
{
	struct evaluation *evaluation = arg;
	struct outcome *out = &evaluation->outcome;
	out->elapsed_ms = answer->elapsed_ms;
	out->failure = failure_of(answer->end);
	if (answer->end == HTTP_ANSWERED) {
		completion_read(answer->status, answer->body, answer->body_length, evaluation->model, out);
	} else {
		out->http_status = answer->status;
		out->detail = memory_copy(answer->text);
	}
	evaluation->done(evaluation->arg, out);
	evaluation_free(evaluation);
}

/* The place's headers and our own; the array is the caller's, the texts are borrowed. */
static const char **headers_of(const struct evaluator_place *place, const char *request_id)
{
	size_t count = 0;
	while (place->headers && place->headers[count])
		count++;
	const char **headers = memory_array(count + 3, sizeof(*headers));
	for (size_t i = 0; i < count; i++)
		headers[i] = place->headers[i];
	headers[count] = "Content-Type: application/json";
	headers[count + 1] = request_id;
	return headers;
}

static void send_request(struct evaluation *evaluation, const struct evaluator_place *place,
                         const struct evaluator_task *task, const char *body)
{
	AUTO_FREE char *url = memory_format("%s/v1/chat/completions", place->base_url);
	AUTO_FREE char *request_id = memory_format("X-Request-Id: %s", task->attempt_id);
	AUTO_FREE const char **headers = headers_of(place, request_id);
	const struct http_request request = {.method = "POST",
	                                     .url = url,
	                                     .headers = headers,
	                                     .body = body,
	                                     .body_length = strlen(body),
	                                     .connect_timeout_ms =
	                                             task->deadline_ms < CONNECT_MS ? task->deadline_ms : CONNECT_MS,
	                                     .timeout_ms = task->deadline_ms,
	                                     .max_body = ANSWER_MAX,
	                                     .reuse = place->reuse};
	evaluation->call = http_send(evaluation->evaluator->http, &request, answered, evaluation);
}

static struct evaluation *chat_begin(struct evaluator *evaluator, const struct evaluator_place *place,
                                     const struct evaluator_task *task, evaluation_done *done, void *arg)
{
	struct evaluation *evaluation = NEW(struct evaluation);
	*evaluation = (struct evaluation){
		.evaluator = evaluator, .model = memory_copy(place->model), .done = done, .arg = arg};
	outcome_init(&evaluation->outcome);
	evaluation->outcome.started_ms = clock_wall_ms();
	evaluator->open++;

	struct completion_settings settings = evaluator->settings;
	settings.model = place->model;
	if (task->max_tokens)
		settings.max_tokens = task->max_tokens;
	AUTO_FREE char *system = prompt_render(evaluator->system, task->key, task->cells, task->cell_count);
	AUTO_FREE char *user = prompt_render(evaluator->user, task->key, task->cells, task->cell_count);
	AUTO_FREE char *body = completion_body(&settings, system, user, NULL);
	evaluation->outcome.prompt = memory_format("system:\n%s\n\nuser:\n%s", system, user);
	send_request(evaluation, place, task, body);
	return evaluation;
}

static void chat_cancel(struct evaluation *evaluation)
{
	http_cancel(evaluation->call);
	evaluation_free(evaluation);
}

const struct evaluator_class evaluator_chat = {
	.name = "chat",
	.needs_endpoint = true,
	.new = chat_new,
	.free = chat_free,
	.fingerprint = chat_fingerprint,
	.begin = chat_begin,
	.cancel = chat_cancel,
};
