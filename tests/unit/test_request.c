/* The run request: strict over the configuration's defaults, and complete when it is written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"
#include "config/request.h"

#define SHA "0123456789abcdef"

static struct config *config;

static int load(void **state)
{
	(void)state;
	static const char yaml[] = "sampling: {n_sample: 7, random_state: 5}\nevaluation: {timeout_per_domain: 30}\n"
	                           "workers:\n  - {id: a, type: external, port: 8000}\n";
	struct config_problems problems = {0};
	bool ok = config_parse("test.yaml", yaml, strlen(yaml), &config, &problems);
	config_problems_release(&problems);
	return ok ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

static struct run_request *read(const char *text, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(text, strlen(text), err);
	assert_non_null(json);
	return run_request_new(json, config, err);
}

static void test_what_is_left_out_comes_from_the_configuration(void **state)
{
	(void)state;
	struct error err = {0};
	struct run_request *request = read("{\"dataset\":\"" SHA "\"}", &err);
	assert_non_null(request);
	assert_int_equal(request->selection, SELECT_RANDOM);
	assert_int_equal(request->n, 7);
	assert_int_equal(request->seed, 5);
	assert_int_equal(request->timeout_ms, 30000);
	assert_string_equal(request->evaluator, "chat");
	assert_null(request->workers);
	run_request_free(request);
}

static void test_a_complete_request_reads_as_itself(void **state)
{
	(void)state;
	static const char *const requests[] = {
		"{\"dataset\":\"" SHA "\"}",
		"{\"dataset\":\"" SHA "\",\"name\":\"x\",\"selection\":{\"kind\":\"random\",\"n\":3,\"sampling\":\"pandas\"},"
		"\"shuffle\":true,\"seed\":9,\"evaluator\":\"fake\",\"model\":null,\"enable_thinking\":false,\"workers\":[\"a\"]}",
		"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"list\",\"keys\":[\"a.example\",\"b.example\"]}}",
		"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"errors\",\"run\":\"r-0003\",\"kinds\":[\"timeout\"]},"
		"\"prompt\":{\"system\":\"s\",\"user\":\"u {{domain}}\"},\"timeout_s\":2.5,\"no_verdict\":\"stage1\",\"language\":\"ja\"}",
		"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"filter\",\"filter\":\"source=x\"}}",
	};
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		struct error err = {0};
		struct run_request *request = read(requests[i], &err);
		if (!request)
			fail_msg("%s: %s", requests[i], err.text);
		AUTO_JSON json_t *once = run_request_json(request);
		run_request_free(request);
		request = run_request_new(once, config, &err);
		if (!request)
			fail_msg("%s: %s", requests[i], err.text);
		AUTO_JSON json_t *twice = run_request_json(request);
		assert_true(json_equal(once, twice));
		run_request_free(request);
	}
}

static void test_a_mistake_is_named_and_never_means_all(void **state)
{
	(void)state;
	static const struct {
		const char *request, *says;
	} mistakes[] = {
		{"{}", "\"dataset\" is missing"},
		{"{\"dataset\":\"" SHA "\",\"shufle\":true}", "did you mean \"shuffle\""},
		{"{\"dataset\":\"not hexadecimal\"}", "no SHA-256"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"frist\",\"n\":3}}", "none of all, first, random"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"first\"}}", "\"selection.n\" is missing"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"first\",\"n\":\"10\"}}", "\"n\": expected a whole number"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"first\",\"n\":0}}", "must be between 1 and"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"all\",\"n\":10}}", "belongs to first and random"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"list\",\"keys\":[]}}", "the list is empty"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"list\",\"keys\":[3]}}", "\"selection.keys\"[0]"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"run\",\"run\":\"7\"}}", "called r-0001"},
		{"{\"dataset\":\"" SHA "\",\"selection\":{\"kind\":\"errors\",\"run\":\"r-0001\",\"kinds\":[\"slow\"]}}", "\"slow\" is no kind"},
		{"{\"dataset\":\"" SHA "\",\"seed\":1,\"selection\":{\"kind\":\"all\",\"seed\":2}}", "a run has one seed"},
		{"{\"dataset\":\"" SHA "\",\"temperature\":3}", "\"temperature\""},
		{"{\"dataset\":\"" SHA "\",\"timeout_s\":0}", "\"timeout_s\""},
		{"{\"dataset\":\"" SHA "\",\"workers\":[]}", "leave it out to mean all"},
		{"{\"dataset\":\"" SHA "\",\"evaluator\":\"chta\"}", "none of chat, fake"},
		{"{\"dataset\":\"" SHA "\",\"prompt\":{\"sytem\":\"x\"}}", "\"prompt\": unknown key \"sytem\""},
	};
	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		struct error err = {0};
		assert_null(read(mistakes[i].request, &err));
		assert_int_equal(err.code, ERROR_INPUT);
		if (!strstr(err.text, mistakes[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", mistakes[i].request, err.text, mistakes[i].says);
	}
}

static void test_a_worker_that_is_gone_does_not_make_a_stored_request_unreadable(void **state)
{
	(void)state;
	struct error err = {0};
	struct run_request *request = read("{\"dataset\":\"" SHA "\",\"workers\":[\"gone\"]}", &err);
	assert_non_null(request);
	assert_string_equal(request->workers[0], "gone");
	run_request_free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_left_out_comes_from_the_configuration),
		cmocka_unit_test(test_a_complete_request_reads_as_itself),
		cmocka_unit_test(test_a_mistake_is_named_and_never_means_all),
		cmocka_unit_test(test_a_worker_that_is_gone_does_not_make_a_stored_request_unreadable),
	};
	return cmocka_run_group_tests_name("request", tests, load, unload);
}
