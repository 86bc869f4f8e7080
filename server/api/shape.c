#include "api/shape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/key.h"
#include "engine/engine.h"

static json_t *text(const char *value)
{
	return json_text_or_null(value);
}

static json_t *text_or_null(const char *value)
{
	return json_text_or_null(value && *value ? value : NULL);
}

static json_t *real(double value)
{
	return json_real_or_null(value);
}

json_t *shape_run_id(int64_t run)
{
	char id[RUN_ID_SIZE];
	return run ? json_string(run_id_format(run, id)) : json_null();
}

json_t *shape_parsed(const char *value)
{
	json_t *json = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
	return json ? json : json_null();
}

json_t *shape_token(const struct token_record *token)
{
	return json_pack("{s:I, s:o, s:s, s:b, s:o, s:o, s:o}", "id", (json_int_t)token->id, "person", text(token->person),
	                 "role", role_name(token->role), "once", token->once, "created", json_time(token->created_ms),
	                 "expires", json_time(token->expires_ms), "last_used", json_time(token->last_used_ms));
}

json_t *shape_event(const struct event *event)
{
	json_t *data = shape_parsed(event->data);
	if (!json_is_object(data)) {
		json_decref(data);
		data = json_object();
	}
	return json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)event->id, "at", json_time(event->at_ms),
	                 "kind", event_kind_name(event->kind), "run", shape_run_id(event->run), "worker",
	                 text(event->worker), "person", text(event->person), "data", data);
}

/* ---- datasets --------------------------------------------------------------------- */

static const char *dataset_state_text(enum dataset_state state)
{
	static const char *const names[] = {"importing", "ready", "failed"};
	return names[state];
}

static json_t *counted(json_t *json, const char *key, const char *const *names)
{
	json_t *value = json_object_get(json, key);
	if (value && !json_is_null(value))
		return json_incref(value);
	json_t *zeros = json_object();
	for (; names && *names; names++)
		json_object_set_new(zeros, *names, json_integer(0));
	return zeros;
}

