#include "jobs/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "dataset/key.h"
#include "jobs/plan_choice.h"
#include "jobs/plan_prompt.h"
#include "llm/prompt.h"
#include "store/dataset.h"
#include "store/result.h"
#include "store/run.h"

/* An estimate wants a run that shows a speed, not a start; among the newest ones. */
enum { RUNS_LOOKED_AT = 20, RESULTS_NEEDED = 20, ITEM_PAGE = 1000 };
/* Runs on the same workers differ by about this much; it is said as a range, not as a promise. */
static const double spread = 0.2;

struct planning {
	struct reader *reader;
	const struct run_request *request;
	const struct snapshot *workers;
	struct dataset_record dataset;
	struct plan *plan;
};

/* One spelling per domain, so that a list is the same list however it was pasted. What is no domain stays as it is
 * and is refused by plan_new(). */
static void spell_keys(struct run_request *request)
{
	for (int i = 0; i < request->key_count; i++) {
		char key[KEY_SIZE];
		unsigned flags;
		const char *why;
		if (!key_read(request->keys[i], strlen(request->keys[i]), key, &flags, &why))
			continue;
		free(request->keys[i]);
		request->keys[i] = memory_copy(key);
	}
}

void plan_complete(struct run_request *request)
{
	spell_keys(request);
	if (!request->system)
		request->system = memory_copy(prompt_default_system(request->language));
	if (!request->user)
		request->user = memory_copy(prompt_default_user(request->language));
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (int i = 0; i < plan->warning_count; i++) {
		free(plan->warnings[i].text);
		json_decref(plan->warnings[i].params);
	}
	free(plan->warnings);
	free(plan->items);
	free(plan);
}

/* ---- counts ----------------------------------------------------------------------------- */

static void count_item(struct plan *plan, const struct item *item)
{
	if (item->flags & ITEM_LABEL_CONFLICT)
		plan->conflicts++;
	else
		plan->labels[item->label + 1]++;
}

static bool count_labels(struct planning *at, struct error *err)
{
	struct plan *plan = at->plan;
	size_t ids = (size_t)plan->dataset_items + 1;
	AUTO_FREE bool *chosen = memory_array(ids, sizeof(*chosen));
	for (int64_t i = 0; i < plan->count; i++)
		chosen[plan->items[i]] = true;
	AUTO_FREE struct item *items = memory_array(ITEM_PAGE, sizeof(*items));
	int count;
	for (int64_t after = 0; (count = dataset_items(at->reader, plan->dataset, after, ITEM_PAGE, items, err)) > 0;) {
		for (int i = 0; i < count; i++) {
			after = items[i].id;
			if ((size_t)after < ids && chosen[after])
				count_item(plan, &items[i]);
			item_release(&items[i]);
		}
	}
	return count == 0;
}

/* ---- warnings ---------------------------------------------------------------------------- */

/* Takes text and params. */
static void warn(struct plan *plan, const char *code, char *text, json_t *params)
{
	plan->warnings = memory_grow(plan->warnings, (size_t)plan->warning_count + 1, sizeof(*plan->warnings));
	plan->warnings[plan->warning_count++] = (struct plan_warning){code, text, params};
}

static void warn_of_data(struct planning *at)
{
	struct plan *plan = at->plan;
	AUTO_JSON json_t *tie = at->dataset.population_tie ? json_loads(at->dataset.population_tie, 0, NULL) : NULL;
	json_int_t missing = json_integer_value(json_object_get(tie, "missing"));
	json_int_t bad = at->dataset.bad_rows;
	if (plan->conflicts)
		warn(plan, "label-conflicts",
		     memory_format("%lld of the selected items have rows with different labels; they are left out of the figures",
		                   (long long)plan->conflicts),
		     json_pack("{s:I}", "items", (json_int_t)plan->conflicts));
	if (bad)
		warn(plan, "bad-rows",
		     memory_format("%lld rows of the dataset could not be read and are in no run", (long long)bad),
		     json_pack("{s:I}", "rows", bad));
	if (!plan->labels[BINARY_BENIGN + 1] && !plan->labels[BINARY_PHISHING + 1])
		warn(plan, "no-labels", memory_copy("no selected item has a label: there will be verdicts, but no figures"),
		     json_object());
	if (missing > 0)
		warn(plan, "population-incomplete",
		     memory_format("%lld items are not in the population that the dataset is tied to", (long long)missing),
		     json_pack("{s:I}", "items", missing));
	if (!at->request->shuffle && plan->count > 1)
		warn(plan, "not-shuffled",
		     memory_copy("the order is the dataset's: figures are not representative before the run is finished"),
		     json_object());
}

