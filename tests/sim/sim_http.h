/* sim_http.h - just enough of HTTP/1.1, read from and written to memory
 *
 * A server library keeps the protocol; this simulator has to break it in chosen
 * ways, so it reads and writes the bytes itself. The reader is strict where
 * uvicorn is: bad framing is a 400 and the end of the connection.
 *
 * Pure.
 */
#ifndef MEKIKI_SIM_HTTP_H
#define MEKIKI_SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum {
	SIM_HTTP_HEAD_MAX = 64 * 1024,
	SIM_HTTP_BODY_MAX = 64 * 1024 * 1024, /* far above any prompt; only keeps a stranger from eating the memory */
};

struct sim_http_request {
	char method[16];
	char *path;          /* without the query; owned, as all below */
	char *authorization; /* NULL when not sent */
	char *request_id;    /* X-Request-Id, NULL when not sent */
	bool keep_alive;
	bool expects_continue; /* and the body has not come yet */
	struct text body;
};

enum sim_http_state { SIM_HTTP_MORE, SIM_HTTP_DONE, SIM_HTTP_BAD };

/* Reads one request from the start of the bytes. DONE: *used bytes belong to it and the request is filled in. MORE:
 * come back with more bytes; only `expects_continue` is meaningful. Release the request after every call. */
enum sim_http_state sim_http_read(const char *bytes, size_t length, size_t *used, struct sim_http_request *out);
void sim_http_release(struct sim_http_request *request);

/* Appends status line and headers as uvicorn writes them. `length` < 0: chunked. `more` is whole header lines, or NULL. */
void sim_http_head(struct text *out, int status, const char *type, long long length, bool keep_alive, const char *more);
void sim_http_chunk(struct text *out, const char *bytes); /* "" ends the body */

#endif
