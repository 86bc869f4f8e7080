#include "api/request.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/daemon.h"
#include "base/memory.h"
#include "store/view.h"

struct request *request_new(struct api *api, const char *target)
{
	struct request *request = NEW(struct request);
	request->api = api;
	request->target = memory_copy(target);
	request->path = memory_copy_n(target, strcspn(target, "?"));
	request->upload = -1;
	text_init(&request->body, 0);
	return request;
}

static void release_answer(struct answer *answer)
{
	json_decref(answer->json);
	free(answer->bytes);
	free(answer->location);
	free(answer->cookie);
	free(answer->disposition);
	if (answer->response)
		MHD_destroy_response(answer->response);
}

void request_free(struct request *request)
{
	if (request->upload >= 0)
		close(request->upload);
	if (request->upload_path)
		unlink(request->upload_path);
	if (request->free_state)
		request->free_state(request->state);
	for (int i = 0; i < ROUTE_PARAMS; i++)
		free(request->params[i]);
	query_release(&request->query);
	view_free(request->view);
	text_release(&request->body);
	json_decref(request->json);
	json_decref(request->problem_params);
	release_answer(&request->answer);
	free(request->upload_path);
	free(request->target);
	free(request->path);
	free(request->person);
	free(request->session);
	free(request->bearer);
	free(request);
}

bool request_run_id(struct request *request, int64_t *run, struct error *err)
{
	return run_id_parse(request->params[0], run) ||
	       error_set(err, ERROR_NOT_FOUND, "\"%.40s\" is no run; they are called r-0001", request->params[0]);
}

bool request_number(struct request *request, int param, int64_t *number, struct error *err)
{
	return text_to_int(request->params[param], 1, INT64_MAX / 2, number) ||
	       error_set(err, ERROR_NOT_FOUND, "\"%.40s\" is not a number from 1", request->params[param]);
}

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_body_text(const struct request *request, const char *key)
{
	return json_string_value(json_object_get(request->json, key));
}

/* ---- steps on other threads ------------------------------------------------------ */

static void come_back(void *arg)
{
	struct request *request = arg;
	request->steps--;
	request->api->steps--;
	route_handler *then = TAKE(request->then);
	if (request->step_ok && then)
		then(request, request->api->reader, &request->error);
	if (request->steps)
		return;
	request->suspended = false;
	daemon_resume(request->api->daemon, request->connection);
}

void request_step_begin(struct request *request, route_handler *then)
{
	request->steps++;
	request->api->steps++;
	request->then = then;
	if (!request->suspended) {
		request->suspended = true;
		MHD_suspend_connection(request->connection);
	}
}

void request_step_end(struct request *request, bool ok, const struct error *err)
{
	request->step_ok = ok;
	if (!ok && err && err != &request->error)
		request->error = *err;
	/* Always taken: the loop ends only when no step is on its way. */
	loop_post(request->api->loop, come_back, request);
}

static void run_work(struct job *job, void *arg)
{
	struct request *request = arg;
	struct error error = {0};
	request->job = job;
	bool ok = request->work(request, job_reader(job), &error);
	request->job = NULL;
	struct answer *answer = &request->answer;
	if (ok && answer->json) { /* a page of items is half a megabyte: written here, not on the HTTP thread */
		free(answer->bytes);
		answer->bytes = json_text(answer->json);
		answer->length = strlen(answer->bytes);
		answer->content_type = "application/json";
		json_decref(TAKE(answer->json));
	}
	request_step_end(request, ok, &error);
}

void request_on_job(struct request *request, route_handler *work)
{
	request->work = work;
	request_step_begin(request, NULL);
	jobs_submit(request->api->jobs, 0, run_work, request);
}

static void on_written(void *arg, bool ok, const struct error *err)
{
	request_step_end(arg, ok, err);
}

void request_on_store(struct request *request, store_apply *apply, route_handler *then)
{
	request_step_begin(request, then);
	store_write(request->api->store, apply, on_written, request);
}

void request_on_engine(struct request *request, const struct engine_command *command, route_handler *then)
{
	struct engine_command copy = *command;
	copy.person = request->person;
	copy.reply = on_written;
	copy.arg = request;
	request_step_begin(request, then);
	engine_command(request->api->engine, &copy);
}