static bool takes_part(const struct planning *at, const char *worker)
{
	for (int i = 0; i < at->request->worker_count; i++)
		if (text_equal(at->request->workers[i], worker))
			return true;
	return at->request->worker_count == 0;
}

static void warn_of_workers(struct planning *at)
{
	AUTO_JSON json_t *sleeping = json_array();
	AUTO_JSON json_t *different = json_object();
	const char *model = at->request->model;
	for (int i = 0; i < at->workers->worker_count; i++) {
		const struct worker_view *worker = &at->workers->workers[i];
		if (!takes_part(at, worker->id))
			continue;
		if (!worker_state_takes_items(worker->state) || worker->paused)
			json_array_append_new(sleeping, json_text_or_null(worker->id));
		if (!model)
			model = worker->model;
		if (model && worker->model && !text_equal(worker->model, model))
			json_object_set_new(different, worker->id, json_text_or_null(worker->model));
	}
	if (json_array_size(sleeping))
		warn(at->plan, "worker-not-ready",
		     memory_format("%zu of the workers are not ready; they take part once they are", json_array_size(sleeping)),
		     json_pack("{s:O}", "workers", sleeping));
	if (json_object_size(different))
		warn(at->plan, "model-differs",
		     memory_format("%zu of the workers serve another model than %s", json_object_size(different), model),
		     json_pack("{s:s, s:O}", "model", model, "workers", different));
}

static bool is_up(const struct worker_view *worker)
{
	return worker->state != WORKER_OFF && worker->state != WORKER_FAILED;
}

/* Others on the GPUs that this run would use, or nobody knows. What runs already is under the policy of the run. */
static void warn_of_gpus(struct planning *at)
{
	AUTO_JSON json_t *busy = json_object();
	AUTO_JSON json_t *unknown = json_object();
	for (int i = 0; i < at->workers->worker_count; i++) {
		const struct worker_view *worker = &at->workers->workers[i];
		if (!takes_part(at, worker->id))
			continue;
		if (worker->gpu_foreign)
			json_object_set_new(busy, worker->id, json_text_or_null(worker->gpu_foreign));
		if (worker->gpu_unknown && !is_up(worker))
			json_object_set_new(unknown, worker->id, json_text_or_null(worker->gpu_unknown));
	}
	if (json_object_size(busy))
		warn(at->plan, "gpu-busy",
		     memory_format("somebody else uses the GPU of %zu of the workers: %s", json_object_size(busy),
		                   json_string_value(json_object_iter_value(json_object_iter(busy)))),
		     json_pack("{s:O}", "workers", busy));
	if (json_object_size(unknown))
		warn(at->plan, "gpu-unknown",
		     memory_format("whether somebody else uses the GPU of %zu of the workers is not known: %s", json_object_size(unknown),
		                   json_string_value(json_object_iter_value(json_object_iter(unknown)))),
		     json_pack("{s:O}", "workers", unknown));
}

static void warn_of_runs(struct planning *at)
{
	char id[RUN_ID_SIZE];
	if (!at->workers->run_count)
		return;
	run_id_format(at->workers->runs[0].run, id);
	warn(at->plan, "already-running", memory_format("%s is under way; this run waits for its end", id),
	     json_pack("{s:s}", "run", id));
}

static bool check_workers(const struct planning *at, struct error *err)
{
	for (int i = 0; i < at->request->worker_count; i++)
		if (!snapshot_worker(at->workers, at->request->workers[i]))
			return error_set(err, ERROR_INPUT, "\"workers\": there is no worker \"%.64s\" in the configuration",
			                 at->request->workers[i]);
	return true;
}

/* ---- estimate ----------------------------------------------------------------------------- */

static bool same_evaluator(const struct run_record *run, const char *evaluator)
{
	AUTO_JSON json_t *request = run->request ? json_loads(run->request, 0, NULL) : NULL;
	return text_equal(json_string_value(json_object_get(request, "evaluator")), evaluator);
}

