#include "api/auth.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"

/* Two weeks: short for a secret that every service on localhost receives, long enough for a run and its follow-up. */
const int64_t auth_session_ms = 14LL * 24 * 3600 * 1000;

/* "[::1]:8580" -> length of "[::1]"; "name:8580" -> length of "name". 0 = malformed. */
static size_t host_length(const char *host)
{
	size_t length = *host == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":");
	const char *rest = host + length;
	if (*rest == '\0')
		return length;
	if (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1) || strlen(rest + 1) > 5)
		return 0;
	return length;
}

static bool same_name(const char *host, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(host, name, length) == 0;
}

bool auth_host_allowed(const char *host, const struct config_texts *allowed, const char *listening)
{
	static const char *const always[] = {"localhost", "127.0.0.1", "[::1]"};
	size_t length = host_length(host);
	if (length == 0)
		return false;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (same_name(host, length, always[i]))
			return true;
	for (size_t i = 0; i < allowed->count; i++)
		if (same_name(host, length, allowed->items[i]))
			return true;
	if (!listening || text_equal(listening, "0.0.0.0") || text_equal(listening, "::"))
		return false;
	if (*host == '[') {
		host++;
		length -= 2;
	}
	return same_name(host, length, listening);
}

bool auth_origin_equals(const char *origin, const char *host)
{
	const char *at = strstr(origin, "://");
	return at && text_equal_fold(at + 3, host);
}

char *auth_cookie_find(const char *header, const char *name)
{
	size_t name_length = strlen(name);
	while (*header) {
		header += strspn(header, " \t;");
		size_t length = strcspn(header, ";");
		if (length > name_length && strncmp(header, name, name_length) == 0 && header[name_length] == '=') {
			const char *value = header + name_length + 1;
			size_t value_length = length - name_length - 1;
			while (value_length && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t'))
				value_length--;
			return memory_copy_n(value, value_length);
		}
		header += length;
	}
	return NULL;
}

struct header_count {
	const char *name;
	int count;
};

static enum MHD_Result count_header(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	(void)value;
	struct header_count *counted = arg;
	counted->count += text_equal_fold(key, counted->name);
	return MHD_YES;
}

static int header_count(const struct request *request, const char *name)
{
	struct header_count counted = {name, 0};
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &counted);
	return counted.count;
}

static bool refuse(struct request *request, struct error *err, enum error_code code, const char *text)
{
	request->answer.close = true;
	return error_set(err, code, "%s", text);
}

bool auth_check_transport(struct request *request, struct error *err)
{
	int lengths = header_count(request, "Content-Length");
	if (lengths > 1 || (lengths && header_count(request, "Transfer-Encoding")))
		return refuse(request, err, ERROR_INPUT,
		              "Content-Length may come once, and not together with Transfer-Encoding");
	int hosts = header_count(request, "Host");
	if (hosts != 1)
		return refuse(request, err, ERROR_INPUT,
		              hosts ? "the request has more than one Host header" : "the request has no Host header");
	const char *host = request_header(request, "Host");
	const struct config *config = request->api->config;
	if (!auth_host_allowed(host, &config->server.allowed_hosts, config->server.host)) {
		request->answer.close = true;
		return error_set(err, ERROR_FORBIDDEN,
		                 "the host \"%.100s\" is not one of this server's; names besides localhost are listed in "
		                 "server.allowed_hosts of the configuration", host);
	}
	const char *origin = request_header(request, "Origin");
	if (origin && !auth_origin_equals(origin, host)) {
		request->answer.close = true;
		return error_set(err, ERROR_FORBIDDEN, "a page of \"%.100s\" may not ask this server", origin);
	}
	return true;
}

/* Takes what the record says of the person. */
static void know(struct request *request, struct token_record *token)
{
	request->person = TAKE(token->person);
	request->role = token->role;
	token_record_release(token);
}

static bool by_token(struct request *request, const char *header, struct error *err)
{
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return error_set(err, ERROR_UNAUTHENTICATED, "Authorization: only \"Bearer TOKEN\" is understood");
	const char *secret = header + 7 + strspn(header + 7, " ");
	struct token_record token = {0};
	if (!token_check(request->api->reader, secret, clock_wall_ms(), &token, err))
		return false;
	if (token.once) {
		token_record_release(&token);
		return error_set(err, ERROR_UNAUTHENTICATED, "this token is good for one login only: POST /api/v1/session");
	}
	know(request, &token);
	request->bearer = memory_copy(secret);
	return true;
}

static bool by_session(struct request *request, const char *header, struct error *err)
{
	AUTO_FREE char *secret = auth_cookie_find(header, request->api->cookie);
	if (!secret)
		return error_set(err, ERROR_UNAUTHENTICATED, "a session or a token is needed");
	struct token_record token = {0};
	if (!session_check(request->api->reader, secret, clock_wall_ms(), &token, err))
		return false;
	know(request, &token);
	request->session = TAKE(secret);
	return true;
}

bool auth_check_access(struct request *request, enum access access, struct error *err)
{
	if (access == ACCESS_PUBLIC)
		return true;
	const char *authorization = request_header(request, "Authorization");
	const char *cookie = request_header(request, "Cookie");
	if (authorization ? !by_token(request, authorization, err) : !by_session(request, cookie ? cookie : "", err))
		return false;
	if (access == ACCESS_ADMIN && request->role != ROLE_ADMIN)
		return error_set(err, ERROR_FORBIDDEN, "%s may look, but this needs the role admin", request->person);
	return true;
}

bool auth_is_valid(struct reader *reader, const char *session, const char *bearer)
{
	struct token_record token = {0};
	struct error ignored = {0};
	int64_t now_ms = clock_wall_ms();
	bool valid = session ? session_check(reader, session, now_ms, &token, &ignored)
	                     : token_check(reader, bearer, now_ms, &token, &ignored);
	token_record_release(&token);
	return valid;
}

char *auth_cookie(const struct api *api, const char *secret, int64_t seconds)
{
	return memory_format("%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld", api->cookie, secret,
	                     (long long)seconds);
}
