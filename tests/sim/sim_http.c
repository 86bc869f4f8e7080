#include "sim_http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/vector.h"

/* What the headers say about the body. */
struct framing {
	int64_t length; /* of the body, -1 = not said */
	bool chunked, expects, bad;
};

static char *trimmed(const char *at, size_t length)
{
	while (length && (*at == ' ' || *at == '\t'))
		at++, length--;
	while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
		length--;
	return memory_copy_n(at, length);
}

static void replace(char **place, char *value)
{
	free(*place);
	*place = value;
}

static void take_header(struct sim_http_request *out, struct framing *framing, const char *name, char *value)
{
	if (strcasecmp(name, "authorization") == 0) {
		replace(&out->authorization, value);
		return;
	}
	if (strcasecmp(name, "x-request-id") == 0) {
		replace(&out->request_id, value);
		return;
	}
	if (strcasecmp(name, "content-length") == 0)
		framing->bad |= !text_to_int(value, 0, SIM_HTTP_BODY_MAX, &framing->length);
	else if (strcasecmp(name, "transfer-encoding") == 0)
		framing->chunked = strcasecmp(value, "chunked") == 0;
	else if (strcasecmp(name, "expect") == 0)
		framing->expects = strcasecmp(value, "100-continue") == 0;
	else if (strcasecmp(name, "connection") == 0 && strcasecmp(value, "close") == 0)
		out->keep_alive = false;
	free(value);
}

static bool take_line(struct sim_http_request *out, struct framing *framing, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	if (!colon || colon == line || line[0] == ' ' || line[0] == '\t')
		return false;
	char *name = memory_copy_n(line, (size_t)(colon - line));
	take_header(out, framing, name, trimmed(colon + 1, length - (size_t)(colon + 1 - line)));
	free(name);
	return true;
}

/* "POST /v1/x?y HTTP/1.1" */
static bool take_request_line(struct sim_http_request *out, const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);
	if (!space || space == line || (size_t)(space - line) >= sizeof(out->method))
		return false;
	memcpy(out->method, line, (size_t)(space - line));
	out->method[space - line] = '\0';
	const char *path = space + 1;
	const char *end = memchr(path, ' ', length - (size_t)(path - line));
	if (!end || *path != '/')
		return false;
	size_t version = length - (size_t)(end + 1 - line);
	if (version != 8 || memcmp(end + 1, "HTTP/1.", 7) != 0)
		return false;
	out->keep_alive = end[8] == '1';
	size_t path_length = (size_t)(end - path);
	const char *query = memchr(path, '?', path_length);
	replace(&out->path, memory_copy_n(path, query ? (size_t)(query - path) : path_length));
	return true;
}

static bool take_head(struct sim_http_request *out, struct framing *framing, const char *bytes, size_t length)
{
	bool first = true;
	while (length) {
		const char *end = memmem(bytes, length, "\r\n", 2);
		if (!end)
			return false;
		size_t line = (size_t)(end - bytes);
		if (first ? !take_request_line(out, bytes, line) : !take_line(out, framing, bytes, line))
			return false;
		first = false;
		bytes = end + 2;
		length -= line + 2;
	}
	return !first && !framing->bad && !(framing->chunked && framing->length >= 0);
}

static enum sim_http_state read_chunks(const char *bytes, size_t length, size_t *used, struct text *body)
{
	size_t at = 0;
	for (;;) {
		const char *end = memmem(bytes + at, length - at, "\r\n", 2);
		if (!end)
			return length - at > 64 ? SIM_HTTP_BAD : SIM_HTTP_MORE;
		char *stop;
		unsigned long size = strtoul(bytes + at, &stop, 16);
		if (stop == bytes + at || size > SIM_HTTP_BODY_MAX - body->length)
			return SIM_HTTP_BAD;
		at = (size_t)(end - bytes) + 2;
		if (length - at < size + 2)
			return SIM_HTTP_MORE;
		text_add_bytes(body, bytes + at, size);
		at += size + 2; /* trailers are not read: nothing that speaks to a model sends any */
		if (size == 0) {
			*used = at;
			return SIM_HTTP_DONE;
		}
	}
}

static enum sim_http_state read_body(const char *bytes, size_t length, const struct framing *framing, size_t *used,
				     struct text *body)
{
	if (framing->chunked)
		return read_chunks(bytes, length, used, body);
	size_t wanted = framing->length > 0 ? (size_t)framing->length : 0;
	if (length < wanted)
		return SIM_HTTP_MORE;
	text_add_bytes(body, bytes, wanted);
	*used = wanted;
	return SIM_HTTP_DONE;
}

enum sim_http_state sim_http_read(const char *bytes, size_t length, size_t *used, struct sim_http_request *out)
{
	*out = (struct sim_http_request){0};
	text_init(&out->body, 0);
	const char *end = memmem(bytes, length, "\r\n\r\n", 4);
	if (!end)
		return length > SIM_HTTP_HEAD_MAX ? SIM_HTTP_BAD : SIM_HTTP_MORE;
	struct framing framing = {.length = -1};
	size_t head = (size_t)(end - bytes) + 4;
	if (head > SIM_HTTP_HEAD_MAX || !take_head(out, &framing, bytes, head - 2))
		return SIM_HTTP_BAD;
	size_t body = 0;
	enum sim_http_state state = read_body(bytes + head, length - head, &framing, &body, &out->body);
	out->expects_continue = state == SIM_HTTP_MORE && framing.expects && length == head;
	*used = head + body;
	return state;
}

void sim_http_release(struct sim_http_request *request)
{
	free(request->path);
	free(request->authorization);
	free(request->request_id);
	text_release(&request->body);
	*request = (struct sim_http_request){0};
}

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {429, "Too Many Requests"}, {500, "Internal Server Error"},
		{502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
	};
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

void sim_http_head(struct text *out, int status, const char *type, long long length, bool keep_alive, const char *more)
{
	char date[64];
	time_t now = time(NULL);
	struct tm parts;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
	text_addf(out, "HTTP/1.1 %d %s\r\ndate: %s\r\nserver: uvicorn\r\n", status, reason_of(status), date);
	if (length >= 0)
		text_addf(out, "content-length: %lld\r\n", length);
	else
		text_add(out, "transfer-encoding: chunked\r\n");
	if (type)
		text_addf(out, "content-type: %s\r\n", type);
	if (!keep_alive)
		text_add(out, "connection: close\r\n");
	text_addf(out, "%s\r\n", more ? more : "");
}

void sim_http_chunk(struct text *out, const char *bytes)
{
	text_addf(out, "%zx\r\n", strlen(bytes));
	text_add(out, bytes);
	text_add(out, "\r\n");
}
