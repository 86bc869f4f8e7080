/* http_end.h - what libcurl's result means, in our words. Private to io/http. */
#ifndef MEKIKI_SERVER_IO_HTTP_END_H
#define MEKIKI_SERVER_IO_HTTP_END_H

#include <curl/curl.h>

#include "base/text.h"
#include "io/http.h"

struct http_ending {
	CURL *easy;            /* of the finished transfer */
	CURLcode code;
	long status;           /* HTTP, 0 = none */
	const char *curl_text; /* libcurl's own words, may be "" */
	size_t received;       /* bytes of headers and body that arrived */
	int64_t elapsed_ms;
};

/* Says how the call ended, and puts a sentence for people into `text` (which is cleared first). */
enum http_end http_end_judge(const struct http_ending *ending, struct text *text);

#endif
