/* http.h - HTTP out, on a loop: libcurl's multi interface through libuv
 *
 * Each request is one call and ends exactly once in its `done`, on the loop's
 * thread, never inside http_send(). Proxies of the environment are ignored,
 * redirects are not followed, HTTP/1.1 only; bodies are capped.
 *
 * Inference POSTs to plain http use a fresh connection each: vLLM closes idle
 * ones after 5 s and libcurl re-sends a POST by itself when a reused connection
 * dies, which would run an item twice unseen (facts: http-libraries H2).
 */
#ifndef MEKIKI_IO_HTTP_H
#define MEKIKI_IO_HTTP_H

#include <stddef.h>

#include "io/loop.h"

struct http;      /* one per loop, its thread only */
struct http_call;

enum http_reuse { HTTP_FRESH, HTTP_REUSE };

struct http_request {
	const char *method;          /* "GET", "POST" */
	const char *url;
	const char *const *headers;  /* "Name: value", NULL-terminated; NULL = none */
	const char *body;            /* copied; NULL = none */
	size_t body_length;
	int64_t connect_timeout_ms;  /* > 0 */
	int64_t timeout_ms;          /* > 0, whole call */
	size_t max_body;             /* bytes of the answer, > 0 */
	enum http_reuse reuse;
};

/* How the call ended, apart from HTTP. */
enum http_end {
	HTTP_ANSWERED,       /* a complete answer; look at status */
	HTTP_UNRESOLVED,     /* no such host */
	HTTP_REFUSED,        /* nothing listens there */
	HTTP_CONNECT_TIMEOUT,/* no connection: none in time, or no route to the host */
	HTTP_TIMEOUT,        /* connected, no complete answer in time */
	HTTP_RESET,          /* reset or closed before a byte of the answer */
	HTTP_CUT,            /* the answer ended early */
	HTTP_TOO_LARGE,
	HTTP_TLS,            /* certificate or handshake */
	HTTP_FAILED,         /* anything else: text says it */
	HTTP_END_COUNT
};

struct http_answer {
	enum http_end end;
	int status;           /* 0 = none came */
	const char *body;     /* borrowed, NUL-terminated; "" = none; holds for the callback */
	size_t body_length;
	const char *content_type; /* borrowed, "" = none */
	int64_t elapsed_ms;
	const char *text;     /* borrowed: for people, "127.0.0.1:8000: connection refused", "HTTP 200" */
};

typedef void http_done(void *arg, const struct http_answer *answer);

struct http *http_new(struct loop *loop);
/* Cancels what is open; no done is called. Not inside a done. */
void http_free(struct http *http);
/* Never NULL: a request that cannot even start ends in done, later. */
struct http_call *http_send(struct http *http, const struct http_request *request, http_done *done, void *arg);
/* Closes the connection (which aborts the request at vLLM); done is not called. A call is gone once its
 * done was called. */
void http_cancel(struct http_call *call);
const char *http_end_name(enum http_end end);

#endif
