#include "sim_chat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "sim_answer.h"
#include "sim_faults.h"
#include "sim_hash.h"
#include "sim_latency.h"
#include "sim_routes.h"

struct sim_chat {
	struct sim_job job; /* first: the batch gives back its address */
	struct sim_server *server;
	struct sim_connection *connection; /* NULL when the client has left */
	struct sim_request request;
	struct sim_decision decision;
	struct sim_opinion opinion;
	char *id;
	char *more;        /* header lines of the answer, or NULL */
	char *content;     /* NULL = null */
	bool cut;          /* max_tokens came before its end */
	int64_t completion_tokens;
	int64_t number;    /* of this request on this server, from 1 */
	int64_t attempt;   /* of this domain on this server, from 1 */
	int64_t arrived_us;
};

static const char engine_issue[] = "EngineCore encountered an issue. See stack trace (above) for the root cause.";

static const struct sim_opinion constant = {.is_phishing = true, .confidence = 0.95, .risk_level = "critical"};

static void chat_free(struct sim_chat *chat)
{
	sim_request_release(&chat->request);
	free(chat->id);
	free(chat->more);
	free(chat->content);
	free(chat);
}

/* The end of a chat, whatever it is: the ledger, the counters, --exit-after. */
static void account(struct sim_chat *chat, const char *outcome, int status, const char *finish_reason)
{
	struct sim_server *server = chat->server;
	const char *fault = sim_faults_name(chat->decision.fault);
	bool started = chat->job.started >= 0;
	double queued = (started ? chat->job.started : server->batch.now) - chat->job.arrived;
	/* What a client can have read: not what a fault took away. */
	bool verdict = finish_reason && !fault && !chat->cut;
	json_t *line = json_pack("{s:I, s:o, s:o, s:I, s:s, s:o, s:i, s:o, s:o, s:f, s:f, s:i, s:f}", "n", (json_int_t)chat->number,
				 "id", json_text_or_null(chat->id), "domain", json_text_or_null(chat->request.domain), "attempt",
				 (json_int_t)chat->attempt, "outcome", outcome, "fault", json_text_or_null(fault), "status",
				 status, "finish_reason", json_text_or_null(finish_reason), "verdict",
				 verdict ? json_boolean(chat->opinion.is_phishing) : json_null(), "ms",
				 (double)(clock_mono_us() - chat->arrived_us) / 1000, "queue_ms", queued * 1000, "batch",
				 chat->job.batch, "work_ms", chat->job.done * 1000);
	sim_ledger_write(server->ledger, "end", line);
	server->ended++;
	if (server->options->exit_after > 0 && server->ended >= server->options->exit_after)
		sim_server_stop(server, (int)server->options->exit_code);
}

/* Cuts the tie to the connection, which is returned and may be NULL. */
static struct sim_connection *detach(struct sim_chat *chat)
{
	struct sim_connection *connection = chat->connection;
	chat->connection = NULL;
	if (connection)
		connection->chat = NULL;
	return connection;
}

static void refuse(struct sim_chat *chat, const struct sim_problem *problem, const char *outcome)
{
	struct sim_connection *connection = detach(chat);
	account(chat, outcome, problem->status, NULL);
	if (connection)
		sim_routes_problem(connection, problem, chat->more);
	chat_free(chat);
}

static char *content_of(const struct sim_chat *chat)
{
	const struct sim_options *options = chat->server->options;
	const char *domain = chat->request.domain;
	unsigned variant = (unsigned)sim_hash((uint64_t)options->fault_seed, "variant", domain, chat->attempt) & 3;
	if (chat->decision.fault == SIM_FAULT_EMPTY)
		return variant & 1 ? NULL : memory_copy("");
	if (chat->decision.fault == SIM_FAULT_SCHEMA)
		return sim_answer_broken_schema(domain, &chat->opinion, variant);
	if (options->ignore_schema)
		return sim_answer_prose(domain, &chat->opinion);
	AUTO_FREE char *text = chat->request.schema || chat->request.json_object
				       ? sim_answer_json(chat->request.schema, domain, &chat->opinion)
				       : sim_answer_fenced(domain, &chat->opinion);
	if (chat->decision.fault == SIM_FAULT_MALFORMED)
		return sim_answer_malformed(text);
	return TAKE(text);
}

