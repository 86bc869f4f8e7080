/* trial.c - `try`: a few items through a worker, outside any run, storing nothing */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/core.h"
#include "engine/loader.h"

enum { TRIAL_MAX = 10 };

struct trial;

struct trial_slot {
	struct trial *trial;
	struct outcome outcome;
	int64_t started_ms;
	char id[40];
};

struct trial {
	struct engine *engine;
	struct engine_try order;   /* texts and ids below are copies */
	char *request, *worker;
	int64_t items[TRIAL_MAX];
	struct loaded_trial loaded;
	const struct evaluator_class *class;
	struct evaluator *evaluator;
	struct evaluator_place place;
	struct trial_slot slots[TRIAL_MAX];
	int open;
};

static void trial_free(struct trial *trial)
{
	if (trial->evaluator)
		trial->class->free(trial->evaluator);
	for (int i = 0; i < TRIAL_MAX; i++)
		outcome_release(&trial->slots[i].outcome);
	loaded_trial_release(&trial->loaded);
	free(trial->request);
	free(trial->worker);
	free(trial);
}

static void refuse(struct trial *trial, const struct error *err)
{
	trial->order.done(trial->order.arg, NULL, 0, err);
	trial_free(trial);
}

static void finish(void *arg)
{
	struct trial *trial = arg;
	struct engine_try_item items[TRIAL_MAX];
	for (int i = 0; i < trial->loaded.count; i++)
		items[i] = (struct engine_try_item){.key = trial->loaded.keys[i],
		                                    .worker = trial->place.worker,
		                                    .outcome = &trial->slots[i].outcome};
	trial->order.done(trial->order.arg, items, trial->loaded.count, NULL);
	trial_free(trial);
}

static void on_outcome(void *arg, struct outcome *outcome)
{
	struct trial_slot *slot = arg;
	struct trial *trial = slot->trial;
	slot->outcome = *outcome;
	outcome_init(outcome); /* moved */
	slot->outcome.elapsed_ms = clock_mono_ms() - slot->started_ms;
	/* Posted, because an evaluator must not be freed inside its own callback. */
	if (--trial->open == 0 && !loop_post(trial->engine->loop, finish, trial))
		trial_free(trial);
}

static bool fits(const struct trial *trial, int worker)
{
	const struct fleet_worker *it = fleet_worker(trial->engine->fleet, worker);
	if (trial->worker && !text_equal(trial->worker, it->config->id))
		return false;
	return worker_state_takes_items(it->health.state) && (!trial->class->needs_endpoint || it->model);
}

static bool choose(struct trial *trial, struct error *err)
{
	const struct engine *engine = trial->engine;
	if (trial->worker && fleet_find(engine->fleet, trial->worker) < 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no worker \"%s\" in the configuration", trial->worker);
	for (int i = 0; i < fleet_count(engine->fleet); i++)
		if (fits(trial, i)) {
			dispatch_place(engine, i, &trial->place);
			if (trial->loaded.request->model)
				trial->place.model = trial->loaded.request->model;
			return true;
		}
	return error_set(err, ERROR_CONFLICT, trial->worker ? "worker \"%s\" is not ready" : "no worker is ready%s",
	                 trial->worker ? trial->worker : "");
}

static bool prepare(struct trial *trial, struct error *err)
{
	const struct run_request *request = trial->loaded.request;
	const struct source *source = trial->loaded.source;
	trial->class = evaluator_class_find(request->evaluator);
	if (!trial->class)
		return error_set(err, ERROR_UNSUPPORTED, "there is no evaluator \"%s\"", request->evaluator);
	struct evaluator_settings settings = {.system = request->system,
	                                      .user = request->user,
	                                      .language = request->language,
	                                      .temperature = request->temperature,
	                                      .top_p = request->top_p,
	                                      .max_tokens = request->max_tokens,
	                                      .seed = request->seed,
	                                      .enable_thinking = request->enable_thinking,
	                                      .columns = (const char *const *)source->columns,
	                                      .is_label = source->is_label,
	                                      .column_count = source->column_count};
	trial->evaluator = trial->class->new(trial->engine->http, trial->engine->loop, &settings, err);
	return trial->evaluator && choose(trial, err);
}

static void begin_slot(struct trial *trial, int i)
{
	struct trial_slot *slot = &trial->slots[i];
	slot->trial = trial;
	slot->started_ms = clock_mono_ms();
	AUTO_FREE char *id = memory_format("try-%llx-%d", (unsigned long long)clock_mono_us() & 0xffffff, i);
	memcpy(slot->id, id, strlen(id) + 1);
	struct evaluator_task task = {.key = trial->loaded.keys[i],
	                              .cells = (const char *const *)trial->loaded.cells[i].texts,
	                              .cell_count = trial->loaded.cells[i].count,
	                              .attempt_id = slot->id,
	                              .deadline_ms = trial->loaded.request->timeout_ms};
	trial->class->begin(trial->evaluator, &trial->place, &task, on_outcome, slot);
}

static void loaded(void *arg, struct loaded_trial *loaded_trial, const struct error *cannot)
{
	struct trial *trial = arg;
	struct error err = {0};
	if (cannot) {
		refuse(trial, cannot);
		return;
	}
	trial->loaded = *loaded_trial;
	*loaded_trial = (struct loaded_trial){0};
	if (!prepare(trial, &err)) {
		refuse(trial, &err);
		return;
	}
	trial->open = trial->loaded.count;
	for (int i = 0; i < trial->loaded.count; i++)
		begin_slot(trial, i);
	if (trial->loaded.count == 0)
		finish(trial);
}

void trial_begin(void *arg)
{
	struct trial *trial = arg;
	loader_trial(trial->engine->loader, &trial->order, loaded, trial);
}

void engine_try(struct engine *engine, const struct engine_try *request)
{
	struct trial *trial = NEW(struct trial);
	trial->engine = engine;
	trial->order = *request;
	trial->request = memory_copy(request->request);
	trial->worker = memory_copy(request->worker);
	trial->order.request = trial->request;
	trial->order.worker = trial->worker;
	trial->order.count = request->count < TRIAL_MAX ? request->count : TRIAL_MAX;
	for (int i = 0; i < trial->order.count; i++)
		trial->items[i] = request->items[i];
	trial->order.items = trial->items;
	for (int i = 0; i < TRIAL_MAX; i++)
		outcome_init(&trial->slots[i].outcome);
	if (loop_post(engine->loop, trial_begin, trial))
		return;
	struct error err = {0};
	error_set(&err, ERROR_BUSY, "the server is stopping");
	refuse(trial, &err);
}
