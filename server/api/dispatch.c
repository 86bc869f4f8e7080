#include "api/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/pages.h"
#include "api/peer.h"
#include "api/respond.h"
#include "base/clock.h"
#include "base/memory.h"
#include "store/view.h"

/* A run request may list every key of its selection: 8 MiB are some 300,000 domains. What is refused anyway is
 * read to its end up to SWALLOW, so that the client sees the answer and not a reset. */
enum { JSON_BYTES = 8 * 1024 * 1024, SWALLOW_BYTES = 64 * 1024 };

/* ---- the header ---------------------------------------------------------------- */

static bool find_route(struct request *request, const char *method, struct error *err)
{
	struct route_param params[ROUTE_PARAMS] = {0};
	request->route = route_find(method, request->path, params, request->allowed);
	if (!request->route && text_equal(method, "OPTIONS") && *request->allowed)
		return true;
	if (!request->route && *request->allowed) {
		request->answer.allow = request->allowed;
		request->answer.status = 405;
		return error_set(err, ERROR_NOT_FOUND, "%.10s is not possible here; %s are", method, request->allowed);
	}
	if (!request->route && (text_starts(request->path, "/api") || !*request->path))
		return error_set(err, ERROR_NOT_FOUND, "there is no such path; GET /api/v1 lists them");
	for (int i = 0; i < ROUTE_PARAMS && params[i].text; i++) {
		request->params[i] = query_decode(params[i].text, params[i].length, false, err);
		if (!request->params[i])
			return false;
	}
	return true;
}

static bool read_view(struct request *request, struct error *err)
{
	request->view = view_new();
	for (size_t i = 0; i < request->query.count; i++) {
		const struct query_pair *pair = &request->query.pairs[i];
		if (query_names_has(request->route->query, pair->key))
			continue;
		bool known = false;
		if (!view_add(request->view, pair->key, pair->value, &known, err))
			return false;
	}
	return true;
}

static bool read_query(struct request *request, struct error *err)
{
	const char *mark = strchr(request->target, '?');
	if (!request->route)
		return true;
	return query_parse(&request->query, mark ? mark + 1 : NULL, err) &&
	       query_check(&request->query, request->route->query, request->route->view, err) &&
	       (!request->route->view || read_view(request, err));
}

/* -1 = chunked, 0 = none. */
static int64_t body_length(const struct request *request)
{
	const char *text = request_header(request, "Content-Length");
	int64_t length;
	if (text && text_to_int(text, 0, INT64_MAX, &length))
		return length;
	return request_header(request, "Transfer-Encoding") ? -1 : 0;
}

/* errno says why. */
static void upload_failed(const struct request *request, struct error *err)
{
	if (errno == ENOSPC)
		error_set(err, ERROR_DISK_FULL, "the disk of %s is full; make room and send it again", request->api->uploads);
	else
		error_set(err, ERROR_IO, "cannot collect the upload in %s: %s", request->api->uploads, strerror(errno));
}

static bool open_upload(struct request *request, struct error *err)
{
	request->upload_path = memory_format("%s/upload-XXXXXX", request->api->uploads);
	request->upload = mkostemp(request->upload_path, O_CLOEXEC);
	if (request->upload >= 0)
		return true;
	upload_failed(request, err);
	free(TAKE(request->upload_path));
	return false;
}

static bool check_type(const struct request *request, const char *const *types, struct error *err)
{
	const char *given = request_header(request, "Content-Type");
	for (int i = 0; given && types[i]; i++) {
		size_t length = strlen(types[i]);
		if (strncasecmp(given, types[i], length) == 0 && strchr("; \t", given[length]))
			return true;
	}
	return error_set(err, ERROR_INPUT, "Content-Type is %.60s; expected %s%s%s", given ? given : "missing", types[0],
	                 types[1] ? " or " : "", types[1] ? types[1] : "");
}

