/* The pure parts of vllm-sim (tests/sim): other tests lean on their arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/sim_answer.h"
#include "../sim/sim_batch.h"
#include "../sim/sim_faults.h"
#include "../sim/sim_http.h"
#include "../sim/sim_latency.h"
#include "../sim/sim_opinion.h"
#include "../sim/sim_options.h"
#include "../sim/sim_request.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static void test_service_times_have_the_measured_quantiles_and_mean(void **state)
{
	(void)state;
	assert_near(sim_latency_quantile(0.10), 4.49, 1e-9);
	assert_near(sim_latency_quantile(0.50), 8.31, 1e-9);
	assert_near(sim_latency_quantile(0.95), 25.71, 1e-9);
	assert_near(sim_latency_quantile(1.00), 43.3, 1e-9);
	double sum = 0;
	for (int i = 0; i < 100000; i++)
		sum += sim_latency_quantile((i + 0.5) / 100000);
	assert_near(sum / 100000, 9.21, 0.005);
}

static void test_service_times_follow_the_domain_and_the_seed(void **state)
{
	(void)state;
	assert_true(sim_latency_of(1, "a.example") == sim_latency_of(1, "A.example"));
	assert_false(sim_latency_of(1, "a.example") == sim_latency_of(2, "a.example"));
	double sum = 0;
	for (int i = 0; i < 20000; i++) {
		AUTO_FREE char *domain = memory_format("d%d.example", i);
		sum += sim_latency_of(1, domain);
	}
	assert_near(sum / 20000, 9.21, 0.2); /* three standard errors */
}

static void test_a_job_alone_takes_its_work(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job job = {.work = 4, .tokens = 100};
	sim_batch_init(&batch, 8, 0.03, 10);
	sim_batch_add(&batch, &job);
	assert_near(sim_batch_next(&batch), 4, 1e-9);
	assert_null(sim_batch_advance(&batch, 13));
	assert_near(batch.tokens, 75, 1e-9);
	assert_ptr_equal(sim_batch_advance(&batch, 20), &job);
	assert_near(batch.now, 14, 1e-9);
	assert_null(sim_batch_advance(&batch, 20));
	sim_batch_release(&batch);
}

static void test_a_batch_slows_each_of_its_jobs(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job jobs[2] = {{.work = 2}, {.work = 4}};
	sim_batch_init(&batch, 8, 0.5, 0);
	sim_batch_add(&batch, &jobs[0]);
	sim_batch_add(&batch, &jobs[1]);
	/* Two at 1/1.5: the first ends at 3; the second has 2 left and is alone then. */
	assert_ptr_equal(sim_batch_advance(&batch, 100), &jobs[0]);
	assert_near(batch.now, 3, 1e-9);
	assert_ptr_equal(sim_batch_advance(&batch, 100), &jobs[1]);
	assert_near(batch.now, 5, 1e-9);
	sim_batch_release(&batch);
}

static void test_a_full_batch_lets_the_next_one_in_when_the_first_was_due(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job jobs[3] = {{.work = 1}, {.work = 1}, {.work = 1}};
	sim_batch_init(&batch, 1, 0, 0);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		sim_batch_add(&batch, &jobs[i]);
	assert_int_equal(batch.waiting, 2);
	/* Looked at once, far too late: each was still served at its own time, in order. */
	for (size_t i = 0; i < COUNT_OF(jobs); i++) {
		assert_ptr_equal(sim_batch_advance(&batch, 50), &jobs[i]);
		assert_near(batch.now, (double)(i + 1), 1e-9);
		assert_near(jobs[i].started, (double)i, 1e-9);
	}
	assert_int_equal(batch.running_count + batch.waiting, 0);
	sim_batch_release(&batch);
}

static void test_a_given_up_job_frees_its_slot_and_keeps_its_tokens_counted(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job jobs[3] = {{.work = 10, .tokens = 100}, {.work = 5}, {.work = 1}};
	sim_batch_init(&batch, 1, 0, 0);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		sim_batch_add(&batch, &jobs[i]);
	assert_null(sim_batch_advance(&batch, 2));
	sim_batch_remove(&batch, &jobs[1]); /* waits */
	sim_batch_remove(&batch, &jobs[0]); /* runs */
	assert_near(batch.tokens, 20, 1e-9);
	assert_ptr_equal(batch.running[0], &jobs[2]);
	assert_ptr_equal(sim_batch_advance(&batch, 9), &jobs[2]);
	assert_near(batch.now, 3, 1e-9);
	sim_batch_release(&batch);
}

