#include "api/handlers.h"
#include "api/request.h"
#include "api/shape.h"

bool api_worker_list(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	struct snapshot *snapshot = engine_snapshot(request->api->engine);
	request->answer.json = shape_workers(snapshot);
	snapshot_release(snapshot);
	return true;
}

bool api_gpu_list(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	struct snapshot *snapshot = engine_snapshot(request->api->engine);
	request->answer.json = shape_gpus(snapshot);
	snapshot_release(snapshot);
	return true;
}

bool api_worker_read(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	struct snapshot *snapshot = engine_snapshot(request->api->engine);
	const struct worker_view *worker = snapshot_worker(snapshot, request->params[0]);
	if (worker)
		request->answer.json = shape_worker(worker);
	else
		error_set(err, ERROR_NOT_FOUND, "there is no worker \"%.60s\"; GET /api/v1/workers lists them",
		          request->params[0]);
	snapshot_release(snapshot);
	return request->answer.json != NULL;
}

static bool accepted(struct request *request, struct reader *reader, struct error *err)
{
	request->answer.status = 202;
	return api_worker_read(request, reader, err);
}

bool api_worker_action(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	const char *name = request_body_text(request, "action");
	for (int action = ENGINE_WORKER_PAUSE; action < ENGINE_ACTION_COUNT; action++) {
		if (!text_equal(engine_action_name((enum engine_action)action), name))
			continue;
		const struct engine_command command = {.action = (enum engine_action)action, .worker = request->params[0]};
		request_on_engine(request, &command, accepted);
		return true;
	}
	return error_set(err, ERROR_INPUT,
	                 "\"action\": \"%.40s\" is none; there are start, stop, restart, drain, pause, resume, give_back, retry and forget",
	                 name);
}
