/* One request at a time, and the file that says where the server is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <assert.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "io/fetch.h"
#include "io/runtime.h"

/* A server for one connection: reads a request, sends what the test wants, closes. */
struct stub {
	int listener;
	char url[64];
	const char *answer;
	char seen[4096];
	size_t until; /* bytes of the request to wait for */
	pthread_t thread;
};

static void *stub_main(void *arg)
{
	struct stub *stub = arg;
	int fd = accept(stub->listener, NULL, NULL);
	size_t length = 0;
	while (length < sizeof(stub->seen) - 1) {
		ssize_t got = read(fd, stub->seen + length, sizeof(stub->seen) - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
		const char *end = strstr(stub->seen, "\r\n\r\n");
		if (end && length >= (size_t)(end - stub->seen) + 4 + stub->until)
			break;
	}
	size_t size = strlen(stub->answer);
	assert(write(fd, stub->answer, size) == (ssize_t)size);
	close(fd);
	return NULL;
}

static void stub_start(struct stub *stub, const char *answer, size_t until)
{
	*stub = (struct stub){.answer = answer, .until = until};
	stub->listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(stub->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(stub->listener, 4), 0);
	socklen_t size = sizeof(address);
	getsockname(stub->listener, (struct sockaddr *)&address, &size);
	snprintf(stub->url, sizeof(stub->url), "http://127.0.0.1:%d/x", ntohs(address.sin_port));
	pthread_create(&stub->thread, NULL, stub_main, stub);
}

static void stub_stop(struct stub *stub)
{
	pthread_join(stub->thread, NULL);
	close(stub->listener);
}

static int set_up(void **state)
{
	setenv("http_proxy", "http://127.0.0.1:9", 1); /* nothing may go there */
	*state = fetch_new();
	return 0;
}

static int tear_down(void **state)
{
	fetch_free(*state);
	return 0;
}

static void test_an_answer_comes_with_status_headers_and_body(void **state)
{
	struct stub stub;
	stub_start(&stub, "HTTP/1.1 202 Accepted\r\nLocation: /api/v1/datasets/ab\r\nContent-Type: application/json\r\n"
	                  "Content-Length: 11\r\n\r\n{\"ok\":true}", 5);
	const char *headers[] = {"X-One: 1", NULL};
	struct fetch_answer answer;
	struct error err = {0};
	assert_true(fetch_call(*state, &(struct fetch_request){.method = "POST", .url = stub.url, .headers = headers,
	                                                       .body = "hello", .body_length = 5}, &answer, &err));
	stub_stop(&stub);
	assert_int_equal(answer.status, 202);
	assert_string_equal(answer.location, "/api/v1/datasets/ab");
	assert_string_equal(answer.content_type, "application/json");
	assert_string_equal(answer.body.data, "{\"ok\":true}");
	assert_non_null(strstr(stub.seen, "POST /x HTTP/1.1\r\n"));
	assert_non_null(strstr(stub.seen, "X-One: 1\r\n"));
	assert_non_null(strstr(stub.seen, "\r\n\r\nhello"));
	assert_null(strstr(stub.seen, "Expect:"));
	fetch_answer_release(&answer);
}

static void test_a_file_is_sent_and_an_answer_written_to_a_file(void **state)
{
	struct stub stub;
	stub_start(&stub, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndata", 6);
	char path[] = "/tmp/mekiki-fetch-XXXXXX", out[] = "/tmp/mekiki-fetch-XXXXXX";
	int in_fd = mkstemp(path), out_fd = mkstemp(out);
	assert_int_equal(write(in_fd, "domain", 6), 6);
	lseek(in_fd, 0, SEEK_SET);
	struct fetch_answer answer;
	struct error err = {0};
	assert_true(fetch_call(*state, &(struct fetch_request){.method = "POST", .url = stub.url, .body_fd = in_fd,
	                                                       .body_size = 6, .out_fd = out_fd}, &answer, &err));
	stub_stop(&stub);
	char bytes[8] = "";
	assert_int_equal(pread(out_fd, bytes, 7, 0), 4);
	assert_string_equal(bytes, "data");
	assert_int_equal(answer.body.length, 0);
	assert_non_null(strstr(stub.seen, "Content-Length: 6\r\n"));
	assert_non_null(strstr(stub.seen, "\r\n\r\ndomain"));
	fetch_answer_release(&answer);
	close(in_fd), close(out_fd), unlink(path), unlink(out);
}

static bool take_one(void *arg, const char *bytes, size_t length)
{
	text_add_bytes(arg, bytes, length);
	return false;
}

static void test_a_stream_ends_when_its_reader_has_enough(void **state)
{
	struct stub stub;
	stub_start(&stub, "HTTP/1.1 200 OK\r\n\r\nevent: hello\n\n", 0);
	AUTO_TEXT struct text seen;
	text_init(&seen, 0);
	struct fetch_answer answer;
	struct error err = {0};
	assert_true(fetch_call(*state, &(struct fetch_request){.method = "GET", .url = stub.url, .sink = take_one,
	                                                       .arg = &seen}, &answer, &err));
	stub_stop(&stub);
	assert_true(text_starts(seen.data, "event: hello"));
	fetch_answer_release(&answer);
}

static void test_failures_are_told_apart(void **state)
{
	struct fetch_answer answer;
	struct error err = {0};
	struct stub stub;
	stub_start(&stub, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", 0);
	assert_false(fetch_call(*state, &(struct fetch_request){.method = "GET", .url = stub.url}, &answer, &err));
	assert_int_equal(err.code, ERROR_NETWORK);
	fetch_answer_release(&answer);
	stub_stop(&stub);
	assert_false(fetch_call(*state, &(struct fetch_request){.method = "GET", .url = stub.url}, &answer, &err));
	assert_int_equal(err.code, ERROR_NETWORK); /* refused: the listener is closed */
	fetch_answer_release(&answer);
	stub_start(&stub, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 0);
	assert_false(fetch_call(*state, &(struct fetch_request){.method = "GET", .url = stub.url, .max_body = 5}, &answer, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	fetch_answer_release(&answer);
	stub_stop(&stub);
}

static void test_the_runtime_file_is_ours_alone(void **state)
{
	(void)state;
	char directory[] = "/tmp/mekiki-runtime-XXXXXX";
	assert_non_null(mkdtemp(directory));
	struct runtime found;
	struct error err = {0};
	assert_false(runtime_read(directory, &found, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	char url[] = "http://127.0.0.1:8580", token[] = "s3cret";
	assert_true(runtime_write(directory, &(struct runtime){url, token, 42}, &err));
	assert_true(runtime_read(directory, &found, &err));
	assert_string_equal(found.url, url);
	assert_string_equal(found.token, token);
	assert_int_equal(found.pid, 42);
	runtime_release(&found);
	AUTO_FREE char *path = memory_format("%s/runtime.json", directory);
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(runtime_read(directory, &found, &err));
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_null(strstr(err.text, token));
	runtime_remove(directory);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_comes_with_status_headers_and_body),
		cmocka_unit_test(test_a_file_is_sent_and_an_answer_written_to_a_file),
		cmocka_unit_test(test_a_stream_ends_when_its_reader_has_enough),
		cmocka_unit_test(test_failures_are_told_apart),
		cmocka_unit_test(test_the_runtime_file_is_ours_alone),
	};
	return cmocka_run_group_tests_name("fetch", tests, set_up, tear_down);
}
