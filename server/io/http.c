/* One multi handle, driven by http_socket.c; one easy handle per call, kept for
 * the next call when it is over (17 KB each, and its options need no second
 * setting). A call is in exactly one list: live, from http_send() until its end
 * or http_cancel(), or spare.
 *
 * Names are resolved by libcurl's resolver threads. With QUICK_EXIT it never joins
 * one, so a name server that hangs delays nothing but its own call (test_http has
 * a resolver that hangs); without it, removing such a call blocks the loop.
 */
#include "io/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/vector.h"
#include "http_end.h"
#include "http_socket.h"

enum {
	HEADERS_MAX = 64 * 1024, /* bytes of an answer's headers; libcurl 7.88 has no limit of its own */
	KEPT_BODY = 64 * 1024,   /* a spare call keeps a buffer up to this size */
	REUSE_AGE_S = 3          /* vLLM closes idle connections after 5 s: stay well below */
};

struct http_call {
	struct http *http;
	struct http_call *next, *previous; /* in the live list; `next` alone in the spare list */
	CURL *easy;
	struct curl_slist *headers;
	char *request_body;
	struct text body;
	size_t max_body, header_bytes;
	int64_t started_ms;
	http_done *done; /* NULL = not live */
	void *arg;
	char curl_text[CURL_ERROR_SIZE];
};

struct http {
	struct loop *loop;
	CURLM *multi;
	struct http_sockets *sockets;
	struct http_call *live, *spare;
	struct text text; /* of the answer being delivered */
};

/* An option that libcurl refuses is a defect of ours, or a libcurl older than the one we ask for. */
#define SET(easy, option, value)                                           \
	do {                                                               \
		CURLcode refused_ = curl_easy_setopt(easy, option, value); \
		assert(refused_ == CURLE_OK);                              \
	} while (0)

static void init_curl(void)
{
	CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);
	assert(failed == CURLE_OK);
}

/* One file instead of Debian's CAPATH, which libcurl would read again for each connection (30-50 ms). */
static const char *trusted_certificates(void)
{
	static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	                                     "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
	const char *wanted = getenv("SSL_CERT_FILE");
	if (wanted && *wanted)
		return wanted;
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return places[0];
}

static size_t take_body(char *bytes, size_t one, size_t length, void *arg)
{
	(void)one; /* always 1 */
	struct http_call *call = arg;
	if (length > call->max_body - call->body.length)
		return 0; /* CURLE_WRITE_ERROR: too large */
	text_add_bytes(&call->body, bytes, length);
	return length;
}

static size_t take_header(char *bytes, size_t one, size_t length, void *arg)
{
	(void)bytes;
	(void)one;
	struct http_call *call = arg;
	call->header_bytes += length;
	return call->header_bytes > HEADERS_MAX ? 0 : length;
}

/* What holds for every call. */
static void set_constants(struct http_call *call)
{
	CURL *easy = call->easy;
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
	SET(easy, CURLOPT_PROXY, ""); /* not even the environment's: it would hijack 127.0.0.1 */
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_MAXAGE_CONN, (long)REUSE_AGE_S);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L); /* an answer may take minutes of silence */
	SET(easy, CURLOPT_USERAGENT, "mekiki");
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* not every TLS library of libcurl has one */
	SET(easy, CURLOPT_CAINFO, trusted_certificates());
	SET(easy, CURLOPT_WRITEFUNCTION, take_body);
	SET(easy, CURLOPT_WRITEDATA, call);
	SET(easy, CURLOPT_HEADERFUNCTION, take_header);
	SET(easy, CURLOPT_HEADERDATA, call);
	SET(easy, CURLOPT_ERRORBUFFER, call->curl_text);
	SET(easy, CURLOPT_PRIVATE, call);
	http_sockets_adopt(call->http->sockets, easy);
}

static struct http_call *call_new(struct http *http)
{
	struct http_call *call = NEW(struct http_call);
	call->http = http;
	call->easy = curl_easy_init();
	assert(call->easy);
	text_init(&call->body, 0);
	set_constants(call);
	return call;
}

static void call_free(struct http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	free(call->request_body);
	text_release(&call->body);
	free(call);
}

static struct http_call *call_take(struct http *http)
{
	struct http_call *call = http->spare;
	if (call)
		http->spare = call->next;
	else
		call = call_new(http);
	call->previous = NULL;
	call->next = http->live;
	if (call->next)
		call->next->previous = call;
	http->live = call;
	return call;
}

