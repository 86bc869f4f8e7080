#include "sim_routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "sim_chat.h"
#include "sim_hash.h"

static const char json_media[] = "application/json";

typedef void handler(struct sim_connection *connection, const struct sim_http_request *request);

static void reply_json(struct sim_connection *connection, int status, const json_t *json)
{
	AUTO_FREE char *body = json_text(json);
	sim_connection_reply(connection, status, json_media, body, NULL);
}

void sim_routes_problem(struct sim_connection *connection, const struct sim_problem *problem, const char *more)
{
	const char *shape = connection->server->options->error_body;
	if (strcmp(shape, "empty") == 0) {
		sim_connection_reply(connection, problem->status, NULL, "", more);
		return;
	}
	if (strcmp(shape, "text") == 0) {
		sim_connection_reply(connection, problem->status, "text/plain; charset=utf-8", "Internal Server Error", more);
		return;
	}
	bool old = strcmp(shape, "old") == 0;
	AUTO_JSON json_t *error =
		json_pack("{s:o, s:s, s:o, s:i}", "message", json_text_or_null(problem->message), "type", problem->type, "param",
			  json_text_or_null(problem->param), "code", problem->status);
	AUTO_JSON json_t *flat = json_pack("{s:s}", "object", "error");
	AUTO_JSON json_t *nested = json_pack("{s:O}", "error", error);
	json_object_update(flat, error);
	AUTO_FREE char *body = json_text(old ? flat : nested);
	sim_connection_reply(connection, problem->status, json_media, body, more);
}

static void get_health(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	const struct sim_server *server = connection->server;
	const struct sim_options *options = server->options;
	bool loaded = server->batch.running_count + server->batch.waiting > 0;
	int status = server->engine_dead ? 503 : (int)options->health_status;
	int64_t late = options->health_latency;
	if (loaded && options->health_latency_under_load > late)
		late = options->health_latency_under_load;
	if (late > 0)
		sim_connection_reply_late(connection, sim_server_scaled(server, late), status, NULL, "");
	else
		sim_connection_reply(connection, status, NULL, "", NULL);
}

static json_t *permission_of(const char *model, int64_t now)
{
	return json_pack("{s:o, s:s, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:n, s:b}", "id",
			 json_sprintf("modelperm-%016llx", (unsigned long long)sim_hash(0, "permission", model, now)), "object",
			 "model_permission", "created", (json_int_t)now, "allow_create_engine", 0, "allow_sampling", 1,
			 "allow_logprobs", 1, "allow_search_indices", 0, "allow_view", 1, "allow_fine_tuning", 0, "organization",
			 "*", "group", "is_blocking", 0);
}

static void get_models(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	const struct sim_options *options = connection->server->options;
	const char *root = options->root ? options->root : sim_server_model(connection->server);
	int64_t now = clock_wall_ms() / 1000; /* of the call, as vLLM does it: not stable */
	AUTO_JSON json_t *list = json_pack("{s:s, s:[]}", "object", "list", "data");
	const char *name;
	json_t *ignored;
	json_object_foreach(options->models, name, ignored)
		json_array_append_new(json_object_get(list, "data"),
				      json_pack("{s:s, s:s, s:I, s:s, s:s, s:n, s:I, s:[o]}", "id", name, "object", "model",
						"created", (json_int_t)now, "owned_by", "vllm", "root", root, "parent",
						"max_model_len", (json_int_t)options->max_model_len, "permission",
						permission_of(name, now)));
	reply_json(connection, 200, list);
}

static void get_version(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	AUTO_JSON json_t *version = json_pack("{s:s}", "version", connection->server->options->version);
	reply_json(connection, 200, version);
}

static void get_load(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	/* Always 0, as without --enable-server-load-tracking. */
	sim_connection_reply(connection, 200, json_media, "{\"server_load\":0}", NULL);
}

static char *metrics_now(struct sim_server *server)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	sim_server_pump(server);
	sim_metrics_text(&server->metrics, &server->batch, sim_server_model(server),
			 strcmp(server->options->metrics, "old") == 0, &text);
	return text_take(&text);
}

/* Keeps what a scrape says from the moment the metrics stand still. */
static void freeze_metrics(struct sim_server *server)
{
	bool frozen = server->batch.frozen || server->engine_dead || strcmp(server->options->metrics, "frozen") == 0;
	if (!frozen)
		free(TAKE(server->frozen_metrics));
	else if (!server->frozen_metrics)
		server->frozen_metrics = metrics_now(server);
}

