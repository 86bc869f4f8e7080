#include "http_end.h"

#include <errno.h>
#include <string.h>

#include "base/vector.h"

enum tail { TAIL_NONE, TAIL_TIME, TAIL_BYTES, TAIL_CURL };

struct row {
	int code; /* a CURLcode, or an errno in the second table */
	enum http_end end;
	enum tail tail;
	const char *sentence;
};

static const struct row by_code[] = {
	{CURLE_COULDNT_RESOLVE_HOST, HTTP_UNRESOLVED, TAIL_NONE, "the host name does not resolve"},
	{CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT, TAIL_TIME, "no complete answer"},
	{CURLE_GOT_NOTHING, HTTP_RESET, TAIL_NONE, "closed without an answer"},
	{CURLE_SEND_ERROR, HTTP_RESET, TAIL_NONE, "connection reset before an answer"},
	{CURLE_RECV_ERROR, HTTP_RESET, TAIL_NONE, "connection reset before an answer"},
	{CURLE_PARTIAL_FILE, HTTP_CUT, TAIL_BYTES, "the answer ended early"},
	{CURLE_FILESIZE_EXCEEDED, HTTP_TOO_LARGE, TAIL_BYTES, "the answer is larger than allowed"},
	{CURLE_WRITE_ERROR, HTTP_TOO_LARGE, TAIL_BYTES, "the answer is larger than allowed"},
	{CURLE_SSL_CONNECT_ERROR, HTTP_TLS, TAIL_CURL, "no TLS connection"},
	{CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, TAIL_CURL, "its certificate cannot be trusted"},
	{CURLE_SSL_CERTPROBLEM, HTTP_TLS, TAIL_CURL, "TLS certificate"},
	{CURLE_SSL_CIPHER, HTTP_TLS, TAIL_CURL, "TLS cipher"},
	{CURLE_SSL_CACERT_BADFILE, HTTP_TLS, TAIL_CURL, "the file of trusted certificates cannot be read"},
	{CURLE_SSL_ISSUER_ERROR, HTTP_TLS, TAIL_CURL, "TLS issuer"},
	{CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS, TAIL_CURL, "TLS certificate status"},
	{CURLE_SSL_PINNEDPUBKEYNOTMATCH, HTTP_TLS, TAIL_CURL, "TLS key"},
	{CURLE_WEIRD_SERVER_REPLY, HTTP_FAILED, TAIL_NONE, "what answered does not speak HTTP"},
	{CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAILED, TAIL_CURL, "no HTTP"},
	{CURLE_URL_MALFORMAT, HTTP_FAILED, TAIL_CURL, "not a URL of http or https"},
};

/* libcurl has one code for all that goes wrong while connecting; the cause is in errno. */
static const struct row by_errno[] = {
	{0, HTTP_REFUSED, TAIL_NONE, "connection refused"},
	{ECONNREFUSED, HTTP_REFUSED, TAIL_NONE, "connection refused"},
	{ECONNRESET, HTTP_RESET, TAIL_NONE, "connection reset while connecting"},
	{ENETUNREACH, HTTP_CONNECT_TIMEOUT, TAIL_NONE, "no route to its network"},
	{EHOSTUNREACH, HTTP_CONNECT_TIMEOUT, TAIL_NONE, "no route to the host"},
	{ENETDOWN, HTTP_CONNECT_TIMEOUT, TAIL_NONE, "the network is down"},
	{EHOSTDOWN, HTTP_CONNECT_TIMEOUT, TAIL_NONE, "the host is down"},
	{ETIMEDOUT, HTTP_CONNECT_TIMEOUT, TAIL_TIME, "no connection"},
};

static const struct row connecting = {0, HTTP_CONNECT_TIMEOUT, TAIL_TIME, "no connection"};
static const struct row cut = {0, HTTP_CUT, TAIL_BYTES, "the answer was cut off"};
static const struct row failed = {0, HTTP_FAILED, TAIL_CURL, "failed"};

static const struct row *find(const struct row *rows, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code)
			return &rows[i];
	return &failed;
}

static bool was_sent(CURL *easy)
{
	long bytes = 0; /* of the request; 0 until there is a connection, whether new or reused */
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
	return bytes > 0;
}

static const struct row *judge(const struct http_ending *ending)
{
	if (ending->code == CURLE_COULDNT_CONNECT) {
		long cause = 0;
		curl_easy_getinfo(ending->easy, CURLINFO_OS_ERRNO, &cause);
		return find(by_errno, COUNT_OF(by_errno), (int)cause);
	}
	if (ending->code == CURLE_OPERATION_TIMEDOUT && !was_sent(ending->easy))
		return &connecting;
	if (ending->received && (ending->code == CURLE_RECV_ERROR || ending->code == CURLE_SEND_ERROR))
		return &cut;
	return find(by_code, COUNT_OF(by_code), (int)ending->code);
}

/* host:port only: a path may be long and a query may hold a secret. */
static void add_place(CURL *easy, struct text *text)
{
	const char *url = "";
	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	CURLU *parts = curl_url();
	char *host = NULL, *port = NULL;
	if (parts && !curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_get(parts, CURLUPART_HOST, &host, 0)) {
		curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
		text_addf(text, port ? "%s:%s: " : "%s: ", host, port);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
}

static void add_tail(const struct http_ending *ending, enum tail tail, struct text *text)
{
	switch (tail) {
	case TAIL_NONE:
		break;
	case TAIL_TIME:
		text_addf(text, " after %.1f s", (double)ending->elapsed_ms / 1000);
		break;
	case TAIL_BYTES:
		text_addf(text, " after %zu bytes", ending->received);
		break;
	case TAIL_CURL:
		text_addf(text, ": %s", *ending->curl_text ? ending->curl_text : curl_easy_strerror(ending->code));
		break;
	}
}

enum http_end http_end_judge(const struct http_ending *ending, struct text *text)
{
	text_clear(text);
	if (ending->code == CURLE_OK) {
		text_addf(text, "HTTP %ld", ending->status);
		return HTTP_ANSWERED;
	}
	const struct row *row = judge(ending);
	add_place(ending->easy, text);
	text_add(text, row->sentence);
	add_tail(ending, row->tail, text);
	return row->end;
}

const char *http_end_name(enum http_end end)
{
	static const char *const names[HTTP_END_COUNT] = {
		[HTTP_ANSWERED] = "answered",
		[HTTP_UNRESOLVED] = "unresolved",
		[HTTP_REFUSED] = "refused",
		[HTTP_CONNECT_TIMEOUT] = "connect_timeout",
		[HTTP_TIMEOUT] = "timeout",
		[HTTP_RESET] = "reset",
		[HTTP_CUT] = "cut",
		[HTTP_TOO_LARGE] = "too_large",
		[HTTP_TLS] = "tls",
		[HTTP_FAILED] = "failed",
	};
	return names[end];
}
