/* request.h - one request, from its first byte to its answer
 *
 * Belongs to the HTTP thread. A handler that needs another thread hands the
 * request over (request_on_*): the connection is suspended, so nothing else
 * touches the request until the step has come back to the HTTP thread, the
 * answer stands, and the connection is resumed. libmicrohttpd does not even see
 * a client go away meanwhile, so the pointer stays good.
 */
#ifndef MEKIKI_SERVER_API_REQUEST_H
#define MEKIKI_SERVER_API_REQUEST_H

#include <microhttpd.h>

#include "api/context.h"
#include "api/query.h"
#include "api/routes.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/engine.h"
#include "jobs/jobs.h"
#include "store/access.h"

struct peer;
struct view;

struct answer {
	int status;                    /* 0 = 200 */
	json_t *json;                  /* owned; NULL = none */
	char *bytes;                   /* owned, when json is NULL */
	size_t length;
	const char *content_type;
	struct MHD_Response *response; /* a stream, owned; instead of json and bytes */
	char *location, *cookie, *disposition; /* owned headers, NULL = none */
	const char *allow;             /* borrowed, NULL = none */
	int retry_after_s;             /* 0 = none */
	bool no_store, close;
};

struct request {
	struct api *api;
	struct MHD_Connection *connection;
	struct peer *peer;
	const struct route *route;     /* NULL = a page or nothing */
	char *target;                  /* as it came: path?query */
	char *path;                    /* as it came, without the query */
	char allowed[ROUTE_ALLOWED_SIZE];
	char *params[ROUTE_PARAMS];    /* decoded, in the order of the path */
	struct query query;
	struct view *view;             /* of routes with a view */

	char *person;                  /* NULL until somebody is known */
	enum role role;
	char *session;                 /* the session's secret, NULL = came with a token */
	char *bearer;                  /* the token's secret, NULL = came with a session */

	struct text body;              /* BODY_JSON */
	json_t *json;
	int upload;                    /* BODY_FILE: descriptor, -1 = none */
	char *upload_path;             /* owned; unlinked with the request unless taken */
	int64_t upload_bytes;
	int64_t upload_limit;

	struct answer answer;
	struct error error;            /* ERROR_NONE while all is well */
	json_t *problem_params;        /* owned, NULL = {} */
	bool begun, handled, suspended, head;
	int steps;                     /* handed over and not yet back */
	void *state;                   /* of the handler, between its steps; freed with free_state() */
	void (*free_state)(void *state);

	/* the step that is on its way */
	route_handler *work, *then;
	struct job *job;               /* while work runs on its thread */
	bool step_ok;
};

struct request *request_new(struct api *api, const char *target);
void request_free(struct request *request);

/* The run id or number in the path. */
bool request_run_id(struct request *request, int64_t *run, struct error *err);
bool request_number(struct request *request, int param, int64_t *number, struct error *err);
/* A header of the client, NULL = absent. */
const char *request_header(const struct request *request, const char *name);
const char *request_body_text(const struct request *request, const char *key); /* NULL = absent */

/* HTTP thread: the next step, then the answer. */
void request_on_job(struct request *request, route_handler *work);
/* `apply` gets the request as its argument, on the writer thread; `then` (may be NULL) runs here after the commit. */
void request_on_store(struct request *request, store_apply *apply, route_handler *then);
/* person is filled in; `then` runs here once the engine has answered. */
void request_on_engine(struct request *request, const struct engine_command *command, route_handler *then);
/* For steps of other kinds: begin before it, end from any thread when it is over. ok false: error is request->error. */
void request_step_begin(struct request *request, route_handler *then);
void request_step_end(struct request *request, bool ok, const struct error *err);

#endif