static void get_metrics(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	struct sim_server *server = connection->server;
	if (strcmp(server->options->metrics, "none") == 0) {
		sim_connection_reply(connection, 404, json_media, "{\"detail\":\"Not Found\"}", NULL);
		return;
	}
	freeze_metrics(server);
	AUTO_FREE char *text = server->frozen_metrics ? memory_copy(server->frozen_metrics) : metrics_now(server);
	sim_connection_reply(connection, 200, "text/plain; version=1.0.0; charset=utf-8", text, NULL);
}

static void get_faults(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	AUTO_JSON json_t *faults = sim_options_faults(connection->server->options);
	reply_json(connection, 200, faults);
}

static void post_faults(struct sim_connection *connection, const struct sim_http_request *request)
{
	struct sim_server *server = connection->server;
	struct error err = {0};
	AUTO_JSON json_t *body = json_parse(request->body.data, request->body.length, &err);
	sim_server_pump(server); /* under the old rules up to now */
	if (!body || !sim_options_set_faults(server->options, body, &err)) {
		AUTO_JSON json_t *problem = json_pack("{s:o}", "detail", json_text_or_null(err.text));
		reply_json(connection, 400, problem);
		return;
	}
	server->slept |= server->options->sleeping;
	sim_server_apply(server, json_object_get(body, "away-after") != NULL);
	freeze_metrics(server);
	get_faults(connection, request);
}

/* Only there in vLLM's development mode with --enable-sleep-mode. */
static bool never_slept(struct sim_connection *connection)
{
	if (connection->server->options->sleeping || connection->server->slept)
		return false;
	sim_connection_reply(connection, 404, json_media, "{\"detail\":\"Not Found\"}", NULL);
	return true;
}

static void get_is_sleeping(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	if (never_slept(connection))
		return;
	AUTO_JSON json_t *answer = json_pack("{s:b}", "is_sleeping", connection->server->options->sleeping);
	reply_json(connection, 200, answer);
}

static void post_wake_up(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	struct sim_server *server = connection->server;
	if (never_slept(connection))
		return;
	server->slept = true;
	server->options->sleeping = false;
	sim_connection_reply(connection, 200, NULL, "", NULL);
	sim_server_apply(server, false);
}

static void get_stats(struct sim_connection *connection, const struct sim_http_request *request)
{
	(void)request;
	struct sim_server *server = connection->server;
	sim_server_pump(server);
	AUTO_JSON json_t *stats = json_pack("{s:I, s:I, s:i, s:i, s:i, s:f}", "seen", (json_int_t)server->seen, "ended",
					    (json_int_t)server->ended, "running", server->batch.running_count, "waiting",
					    server->batch.waiting, "connections", server->connection_count, "tokens",
					    server->batch.tokens);
	reply_json(connection, 200, stats);
}

static const struct route {
	const char *path, *method;
	handler *handle;
} routes[] = {
	{"/health", "GET", get_health},
	{"/ping", "GET", get_health},
	{"/ping", "POST", get_health},
	{"/v1/models", "GET", get_models},
	{"/v1/chat/completions", "POST", sim_chat_start},
	{"/version", "GET", get_version},
	{"/metrics", "GET", get_metrics},
	{"/load", "GET", get_load},
	{"/is_sleeping", "GET", get_is_sleeping},
	{"/wake_up", "POST", post_wake_up},
	{"/sim/faults", "GET", get_faults},
	{"/sim/faults", "POST", post_faults},
	{"/sim/stats", "GET", get_stats},
};

/* vLLM guards what begins with /v1 and nothing else. */
static bool allowed(const struct sim_connection *connection, const struct sim_http_request *request)
{
	const char *key = connection->server->options->api_key;
	if (!key || !text_starts(request->path, "/v1"))
		return true;
	const char *given = request->authorization ? request->authorization : "";
	return text_starts(given, "Bearer ") && digest_equal(given + strlen("Bearer "), key);
}

void sim_routes_handle(struct sim_connection *connection, const struct sim_http_request *request)
{
	if (!allowed(connection, request)) {
		sim_connection_reply(connection, 401, json_media, "{\"error\":\"Unauthorized\"}", NULL);
		return;
	}
	const char *other = NULL;
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		if (strcmp(routes[i].method, request->method) == 0) {
			routes[i].handle(connection, request);
			return;
		}
		other = routes[i].method;
	}
	if (!other) {
		sim_connection_reply(connection, 404, json_media, "{\"detail\":\"Not Found\"}", NULL);
		return;
	}
	AUTO_FREE char *allow = memory_format("allow: %s\r\n", other);
	sim_connection_reply(connection, 405, json_media, "{\"detail\":\"Method Not Allowed\"}", allow);
}
