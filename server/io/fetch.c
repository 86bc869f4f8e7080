#include "io/fetch.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "io/url.h"

enum { CONNECT_TIMEOUT_MS = 5000, MAX_BODY = 64 << 20 };

struct fetch {
	CURL *easy;
};

/* One call. */
struct transfer {
	CURL *easy;
	const struct fetch_request *request;
	struct fetch_answer *answer;
	bool ended_by_sink;
	int write_errno;
};

#define SET(easy, option, value)                                       \
	do {                                                           \
		CURLcode set_ = curl_easy_setopt(easy, option, value); \
		assert(set_ == CURLE_OK);                              \
		(void)set_;                                            \
	} while (0)

struct fetch *fetch_new(void)
{
	struct fetch *fetch = NEW(struct fetch);
	fetch->easy = curl_easy_init();
	if (!fetch->easy)
		abort();
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	curl_easy_cleanup(fetch->easy);
	free(fetch);
}

char *fetch_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
	char *copy = memory_copy(escaped ? escaped : "");
	curl_free(escaped);
	return copy;
}

static bool write_all(struct transfer *transfer, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(transfer->request->out_fd, bytes, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			transfer->write_errno = errno ? errno : EIO;
			return false;
		}
		bytes += done;
		length -= (size_t)done;
	}
	return true;
}

/* Anything but length ends the transfer. */
static size_t on_body(char *bytes, size_t one, size_t length, void *arg)
{
	struct transfer *transfer = arg;
	(void)one;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && transfer->request->sink) {
		transfer->ended_by_sink = !transfer->request->sink(transfer->request->arg, bytes, length);
		return transfer->ended_by_sink ? 0 : length;
	}
	if (status == 200 && transfer->request->out_fd > 0)
		return write_all(transfer, bytes, length) ? length : 0;
	text_add_bytes(&transfer->answer->body, bytes, length);
	return transfer->answer->body.overflow ? 0 : length;
}

static void take_header(const char *line, size_t length, const char *name, char **out)
{
	size_t width = strlen(name);
	if (length <= width || strncasecmp(line, name, width) != 0)
		return;
	const char *value = line + width;
	const char *end = line + length;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	free(*out);
	*out = memory_copy_n(value, (size_t)(end - value));
}

static size_t on_header(char *line, size_t one, size_t length, void *arg)
{
	struct transfer *transfer = arg;
	(void)one;
	take_header(line, length, "Location:", &transfer->answer->location);
	take_header(line, length, "Content-Disposition:", &transfer->answer->disposition);
	take_header(line, length, "Content-Type:", &transfer->answer->content_type);
	return length;
}

static size_t on_read(char *out, size_t one, size_t room, void *arg)
{
	struct transfer *transfer = arg;
	ssize_t got;
	do
		got = read(transfer->request->body_fd, out, one * room);
	while (got < 0 && errno == EINTR);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct transfer *transfer = arg;
	(void)down_total;
	(void)up_total;
	return transfer->request->progress(transfer->request->arg, up, down) ? 0 : 1;
}

/* A proxy of the environment would take requests for this very machine elsewhere. */
static bool is_loopback(const char *text)
{
	struct url url;
	bool loopback = url_parse(text, &url) && url_is_loopback(&url);
	url_release(&url);
	return loopback;
}

static void set_body(const struct transfer *transfer)
{
	const struct fetch_request *request = transfer->request;
	CURL *easy = transfer->easy;
	if (request->body_fd > 0) {
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_READFUNCTION, on_read);
		SET(easy, CURLOPT_READDATA, (void *)transfer);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	} else if (request->body) {
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		SET(easy, CURLOPT_POSTFIELDS, request->body);
	}
	SET(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *set_up(struct transfer *transfer, char *text)
{
	const struct fetch_request *request = transfer->request;
	CURL *easy = transfer->easy;
	curl_easy_reset(easy);
	SET(easy, CURLOPT_URL, request->url);
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_ERRORBUFFER, text);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(request->connect_timeout_ms ? request->connect_timeout_ms : CONNECT_TIMEOUT_MS));
	SET(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(easy, CURLOPT_WRITEDATA, transfer);
	SET(easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(easy, CURLOPT_HEADERDATA, transfer);
	if (is_loopback(request->url))
		SET(easy, CURLOPT_PROXY, "");
	if (request->progress) {
		SET(easy, CURLOPT_NOPROGRESS, 0L);
		SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
		SET(easy, CURLOPT_XFERINFODATA, transfer);
	}
	set_body(transfer);
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no second of waiting before large bodies */
	for (size_t i = 0; request->headers && request->headers[i]; i++)
		list = curl_slist_append(list, request->headers[i]);
	SET(easy, CURLOPT_HTTPHEADER, list);
	return list;
}

static bool explain(const struct transfer *transfer, CURLcode code, const char *text, struct error *err)
{
	const char *what = *text ? text : curl_easy_strerror(code);
	if (transfer->ended_by_sink)
		return true;
	if (transfer->write_errno)
		return error_set(err, ERROR_IO, "cannot write the answer: %s", strerror(transfer->write_errno));
	if (transfer->answer->body.overflow)
		return error_set(err, ERROR_TOO_LARGE, "the answer of %s is too large", transfer->request->url);
	if (code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK)
		return error_set(err, ERROR_TIMEOUT, "%s: %s", transfer->request->url, what);
	return error_set(err, ERROR_NETWORK, "%s: %s", transfer->request->url, what);
}

bool fetch_call(struct fetch *fetch, const struct fetch_request *request, struct fetch_answer *answer,
                struct error *err)
{
	*answer = (struct fetch_answer){0};
	text_init(&answer->body, request->max_body ? request->max_body : MAX_BODY);
	struct transfer transfer = {.easy = fetch->easy, .request = request, .answer = answer};
	char text[CURL_ERROR_SIZE] = "";
	struct curl_slist *list = set_up(&transfer, text);
	CURLcode code = curl_easy_perform(fetch->easy);
	curl_slist_free_all(list);
	long status = 0;
	curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	return code == CURLE_OK || explain(&transfer, code, text, err);
}

void fetch_answer_release(struct fetch_answer *answer)
{
	if (answer->body.data)
		text_release(&answer->body);
	free(answer->location);
	free(answer->disposition);
	free(answer->content_type);
	*answer = (struct fetch_answer){0};
}
