#include "engine/loader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

struct loader {
	struct engine *engine;
	struct loop *loop; /* its thread */
	struct reader *reader;
	char *datasets;
};

/* An order to read something, and its answer. */
struct reading {
	struct loader *loader;
	struct live *live;
	struct attempt *attempt;
	int64_t run;
	struct error err;
	bool failed;
	struct run_record record;
	uint32_t *pending;
	int64_t pending_count;
	struct result_counts counts;
	char *by_worker;
	struct source *source;
	struct run_request *request;
	loader_record *record_done;
	loader_trial_done *trial_done;
	void *arg;
	struct loaded_trial trial;
	int64_t dataset;
	char *request_text;
	int64_t items[10];
	int item_count;
};

struct loader *loader_new(struct engine *engine, const char *datasets, struct error *err)
{
	struct reader *reader = reader_open(engine->store, err);
	if (!reader)
		return NULL;
	struct loader *loader = NEW(struct loader);
	*loader = (struct loader){
		.engine = engine, .loop = loop_new("loader"), .reader = reader, .datasets = memory_copy(datasets)};
	loop_start(loader->loop);
	return loader;
}

void loader_free(struct loader *loader)
{
	if (!loader)
		return;
	loop_stop(loader->loop);
	loop_free(loader->loop);
	reader_close(loader->reader);
	free(loader->datasets);
	free(loader);
}

static void reading_free(struct reading *reading)
{
	run_record_release(&reading->record);
	free(reading->pending);
	free(reading->by_worker);
	free(reading->request_text);
	source_free(reading->source);
	run_request_free(reading->request);
	loaded_trial_release(&reading->trial);
	free(reading);
}

/* Sends the order to the loader, or the answer to the engine; who is stopping no longer cares. */
static void pass_on(struct loop *loop, loop_call *call, struct reading *reading)
{
	if (!loop_post(loop, call, reading))
		reading_free(reading);
}

static struct run_request *parse_request(const struct loader *loader, const char *text, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(text, strlen(text), err);
	return json ? run_request_new(json, loader->engine->config, err) : NULL;
}

static bool open_source(struct reading *reading, int64_t dataset, bool check)
{
	AUTO(dataset_record_release) struct dataset_record record = {0};
	if (!dataset_read(reading->loader->reader, dataset, &record, &reading->err))
		return false;
	reading->source = source_open(reading->loader->datasets, &record, &reading->err);
	return reading->source && (!check || source_check(reading->source, &record, &reading->err));
}

/* --- opening a run ---------------------------------------------------------------------------- */

static void take_done_by(struct live *live, const char *by_worker)
{
	struct error err = {0};
	AUTO_JSON json_t *json = by_worker ? json_parse(by_worker, strlen(by_worker), &err) : NULL;
	const char *id;
	json_t *count;
	json_object_foreach(json, id, count) {
		int worker = fleet_find(live->engine->fleet, id);
		if (worker >= 0 && live->done_by)
			live->done_by[worker] = json_integer_value(count);
	}
}

static void opened(void *arg)
{
	struct reading *reading = arg;
	struct live *live = reading->live;
	if (reading->failed) {
		live_opened(live, &reading->err);
		reading_free(reading);
		return;
	}
	const struct config *config = live->engine->config;
	struct sched_policy policy = {.attempts = reading->request->attempts,
	                              .troubles = 2 * reading->request->attempts,
	                              .backoff_count = (int)config->evaluation.backoff.count,
	                              .patience_ms = 5000};
	for (int i = 0; i < policy.backoff_count; i++)
		policy.backoff_ms[i] = config->evaluation.backoff.ms[i];
	live->request = TAKE(reading->request);
	live->source = TAKE(reading->source);
	live->counts = reading->counts;
	live->sched = sched_new(&policy, TAKE(reading->pending), reading->pending_count);
	live_opened(live, NULL);
	if (live->opened)
		take_done_by(live, reading->by_worker);
	reading_free(reading);
}

static bool read_for_opening(struct reading *reading)
{
	struct loader *loader = reading->loader;
	reading->request = parse_request(loader, reading->request_text, &reading->err);
	if (!reading->request || !open_source(reading, reading->dataset, true))
		return false;
	reader_begin(loader->reader);
	reading->pending_count = run_pending(loader->reader, reading->run, &reading->pending, &reading->err);
	bool good = reading->pending_count >= 0 &&
	            result_counts_read(loader->reader, reading->run, &reading->counts, &reading->err);
	if (good)
		reading->by_worker = result_counts_by_worker(loader->reader, reading->run, &reading->err);
	reader_end(loader->reader);
	return good && reading->by_worker;
}

