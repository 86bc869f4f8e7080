/* fetch.h - one HTTP request at a time, and wait for its end (libcurl easy)
 *
 * For the command line and for tests; the server itself uses io/http.h and
 * never waits. The answer goes into memory, to a file descriptor, or to a
 * function as it arrives (server-sent events). Redirects are not followed, and
 * proxies of the environment are ignored for this machine.
 *
 * One struct fetch per thread; its connection is kept between requests.
 */
#ifndef MEKIKI_IO_FETCH_H
#define MEKIKI_IO_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct fetch;

struct fetch_request {
	const char *method;          /* "GET", "POST", "PUT", "DELETE" */
	const char *url;
	const char *const *headers;  /* "Name: value", NULL-terminated; NULL = none */
	const char *body;            /* in memory; NULL = none */
	size_t body_length;
	int body_fd;                 /* > 0: the body is read from here to its end instead */
	int64_t body_size;           /* of body_fd */
	int64_t connect_timeout_ms;  /* 0 = 5 s */
	int64_t timeout_ms;          /* whole call, 0 = none */
	size_t max_body;             /* of an answer in memory, 0 = 64 MiB */

	int out_fd;                  /* > 0: a body with status 200 is written here instead of into memory */
	/* Gets a body with status 200 as it arrives; false ends the call (no error). */
	bool (*sink)(void *arg, const char *bytes, size_t length);
	/* Called several times a second while the call lasts; false ends it with ERROR_TIMEOUT. */
	bool (*progress)(void *arg, int64_t sent, int64_t received);
	void *arg;                   /* of sink and progress */
};

struct fetch_answer {
	int status;
	struct text body;      /* NUL-terminated; empty when it went elsewhere */
	char *location;        /* owned, NULL = none */
	char *disposition;     /* owned: Content-Disposition, NULL = none */
	char *content_type;    /* owned, NULL = none */
};

struct fetch *fetch_new(void);
void fetch_free(struct fetch *fetch);

/* True when a complete answer came, whatever its status; release the answer in any case.
 * ERROR_NETWORK (refused, reset, cut), ERROR_TIMEOUT, ERROR_TOO_LARGE, ERROR_IO (out_fd). */
bool fetch_call(struct fetch *fetch, const struct fetch_request *request, struct fetch_answer *answer,
                struct error *err);
void fetch_answer_release(struct fetch_answer *answer);

/* %-encodes everything but letters, digits and "-._~"; free(). */
char *fetch_escape(const char *text);

#endif