/* Out of libcurl and of the live list: it cannot end any more. */
static void call_detach(struct http_call *call)
{
	struct http *http = call->http;
	curl_multi_remove_handle(http->multi, call->easy);
	if (call->previous)
		call->previous->next = call->next;
	else
		http->live = call->next;
	if (call->next)
		call->next->previous = call->previous;
}

static void call_give_back(struct http_call *call)
{
	curl_slist_free_all(TAKE(call->headers));
	free(TAKE(call->request_body));
	if (call->body.capacity > KEPT_BODY) {
		text_release(&call->body);
		text_init(&call->body, 0);
	}
	call->next = call->http->spare;
	call->http->spare = call;
}

static void deliver(struct http_call *call, CURLcode code)
{
	struct http *http = call->http;
	struct http_ending ending = {.easy = call->easy,
	                             .code = code,
	                             .curl_text = call->curl_text,
	                             .received = call->header_bytes + call->body.length,
	                             .elapsed_ms = clock_mono_ms() - call->started_ms};
	const char *content_type = NULL;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &ending.status);
	curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &content_type);
	struct http_answer answer = {.end = http_end_judge(&ending, &http->text),
	                             .status = (int)ending.status,
	                             .body = call->body.data,
	                             .body_length = call->body.length,
	                             .content_type = content_type ? content_type : "",
	                             .elapsed_ms = ending.elapsed_ms,
	                             .text = http->text.data};
	call_detach(call);
	http_done *done = TAKE(call->done);
	done(call->arg, &answer);
	call_give_back(call);
}

static void deliver_all(void *arg)
{
	struct http *http = arg;
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(http->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		char *call = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		deliver((struct http_call *)(void *)call, message->data.result);
	}
}

struct http *http_new(struct loop *loop)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_curl);
	struct http *http = NEW(struct http);
	http->loop = loop;
	http->multi = curl_multi_init();
	assert(http->multi);
	http->sockets = http_sockets_new(loop, http->multi, deliver_all, http);
	text_init(&http->text, 0);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	assert(loop_is_here(http->loop));
	while (http->live)
		http_cancel(http->live);
	while (http->spare) {
		struct http_call *call = http->spare;
		http->spare = call->next;
		call_free(call);
	}
	curl_multi_cleanup(http->multi);
	http_sockets_free(http->sockets);
	text_release(&http->text);
	free(http);
}

static void set_body(struct http_call *call, const struct http_request *request)
{
	if (!request->body) {
		SET(call->easy, CURLOPT_POSTFIELDS, NULL);
		SET(call->easy, CURLOPT_HTTPGET, 1L);
	} else {
		call->request_body = memory_copy_n(request->body, request->body_length);
		SET(call->easy, CURLOPT_POST, 1L);
		SET(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		SET(call->easy, CURLOPT_POSTFIELDS, call->request_body);
	}
	SET(call->easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_headers(struct http_call *call, const char *const *headers)
{
	for (; headers && *headers; headers++)
		call->headers = curl_slist_append(call->headers, *headers);
	/* No "Expect: 100-continue": servers that do not know it cost a second per large body. */
	call->headers = curl_slist_append(call->headers, "Expect:");
	SET(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_request(struct http_call *call, const struct http_request *request)
{
	long fresh = request->reuse == HTTP_FRESH;
	SET(call->easy, CURLOPT_URL, request->url);
	SET(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
	SET(call->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(call->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_body);
	SET(call->easy, CURLOPT_FRESH_CONNECT, fresh);
	SET(call->easy, CURLOPT_FORBID_REUSE, fresh);
	set_headers(call, request->headers);
	set_body(call, request);
}

struct http_call *http_send(struct http *http, const struct http_request *request, http_done *done, void *arg)
{
	assert(loop_is_here(http->loop));
	assert(request->timeout_ms > 0 && request->connect_timeout_ms > 0 && request->max_body > 0);
	struct http_call *call = call_take(http);
	call->done = done;
	call->arg = arg;
	call->max_body = request->max_body;
	call->header_bytes = 0;
	call->curl_text[0] = '\0';
	call->started_ms = clock_mono_ms();
	text_clear(&call->body);
	set_request(call, request);
	CURLMcode refused = curl_multi_add_handle(http->multi, call->easy); /* starts at the timer it sets */
	assert(refused == CURLM_OK);
	return call;
}

void http_cancel(struct http_call *call)
{
	assert(loop_is_here(call->http->loop));
	assert(call->done); /* not in its own done, not twice */
	call->done = NULL;
	call_detach(call);
	call_give_back(call);
}
