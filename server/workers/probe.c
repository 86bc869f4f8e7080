#include "workers/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { MODELS_MAX = 64, BODY_MAX = 1 << 20 };

struct probing {
	struct http *http;
	char *base_url, *wanted_model;
	const char *const *headers; /* borrowed: the fleet's, which outlives the probe */
	int64_t timeout_ms;
	bool deep;
	struct http_call *call;
	struct probe_result result;
	probe_done *done;
	void *arg;
};

void probe_result_release(struct probe_result *result)
{
	for (char **model = result->models; model && *model; model++)
		free(*model);
	free(result->models);
	free(result->text);
	free(result->model);
	free(result->root);
	free(result->version);
	*result = (struct probe_result){0};
}

static void probing_free(struct probing *probing)
{
	free(probing->base_url);
	free(probing->wanted_model);
	probe_result_release(&probing->result);
	free(probing);
}

static void finish(struct probing *probing)
{
	probing->done(probing->arg, &probing->result);
	probing_free(probing);
}

static void ask(struct probing *probing, const char *path, http_done *done)
{
	AUTO_FREE char *url = memory_format("%s%s", probing->base_url, path);
	struct http_request request = {.method = "GET",
	                               .url = url,
	                               .headers = probing->headers,
	                               .connect_timeout_ms = probing->timeout_ms,
	                               .timeout_ms = probing->timeout_ms,
	                               .max_body = BODY_MAX,
	                               .reuse = HTTP_FRESH};
	probing->call = http_send(probing->http, &request, done, probing);
}

static enum probe from_end(enum http_end end)
{
	switch (end) {
	case HTTP_REFUSED:
		return PROBE_REFUSED;
	case HTTP_UNRESOLVED:
		return PROBE_UNRESOLVED;
	case HTTP_CONNECT_TIMEOUT:
		return PROBE_UNREACHABLE;
	case HTTP_TIMEOUT:
		return PROBE_TIMEOUT;
	case HTTP_RESET:
	case HTTP_CUT:
		return PROBE_RESET;
	case HTTP_ANSWERED:
	case HTTP_TOO_LARGE:
	case HTTP_TLS:
	case HTTP_FAILED:
	case HTTP_END_COUNT:
		break;
	}
	return PROBE_ERROR;
}

static enum probe from_status(int status)
{
	if (status < 400)
		return PROBE_GOOD;
	if (status == 503)
		return PROBE_UNAVAILABLE;
	return status == 401 || status == 403 ? PROBE_AUTH : PROBE_ERROR;
}

/* Classifies an answer; false when the probe is over with it. */
static bool is_good(struct probing *probing, const char *path, const struct http_answer *answer)
{
	struct probe_result *result = &probing->result;
	if (answer->end != HTTP_ANSWERED) {
		result->probe = from_end(answer->end);
		result->text = memory_copy(answer->text);
		return false;
	}
	result->probe = from_status(answer->status);
	if (result->probe != PROBE_GOOD)
		result->text = memory_format("GET %s was answered with status %d", path, answer->status);
	return result->probe == PROBE_GOOD;
}

static void read_entry(struct probe_result *result, json_t *entry, const char *wanted, size_t *count)
{
	const char *id = json_string_value(json_object_get(entry, "id"));
	if (!id || *count >= MODELS_MAX)
		return;
	result->models[(*count)++] = memory_copy(id);
	if (result->model || (wanted && !text_equal(wanted, id)))
		return;
	result->model = memory_copy(id);
	result->root = memory_copy(json_string_value(json_object_get(entry, "root")));
	result->max_model_len = json_integer_value(json_object_get(entry, "max_model_len"));
}

static char *list_of(char **models)
{
	AUTO_TEXT struct text out;
	text_init(&out, 400);
	for (char **model = models; *model; model++)
		text_addf(&out, "%s%s", model == models ? "" : ", ", *model);
	return text_take(&out);
}

void probe_read_models(struct probe_result *result, const char *body, size_t length, const char *wanted_model)
{
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(body, length, &err);
	json_t *data = json_object_get(json, "data");
	result->models = memory_array(MODELS_MAX + 1, sizeof(*result->models));
	size_t index, count = 0;
	json_t *entry;
	json_array_foreach(data, index, entry)
		read_entry(result, entry, wanted_model, &count);
	result->deep = count > 0;
	if (count == 0) {
		result->probe = PROBE_NO_MODELS;
		result->text = memory_copy("GET /v1/models was not answered with a list of models");
	} else if (!result->model) {
		AUTO_FREE char *list = list_of(result->models);
		result->probe = PROBE_WRONG_MODEL;
		result->text = memory_format("\"%s\" is asked for, but the server serves: %s", wanted_model, list);
	}
}

static void on_version(void *arg, const struct http_answer *answer)
{
	struct probing *probing = arg;
	struct error err = {0};
	if (answer->end == HTTP_ANSWERED && answer->status == 200) {
		AUTO_JSON json_t *json = json_parse(answer->body, answer->body_length, &err);
		probing->result.version = memory_copy(json_string_value(json_object_get(json, "version")));
	} /* servers without /version are fine: it is shown, nothing depends on it */
	finish(probing);
}

static void on_models(void *arg, const struct http_answer *answer)
{
	struct probing *probing = arg;
	if (!is_good(probing, "/v1/models", answer)) {
		finish(probing);
		return;
	}
	probe_read_models(&probing->result, answer->body, answer->body_length, probing->wanted_model);
	if (probing->result.probe == PROBE_GOOD)
		ask(probing, "/version", on_version);
	else
		finish(probing);
}

static void on_health(void *arg, const struct http_answer *answer)
{
	struct probing *probing = arg;
	probing->result.elapsed_ms = answer->elapsed_ms;
	bool has_no_health = answer->end == HTTP_ANSWERED && answer->status == 404;
	if (!has_no_health && !is_good(probing, "/health", answer))
		finish(probing);
	else if (probing->deep || has_no_health)
		ask(probing, "/v1/models", on_models);
	else
		finish(probing);
}

struct probing *probe_begin(struct http *http, const struct probe_order *order, probe_done *done, void *arg)
{
	struct probing *probing = NEW(struct probing);
	*probing = (struct probing){.http = http,
	                            .base_url = memory_copy(order->base_url),
	                            .wanted_model = memory_copy(order->wanted_model),
	                            .headers = order->headers,
	                            .timeout_ms = order->timeout_ms,
	                            .deep = order->deep,
	                            .done = done,
	                            .arg = arg};
	ask(probing, "/health", on_health);
	return probing;
}

void probe_cancel(struct probing *probing)
{
	http_cancel(probing->call);
	probing_free(probing);
}