static json_t *list_or_empty(const char *value)
{
	json_t *list = shape_parsed(value);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

static json_t *number_of(json_t *json, const char *key)
{
	return json_integer(json_integer_value(json_object_get(json, key)));
}

json_t *shape_dataset(const struct dataset_record *dataset, const char *population, double progress)
{
	static const char *const labels[] = {"phishing", "benign", "unknown", "conflict", NULL};
	static const char *const duplicates[] = {"rows", "case", NULL};
	AUTO_JSON json_t *summary = shape_parsed(dataset->summary);
	json_t *meanings = shape_parsed(dataset->meanings);
	json_t *sources = json_object_get(summary, "sources");
	bool ready = dataset->state == DATASET_READY;
	json_t *json = json_pack("{s:o, s:o, s:s, s:o, s:I, s:s}", "sha256", text(dataset->sha256), "name",
	                         text(dataset->name), "state", dataset_state_text(dataset->state), "problem",
	                         text(dataset->problem), "bytes", (json_int_t)dataset->bytes, "kind",
	                         dataset->is_list ? "list" : "csv");
	json_object_set_new(json, "columns", list_or_empty(dataset->columns));
	json_object_set_new(json, "meanings", json_is_null(meanings) ? json_object() : meanings);
	json_object_set_new(json, "renamed", list_or_empty(dataset->renamed));
	json_object_set_new(json, "rows", json_integer(dataset->rows));
	json_object_set_new(json, "bad_rows", json_integer(dataset->bad_rows));
	json_object_set_new(json, "items", json_integer(dataset->items));
	json_object_set_new(json, "progress", isnan(progress) ? json_real(ready ? 1.0 : 0.0) : json_real(progress));
	json_object_set_new(json, "labels", counted(summary, "labels", labels));
	json_object_set_new(json, "duplicates", counted(summary, "duplicates", duplicates));
	json_object_set_new(json, "idn", number_of(summary, "idn"));
	json_object_set_new(json, "invalid_idna", number_of(summary, "invalid_idna"));
	json_object_set_new(json, "sources", json_is_array(sources) ? json_incref(sources) : json_array());
	json_object_set_new(json, "population", text(population));
	json_object_set_new(json, "population_tie", shape_parsed(dataset->population_tie));
	json_object_set_new(json, "created", json_time(dataset->created_ms));
	json_object_set_new(json, "created_by", text(dataset->created_by));
	return json;
}

/* ---- workers ------------------------------------------------------------------------ */

static json_t *texts(const char *const *list)
{
	json_t *json = json_array();
	for (; list && *list; list++)
		json_array_append_new(json, text(*list));
	return json;
}

static json_t *worker_actions(const struct worker_view *worker)
{
	json_t *list = json_array();
	unsigned possible = engine_worker_actions(worker);
	for (unsigned action = ENGINE_WORKER_PAUSE; action < ENGINE_ACTION_COUNT; action++)
		if (possible & (1u << action))
			json_array_append_new(list, json_string(engine_action_name((enum engine_action)action)));
	return list;
}

json_t *shape_worker(const struct worker_view *worker)
{
	json_t *json = json_pack("{s:o, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", text(worker->id), "kind",
	                         worker_kind_name(worker->kind), "url", text(worker->url), "desired",
	                         worker->desired == WORKER_WANTED_UP ? "up" : "down", "state",
	                         worker_state_name(worker->state), "cause", worker_cause_name(worker->cause), "sentence",
	                         worker_cause_sentence(worker->cause), "since", json_time(worker->since_ms), "last_probe",
	                         json_time(worker->last_probe_ms), "last_answer", json_time(worker->last_answer_ms));
	json_object_set_new(json, "probe_ms", worker->probe_ms < 0 ? json_null() : json_integer(worker->probe_ms));
	json_object_set_new(json, "failures", json_integer(worker->failures));
	json_object_set_new(json, "max_failures", json_integer(worker->max_failures));
	json_object_set_new(json, "model", text(worker->model));
	json_object_set_new(json, "models", texts(worker->models));
	json_object_set_new(json, "root", text(worker->root));
	json_object_set_new(json, "max_model_len",
	                    worker->max_model_len ? json_integer(worker->max_model_len) : json_null());
	json_object_set_new(json, "server_version", text(worker->server_version));
	json_object_set_new(json, "in_flight", json_integer(worker->in_flight));
	json_object_set_new(json, "allowed", json_integer(worker->allowed));
	json_object_set_new(json, "done", json_integer(worker->done));
	json_object_set_new(json, "failed", json_integer(worker->failed));
	json_object_set_new(json, "rate_1m", real(worker->rate_1m));
	json_object_set_new(json, "paused", json_boolean(worker->paused));
	json_object_set_new(json, "text", text(worker->text));
	json_object_set_new(json, "has_backend", json_boolean(worker->has_backend));
	json_object_set_new(json, "actions", worker_actions(worker));
	json_object_set_new(json, "gpu", text(worker->gpu));
	json_object_set_new(json, "attempt", json_integer(worker->attempt));
	json_object_set_new(json, "of", json_integer(worker->of));
	json_object_set_new(json, "next_at", json_time(worker->next_at_ms));
	json_object_set_new(json, "phase", text(worker->phase));
	json_object_set_new(json, "progress", real(worker->progress));
	json_object_set_new(json, "receipt", text(worker->receipt));
	json_object_set_new(json, "log", texts(worker->log));
	return json;
}

json_t *shape_workers(const struct snapshot *snapshot)
{
	json_t *items = json_array();
	for (int i = 0; i < snapshot->worker_count; i++)
		json_array_append_new(items, shape_worker(&snapshot->workers[i]));
	return json_pack("{s:o}", "items", items);
}

/* ---- gpus --------------------------------------------------------------------------- */

static json_t *known(int64_t value)
{
	return value < 0 ? json_null() : json_integer(value);
}

static json_t *shape_gpu(const struct gpu_view *gpu)
{
	json_t *processes = json_array();
	for (int i = 0; i < gpu->process_count; i++) {
		const struct gpu_process_view *process = &gpu->processes[i];
		json_array_append_new(processes, json_pack("{s:I, s:o, s:o, s:o, s:b}", "pid", (json_int_t)process->pid, "name",
		                                           text(process->name), "user", text(process->user), "used_mib",
		                                           known(process->used_mib), "ours", process->ours));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "index", known(gpu->index), "uuid", text(gpu->uuid),
	                 "name", text(gpu->name), "total_mib", known(gpu->total_mib), "used_mib", known(gpu->used_mib), "free_mib",
	                 known(gpu->free_mib), "unattributed_mib", known(gpu->unattributed_mib), "use_percent",
	                 known(gpu->use_percent), "celsius", known(gpu->celsius), "mig", gpu->mig, "processes", processes);
}

json_t *shape_gpus(const struct snapshot *snapshot)
{
	json_t *items = json_array(), *workers = json_array();
	for (int i = 0; i < snapshot->gpu_count; i++)
		json_array_append_new(items, shape_gpu(&snapshot->gpus[i]));
	for (int i = 0; i < snapshot->worker_count; i++) {
		const struct worker_view *worker = &snapshot->workers[i];
		if (worker->gpu)
			json_array_append_new(workers, json_pack("{s:s, s:s, s:o, s:o}", "id", worker->id, "gpu", worker->gpu, "foreign",
			                                         text(worker->gpu_foreign), "unknown", text(worker->gpu_unknown)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "items", items, "workers", workers, "at", json_time(snapshot->gpus_at_ms), "problem",
	                 text(snapshot->gpus_problem));
}

/* ---- runs --------------------------------------------------------------------------- */

static json_t *failures(const int64_t counts[FAILURE_COUNT])
{
	json_t *json = json_object();
	for (int i = 1; i < FAILURE_COUNT; i++)
		if (counts[i])
			json_object_set_new(json, failure_name((enum failure)i), json_integer(counts[i]));
	return json;
}

static json_t *live_workers(const struct snapshot *snapshot)
{
	json_t *list = json_array();
	for (int i = 0; i < snapshot->worker_count; i++) {
		const struct worker_view *worker = &snapshot->workers[i];
		if (!worker->in_run && !worker->run_done)
			continue;
		json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:I, s:o, s:s}", "id", text(worker->id), "in_flight",
		                                      worker->in_flight, "allowed", worker->allowed, "done",
		                                      (json_int_t)worker->run_done, "rate_1m", real(worker->rate_1m),
		                                      "state", worker_state_name(worker->state)));
	}
	return list;
}