static void add_thoughts(struct sim_chat *chat)
{
	if (!chat->server->options->think_text || !chat->content)
		return;
	AUTO_FREE char *answer = chat->content;
	chat->content = memory_format("<think>\nThe user asks about {%s}. Let me look at the name.\n</think>\n\n%s",
				      chat->request.domain, answer);
}

static void cut_content(struct sim_chat *chat, double part)
{
	if (chat->content)
		chat->content[text_utf8_cut(chat->content, strlen(chat->content), (size_t)((double)strlen(chat->content) * part))] =
			'\0';
}

/* Writes the whole answer beforehand and says how much work it is. */
static void prepare(struct sim_chat *chat)
{
	const struct sim_options *options = chat->server->options;
	enum sim_fault fault = chat->decision.fault;
	sim_opinion_of((uint64_t)options->opinion_seed, chat->request.domain, &chat->opinion);
	if (options->constant_answer)
		chat->opinion = constant;
	chat->content = content_of(chat);
	add_thoughts(chat);
	double part = 1;
	chat->completion_tokens = chat->content ? sim_request_tokens(chat->content) : 1;
	if (fault == SIM_FAULT_LENGTH || fault == SIM_FAULT_ABORT)
		cut_content(chat, 0.6);
	if (fault == SIM_FAULT_LENGTH) {
		chat->cut = true;
		chat->completion_tokens = chat->request.max_tokens;
	} else if (chat->completion_tokens > chat->request.max_tokens) {
		part = (double)chat->request.max_tokens / (double)chat->completion_tokens;
		cut_content(chat, part);
		chat->cut = true;
		chat->completion_tokens = chat->request.max_tokens;
	}
	double alone = sim_latency_of((uint64_t)options->seed, chat->request.domain) * options->slowness * options->time_scale;
	if (sim_faults_half_way(fault))
		part *= 0.5;
	chat->job.tokens = fault == SIM_FAULT_HANG ? 0 : (double)chat->completion_tokens;
	chat->job.work = fault == SIM_FAULT_HANG ? INFINITY : options->instant ? 0 : alone * part;
}

static bool admitted(struct sim_chat *chat, struct sim_problem *problem)
{
	struct sim_server *server = chat->server;
	const struct sim_options *options = server->options;
	bool full = server->batch.frozen || server->batch.running_count >= server->batch.slots;
	if (chat->decision.fault == SIM_FAULT_STATUS)
		return sim_problem_set(problem, chat->decision.status, "ProxyError", NULL, "simulated status %d",
				       chat->decision.status);
	if (chat->decision.fault == SIM_FAULT_CONTEXT)
		return sim_problem_context(problem, options->max_model_len, options->max_model_len + 1);
	if (options->max_queued >= 0 && full && server->batch.waiting >= options->max_queued) {
		server->metrics.rejected++;
		return sim_problem_set(problem, 503, "Service Unavailable", NULL,
				       "The engine is currently busy and cannot accept new requests. Please try again later.");
	}
	return true;
}

/* What the whole server refuses, whoever asks for what. */
static bool welcome(struct sim_chat *chat, struct sim_problem *problem)
{
	struct sim_server *server = chat->server;
	if (server->engine_dead)
		return sim_problem_set(problem, 500, "InternalServerError", NULL, engine_issue);
	if (server->ending != SIM_STAYS)
		return sim_problem_set(problem, 500, "InternalServerError", NULL, "cannot schedule new futures after shutdown");
	if (server->options->reject_duplicate_ids && json_object_get(server->ids, chat->id))
		return sim_problem_set(problem, 400, "BadRequestError", NULL, "Request id %s already running", chat->id);
	json_object_set_new(server->ids, chat->id, json_true());
	return true;
}

