/* http.c against a small server on a loop and thread of its own, which misbehaves by path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "http_fixture.h"
#include "io/http.h"

enum { CROWD = 1024 };

/* ---- what the server does ---- */

static struct peer *gathered[CROWD]; /* wait until all are there */
static int gathered_count;

static void answer_echo(struct peer *peer)
{
	char *bytes = memory_format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
	                            strlen(peer->in), peer->in);
	send_bytes(peer, bytes, strlen(bytes), false);
}

static void answer_flood(struct peer *peer)
{
	size_t length = 4u << 20;
	char *bytes = memory_new(length);
	memset(bytes, 'x', length);
	memcpy(bytes, "HTTP/1.1 200 OK\r\n\r\n", 19);
	send_bytes(peer, bytes, length, true);
}

static void answer_many_headers(struct peer *peer)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	text_add(&text, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 5000; i++)
		text_addf(&text, "X-Header-%d: a value that takes some room\r\n", i);
	text_add(&text, "Content-Length: 0\r\n\r\n");
	size_t length = text.length;
	send_bytes(peer, text_take(&text), length, true);
}

static void answer_reset(struct peer *peer)
{
	uv_tcp_close_reset(&peer->tcp, peer_closed);
}

static void answer_nothing(struct peer *peer)
{
	(void)peer;
}

static void answer_close(struct peer *peer)
{
	peer_close(peer);
}