static void open_on_thread(void *arg)
{
	struct reading *reading = arg;
	reading->failed = !read_for_opening(reading);
	pass_on(reading->loader->engine->loop, opened, reading);
}

void loader_open(struct loader *loader, struct live *live)
{
	struct reading *reading = NEW(struct reading);
	*reading = (struct reading){.loader = loader,
	                            .live = live,
	                            .run = live->record.id,
	                            .dataset = live->record.dataset,
	                            .request_text = memory_copy(live->record.request)};
	pass_on(loader->loop, open_on_thread, reading);
}

/* --- an item's key and cells ------------------------------------------------------------------ */

static void item_loaded(void *arg)
{
	struct reading *reading = arg;
	dispatch_loaded(reading->attempt, reading->failed ? &reading->err : NULL);
	reading_free(reading);
}

static bool read_item(struct reading *reading)
{
	struct attempt *attempt = reading->attempt;
	struct run_item item = {0};
	if (!run_item_read(reading->loader->reader, reading->run, attempt->pick.n, &item, &reading->err))
		return false;
	attempt->key = TAKE(item.item.key);
	item_release(&item.item);
	return source_cells(attempt->live->source, item.row_offset, item.row_length, &attempt->cells, &reading->err);
}

static void item_on_thread(void *arg)
{
	struct reading *reading = arg;
	reading->failed = !read_item(reading);
	pass_on(reading->loader->engine->loop, item_loaded, reading);
}

void loader_item(struct loader *loader, struct attempt *attempt)
{
	struct reading *reading = NEW(struct reading);
	*reading = (struct reading){.loader = loader, .attempt = attempt, .run = attempt->live->record.id};
	pass_on(loader->loop, item_on_thread, reading);
}

/* --- a run's record --------------------------------------------------------------------------- */

static void run_loaded(void *arg)
{
	struct reading *reading = arg;
	reading->record_done(reading->arg, &reading->record, reading->failed ? &reading->err : NULL);
	reading_free(reading);
}

static void run_on_thread(void *arg)
{
	struct reading *reading = arg;
	reading->failed = !run_read(reading->loader->reader, reading->run, &reading->record, &reading->err);
	pass_on(reading->loader->engine->loop, run_loaded, reading);
}

void loader_read_run(struct loader *loader, int64_t run, loader_record *done, void *arg)
{
	struct reading *reading = NEW(struct reading);
	*reading = (struct reading){.loader = loader, .run = run, .record_done = done, .arg = arg};
	pass_on(loader->loop, run_on_thread, reading);
}

/* --- try -------------------------------------------------------------------------------------- */

void loaded_trial_release(struct loaded_trial *trial)
{
	source_free(trial->source);
	run_request_free(trial->request);
	for (int i = 0; i < trial->count; i++) {
		free(trial->keys[i]);
		cells_release(&trial->cells[i]);
	}
	*trial = (struct loaded_trial){0};
}

static void trial_loaded(void *arg)
{
	struct reading *reading = arg;
	reading->trial.source = TAKE(reading->source);
	reading->trial.request = TAKE(reading->request);
	reading->trial_done(reading->arg, &reading->trial, reading->failed ? &reading->err : NULL);
	reading_free(reading);
}

static bool read_trial_item(struct reading *reading, int64_t id)
{
	struct dataset_item item = {0};
	if (!dataset_item_read(reading->loader->reader, reading->dataset, id, &item, &reading->err))
		return false;
	int i = reading->trial.count++;
	reading->trial.keys[i] = TAKE(item.item.key);
	item_release(&item.item);
	return source_cells(reading->source, item.row_offset, item.row_length, &reading->trial.cells[i], &reading->err);
}

static void trial_on_thread(void *arg)
{
	struct reading *reading = arg;
	reading->request = parse_request(reading->loader, reading->request_text, &reading->err);
	reading->failed = !reading->request || !open_source(reading, reading->dataset, false);
	for (int i = 0; i < reading->item_count && !reading->failed; i++)
		reading->failed = !read_trial_item(reading, reading->items[i]);
	pass_on(reading->loader->engine->loop, trial_loaded, reading);
}

void loader_trial(struct loader *loader, const struct engine_try *order, loader_trial_done *done, void *arg)
{
	struct reading *reading = NEW(struct reading);
	*reading = (struct reading){.loader = loader,
	                            .dataset = order->dataset,
	                            .request_text = memory_copy(order->request),
	                            .item_count = order->count < 10 ? order->count : 10,
	                            .trial_done = done,
	                            .arg = arg};
	for (int i = 0; i < reading->item_count; i++)
		reading->items[i] = order->items[i];
	pass_on(loader->loop, trial_on_thread, reading);
}