static json_t *eta(const struct progress *progress, int64_t now_ms)
{
	if (!progress->has_eta)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "lo_s", real(progress->eta_lo_s), "p50_s", real(progress->eta_p50_s),
	                 "hi_s", real(progress->eta_hi_s), "at",
	                 json_time(now_ms + (int64_t)(progress->eta_p50_s * 1000)));
}

json_t *shape_progress_live(const struct progress *progress, const struct snapshot *snapshot)
{
	bool only_running = progress->state == RUN_RUNNING || snapshot->run_count == 1;
	json_t *json = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", shape_run_id(progress->run),
	                         "state", run_state_name(progress->state), "version", (json_int_t)progress->version,
	                         "total", (json_int_t)progress->total, "done", (json_int_t)progress->done, "verdicts",
	                         (json_int_t)progress->verdicts, "no_verdict", (json_int_t)progress->no_verdict,
	                         "pending", (json_int_t)(progress->total - progress->done), "in_flight",
	                         (json_int_t)progress->in_flight, "retried", (json_int_t)progress->retried);
	json_object_set_new(json, "by_failure", failures(progress->by_failure));
	json_object_set_new(json, "rate_1m", real(progress->rate_1m));
	json_object_set_new(json, "rate_10m", real(progress->rate_10m));
	json_object_set_new(json, "eta", eta(progress, snapshot->at_ms));
	json_object_set_new(json, "stalled", json_boolean(progress->stalled));
	json_object_set_new(json, "shuffled", json_boolean(progress->shuffled));
	json_object_set_new(json, "elapsed_s", json_integer(progress->active_ms / 1000));
	json_object_set_new(json, "workers", only_running ? live_workers(snapshot) : json_array());
	json_object_set_new(json, "from_text", json_integer(progress->from_text));
	json_object_set_new(json, "duplicates", json_integer(progress->duplicates));
	json_object_set_new(json, "store_blocked", snapshot->store_blocked ? text(snapshot->store_why) : json_null());
	json_object_set_new(json, "at", json_time(snapshot->at_ms));
	return json;
}