static bool estimate_from(struct planning *at, const struct run_record *run)
{
	struct result_counts counts;
	struct error ignored = {0};
	if (run->active_ms <= 0 || run_state_is_live(run->state) || !same_evaluator(run, at->request->evaluator) ||
	    !result_counts_read(at->reader, run->id, &counts, &ignored) || counts.done < RESULTS_NEEDED)
		return false;
	struct plan *plan = at->plan;
	double speed = (double)counts.done * 1000 / (double)run->active_ms;
	plan->has_estimate = true;
	plan->items_per_s = speed;
	plan->lo_s = (double)plan->count / speed * (1 - spread);
	plan->hi_s = (double)plan->count / speed * (1 + spread);
	plan->basis = run->id;
	return true;
}

static void estimate(struct planning *at)
{
	struct run_record runs[RUNS_LOOKED_AT] = {0};
	struct error ignored = {0};
	int count = run_list(at->reader, 0, RUNS_LOOKED_AT, runs, &ignored);
	for (int i = 0; i < count; i++) {
		if (!at->plan->has_estimate)
			estimate_from(at, &runs[i]);
		run_record_release(&runs[i]);
	}
}

/* ---- hashes -------------------------------------------------------------------------------- */

static void add_json(struct digest *digest, json_t *json)
{
	AUTO_FREE char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	digest_add(digest, text, strlen(text) + 1);
}

static void add_selection(struct digest *digest, const struct planning *at)
{
	digest_add(digest, at->dataset.sha256, strlen(at->dataset.sha256) + 1);
	digest_add(digest, at->plan->items, (size_t)at->plan->count * sizeof(*at->plan->items));
}

static void hash(struct planning *at)
{
	/* What results depend on, and nothing else: not the name, the workers, the deadline or the policy. */
	static const char *const settings[] = {"seed", "evaluator", "model", "prompt", "temperature", "top_p",
	                                       "max_tokens", "enable_thinking", "language"};
	AUTO_JSON json_t *request = run_request_json(at->request);
	AUTO_JSON json_t *kept = json_object();
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		json_object_set(kept, settings[i], json_object_get(request, settings[i]));
	struct digest *digest = digest_new();
	add_selection(digest, at);
	add_json(digest, kept);
	digest_hex(digest, at->plan->fingerprint);

	/* Not the warnings: one that is gone by the time of the start, as a worker that became ready, hinders nobody, and
	 * a new one wants its own acknowledgement. */
	add_selection(digest, at);
	add_json(digest, request);
	digest_hex(digest, at->plan->etag);
	digest_free(digest);
}

/* ---- the plan ------------------------------------------------------------------------------ */

static bool open_dataset(struct planning *at, struct error *err)
{
	if (!dataset_find(at->reader, at->request->dataset, &at->dataset, err))
		return false;
	if (at->dataset.state == DATASET_IMPORTING)
		return error_set(err, ERROR_CONFLICT, "the dataset \"%s\" is still being imported", at->dataset.name);
	if (at->dataset.state == DATASET_FAILED)
		return error_set(err, ERROR_CONFLICT, "the dataset \"%s\" could not be imported: %s", at->dataset.name,
		                 at->dataset.problem ? at->dataset.problem : "");
	at->plan->dataset = at->dataset.id;
	at->plan->rows = at->dataset.rows;
	at->plan->dataset_items = at->dataset.items;
	return true;
}

static bool make(struct planning *at, struct error *err)
{
	if (!open_dataset(at, err) || !check_workers(at, err) || !plan_check_prompts(at->request, &at->dataset, err) ||
	    !plan_choose(at->reader, at->request, &at->dataset, at->plan, err) || !count_labels(at, err))
		return false;
	warn_of_data(at);
	warn_of_workers(at);
	warn_of_gpus(at);
	warn_of_runs(at);
	estimate(at);
	hash(at);
	return true;
}

struct plan *plan_new(struct reader *reader, const struct run_request *request, const struct snapshot *workers,
                      struct error *err)
{
	struct planning at = {reader, request, workers, {0}, NEW(struct plan)};
	reader_begin(reader);
	bool ok = make(&at, err);
	reader_end(reader);
	dataset_record_release(&at.dataset);
	if (ok)
		return at.plan;
	plan_free(at.plan);
	return NULL;
}
