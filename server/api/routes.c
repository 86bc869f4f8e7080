#include "api/routes.h"

#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "base/vector.h"

static const struct json_field session_fields[] = {{"token", JSON_FIELD_TEXT, NULL, true, 1, 200}, {0}};
static const struct json_field token_fields[] = {{"person", JSON_FIELD_TEXT, NULL, true, 1, 60},
                                                 {"role", JSON_FIELD_TEXT, NULL, true, 1, 20},
                                                 {"days", JSON_FIELD_INT, NULL, false, 1, 3650},
                                                 {0}};
static const struct json_field population_fields[] = {{"population", JSON_FIELD_ANY, NULL, true, 0, 0}, {0}};
static const struct json_field keys_fields[] = {{"keys", JSON_FIELD_ARRAY, NULL, true, 0, 0}, {0}};
static const struct json_field run_action_fields[] = {{"action", JSON_FIELD_TEXT, NULL, true, 1, 40},
                                                      {"workers", JSON_FIELD_ARRAY, NULL, false, 0, 0},
                                                      {0}};
static const struct json_field worker_action_fields[] = {{"action", JSON_FIELD_TEXT, NULL, true, 1, 40}, {0}};

#define V1 "/api/v1"

const struct route routes[] = {
	/* method, path, access, place, handler, query, view, body, fields, answer, help */
	{"GET", V1, ACCESS_PUBLIC, ON_HTTP, api_meta_routes, NULL, false, BODY_NONE, NULL, "routes", "the list of routes"},
	{"GET", V1 "/openapi.json", ACCESS_PUBLIC, ON_HTTP, api_openapi_read, NULL, false, BODY_NONE, NULL, "openapi",
	 "this table as OpenAPI 3.1"},
	{"GET", V1 "/healthz", ACCESS_PUBLIC, ON_HTTP, api_meta_health, NULL, false, BODY_NONE, NULL, "health",
	 "the server answers"},
	{"GET", "/healthz", ACCESS_PUBLIC, ON_HTTP, api_meta_health, NULL, false, BODY_NONE, NULL, "health",
	 "the server answers"},
	{"GET", "/problems/{name}", ACCESS_PUBLIC, ON_HTTP, api_meta_problem, NULL, false, BODY_NONE, NULL,
	 "problem_kind", "what a kind of problem means"},
	{"GET", V1 "/meta", ACCESS_PUBLIC, ON_HTTP, api_meta_read, NULL, false, BODY_NONE, NULL, "meta",
	 "version, build, start of the server"},

	{"POST", V1 "/session", ACCESS_PUBLIC, ON_HTTP, api_session_create, NULL, false, BODY_JSON, session_fields, "",
	 "exchanges a token for a session cookie; a one-time token is used up"},
	{"DELETE", V1 "/session", ACCESS_VIEWER, ON_HTTP, api_session_delete, NULL, false, BODY_NONE, NULL, "",
	 "ends the session"},
	{"GET", V1 "/me", ACCESS_VIEWER, ON_HTTP, api_session_me, NULL, false, BODY_NONE, NULL, "me",
	 "who is asking, and in which role"},
	{"GET", V1 "/tokens", ACCESS_ADMIN, ON_HTTP, api_token_list, NULL, false, BODY_NONE, NULL, "tokens",
	 "all tokens, without their secrets"},
	{"POST", V1 "/tokens", ACCESS_ADMIN, ON_HTTP, api_token_create, NULL, false, BODY_JSON, token_fields, "token",
	 "makes a token for a person; its secret is in this answer only"},
	{"DELETE", V1 "/tokens/{id}", ACCESS_ADMIN, ON_HTTP, api_token_delete, NULL, false, BODY_NONE, NULL, "",
	 "revokes a token and its sessions"},

	{"POST", V1 "/datasets", ACCESS_ADMIN, ON_HTTP, api_dataset_create, "name", false, BODY_FILE, NULL, "dataset",
	 "uploads a CSV or a plain list of domains"},
	{"GET", V1 "/datasets", ACCESS_VIEWER, ON_HTTP, api_dataset_list, "after limit", false, BODY_NONE, NULL,
	 "datasets", "all datasets, newest first"},
	{"GET", V1 "/datasets/{sha}", ACCESS_VIEWER, ON_HTTP, api_dataset_read, NULL, false, BODY_NONE, NULL, "dataset",
	 "one dataset"},
	{"GET", V1 "/datasets/{sha}/rows", ACCESS_VIEWER, ON_JOB, api_dataset_rows, "offset limit", false, BODY_NONE,
	 NULL, "rows", "its rows as they came"},
	{"GET", V1 "/datasets/{sha}/problems", ACCESS_VIEWER, ON_JOB, api_dataset_problems, "offset limit", false,
	 BODY_NONE, NULL, "dataset_problems", "rows that were left out, with the reason"},
	{"PUT", V1 "/datasets/{sha}/population", ACCESS_ADMIN, ON_JOB, api_dataset_population, NULL, false, BODY_JSON,
	 population_fields, "dataset", "ties it to the dataset of the whole population, or unties it with null"},
	{"POST", V1 "/datasets/{sha}/keys", ACCESS_VIEWER, ON_JOB, api_dataset_keys, NULL, false, BODY_JSON, keys_fields,
	 "key_check", "which of these domains are in it, and why the others are not; changes nothing"},

	{"GET", V1 "/defaults", ACCESS_VIEWER, ON_HTTP, api_defaults_read, NULL, false, BODY_NONE, NULL, "defaults",
	 "what a run request that leaves everything out means, the prompts of each language, limits"},
	{"POST", V1 "/runs/plan", ACCESS_VIEWER, ON_JOB, api_run_plan, NULL, false, BODY_JSON, NULL, "plan",
	 "what a run would do, with its warnings; changes nothing"},
	{"POST", V1 "/runs/try", ACCESS_ADMIN, ON_JOB, api_run_try, NULL, false, BODY_JSON, NULL, "tried",
	 "evaluates a few items of the selection now and stores nothing"},
	{"POST", V1 "/runs", ACCESS_ADMIN, ON_JOB, api_run_create, NULL, false, BODY_JSON, NULL, "run",
	 "creates a run from an acknowledged plan, and starts it"},
	{"GET", V1 "/runs", ACCESS_VIEWER, ON_JOB, api_run_list,
	 "state q dataset metrics after limit", false, BODY_NONE, NULL, "runs",
	 "all runs, newest first"},
	{"GET", V1 "/runs/{id}", ACCESS_VIEWER, ON_JOB, api_run_read, NULL, false, BODY_NONE, NULL, "run", "one run"},
	{"POST", V1 "/runs/{id}/actions", ACCESS_ADMIN, ON_HTTP, api_run_action, NULL, false, BODY_JSON,
	 run_action_fields, "run", "start, pause, resume, stop, retry_failed, add_workers, remove_workers"},
	{"GET", V1 "/runs/{id}/progress", ACCESS_VIEWER, ON_JOB, api_run_progress, NULL, false, BODY_NONE, NULL,
	 "progress", "how far it is"},
	{"GET", V1 "/runs/{id}/items", ACCESS_VIEWER, ON_JOB, api_item_list, "offset limit", true, BODY_NONE, NULL,
	 "items", "its items with their results, filtered"},
	{"GET", V1 "/runs/{id}/items/{n}", ACCESS_VIEWER, ON_JOB, api_item_read, NULL, false, BODY_NONE, NULL,
	 "item_record", "one item: prompt, raw answer, attempts, all columns"},
	{"GET", V1 "/runs/{id}/facets", ACCESS_VIEWER, ON_JOB, api_item_facets, "by limit", true, BODY_NONE, NULL,
	 "facets", "counts per value of columns"},
	{"GET", V1 "/runs/{id}/confusion", ACCESS_VIEWER, ON_JOB, api_confusion_read, "policy", false, BODY_NONE, NULL,
	 "confusion", "the four confusion matrices with their metrics"},
	{"GET", V1 "/runs/{id}/metrics", ACCESS_VIEWER, ON_JOB, api_confusion_read, "policy", false, BODY_NONE, NULL,
	 "confusion", "the same"},
	{"GET", V1 "/runs/{id}/export.csv", ACCESS_VIEWER, ON_HTTP, api_export_csv, "profile", true, BODY_NONE, NULL,
	 "csv", "the input's rows and columns with the results"},
	{"GET", V1 "/runs/{id}/export.jsonl", ACCESS_VIEWER, ON_HTTP, api_export_jsonl, NULL, true, BODY_NONE, NULL,
	 "jsonl", "one JSON object per item"},
	{"GET", V1 "/runs/{id}/attempts", ACCESS_VIEWER, ON_JOB, api_item_attempts, "offset limit", false, BODY_NONE,
	 NULL, "attempts", "attempts that failed"},
	{"GET", V1 "/runs/{id}/events", ACCESS_VIEWER, ON_HTTP, api_event_of_run, "after limit", false, BODY_NONE, NULL,
	 "events", "its events, oldest first"},

	{"GET", V1 "/events", ACCESS_VIEWER, ON_HTTP, api_event_stream, "topics after", false, BODY_NONE, NULL, "stream",
	 "server-sent events"},
	{"GET", V1 "/events/log", ACCESS_VIEWER, ON_HTTP, api_event_list, "after limit", false, BODY_NONE, NULL,
	 "events", "all events, oldest first"},

	{"GET", V1 "/workers", ACCESS_VIEWER, ON_HTTP, api_worker_list, NULL, false, BODY_NONE, NULL, "workers",
	 "all workers"},
	{"GET", V1 "/gpus", ACCESS_VIEWER, ON_HTTP, api_gpu_list, NULL, false, BODY_NONE, NULL, "gpus",
	 "who uses which GPU of this machine, as nvidia-smi said last"},
	{"GET", V1 "/workers/{id}", ACCESS_VIEWER, ON_HTTP, api_worker_read, NULL, false, BODY_NONE, NULL, "worker",
	 "one worker"},
	{"GET", V1 "/workers/{id}/log", ACCESS_VIEWER, ON_JOB, api_worker_log, "after before limit", false, BODY_NONE, NULL,
	 "worker_log", "what a worker that mekiki starts wrote: the last lines, or those after or before a cursor"},
	{"POST", V1 "/workers/{id}/actions", ACCESS_ADMIN, ON_HTTP, api_worker_action, NULL, false, BODY_JSON,
	 worker_action_fields, "worker", "start, stop, restart, drain, pause, resume, give_back, retry, forget"},
};
const size_t route_count = COUNT_OF(routes);