static json_t *stored_workers(json_t *by_worker)
{
	json_t *list = json_array();
	const char *id;
	json_t *done;
	json_object_foreach(by_worker, id, done)
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:O, s:n, s:n}", "id", id, "in_flight", 0, "allowed", 0,
		                                      "done", done, "rate_1m", "state"));
	return list;
}

json_t *shape_progress_stored(const struct run_record *run, const struct result_counts *counts, json_t *by_worker,
                              int64_t now_ms)
{
	json_t *json = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I}", "id", shape_run_id(run->id), "state",
	                         run_state_name(run->state), "version", (json_int_t)counts->version, "total",
	                         (json_int_t)run->total, "done", (json_int_t)counts->done, "verdicts",
	                         (json_int_t)counts->verdicts, "no_verdict", (json_int_t)counts->no_verdict, "pending",
	                         (json_int_t)(run->total - counts->done), "in_flight", 0, "retried",
	                         (json_int_t)counts->retried);
	json_object_set_new(json, "by_failure", failures(counts->by_failure));
	json_object_set_new(json, "rate_1m", json_null());
	json_object_set_new(json, "rate_10m", json_null());
	json_object_set_new(json, "eta", json_null());
	json_object_set_new(json, "stalled", json_false());
	json_object_set_new(json, "shuffled", json_boolean(run->shuffled));
	json_object_set_new(json, "elapsed_s", json_integer(run->active_ms / 1000));
	json_object_set_new(json, "workers", stored_workers(by_worker));
	json_object_set_new(json, "from_text", json_integer(counts->from_text));
	json_object_set_new(json, "duplicates", json_integer(counts->duplicates));
	json_object_set_new(json, "store_blocked", json_null());
	/* What is over stays as it is, and so does its tag. */
	json_object_set_new(json, "at", json_time(run->finished_ms ? run->finished_ms : now_ms));
	return json;
}

const char *shape_run_etag(enum run_state state, int64_t number, char out[SHAPE_ETAG_SIZE])
{
	snprintf(out, SHAPE_ETAG_SIZE, "%s.%lld", run_state_name(state), (long long)number);
	return out;
}

static json_t *actions(enum run_state state)
{
	json_t *list = json_array();
	unsigned possible = engine_run_actions(state);
	for (unsigned action = 0; action < ENGINE_ACTION_COUNT; action++)
		if (possible & (1u << action))
			json_array_append_new(list, json_string(engine_action_name((enum engine_action)action)));
	return list;
}

json_t *shape_run(const struct run_record *run, const struct dataset_record *dataset, json_t *progress)
{
	char etag[SHAPE_ETAG_SIZE];
	int64_t version = json_integer_value(json_object_get(progress, "version"));
	enum run_state state = run->state;
	json_t *json = json_pack("{s:o, s:o, s:s, s:o, s:s, s:{s:o, s:o}}", "id", shape_run_id(run->id), "name",
	                         text(run->name ? run->name : ""), "state", run_state_name(state), "cause",
	                         text(run->cause ? run->cause : ""), "sentence", engine_run_sentence(state), "dataset",
	                         "sha256", text(dataset->sha256), "name", text(dataset->name));
	json_object_set_new(json, "request", shape_parsed(run->request));
	json_object_set_new(json, "fingerprint", text(run->fingerprint));
	json_object_set_new(json, "model", text(run->model));
	json_object_set_new(json, "policy", json_string(no_verdict_policy_name(run->policy)));
	json_object_set_new(json, "created", json_time(run->created_ms));
	json_object_set_new(json, "created_by", text(run->created_by));
	json_object_set_new(json, "started", json_time(run->started_ms));
	json_object_set_new(json, "finished", json_time(run->finished_ms));
	json_object_set_new(json, "workers", shape_parsed(run->workers));
	json_object_set_new(json, "actions", actions(state));
	json_object_set_new(json, "progress", progress);
	json_object_set_new(json, "etag", json_string(shape_run_etag(state, run_state_is_live(state) ? version : run->active_ms, etag)));
	return json;
}