static int64_t count_attempt(struct sim_server *server, const char *domain)
{
	json_int_t attempt = json_integer_value(json_object_get(server->attempts, domain)) + 1;
	json_object_set_new_nocheck(server->attempts, domain, json_integer(attempt));
	return attempt;
}

static void name_chat(struct sim_chat *chat, const struct sim_http_request *http)
{
	const struct sim_options *options = chat->server->options;
	const char *given = http->request_id ? http->request_id : chat->request.id;
	chat->id = given ? memory_format("chatcmpl-%s", given)
			 : memory_format("chatcmpl-%016llx", (unsigned long long)sim_hash((uint64_t)chat->server->port, "id",
											   options->name, chat->number));
	if (options->enable_request_id_headers && http->request_id)
		chat->more = memory_format("x-request-id: %s\r\n", http->request_id);
}

void sim_chat_start(struct sim_connection *connection, const struct sim_http_request *http)
{
	struct sim_server *server = connection->server;
	sim_server_pump(server);
	struct sim_chat *chat = NEW(struct sim_chat);
	struct sim_problem problem;
	chat->server = server;
	chat->connection = connection;
	chat->number = ++server->seen;
	chat->arrived_us = clock_mono_us();
	chat->job.arrived = server->batch.now;
	chat->job.started = -1;
	bool good = sim_request_read(server->options, http->body.data, http->body.length, &chat->request, &problem);
	name_chat(chat, http);
	if (chat->request.domain)
		chat->attempt = count_attempt(server, chat->request.domain);
	sim_ledger_write(server->ledger, "request",
			 json_pack("{s:I, s:o, s:o, s:I, s:i, s:i}", "n", (json_int_t)chat->number, "id",
				   json_text_or_null(chat->id), "domain", json_text_or_null(chat->request.domain), "attempt",
				   (json_int_t)chat->attempt, "running", server->batch.running_count, "waiting",
				   server->batch.waiting));
	if (good)
		chat->decision = sim_faults_decide(server->options, chat->request.domain, chat->attempt);
	if (!good || !welcome(chat, &problem) || !admitted(chat, &problem)) {
		refuse(chat, &problem, "refused");
		return;
	}
	prepare(chat);
	connection->chat = chat;
	sim_batch_add(&server->batch, &chat->job);
	sim_server_pump(server);
}

static enum sim_reason reason_of(const struct sim_chat *chat)
{
	if (chat->decision.fault == SIM_FAULT_ABORT)
		return SIM_REASON_ABORT;
	return chat->cut ? SIM_REASON_LENGTH : SIM_REASON_STOP;
}

static json_t *usage_of(const struct sim_chat *chat)
{
	return json_pack("{s:I, s:I, s:I, s:n}", "prompt_tokens", (json_int_t)chat->request.prompt_tokens, "total_tokens",
			 (json_int_t)(chat->request.prompt_tokens + chat->completion_tokens), "completion_tokens",
			 (json_int_t)chat->completion_tokens, "prompt_tokens_details");
}

/* The message of a whole answer, or the delta of a streamed one. */
static json_t *message_of(const struct sim_chat *chat)
{
	const struct sim_options *options = chat->server->options;
	bool in_reasoning = options->content_in_reasoning;
	json_t *message = json_pack("{s:s, s:o, s:n, s:n, s:n, s:n, s:[], s:n}", "role", "assistant", "content",
				    in_reasoning ? json_null() : json_text_or_null(chat->content), "refusal", "annotations",
				    "audio", "function_call", "tool_calls", "reasoning");
	if (in_reasoning) {
		json_object_del(message, "reasoning");
		json_object_set_new(message, options->reasoning_field, json_text_or_null(chat->content));
	}
	return message;
}