static void test_a_frozen_batch_stands_still_and_goes_on_where_it_was(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job job = {.work = 4}, late = {.work = 1};
	sim_batch_init(&batch, 8, 0, 0);
	sim_batch_add(&batch, &job);
	assert_null(sim_batch_advance(&batch, 1));
	batch.frozen = true;
	assert_null(sim_batch_advance(&batch, 100));
	sim_batch_add(&batch, &late);
	assert_true(isinf(sim_batch_next(&batch)));
	batch.frozen = false;
	assert_ptr_equal(sim_batch_advance(&batch, 200), &late);
	assert_near(batch.now, 101, 1e-9);
	assert_ptr_equal(sim_batch_advance(&batch, 200), &job);
	assert_near(batch.now, 103, 1e-9);
	sim_batch_release(&batch);
}

static void test_a_hanging_job_never_ends_but_takes_its_part(void **state)
{
	(void)state;
	struct sim_batch batch;
	struct sim_job hanging = {.work = INFINITY}, job = {.work = 2};
	sim_batch_init(&batch, 2, 1, 0);
	sim_batch_add(&batch, &hanging);
	assert_true(isinf(sim_batch_next(&batch)));
	sim_batch_add(&batch, &job);
	assert_ptr_equal(sim_batch_advance(&batch, 1e6), &job);
	assert_near(batch.now, 4, 1e-9);
	assert_null(sim_batch_advance(&batch, 1e6));
	sim_batch_release(&batch);
}

static void test_an_opinion_is_the_domains_and_follows_its_words(void **state)
{
	(void)state;
	struct sim_opinion a, b;
	sim_opinion_of(1, "secure-login-paypal.xyz", &a);
	sim_opinion_of(1, "SECURE-login-paypal.xyz", &b);
	assert_true(a.is_phishing && a.confidence == b.confidence);
	assert_string_equal(a.brand, "paypal");
	sim_opinion_of(1, "bbc.co.uk", &a);
	assert_false(a.is_phishing);
	int differ = 0;
	for (int i = 0; i < 1000; i++) {
		AUTO_FREE char *domain = memory_format("some-name%d.com", i);
		sim_opinion_of(1, domain, &a);
		sim_opinion_of(2, domain, &b);
		differ += a.is_phishing != b.is_phishing;
		assert_true(a.confidence >= 0.5 && a.confidence <= 0.99);
	}
	assert_in_range(differ, 100, 900);
}

static void test_the_domain_is_found_in_the_prompt(void **state)
{
	(void)state;
	static const struct {
		const char *prompt, *domain;
	} cases[] = {
		{"Domain: a.example\nScore: 0.3", "a.example"},
		{"Domain: old.example\nVerdict: no\n\nDomain: \"new.example\".\nVerdict:", "new.example"},
		{"Domain:\n  `https://x.example/path`", "x.example"},
		{"Domain: \xe6\x97\xa5\xe6\x9c\xac.example", "\xe6\x97\xa5\xe6\x9c\xac.example"},
		{"Please judge evil.example, quickly. e.g. now", "evil.example"},
		{"Say OK.", ""},
		{"Domain:", ""},
		{"", ""},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_FREE char *domain = sim_opinion_domain(cases[i].prompt);
		assert_string_equal(domain, cases[i].domain);
	}
}

static void test_an_answer_follows_the_schema_in_its_order(void **state)
{
	(void)state;
	static const char text[] =
		"{\"type\":\"object\",\"properties\":{\"risk_level\":{\"enum\":[\"no\",\"yes\"]},"
		"\"is_phishing\":{\"type\":\"boolean\"},\"reasoning\":{\"type\":\"string\",\"maxLength\":30},"
		"\"confidence\":{\"type\":\"number\"},\"ready\":{\"type\":\"integer\"},\"who\":{\"type\":\"string\"}}}";
	AUTO_JSON json_t *schema = json_parse(text, strlen(text), NULL);
	struct sim_opinion opinion = {.is_phishing = true, .confidence = 0.87, .risk_level = "critical"};
	AUTO_FREE char *answer = sim_answer_json(schema, "a.example", &opinion);
	assert_string_equal(answer, "{\"risk_level\":\"no\",\"is_phishing\":true,\"reasoning\":\"The name a.example was looked \","
				    "\"confidence\":0.87,\"ready\":1,\"who\":\"as asked\"}");
}

static void test_a_malformed_answer_cannot_be_parsed(void **state)
{
	(void)state;
	struct sim_opinion opinion;
	for (int i = 0; i < 200; i++) {
		AUTO_FREE char *domain = memory_format("login%d.example", i);
		sim_opinion_of(1, domain, &opinion);
		AUTO_FREE char *good = sim_answer_json(NULL, domain, &opinion);
		AUTO_FREE char *bad = sim_answer_malformed(good);
		AUTO_JSON json_t *parsed = json_parse(good, strlen(good), NULL);
		assert_non_null(parsed);
		assert_null(json_parse(bad, strlen(bad), NULL));
	}
}

