/* routes.h - the table of all paths: what is public can be read there
 *
 * The dispatcher checks host, origin, access, path, query and body against the
 * row and only then calls the handler; GET /api/v1 and the OpenAPI document come
 * from the same rows. Pure.
 */
#ifndef MEKIKI_SERVER_API_ROUTES_H
#define MEKIKI_SERVER_API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct request;
struct reader;

enum access { ACCESS_PUBLIC, ACCESS_VIEWER, ACCESS_ADMIN };
const char *access_name(enum access access);

/* Where the handler runs. On a job thread it owns the request meanwhile. */
enum place { ON_HTTP, ON_JOB };

enum body { BODY_NONE, BODY_JSON, BODY_FILE };

/* Fills in request->answer, or starts something that will (request.h), and returns true; false = the problem is in err. */
typedef bool route_handler(struct request *request, struct reader *reader, struct error *err);

enum { ROUTE_PARAMS = 2, ROUTE_FIELDS = 6 };

struct route {
	const char *method;
	const char *path;       /* "/api/v1/runs/{id}/items/{n}" */
	enum access access;
	enum place place;
	route_handler *handler;
	const char *query;      /* allowed keys, "offset limit"; NULL = none */
	bool view;              /* and those of the filter grammar */
	enum body body;
	const struct json_field *fields; /* of a JSON body, `out` NULL, ended by name NULL; NULL = any object, the handler reads it strictly */
	const char *answer;     /* name of the shape in server/api/README.md, "" = no body */
	const char *help;       /* one line */
};
extern const struct route routes[];
extern const size_t route_count;

/* A piece of the path as it came, still encoded. */
struct route_param {
	const char *text;
	size_t length;
};

/* The row for this method (HEAD counts as GET) and path; NULL when there is none. *allowed gets the methods that
 * the path has ("GET, HEAD, POST", "" = no such path). */
enum { ROUTE_ALLOWED_SIZE = 64 };
const struct route *route_find(const char *method, const char *path, struct route_param params[ROUTE_PARAMS],
                               char allowed[ROUTE_ALLOWED_SIZE]);

#endif