static json_t *answer_of(const struct sim_chat *chat)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:o, s:n, s:s, s:n, s:n}], s:n, s:o, s:o, s:n, s:n}", "id", chat->id, "object",
			 "chat.completion", "created", (json_int_t)(clock_wall_ms() / 1000), "model",
			 sim_server_model(chat->server), "choices", "index", 0, "message", message_of(chat), "logprobs",
			 "finish_reason", sim_metrics_reason(reason_of(chat)), "stop_reason", "token_ids", "service_tier",
			 "system_fingerprint", json_sprintf("vllm-%s-sim", chat->server->options->version), "usage",
			 usage_of(chat), "prompt_logprobs", "kv_transfer_params");
}

static void add_event(struct text *out, const struct sim_chat *chat, json_t *choices, json_t *usage)
{
	AUTO_JSON json_t *event =
		json_pack("{s:s, s:s, s:I, s:s, s:o, s:o*}", "id", chat->id, "object", "chat.completion.chunk", "created",
			  (json_int_t)(clock_wall_ms() / 1000), "model", sim_server_model(chat->server), "choices", choices,
			  "usage", usage);
	AUTO_FREE char *json = json_text(event);
	AUTO_FREE char *line = memory_format("data: %s\n\n", json);
	sim_http_chunk(out, line);
}

/* The whole stream at the end of the work: the frames are vLLM's, their times are not. */
static void send_stream(struct sim_chat *chat, struct sim_connection *connection)
{
	AUTO_TEXT struct text bytes;
	text_init(&bytes, 0);
	sim_http_head(&bytes, 200, "text/event-stream; charset=utf-8", -1, connection->keep_alive, chat->more);
	add_event(&bytes, chat, json_pack("[{s:i, s:o, s:n, s:n}]", "index", 0, "delta", message_of(chat), "logprobs", "finish_reason"),
		  NULL);
	add_event(&bytes, chat,
		  json_pack("[{s:i, s:{}, s:n, s:s}]", "index", 0, "delta", "logprobs", "finish_reason",
			    sim_metrics_reason(reason_of(chat))),
		  NULL);
	if (chat->request.usage_chunk)
		add_event(&bytes, chat, json_array(), usage_of(chat));
	sim_http_chunk(&bytes, "data: [DONE]\n\n");
	bool cut = chat->decision.fault == SIM_FAULT_CUT_BODY;
	if (cut)
		bytes.length -= bytes.length / 4;
	else
		sim_http_chunk(&bytes, "");
	sim_connection_send(connection, &bytes, cut || !connection->keep_alive);
}

static void send_answer(struct sim_chat *chat, struct sim_connection *connection)
{
	if (chat->request.stream) {
		send_stream(chat, connection);
		return;
	}
	AUTO_JSON json_t *answer = answer_of(chat);
	AUTO_FREE char *body = json_text(answer);
	if (chat->decision.fault != SIM_FAULT_CUT_BODY) {
		sim_connection_reply(connection, 200, "application/json", body, chat->more);
		return;
	}
	AUTO_TEXT struct text bytes;
	text_init(&bytes, 0);
	sim_http_head(&bytes, 200, "application/json", (long long)strlen(body), connection->keep_alive, chat->more);
	text_add_bytes(&bytes, body, strlen(body) / 2);
	sim_connection_send(connection, &bytes, true);
}

static void finish_answer(struct sim_chat *chat)
{
	struct sim_metrics *metrics = &chat->server->metrics;
	double now = chat->server->batch.now;
	metrics->success[reason_of(chat)]++;
	sim_metrics_observe(&metrics->latency, now - chat->job.arrived);
	sim_metrics_observe(&metrics->queue, chat->job.started - chat->job.arrived);
	sim_metrics_observe(&metrics->first_token, chat->job.started - chat->job.arrived);
	struct sim_connection *connection = detach(chat);
	bool cut = chat->decision.fault == SIM_FAULT_CUT_BODY;
	account(chat, !connection ? "computed for nobody" : cut ? "cut" : "answered", 200, sim_metrics_reason(reason_of(chat)));
	if (connection)
		send_answer(chat, connection);
	chat_free(chat);
}