static bool expect_body(struct request *request, int64_t length, struct error *err)
{
	static const char *const json[] = {"application/json", NULL};
	static const char *const file[] = {"text/csv", "text/plain", NULL};
	enum body body = request->route ? request->route->body : BODY_NONE;
	if (body == BODY_NONE)
		return length == 0 || error_set(err, ERROR_INPUT, "this path takes no body");
	request->upload_limit = body == BODY_JSON ? JSON_BYTES : request->api->config->limits.upload_bytes;
	if (length > request->upload_limit)
		return error_set(err, ERROR_TOO_LARGE, "the body has %lld bytes; at most %lld are taken%s", (long long)length,
		                 (long long)request->upload_limit, body == BODY_FILE ? " (limits.upload_bytes)" : "");
	if (length == 0 && body == BODY_JSON)
		return error_set(err, ERROR_INPUT, "the body is missing; expected a JSON object");
	if (body == BODY_JSON)
		return check_type(request, json, err);
	return check_type(request, file, err) && open_upload(request, err);
}

static bool check_header(struct request *request, const char *method, int64_t length, struct error *err)
{
	if (request->api->stopping)
		return error_set(err, ERROR_BUSY, "the server is ending");
	if (!auth_check_transport(request, err) || !find_route(request, method, err))
		return false;
	if (request->route && !auth_check_access(request, request->route->access, err))
		return false;
	if (!request->route && !*request->allowed && !text_equal(method, "GET") && !text_equal(method, "HEAD"))
		return error_set(err, ERROR_NOT_FOUND, "pages can only be read");
	return read_query(request, err) && expect_body(request, length, err);
}

static bool take_header(struct request *request, const char *method)
{
	int64_t length = body_length(request);
	bool ok = check_header(request, method, length, &request->error);
	peer_reads_body(request->peer, ok && length < 0 ? request->upload_limit : length, clock_mono_ms());
	if (ok || (length >= 0 && length <= SWALLOW_BYTES))
		return true;
	request->answer.close = true;
	return respond_send(request);
}

/* ---- the body ------------------------------------------------------------------ */

static bool write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write(fd, data, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		data += written;
		size -= (size_t)written;
	}
	return true;
}

static void take_body(struct request *request, const char *data, size_t size)
{
	request->upload_bytes += (int64_t)size;
	if (request->error.code) {
		if (request->upload_bytes > request->upload_limit + SWALLOW_BYTES)
			peer_close(request->peer);
		return;
	}
	if (request->upload_bytes > request->upload_limit) {
		error_set(&request->error, ERROR_TOO_LARGE, "the body has more than %lld bytes",
		          (long long)request->upload_limit);
		return;
	}
	if (request->upload < 0)
		text_add_bytes(&request->body, data, size);
	else if (!write_all(request->upload, data, size))
		upload_failed(request, &request->error);
}

/* ---- the handler --------------------------------------------------------------- */

static bool check_fields(struct request *request, struct error *err)
{
	struct json_field fields[ROUTE_FIELDS];
	union {
		const char *text;
		int64_t integer;
		double number;
		bool boolean;
		json_t *json;
	} ignored;
	size_t count = 0;
	for (const struct json_field *field = request->route->fields; field->name; field++) {
		fields[count] = *field;
		fields[count++].out = &ignored;
	}
	return json_read(request->json, fields, count, err);
}

static bool read_json(struct request *request, struct error *err)
{
	request->json = json_parse(request->body.data, request->body.length, err);
	if (!request->json)
		return false;
	if (request->route->fields)
		return check_fields(request, err);
	return json_is_object(request->json) || error_set(err, ERROR_INPUT, "expected a JSON object");
}

/* There where the handler runs: a large body takes its time, too. */
static bool read_and_handle(struct request *request, struct reader *reader, struct error *err)
{
	if (request->route->body == BODY_JSON && !read_json(request, err))
		return false;
	return request->route->handler(request, reader, err);
}

static bool handle(struct request *request, struct error *err)
{
	if (!request->route && *request->allowed) { /* OPTIONS */
		request->answer.status = 204;
		request->answer.allow = request->allowed;
		return true;
	}
	if (!request->route)
		return page_serve(request, err);
	if (request->route->place == ON_HTTP)
		return read_and_handle(request, request->api->reader, err);
	request_on_job(request, read_and_handle);
	return true;
}

bool dispatch_step(struct request *request, const char *method, const char *data, size_t *size)
{
	if (!request->begun) {
		request->begun = true;
		request->head = text_equal(method, "HEAD");
		return take_header(request, method);
	}
	if (*size) {
		take_body(request, data, *size);
		*size = 0;
		return true;
	}
	if (!request->handled) {
		request->handled = true;
		peer_is_answered(request->peer);
		if (!request->error.code)
			handle(request, &request->error);
	}
	return request->steps ? true : respond_send(request);
}