static void answer_crowd(struct peer *peer)
{
	gathered[gathered_count++] = peer;
	for (int i = 0; gathered_count == CROWD && i < CROWD; i++)
		send_text(gathered[i], "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
}

static const struct route {
	const char *path;
	void (*answer)(struct peer *peer);
	const char *bytes; /* or these, */
	bool close;        /* then close */
} routes[] = {
	{"/ok", NULL, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", false},
	{"/echo", answer_echo, NULL, false},
	{"/503", NULL, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", false},
	{"/redirect", NULL, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", false},
	{"/until-close", NULL, "HTTP/1.1 200 OK\r\n\r\nall of it", true},
	{"/empty", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
	{"/cut-body", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choices\":[{\"mess", true},
	{"/cut-chunk", NULL, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"cho", true},
	{"/not-http", NULL, "SSH-2.0-OpenSSH_9.2\r\n", true},
	{"/reset", answer_reset, NULL, false},
	{"/close", answer_close, NULL, false},
	{"/hang", answer_nothing, NULL, false},
	{"/half-hang", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cho", false},
	{"/large", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nxxx", false},
	{"/flood", answer_flood, NULL, false},
	{"/many-headers", answer_many_headers, NULL, false},
	{"/crowd", answer_crowd, NULL, false},
};

static void answer(struct peer *peer)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		char *found = strstr(peer->in, routes[i].path);
		if (!found || found[strlen(routes[i].path)] != ' ')
			continue;
		if (routes[i].answer)
			routes[i].answer(peer);
		else
			send_text(peer, routes[i].bytes, routes[i].close);
		return;
	}
	send_text(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false);
}

static int start(void **state)
{
	(void)state;
	/* Would send everything to nowhere, if they were obeyed. */
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	return server_start(answer) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	server_stop();
	return 0;
}

/* ---- a resolver that hangs for one name ---- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_moves = PTHREAD_COND_INITIALIZER;
static bool resolver_released;
static int resolver_waiting;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	if (node && strcmp(node, "hangs.test") == 0) {
		pthread_mutex_lock(&resolver_lock);
		resolver_waiting++;
		while (!resolver_released)
			pthread_cond_wait(&resolver_moves, &resolver_lock);
		resolver_waiting--;
		pthread_mutex_unlock(&resolver_lock);
		return EAI_AGAIN;
	}
	if (node && strcmp(node, "absent.test") == 0)
		return EAI_NONAME;
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	return next(node, service, hints, found);
}

static int resolver_release(void)
{
	pthread_mutex_lock(&resolver_lock);
	int waiting = resolver_waiting;
	resolver_released = true;
	pthread_cond_broadcast(&resolver_moves);
	pthread_mutex_unlock(&resolver_lock);
	return waiting;
}

/* ---- one call ---- */

struct seen {
	struct loop *loop;
	int *left; /* stops the loop when it reaches 0 */
	int ended;
	enum http_end end;
	int status;
	char body[8192], type[64], text[256];
};

static void keep_answer(void *arg, const struct http_answer *got)
{
	struct seen *seen = arg;
	seen->ended++;
	seen->end = got->end;
	seen->status = got->status;
	assert_int_equal(strlen(got->body), got->body_length);
	snprintf(seen->body, sizeof(seen->body), "%s", got->body);
	snprintf(seen->type, sizeof(seen->type), "%s", got->content_type);
	snprintf(seen->text, sizeof(seen->text), "%s", got->text);
	if (--*seen->left == 0)
		loop_stop(seen->loop);
}

static struct http_request get(const char *url)
{
	return (struct http_request){
		.method = "GET", .url = url, .connect_timeout_ms = 5000, .timeout_ms = 20000, .max_body = 65536};
}

static struct seen run(const struct http_request *request)
{
	struct loop *loop = loop_new("client");
	struct http *http = http_new(loop);
	int left = 1;
	struct seen seen = {.loop = loop, .left = &left};
	assert_non_null(http_send(http, request, keep_answer, &seen));
	assert_int_equal(seen.ended, 0); /* never inside http_send() */
	loop_run(loop);
	http_free(http);
	loop_free(loop);
	assert_int_equal(seen.ended, 1);
	return seen;
}

static char *url_of(const char *path)
{
	return memory_format("http://127.0.0.1:%d%s", server.port, path);
}

static struct seen run_path(const char *path, int64_t timeout_ms)
{
	AUTO_FREE char *url = url_of(path);
	struct http_request request = get(url);
	request.timeout_ms = timeout_ms;
	return run(&request);
}

static void test_an_answer_comes_whole_with_its_status_and_type(void **state)
{
	(void)state;
	struct seen seen = run_path("/ok", 20000);
	assert_int_equal(seen.end, HTTP_ANSWERED);
	assert_int_equal(seen.status, 200);
	assert_string_equal(seen.body, "{}");
	assert_string_equal(seen.type, "application/json");
	assert_string_equal(seen.text, "HTTP 200");
}

static void test_a_post_carries_its_headers_and_its_body_and_nothing_odd(void **state)
{
	(void)state;
	AUTO_FREE char *url = url_of("/echo");
	const char *headers[] = {"Authorization: Bearer secret", "Content-Type: application/json", NULL};
	struct http_request request = get(url);
	request.method = "POST";
	request.headers = headers;
	request.body = "{\"model\":\"m\"}";
	request.body_length = strlen(request.body);
	struct seen seen = run(&request);
	assert_int_equal(seen.end, HTTP_ANSWERED);
	assert_true(text_starts(seen.body, "POST /echo HTTP/1.1\r\n"));
	assert_non_null(strstr(seen.body, "\r\nAuthorization: Bearer secret\r\n"));
	assert_non_null(strstr(seen.body, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(seen.body, "\r\nContent-Length: 13\r\n"));
	assert_true(text_ends(seen.body, "\r\n\r\n{\"model\":\"m\"}"));
	assert_null(strstr(seen.body, "Expect"));
	assert_null(strstr(seen.body, "Proxy"));
}

static void test_each_way_to_end_has_its_name_and_its_sentence(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int64_t timeout_ms;
		enum http_end end;
		int status;
		const char *text, *body;
	} ways[] = {
		{"/503", 20000, HTTP_ANSWERED, 503, "HTTP 503", "busy"},
		{"/redirect", 20000, HTTP_ANSWERED, 302, "HTTP 302", ""},
		{"/until-close", 20000, HTTP_ANSWERED, 200, "HTTP 200", "all of it"},
		{"/empty", 20000, HTTP_ANSWERED, 200, "HTTP 200", ""},
		{"/cut-body", 20000, HTTP_CUT, 200, "the answer ended early after", "{\"choices\":[{\"mess"},
		{"/cut-chunk", 20000, HTTP_CUT, 200, "the answer ended early after", "{\"cho"},
		{"/reset", 20000, HTTP_RESET, 0, "connection reset before an answer", ""},
		{"/close", 20000, HTTP_RESET, 0, "closed without an answer", ""},
		{"/not-http", 20000, HTTP_FAILED, 0, "", ""},
		{"/hang", 100, HTTP_TIMEOUT, 0, "no complete answer after 0.", ""},
		{"/half-hang", 100, HTTP_TIMEOUT, 200, "no complete answer after 0.", "{\"cho"},
		{"/large", 20000, HTTP_TOO_LARGE, 200, "larger than allowed", ""},
		{"/flood", 20000, HTTP_TOO_LARGE, 200, "larger than allowed", NULL},
		{"/many-headers", 20000, HTTP_TOO_LARGE, 200, "larger than allowed", ""},
	};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct seen seen = run_path(ways[i].path, ways[i].timeout_ms);
		if (seen.end != ways[i].end)
			print_error("%s ended as %s: %s\n", ways[i].path, http_end_name(seen.end), seen.text);
		assert_int_equal(seen.end, ways[i].end);
		assert_int_equal(seen.status, ways[i].status);
		if (!strstr(seen.text, ways[i].text))
			fail_msg("%s: \"%s\" lacks \"%s\"", ways[i].path, seen.text, ways[i].text);
		if (ways[i].body)
			assert_string_equal(seen.body, ways[i].body);
	}
}

/* A port that was free a moment ago. */
static int free_port(bool listening, int *keep)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	if (listening)
		assert_int_equal(listen(fd, 0), 0);
	getsockname(fd, (struct sockaddr *)&address, &length);
	*keep = fd;
	return ntohs(address.sin_port);
}

static void test_a_bound_port_that_does_not_listen_refuses(void **state)
{
	(void)state;
	int fd;
	AUTO_FREE char *url = memory_format("http://127.0.0.1:%d/health?token=secret", free_port(false, &fd));
	struct http_request request = get(url);
	struct seen seen = run(&request);
	close(fd);
	assert_int_equal(seen.end, HTTP_REFUSED);
	assert_int_equal(seen.status, 0);
	assert_true(text_starts(seen.text, "127.0.0.1:"));
	assert_true(text_ends(seen.text, ": connection refused"));
	assert_null(strstr(seen.text, "secret"));
}

/* The kernel drops connections beyond the backlog of a listener that accepts nobody. */
static void test_no_connection_in_time_is_not_a_slow_answer(void **state)
{
	(void)state;
	int fd, filler[4];
	int port = free_port(true, &fd);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	address.sin_port = htons((uint16_t)port);
	for (size_t i = 0; i < 4; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(filler[i], (struct sockaddr *)&address, sizeof(address));
	}
	AUTO_FREE char *url = memory_format("http://127.0.0.1:%d/", port);
	struct http_request request = get(url);
	request.connect_timeout_ms = 200;
	struct seen seen = run(&request);
	for (size_t i = 0; i < 4; i++)
		close(filler[i]);
	close(fd);
	assert_int_equal(seen.end, HTTP_CONNECT_TIMEOUT);
	assert_non_null(strstr(seen.text, "no connection after"));
}

static void test_urls_and_names_that_lead_nowhere(void **state)
{
	(void)state;
	AUTO_FREE char *tls = memory_format("https://127.0.0.1:%d/ok", server.port);
	const struct {
		const char *url;
		enum http_end end;
	} ways[] = {
		{"http://absent.test/", HTTP_UNRESOLVED},
		{"http://bad host/", HTTP_FAILED},
		{"file:///etc/passwd", HTTP_FAILED},
		{"", HTTP_FAILED},
		{tls, HTTP_TLS},
	};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct http_request request = get(ways[i].url);
		struct seen seen = run(&request);
		if (seen.end != ways[i].end)
			print_error("%s ended as %s: %s\n", ways[i].url, http_end_name(seen.end), seen.text);
		assert_int_equal(seen.end, ways[i].end);
		assert_true(strlen(seen.text) > 0);
		assert_string_equal(seen.body, "");
	}
}

/* ---- several calls ---- */

struct sequence {
	struct loop *loop;
	struct http *http;
	struct http_request request;
	int left;
	enum http_end last;
};

static void send_next(void *arg, const struct http_answer *got)
{
	struct sequence *sequence = arg;
	sequence->last = got->end;
	if (--sequence->left)
		http_send(sequence->http, &sequence->request, send_next, sequence);
	else
		loop_stop(sequence->loop);
}

/* One after the other, each sent from the end of the one before. How many connections were made? */
static int connections_for(const char *path, int count, enum http_reuse reuse)
{
	AUTO_FREE char *url = url_of(path);
	int before = atomic_load(&server.connections);
	struct sequence sequence = {.loop = loop_new("client"), .request = get(url), .left = count};
	sequence.http = http_new(sequence.loop);
	sequence.request.reuse = reuse;
	http_send(sequence.http, &sequence.request, send_next, &sequence);
	loop_run(sequence.loop);
	http_free(sequence.http);
	loop_free(sequence.loop);
	assert_int_equal(sequence.last, HTTP_ANSWERED);
	return atomic_load(&server.connections) - before;
}

static void test_fresh_means_a_connection_each_and_reuse_means_one(void **state)
{
	(void)state;
	assert_int_equal(connections_for("/ok", 5, HTTP_FRESH), 5);
	assert_int_equal(connections_for("/ok", 5, HTTP_REUSE), 1);
}

static void test_a_fresh_post_that_dies_is_sent_once(void **state)
{
	(void)state;
	int before = atomic_load(&server.requests);
	AUTO_FREE char *url = url_of("/close");
	struct http_request request = get(url);
	request.method = "POST";
	request.body = "{}";
	request.body_length = 2;
	assert_int_equal(run(&request).end, HTTP_RESET);
	assert_int_equal(atomic_load(&server.requests) - before, 1);
}

struct crowd {
	struct loop *loop;
	int left, good;
};

static void count_good(void *arg, const struct http_answer *got)
{
	struct crowd *crowd = arg;
	crowd->good += got->end == HTTP_ANSWERED && got->status == 200;
	if (--crowd->left == 0)
		loop_stop(crowd->loop);
}

static void test_a_crowd_is_in_flight_at_the_same_time(void **state)
{
	(void)state;
	AUTO_FREE char *url = url_of("/crowd");
	struct crowd crowd = {.loop = loop_new("client"), .left = CROWD};
	struct http *http = http_new(crowd.loop);
	struct http_request request = get(url);
	request.connect_timeout_ms = request.timeout_ms = PATIENCE_MS;
	for (int i = 0; i < CROWD; i++)
		http_send(http, &request, count_good, &crowd);
	loop_run(crowd.loop);
	http_free(http);
	loop_free(crowd.loop);
	assert_int_equal(crowd.good, CROWD); /* the server answers nobody before all are there */
}

struct cancelling {
	struct loop *loop;
	struct http_call *hanging;
	int ended, wrongly;
};

static void never_expected(void *arg, const struct http_answer *got)
{
	(void)got;
	((struct cancelling *)arg)->wrongly++;
}

static void cancel_the_other(void *arg, const struct http_answer *got)
{
	struct cancelling *c = arg;
	c->ended += got->end == HTTP_ANSWERED;
	http_cancel(c->hanging);
	loop_stop(c->loop);
}

static void test_a_cancelled_call_closes_its_connection_and_never_ends(void **state)
{
	(void)state;
	wait_until_open(0);
	AUTO_FREE char *hang = url_of("/hang");
	AUTO_FREE char *ok = url_of("/ok");
	struct cancelling c = {.loop = loop_new("client")};
	struct http *http = http_new(c.loop);
	struct http_request request = get(hang);
	c.hanging = http_send(http, &request, never_expected, &c);
	request.url = ok;
	http_send(http, &request, cancel_the_other, &c);
	loop_run(c.loop);
	wait_until_open(0); /* while the client itself still lives */
	http_free(http);
	loop_free(c.loop);
	assert_int_equal(c.ended, 1);
	assert_int_equal(c.wrongly, 0);
}

static void test_a_client_that_is_freed_ends_nothing_and_leaves_nothing(void **state)
{
	(void)state;
	AUTO_FREE char *hang = url_of("/hang");
	struct cancelling c = {.loop = loop_new("client")};
	struct http *http = http_new(c.loop);
	struct http_request request = get(hang);
	for (int i = 0; i < 10; i++)
		http_send(http, &request, never_expected, &c);
	struct http_call *never_started = http_send(http, &request, never_expected, &c);
	http_cancel(never_started);
	http_free(http);
	loop_free(c.loop);
	http_free(NULL);
	assert_int_equal(c.wrongly, 0);
	wait_until_open(0);
}

struct stalled {
	struct http *http;
	struct http_request next;
	enum http_end end;
	struct seen after;
};

static void go_on(void *arg, const struct http_answer *got)
{
	struct stalled *stalled = arg;
	stalled->end = got->end;
	http_send(stalled->http, &stalled->next, keep_answer, &stalled->after);
}

/* Only this test itself lets the resolver go: a loop that waited for it would never come to an end. */
static void test_a_resolver_that_hangs_delays_nobody_else(void **state)
{
	(void)state;
	AUTO_FREE char *ok = url_of("/ok");
	int left = 2;
	struct loop *loop = loop_new("client");
	struct http *http = http_new(loop);
	struct seen beside = {.loop = loop, .left = &left};
	struct stalled stalled = {.http = http, .next = get(ok), .after = beside};
	struct http_request request = get("http://hangs.test/");
	request.connect_timeout_ms = request.timeout_ms = PATIENCE_MS;
	struct http_call *cancelled = http_send(http, &request, never_expected, NULL);
	request.connect_timeout_ms = 300;
	http_send(http, &request, go_on, &stalled);
	http_send(http, &stalled.next, keep_answer, &beside);
	loop_run(loop);
	http_cancel(cancelled);
	http_free(http);
	loop_free(loop);
	assert_int_equal(stalled.end, HTTP_CONNECT_TIMEOUT);
	assert_int_equal(beside.end, HTTP_ANSWERED);
	assert_int_equal(stalled.after.end, HTTP_ANSWERED);
	assert_true(resolver_release() >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_comes_whole_with_its_status_and_type),
		cmocka_unit_test(test_a_post_carries_its_headers_and_its_body_and_nothing_odd),
		cmocka_unit_test(test_each_way_to_end_has_its_name_and_its_sentence),
		cmocka_unit_test(test_a_bound_port_that_does_not_listen_refuses),
		cmocka_unit_test(test_no_connection_in_time_is_not_a_slow_answer),
		cmocka_unit_test(test_urls_and_names_that_lead_nowhere),
		cmocka_unit_test(test_fresh_means_a_connection_each_and_reuse_means_one),
		cmocka_unit_test(test_a_fresh_post_that_dies_is_sent_once),
		cmocka_unit_test(test_a_crowd_is_in_flight_at_the_same_time),
		cmocka_unit_test(test_a_cancelled_call_closes_its_connection_and_never_ends),
		cmocka_unit_test(test_a_client_that_is_freed_ends_nothing_and_leaves_nothing),
		cmocka_unit_test(test_a_resolver_that_hangs_delays_nobody_else),
	};
	return cmocka_run_group_tests_name("http", tests, start, stop);
}