static void finish_without_answer(struct sim_chat *chat, bool reset)
{
	struct sim_connection *connection = detach(chat);
	bool died = chat->decision.fault == SIM_FAULT_EXIT;
	account(chat, died ? "died" : reset ? "reset" : "closed", 0, NULL);
	if (connection && reset)
		sim_connection_reset(connection);
	else if (connection)
		sim_connection_close(connection);
	chat_free(chat);
}

void sim_chat_finish(struct sim_job *job)
{
	struct sim_chat *chat = (struct sim_chat *)job;
	enum sim_fault fault = chat->decision.fault;
	struct sim_problem problem;
	chat->server->metrics.prompt_tokens += chat->request.prompt_tokens;
	if (fault == SIM_FAULT_500 || fault == SIM_FAULT_ALWAYS) {
		sim_problem_set(&problem, 500, "InternalServerError", NULL, engine_issue);
		chat->server->metrics.success[SIM_REASON_ERROR]++;
		refuse(chat, &problem, "failed");
	} else if (fault == SIM_FAULT_RESET || fault == SIM_FAULT_EMPTY_REPLY) {
		finish_without_answer(chat, fault == SIM_FAULT_RESET);
	} else if (fault == SIM_FAULT_EXIT) {
		sim_server_stop(chat->server, (int)chat->server->options->exit_code);
		finish_without_answer(chat, true);
	} else {
		finish_answer(chat);
	}
}

/* A stream has begun, so its error is a chunk and its end is orderly. */
static void fail_stream(struct sim_chat *chat)
{
	AUTO_TEXT struct text bytes;
	text_init(&bytes, 0);
	struct sim_connection *connection = detach(chat);
	account(chat, "failed", 200, NULL);
	if (connection) {
		AUTO_FREE char *chunk = memory_format("data: {\"error\":{\"message\":\"%s\",\"type\":\"InternalServerError\",\"param\":null,"
						      "\"code\":500}}\n\n", engine_issue);
		sim_http_head(&bytes, 200, "text/event-stream; charset=utf-8", -1, connection->keep_alive, chat->more);
		sim_http_chunk(&bytes, chunk);
		sim_http_chunk(&bytes, "data: [DONE]\n\n");
		sim_http_chunk(&bytes, "");
		sim_connection_send(connection, &bytes, !connection->keep_alive);
	}
	chat_free(chat);
}

void sim_chat_fail_all(struct sim_server *server)
{
	struct sim_problem problem;
	struct sim_batch *batch = &server->batch;
	sim_problem_set(&problem, 500, "InternalServerError", NULL, engine_issue);
	while (batch->running_count || batch->first) {
		struct sim_job *job = batch->running_count ? batch->running[0] : batch->first;
		struct sim_chat *chat = (struct sim_chat *)job;
		sim_batch_remove(batch, job);
		server->metrics.success[SIM_REASON_ERROR]++;
		if (chat->request.stream)
			fail_stream(chat);
		else
			refuse(chat, &problem, "failed");
	}
}

void sim_chat_drop(struct sim_job *job)
{
	struct sim_chat *chat = (struct sim_chat *)job;
	struct sim_server *server = chat->server;
	detach(chat);
	sim_batch_remove(&server->batch, &chat->job);
	account(chat, server->dropping ? "dropped" : "disconnected", 0, NULL);
	chat_free(chat);
}

void sim_chat_client_left(struct sim_chat *chat)
{
	struct sim_server *server = chat->server;
	if (server->options->ignore_disconnect && !server->dropping) {
		detach(chat);
		return;
	}
	sim_chat_drop(&chat->job);
	sim_server_pump(server);
}
