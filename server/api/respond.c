#include "api/respond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/problem.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/memory.h"

static const struct {
	const char *name, *value;
} hardening[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
	 "font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
	 "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types mekiki-worker"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
};

void respond_harden(struct MHD_Response *response)
{
	for (size_t i = 0; i < sizeof(hardening) / sizeof(hardening[0]); i++)
		MHD_add_response_header(response, hardening[i].name, hardening[i].value);
}

bool respond_etag_matches(const char *if_none_match, const char *etag)
{
	size_t length = strlen(etag);
	for (const char *at = if_none_match; at && *at;) {
		at += strspn(at, " \t,");
		if (*at == '*')
			return true;
		if (at[0] == 'W' && at[1] == '/')
			at += 2;
		size_t word = strcspn(at, " \t,");
		if (word == length && memcmp(at, etag, length) == 0)
			return true;
		at += word;
	}
	return false;
}

static void to_problem(struct request *request)
{
	struct answer *answer = &request->answer;
	int status = answer->status >= 400 ? answer->status : problem_status(request->error.code);
	if (status >= 500 && error_class(request->error.code) == ERROR_CLASS_BUG)
		log_error("http", "%s: %s", request->path, request->error.text);
	answer->status = status;
	json_decref(answer->json);
	answer->json = problem_json(&request->error, status, request->path, request->problem_params);
	answer->content_type = "application/problem+json";
	answer->no_store = true;
	if (answer->response)
		MHD_destroy_response(TAKE(answer->response));
	if (request->error.code == ERROR_BUSY && !answer->retry_after_s)
		answer->retry_after_s = 1;
}

static struct MHD_Response *with_bytes(struct answer *answer)
{
	if (answer->json) {
		free(answer->bytes);
		answer->bytes = json_text(answer->json);
		answer->length = strlen(answer->bytes);
		if (!answer->content_type)
			answer->content_type = "application/json";
	}
	if (!answer->bytes)
		answer->bytes = memory_copy("");
	return MHD_create_response_from_buffer(answer->length, answer->bytes, MHD_RESPMEM_MUST_COPY);
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
	if (value)
		MHD_add_response_header(response, name, value);
}

static void add_headers(struct request *request, struct MHD_Response *response)
{
	struct answer *answer = &request->answer;
	char number[16];
	respond_harden(response);
	if (answer->status != 204 && answer->status != 304)
		add(response, "Content-Type", answer->content_type);
	add(response, "Cache-Control", answer->no_store ? "no-store" : "no-cache");
	add(response, "Location", answer->location);
	add(response, "Set-Cookie", answer->cookie);
	add(response, "Content-Disposition", answer->disposition);
	add(response, "Allow", answer->allow);
	if (answer->retry_after_s) {
		snprintf(number, sizeof(number), "%d", answer->retry_after_s);
		add(response, "Retry-After", number);
	}
	if (text_equal(answer->content_type, "text/event-stream"))
		add(response, "X-Accel-Buffering", "no");
	if (answer->status == 401)
		add(response, "WWW-Authenticate", "Bearer");
	if (answer->close || request->api->stopping)
		add(response, "Connection", "close");
}

/* The tag of what would be sent; an answer the client has already becomes 304. */
static void tag(struct request *request, char etag[DIGEST_HEX + 2])
{
	struct answer *answer = &request->answer;
	char hex[DIGEST_HEX];
	digest_of(answer->bytes, answer->length, hex);
	snprintf(etag, DIGEST_HEX + 2, "\"%.32s\"", hex);
	if (respond_etag_matches(request_header(request, "If-None-Match"), etag))
		answer->status = 304;
}

/* What stands in json or bytes, or 304 when the client has it. */
static struct MHD_Response *whole(struct request *request, char etag[DIGEST_HEX + 2])
{
	struct answer *answer = &request->answer;
	struct MHD_Response *response = with_bytes(answer);
	if (answer->status == 200 && !answer->no_store && request->route && text_equal(request->route->method, "GET"))
		tag(request, etag);
	if (answer->status != 304)
		return response;
	MHD_destroy_response(response);
	return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

bool respond_send(struct request *request)
{
	struct answer *answer = &request->answer;
	if (request->error.code)
		to_problem(request);
	if (!answer->status)
		answer->status = 200;
	struct MHD_Response *response = TAKE(answer->response);
	char etag[DIGEST_HEX + 2] = "";
	if (!response) {
		response = whole(request, etag);
	} else if (request->head && answer->no_store) {
		/* To HEAD of a stream the library would send the end of a body that never began. */
		MHD_destroy_response(response);
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	}
	add_headers(request, response);
	if (*etag)
		add(response, "ETag", etag);
	enum MHD_Result queued = MHD_queue_response(request->connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return queued == MHD_YES;
}