/* ---- items -------------------------------------------------------------------------- */

static const struct {
	enum item_flag flag;
	const char *name;
} flag_names[] = {
	{ITEM_IDN, "idn"}, {ITEM_IDNA_INVALID, "invalid_idna"}, {ITEM_IP_ADDRESS, "ip_address"},
	{ITEM_FROM_URL, "from_url"}, {ITEM_CASE_DUPLICATE, "case_duplicate"}, {ITEM_LABEL_CONFLICT, "label_conflict"},
	{ITEM_MIXED_SCRIPT, "mixed_script"},
};

static json_t *flags(unsigned bits)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (bits & (unsigned)flag_names[i].flag)
			json_array_append_new(list, json_string(flag_names[i].name));
	return list;
}

json_t *shape_item(const struct view_row *row)
{
	bool verdict = row->verdict != BINARY_UNKNOWN;
	AUTO_FREE char *unicode = row->item.key ? key_unicode(row->item.key) : NULL;
	json_t *json = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "n", (json_int_t)row->n, "item",
	                         (json_int_t)row->item.id, "key", text(row->item.key), "unicode", text(unicode), "flags",
	                         flags(row->item.flags), "source", text(row->item.source), "tld", text(row->item.tld));
	json_object_set_new(json, "label", text(binary_name(row->item.label)));
	json_object_set_new(json, "ml", real(row->item.ml));
	json_object_set_new(json, "stage1", text(binary_name(row->item.stage1)));
	json_object_set_new(json, "done", json_boolean(row->done));
	json_object_set_new(json, "verdict", text(binary_name(row->verdict)));
	json_object_set_new(json, "confidence", verdict ? real(row->confidence) : json_null());
	json_object_set_new(json, "risk", verdict ? text_or_null(risk_name(row->risk)) : json_null());
	json_object_set_new(json, "failure", row->done ? text_or_null(failure_name(row->failure)) : json_null());
	json_object_set_new(json, "decision_source",
	                    verdict ? text_or_null(decision_source_name(row->source)) : json_null());
	json_object_set_new(json, "cell", text(row->cell));
	json_object_set_new(json, "change", text(row->change));
	json_object_set_new(json, "worker", text_or_null(row->worker));
	json_object_set_new(json, "elapsed_ms", row->done ? json_integer(row->elapsed_ms) : json_null());
	json_object_set_new(json, "attempts", json_integer(row->attempts));
	json_object_set_new(json, "reasoning", text(row->reasoning));
	json_object_set_new(json, "seq", row->done ? json_integer(row->seq) : json_null());
	json_object_set_new(json, "row_numbers", json_pack("[I]", (json_int_t)row->first_row));
	return json;
}

json_t *shape_attempt(const struct attempt_record *attempt)
{
	return json_pack("{s:I, s:o, s:i, s:o, s:s, s:o, s:i, s:o, s:I}", "n", (json_int_t)attempt->n, "key",
	                 text(attempt->key), "k", attempt->k, "worker", text_or_null(attempt->worker), "failure",
	                 failure_name(attempt->failure), "detail", text(attempt->detail), "http_status",
	                 attempt->http_status, "started", json_time(attempt->started_ms), "elapsed_ms",
	                 (json_int_t)attempt->elapsed_ms);
}
