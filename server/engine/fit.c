/* fit.c - which workers may serve a run
 *
 * Three questions: has a person chosen the worker for it, does it suit the
 * evaluator, and does it serve a model that the run was begun with. The models
 * of the run's workers are written down at its first item; what serves another
 * one later is left out, so that a run never becomes a mixture unnoticed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/core.h"

static bool is_named(json_t *ids, const char *id)
{
	size_t i;
	json_t *one;
	json_array_foreach(ids, i, one)
		if (text_equal(json_string_value(one), id))
			return true;
	return false;
}

void fit_choose(struct live *live)
{
	const struct engine *engine = live->engine;
	size_t count = (size_t)fleet_count(engine->fleet);
	live->uses = memory_array(count, sizeof(*live->uses));
	live->done_by = memory_array(count, sizeof(*live->done_by));
	live->answers_by = memory_array(count, sizeof(*live->answers_by));
	live->slowest_by = memory_array(count, sizeof(*live->slowest_by));
	/* The record, not the request: workers may have joined and left since. NULL = all. */
	AUTO_JSON json_t *ids = live->record.workers ? json_loads(live->record.workers, 0, NULL) : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct config_worker *config = fleet_worker(engine->fleet, (int)i)->config;
		bool suits = !live->class->needs_endpoint || config->kind != WORKER_FAKE;
		live->uses[i] = suits && (!ids || is_named(ids, config->id));
	}
}

/* The models that the run was begun with stand in one text, ", " between them. */
static bool is_listed(const char *list, const char *model)
{
	size_t length = strlen(model);
	for (const char *at = list; at; at = strstr(at, ", ")) {
		at += at == list ? 0 : 2;
		if (strncmp(at, model, length) == 0 && (at[length] == '\0' || strncmp(at + length, ", ", 2) == 0))
			return true;
	}
	return false;
}

static bool offers(const struct fleet_worker *worker, const char *model)
{
	for (char **one = worker->models; one && *one; one++)
		if (text_equal(*one, model))
			return true;
	return false;
}

bool fit_serves(const struct live *live, int worker)
{
	const struct fleet_worker *it = fleet_worker(live->engine->fleet, worker);
	if (!live->class->needs_endpoint)
		return true;
	if (live->request->model)
		return offers(it, live->request->model);
	return it->model && (!live->record.model || is_listed(live->record.model, it->model));
}

void fit_pin(struct live *live)
{
	const struct engine *engine = live->engine;
	if (live->record.model || !live->class->needs_endpoint)
		return;
	struct text models;
	text_init(&models, 0);
	if (live->request->model)
		text_add(&models, live->request->model);
	for (int i = 0; i < fleet_count(engine->fleet) && !live->request->model; i++) {
		const char *model = live->uses[i] ? fleet_worker(engine->fleet, i)->model : NULL;
		if (model && !is_listed(models.data, model))
			text_addf(&models, "%s%s", models.length ? ", " : "", model);
	}
	live->record.model = text_take(&models);
	record_model(live);
}

static void add_reason(const struct live *live, int worker, struct text *out)
{
	const struct fleet_worker *it = fleet_worker(live->engine->fleet, worker);
	text_addf(out, "%sworker %s ", out->length ? "; " : "", it->config->id);
	if (it->paused)
		text_add(out, "is paused by a person");
	else if (!fleet_takes_items(live->engine->fleet, worker))
		text_addf(out, "is %s: %s", worker_state_name(it->health.state), worker_cause_sentence(it->health.cause));
	else
		text_addf(out, "serves \"%s\", this run is done by \"%s\"", it->model ? it->model : "",
		          live->request->model ? live->request->model : live->record.model);
}

char *fit_why_nobody(const struct live *live)
{
	struct text out;
	text_init(&out, 600);
	for (int i = 0; i < fleet_count(live->engine->fleet); i++)
		if (live->uses[i])
			add_reason(live, i, &out);
	if (!out.length)
		text_add(&out, "no worker of this run is configured or fits its evaluator");
	return text_take(&out);
}