static void test_faults_come_at_their_rate_and_repeat(void **state)
{
	(void)state;
	struct sim_options options;
	sim_options_init(&options);
	options.fail_500 = 0.05;
	options.cut_body = 0.01;
	free(options.status_mix);
	options.status_mix = memory_copy("429:0.05,502:0.10");
	json_object_set_new(options.always_fail, "bad.example", json_true());
	json_object_set_new(options.hang_once, "once.example", json_true());
	int counts[SIM_FAULT_SCHEMA + 1] = {0};
	for (int i = 0; i < 20000; i++) {
		AUTO_FREE char *domain = memory_format("d%d.example", i);
		struct sim_decision decision = sim_faults_decide(&options, domain, 1);
		counts[decision.fault]++;
		assert_int_equal(sim_faults_decide(&options, domain, 1).fault, decision.fault);
	}
	assert_in_range(counts[SIM_FAULT_STATUS], 2800, 3200);
	assert_in_range(counts[SIM_FAULT_500], 750, 950); /* 5 % of the other 85 % */
	assert_in_range(counts[SIM_FAULT_CUT_BODY], 110, 220);
	free(options.status_mix);
	options.status_mix = NULL;
	assert_int_equal(sim_faults_decide(&options, "bad.example", 99).fault, SIM_FAULT_ALWAYS);
	assert_int_equal(sim_faults_decide(&options, "once.example", 1).fault, SIM_FAULT_HANG);
	assert_int_not_equal(sim_faults_decide(&options, "once.example", 2).fault, SIM_FAULT_HANG);
	sim_options_release(&options);
}

static void test_faults_are_switched_all_or_none(void **state)
{
	(void)state;
	struct sim_options options;
	struct error err = {0};
	sim_options_init(&options);
	AUTO_JSON json_t *good = json_pack("{s:f, s:[s], s:b, s:s}", "fail-500", 0.5, "hang-domain", "a.example", "freeze", 1,
					   "error-body", "old");
	assert_true(sim_options_set_faults(&options, good, &err));
	assert_true(options.freeze && options.fail_500 == 0.5 && sim_options_lists(options.hang_domain, "a.example"));
	AUTO_JSON json_t *bad = json_pack("{s:f, s:f}", "fail-500", 0.1, "cut-body", 1.5);
	assert_false(sim_options_set_faults(&options, bad, &err));
	assert_non_null(strstr(err.text, "cut-body"));
	assert_true(options.fail_500 == 0.5 && sim_options_lists(options.hang_domain, "a.example"));
	AUTO_JSON json_t *fixed = json_pack("{s:i}", "max-num-seqs", 3);
	assert_false(sim_options_set_faults(&options, fixed, &err));
	sim_options_release(&options);
}

static void test_the_command_line_names_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *argument, *said;
	} cases[] = {
		{"--prot=1", "unknown option --prot=1"},
		{"--port=x", "port"},
		{"--port=70000", "65535"},
		{"--error-body=blue", "new|old|text|empty"},
		{"--status-mix=200:1", "429:0.05"},
		{"--seed", "needs N"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sim_options options;
		struct error err = {0};
		bool help;
		char *argv[] = {(char *)(uintptr_t)"vllm-sim", (char *)(uintptr_t)cases[i].argument, NULL};
		sim_options_init(&options);
		assert_false(sim_options_parse(&options, 2, argv, &help, &err));
		assert_non_null(strstr(err.text, cases[i].said));
		sim_options_release(&options);
	}
}

static enum sim_http_state read_text(const char *bytes, size_t *used, struct sim_http_request *request)
{
	return sim_http_read(bytes, strlen(bytes), used, request);
}

static void test_requests_are_read_whole_whatever_their_framing(void **state)
{
	(void)state;
	struct sim_http_request request;
	size_t used;
	static const char second[] = "GET / HTTP/1.0\r\n\r\n";
	static const char two[] = "POST /v1/x?y=1 HTTP/1.1\r\nContent-Length: 3\r\nX-Request-Id:  r-1 \r\n\r\nabcGET / HTTP/1.0\r\n\r\n";
	assert_int_equal(read_text(two, &used, &request), SIM_HTTP_DONE);
	assert_string_equal(request.path, "/v1/x");
	assert_string_equal(request.request_id, "r-1");
	assert_string_equal(request.body.data, "abc");
	assert_true(request.keep_alive);
	sim_http_release(&request);
	assert_int_equal(read_text(two + used, &used, &request), SIM_HTTP_DONE);
	assert_false(request.keep_alive);
	sim_http_release(&request);
	assert_int_equal(read_text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n", &used,
				   &request),
			 SIM_HTTP_DONE);
	assert_string_equal(request.body.data, "abcde");
	sim_http_release(&request);
	for (size_t i = 0; i < strlen(two) - strlen(second); i++) {
		assert_int_equal(sim_http_read(two, i, &used, &request), SIM_HTTP_MORE);
		sim_http_release(&request);
	}
}

