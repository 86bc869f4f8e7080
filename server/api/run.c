#include <stdlib.h>
#include <string.h>

#include "api/figures.h"
#include "api/handlers.h"
#include "api/request.h"
#include "api/run.h"
#include "api/shape.h"
#include "base/memory.h"

/* ---- reading ------------------------------------------------------------------------------ */

/* As the engine saw it last; NULL when it has not opened the run. */
static json_t *live_progress(struct api *api, const struct run_record *run)
{
	struct snapshot *snapshot = engine_snapshot(api->engine);
	const struct progress *live = run_state_is_live(run->state) ? snapshot_run(snapshot, run->id) : NULL;
	json_t *json = live ? shape_progress_live(live, snapshot) : NULL;
	snapshot_release(snapshot);
	return json;
}

/* What the engine knows, else what the store knows. A run that the engine has opened meanwhile is asked for again: the
 * store is ahead of the engine's picture, and the next answer must not be behind this one. */
static json_t *progress_of(struct api *api, struct reader *reader, const struct run_record *run, struct error *err)
{
	json_t *json = live_progress(api, run);
	if (!json) {
		json_t *stored = figures_progress(reader, run->id, err);
		json = live_progress(api, run);
		if (json)
			json_decref(stored);
		else
			json = stored;
	}
	if (json) /* the state is the store's, which is written before the engine shows it */
		json_object_set_new(json, "state", json_string(run_state_name(run->state)));
	return json;
}

json_t *run_json(struct api *api, struct reader *reader, const struct run_record *run,
                 const struct dataset_record *dataset, struct error *err)
{
	json_t *progress = progress_of(api, reader, run, err);
	return progress ? shape_run(run, dataset, progress) : NULL;
}

bool api_run_read(struct request *request, struct reader *reader, struct error *err)
{
	int64_t id;
	AUTO(run_record_release) struct run_record run = {0};
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!request_run_id(request, &id, err) || !run_read(reader, id, &run, err) ||
	    !dataset_read(reader, run.dataset, &dataset, err))
		return false;
	request->answer.json = run_json(request->api, reader, &run, &dataset, err);
	return request->answer.json != NULL;
}

bool api_run_progress(struct request *request, struct reader *reader, struct error *err)
{
	int64_t id;
	AUTO(run_record_release) struct run_record run = {0};
	if (!request_run_id(request, &id, err) || !run_read(reader, id, &run, err))
		return false;
	request->answer.json = progress_of(request->api, reader, &run, err);
	return request->answer.json != NULL;
}

/* ---- acting ------------------------------------------------------------------------------- */

static bool then_read(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.status = 202;
	request_on_job(request, api_run_read);
	return true;
}

static bool find_action(const char *name, enum engine_action *out, struct error *err)
{
	for (enum engine_action action = ENGINE_RUN_START; action <= ENGINE_RUN_REMOVE_WORKERS; action++)
		if (text_equal(engine_action_name(action), name)) {
			*out = action;
			return true;
		}
	return error_set(err, ERROR_INPUT,
	                 "\"action\": \"%.40s\" is none; there are start, pause, resume, stop, retry_failed, add_workers "
	                 "and remove_workers", name);
}

/* The ids in the body, ended by NULL; they are borrowed, the list is not. */
static const char **worker_ids(const struct request *request, struct error *err)
{
	json_t *list = json_object_get(request->json, "workers"), *item;
	size_t i;
	const char **ids = memory_array(json_array_size(list) + 1, sizeof(*ids));
	json_array_foreach(list, i, item) {
		ids[i] = json_string_value(item);
		if (!ids[i]) {
			error_set(err, ERROR_INPUT, "\"workers\"[%zu]: expected the id of a worker", i);
			free(ids);
			return NULL;
		}
	}
	return ids;
}

bool api_run_action(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	int64_t run;
	enum engine_action action = ENGINE_RUN_START;
	if (!request_run_id(request, &run, err) || !find_action(request_body_text(request, "action"), &action, err))
		return false;
	bool wants = action == ENGINE_RUN_ADD_WORKERS || action == ENGINE_RUN_REMOVE_WORKERS;
	const char **ids = worker_ids(request, err);
	if (!ids)
		return false;
	bool ok = wants == (ids[0] != NULL);
	if (ok) {
		const struct engine_command command = {.action = action, .run = run, .workers = wants ? ids : NULL};
		request_on_engine(request, &command, then_read);
	}
	free(ids);
	return ok || error_set(err, ERROR_INPUT, wants ? "\"workers\" is missing: which ones?"
	                                              : "\"workers\" belongs to add_workers and remove_workers");
}

/* ---- after its creation (run_create.c) ------------------------------------------------------- */

static bool started(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.status = 201;
	request_on_job(request, api_run_read);
	return true;
}

bool api_run_created(struct request *request, struct reader *reader, struct error *err)
{
	json_t *start = json_object_get(request->json, "start");
	int64_t run;
	if (!request_run_id(request, &run, err))
		return false;
	request->answer.location = memory_format("/api/v1/runs/%s", request->params[0]);
	if (json_is_false(start))
		return started(request, reader, err);
	const struct engine_command command = {.action = ENGINE_RUN_START, .run = run};
	request_on_engine(request, &command, started);
	return true;
}