const char *access_name(enum access access)
{
	static const char *const names[] = {"public", "viewer", "admin"};
	return names[access];
}

/* Piece by piece; {name} takes any piece that is not empty. */
static bool path_fits(const char *pattern, const char *path, struct route_param params[ROUTE_PARAMS])
{
	int found = 0;
	for (;;) {
		size_t expected = strcspn(pattern, "/"), length = strcspn(path, "/");
		if (*pattern == '{') {
			if (length == 0 || found == ROUTE_PARAMS)
				return false;
			params[found++] = (struct route_param){path, length};
		} else if (expected != length || memcmp(pattern, path, length) != 0) {
			return false;
		}
		pattern += expected;
		path += length;
		if (!*pattern || !*path)
			break;
		pattern++;
		path++;
	}
	for (; found < ROUTE_PARAMS && !*pattern && !*path; found++)
		params[found] = (struct route_param){0};
	return !*pattern && !*path;
}

static void allow(char allowed[ROUTE_ALLOWED_SIZE], const char *method)
{
	size_t used = strlen(allowed);
	const char *also = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;
	snprintf(allowed + used, ROUTE_ALLOWED_SIZE - used, "%s%s", used ? ", " : "", also);
}

const struct route *route_find(const char *method, const char *path, struct route_param params[ROUTE_PARAMS],
                               char allowed[ROUTE_ALLOWED_SIZE])
{
	const struct route *found = NULL;
	struct route_param here[ROUTE_PARAMS] = {0};
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	*allowed = '\0';
	for (size_t i = 0; i < route_count; i++) {
		if (!path_fits(routes[i].path, path, here))
			continue;
		/* A row without {…} comes before one that would take any piece: /runs/plan is no run. */
		if (found && strcmp(routes[i].method, wanted) == 0)
			continue;
		allow(allowed, routes[i].method);
		if (strcmp(routes[i].method, wanted) == 0) {
			found = &routes[i];
			memcpy(params, here, sizeof(here));
		}
	}
	return found;
}