static void test_bad_framing_is_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"hello\r\n\r\n",
		"GET /\r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nno colon\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sim_http_request request;
		size_t used;
		assert_int_equal(read_text(cases[i], &used, &request), SIM_HTTP_BAD);
		sim_http_release(&request);
	}
}

#define CHAT(more) "{\"messages\":[{\"role\":\"user\",\"content\":\"Domain: a.example\"}]" more "}"

static void test_chat_requests_are_judged_as_vllm_does(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		int status; /* 0 = accepted */
		const char *type, *message;
	} cases[] = {
		{CHAT(""), 0, NULL, NULL},
		{CHAT(",\"model\":\"real\",\"unknown_field\":1,\"priority\":9"), 0, NULL, NULL},
		{CHAT(",\"model\":\"nope\""), 404, "NotFoundError", "The model `nope` does not exist. Valid aliases: real, alias."},
		{"{\"messages\":", 400, "Bad Request", "JSON decode error"},
		{"[]", 400, "Bad Request", "expected an object"},
		{"{\"model\":\"real\"}", 400, "Bad Request", "'messages'"},
		{CHAT(",\"max_tokens\":0"), 400, "BadRequestError", "at least 1"},
		{CHAT(",\"max_tokens\":200"), 400, "BadRequestError", "max_tokens=200 cannot be greater than max_model_len=100"},
		{CHAT(",\"max_tokens\":99"), 0, NULL, NULL},
		{CHAT(",\"max_tokens\":\"9\""), 400, "Bad Request", "integer"},
		{CHAT(",\"top_logprobs\":50"), 400, "BadRequestError", "max allowed: 20"},
		{CHAT(",\"n\":2,\"temperature\":0"), 400, "BadRequestError", "greedy"},
		{CHAT(",\"response_format\":{\"type\":\"json_schema\"}"), 400, "Bad Request", "json_schema"},
		{CHAT(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"v\",\"schema\":{\"type\":"
		      "\"object\",\"properties\":{\"a\":{\"type\":\"nonsense\"}}}}}"),
		 400, "BadRequestError", "Unsupported type \"nonsense\""},
	};
	struct sim_options options;
	sim_options_init(&options);
	options.max_model_len = 100;
	json_object_set_new(options.models, "real", json_true());
	json_object_set_new(options.models, "alias", json_true());
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sim_request request;
		struct sim_problem problem = {0};
		bool good = sim_request_read(&options, cases[i].body, strlen(cases[i].body), &request, &problem);
		assert_int_equal(good ? 0 : problem.status, cases[i].status);
		if (!good) {
			assert_string_equal(problem.type, cases[i].type);
			assert_non_null(strstr(problem.message, cases[i].message));
		}
		assert_true(request.max_tokens < 100); /* clipped by the prompt */
		sim_request_release(&request);
	}
	sim_options_release(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service_times_have_the_measured_quantiles_and_mean),
		cmocka_unit_test(test_service_times_follow_the_domain_and_the_seed),
		cmocka_unit_test(test_a_job_alone_takes_its_work),
		cmocka_unit_test(test_a_batch_slows_each_of_its_jobs),
		cmocka_unit_test(test_a_full_batch_lets_the_next_one_in_when_the_first_was_due),
		cmocka_unit_test(test_a_given_up_job_frees_its_slot_and_keeps_its_tokens_counted),
		cmocka_unit_test(test_a_frozen_batch_stands_still_and_goes_on_where_it_was),
		cmocka_unit_test(test_a_hanging_job_never_ends_but_takes_its_part),
		cmocka_unit_test(test_an_opinion_is_the_domains_and_follows_its_words),
		cmocka_unit_test(test_the_domain_is_found_in_the_prompt),
		cmocka_unit_test(test_an_answer_follows_the_schema_in_its_order),
		cmocka_unit_test(test_a_malformed_answer_cannot_be_parsed),
		cmocka_unit_test(test_faults_come_at_their_rate_and_repeat),
		cmocka_unit_test(test_faults_are_switched_all_or_none),
		cmocka_unit_test(test_the_command_line_names_what_is_wrong),
		cmocka_unit_test(test_requests_are_read_whole_whatever_their_framing),
		cmocka_unit_test(test_bad_framing_is_refused),
		cmocka_unit_test(test_chat_requests_are_judged_as_vllm_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
