#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "evaluators/evaluator.h"
#include "http_fixture.h"

#define ANSWER                                                                                              \
	"{\\\"reasoning\\\":\\\"The name imitates a bank.\\\",\\\"risk_factors\\\":[\\\"brand\\\"],"         \
	"\\\"detected_brands\\\":[],\\\"is_phishing\\\":true,\\\"confidence\\\":0.9,\\\"risk_level\\\":\\\"high\\\"}"
#define COMPLETION                                                                                     \
	"{\"model\":\"tiny\",\"choices\":[{\"message\":{\"content\":\"" ANSWER                           \
	"\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":29,\"completion_tokens\":64}}"

/* ---- the server: one way for each domain ---- */

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_request[32768];

static void send_json(struct peer *peer, int status, const char *json)
{
	char *bytes = memory_format("HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	                            status, strlen(json), json);
	send_bytes(peer, bytes, strlen(bytes), false);
}

static void send_endless(struct peer *peer)
{
	size_t length = 6u << 20;
	char *bytes = memory_new(length);
	memset(bytes, ' ', length);
	memcpy(bytes, "HTTP/1.1 200 OK\r\n\r\n", 19);
	send_bytes(peer, bytes, length, true);
}

static void answer(struct peer *peer)
{
	pthread_mutex_lock(&last_lock);
	snprintf(last_request, sizeof(last_request), "%s", peer->in);
	pthread_mutex_unlock(&last_lock);
	if (strstr(peer->in, "Domain: hang."))
		return;
	if (strstr(peer->in, "Domain: reset."))
		uv_tcp_close_reset(&peer->tcp, peer_closed);
	else if (strstr(peer->in, "Domain: cut."))
		send_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"choices\":[{", true);
	else if (strstr(peer->in, "Domain: endless."))
		send_endless(peer);
	else if (strstr(peer->in, "Domain: broken."))
		send_json(peer, 500, "{\"error\":{\"message\":\"EngineCore encountered an issue.\"}}");
	else
		send_json(peer, 200, COMPLETION);
}

static int start(void **state)
{
	(void)state;
	return server_start(answer) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	server_stop();
	return 0;
}

/* ---- one evaluation ---- */

static const char *const columns[] = {"domain", "y_true", "tld"};
static const bool is_label[] = {false, true, false};
static const char *const headers[] = {"Authorization: Bearer secret", NULL};

static struct evaluator_settings settings(void)
{
	return (struct evaluator_settings){.language = "en",
	                                   .top_p = 1,
	                                   .max_tokens = 1024,
	                                   .seed = 42,
	                                   .enable_thinking = -1,
	                                   .columns = columns,
	                                   .is_label = is_label,
	                                   .column_count = 3};
}

struct seen {
	struct loop *loop;
	int ended, left;
	struct outcome outcome; /* the last */
};

static void keep(void *arg, struct outcome *outcome)
{
	struct seen *seen = arg;
	seen->ended++;
	outcome_release(&seen->outcome);
	seen->outcome = *outcome;
	outcome_init(outcome);
	if (--seen->left == 0)
		loop_stop(seen->loop);
}

static const struct evaluator_class *chat(void)
{
	return evaluator_class_find("chat");
}

/* The outcome is the caller's. */
static struct outcome evaluate(const struct evaluator_settings *asked, const char *url, const char *key,
                               int64_t deadline_ms, int max_tokens)
{
	const char *cells[] = {key, "1", "example"};
	const struct evaluator_place place = {
		.worker = "w1", .base_url = url, .model = "tiny", .headers = headers, .reuse = HTTP_FRESH};
	const struct evaluator_task task = {.key = key,
	                                    .cells = cells,
	                                    .cell_count = 3,
	                                    .attempt_id = "r-0001-17-2",
	                                    .deadline_ms = deadline_ms,
	                                    .max_tokens = max_tokens};
	struct loop *loop = loop_new("chat");
	struct http *http = http_new(loop);
	struct seen seen = {.loop = loop, .left = 1};
	outcome_init(&seen.outcome);
	struct error err = {0};
	struct evaluator *evaluator = chat()->new(http, loop, asked, &err);
	if (!evaluator)
		fail_msg("%s", err.text);
	chat()->begin(evaluator, &place, &task, keep, &seen);
	assert_int_equal(seen.ended, 0);
	loop_run(loop);
	chat()->free(evaluator);
	http_free(http);
	loop_free(loop);
	assert_int_equal(seen.ended, 1);
	return seen.outcome;
}

static char *server_url(void)
{
	return memory_format("http://127.0.0.1:%d", server.port);
}

static void test_an_item_goes_out_as_a_chat_and_comes_back_as_a_verdict(void **state)
{
	(void)state;
	AUTO_FREE char *url = server_url();
	const struct evaluator_settings asked = settings();
	AUTO(outcome_release) struct outcome out = evaluate(&asked, url, "bank.example", 20000, 0);
	assert_int_equal(out.failure, FAILURE_NONE);
	assert_true(out.verdict.is_phishing);
	assert_int_equal(out.completion_tokens, 64);
	assert_true(out.started_ms > 0 && out.elapsed_ms >= 0);
	assert_true(text_starts(out.prompt, "system:\nYou are an analyst"));
	assert_true(text_ends(out.prompt, "\nDomain: bank.example"));

	assert_true(text_starts(last_request, "POST /v1/chat/completions HTTP/1.1\r\n"));
	assert_non_null(strstr(last_request, "\r\nAuthorization: Bearer secret\r\n"));
	assert_non_null(strstr(last_request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(last_request, "\r\nX-Request-Id: r-0001-17-2\r\n"));
	AUTO_JSON json_t *body = json_loads(strstr(last_request, "\r\n\r\n") + 4, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(body, "model")), "tiny");
	assert_int_equal(json_integer_value(json_object_get(body, "max_tokens")), 1024);
	assert_int_equal(json_integer_value(json_object_get(body, "seed")), 42);
	assert_null(json_object_get(body, "request_id"));
}

static void test_templates_and_budget_of_the_run_are_used(void **state)
{
	(void)state;
	AUTO_FREE char *url = server_url();
	struct evaluator_settings asked = settings();
	asked.system = "Judge {{tld}}.";
	asked.user = "Name: {{domain}}";
	AUTO(outcome_release) struct outcome out = evaluate(&asked, url, "bank.example", 20000, 2048);
	assert_int_equal(out.failure, FAILURE_NONE);
	assert_string_equal(out.prompt, "system:\nJudge example.\n\nuser:\nName: bank.example");
	assert_non_null(strstr(last_request, "\"max_tokens\":2048"));
}

static void test_each_way_to_fail_has_its_kind(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		int64_t deadline_ms;
		enum failure failure;
		const char *detail;
	} cases[] = {
		{"hang.example", 100, FAILURE_TIMEOUT, "no complete answer"},
		{"reset.example", 20000, FAILURE_CONNECTION, "reset"},
		{"cut.example", 20000, FAILURE_CONNECTION, "ended early"},
		{"endless.example", 20000, FAILURE_UNPARSABLE, "larger than allowed"},
		{"broken.example", 20000, FAILURE_SERVER_ERROR, "EngineCore"},
	};
	AUTO_FREE char *url = server_url();
	const struct evaluator_settings asked = settings();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(outcome_release) struct outcome out = evaluate(&asked, url, cases[i].key, cases[i].deadline_ms, 0);
		assert_int_equal(out.failure, cases[i].failure);
		if (!strstr(out.detail, cases[i].detail))
			fail_msg("%s: %s", cases[i].key, out.detail);
		assert_non_null(out.prompt);
	}
	AUTO(outcome_release) struct outcome out = evaluate(&asked, "http://127.0.0.1:1", "a.example", 20000, 0);
	assert_int_equal(out.failure, FAILURE_CONNECTION);
	assert_string_equal(out.detail, "127.0.0.1:1: connection refused");
}

static void test_a_wrong_template_is_refused_before_the_run(void **state)
{
	(void)state;
	struct evaluator_settings asked = settings();
	struct error err = {0};
	asked.user = "{{domian}}";
	assert_null(chat()->new(NULL, NULL, &asked, &err));
	assert_true(text_starts(err.text, "user prompt: line 1"));
	asked.user = NULL;
	asked.system = "{{y_true}}";
	assert_null(chat()->new(NULL, NULL, &asked, &err));
	assert_true(text_starts(err.text, "system prompt: line 1"));
	chat()->free(NULL);
}

static char *fingerprint(const struct evaluator_settings *asked)
{
	struct evaluator *evaluator = chat()->new(NULL, NULL, asked, NULL);
	char *text = chat()->fingerprint(evaluator);
	chat()->free(evaluator);
	return text;
}

static void test_the_fingerprint_changes_with_what_is_asked(void **state)
{
	(void)state;
	struct evaluator_settings asked = settings();
	AUTO_FREE char *first = fingerprint(&asked);
	AUTO_FREE char *again = fingerprint(&asked);
	assert_string_equal(first, again);
	struct evaluator_settings changed[6] = {asked, asked, asked, asked, asked, asked};
	changed[0].system = "Judge.";
	changed[1].language = "ja";
	changed[2].temperature = 0.7;
	changed[3].seed = 43;
	changed[4].max_tokens = 512;
	changed[5].enable_thinking = 0;
	for (size_t i = 0; i < 6; i++) {
		AUTO_FREE char *other = fingerprint(&changed[i]);
		assert_string_not_equal(first, other);
	}
}

static void never_expected(void *arg, struct outcome *outcome)
{
	(void)outcome;
	++*(int *)arg;
}

static void test_a_cancelled_evaluation_leaves_the_server(void **state)
{
	(void)state;
	AUTO_FREE char *url = server_url();
	const struct evaluator_settings asked = settings();
	const struct evaluator_place place = {.worker = "w1", .base_url = url, .model = "tiny"};
	struct evaluator_task task = {.key = "hang.example", .attempt_id = "r-1-1-1", .deadline_ms = PATIENCE_MS};
	struct loop *loop = loop_new("chat");
	struct http *http = http_new(loop);
	struct evaluator *evaluator = chat()->new(http, loop, &asked, NULL);
	struct seen seen = {.loop = loop, .left = 1};
	int wrongly = 0;
	outcome_init(&seen.outcome);
	struct evaluation *hanging = chat()->begin(evaluator, &place, &task, never_expected, &wrongly);
	task.key = "ok.example";
	chat()->begin(evaluator, &place, &task, keep, &seen);
	loop_run(loop);
	assert_int_equal(seen.outcome.failure, FAILURE_NONE);
	chat()->cancel(hanging);
	wait_until_open(0);
	chat()->free(evaluator);
	http_free(http);
	loop_free(loop);
	outcome_release(&seen.outcome);
	assert_int_equal(wrongly, 0);
}

/* ---- the same against the simulated vLLM, which another hand wrote ---- */

struct sim {
	pid_t pid;
	FILE *out;
	char url[128];
};

static struct sim sim_start(const char *option, const char *value)
{
	int pipes[2];
	struct sim sim = {0};
	assert_int_equal(pipe(pipes), 0);
	sim.pid = fork();
	if (sim.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves none behind */
		dup2(pipes[1], STDOUT_FILENO);
		close(pipes[0]);
		execl(getenv("VLLM_SIM"), "vllm-sim", "--port", "0", "--instant", "--model", "tiny", option, value, NULL);
		_exit(127);
	}
	close(pipes[1]);
	sim.out = fdopen(pipes[0], "r");
	char line[256] = "";
	assert_non_null(fgets(line, sizeof(line), sim.out));
	assert_int_equal(sscanf(line, "listening on %127s", sim.url), 1);
	return sim;
}

static void sim_stop(struct sim *sim)
{
	kill(sim->pid, SIGTERM);
	waitpid(sim->pid, NULL, 0);
	fclose(sim->out);
}

static void test_the_simulated_vllm_is_understood(void **state)
{
	(void)state;
	static const struct {
		const char *option, *value; /* NULL, NULL = all is well */
		enum failure failure;
		bool from_text;
	} cases[] = {
		{NULL, NULL, FAILURE_NONE, false},
		{"--content-in-reasoning", NULL, FAILURE_NONE, true},
		{"--think-text", NULL, FAILURE_NONE, true},
		{"--ignore-schema", NULL, FAILURE_UNPARSABLE, false},
		{"--fail-500", "1", FAILURE_SERVER_ERROR, false},
		{"--cut-body", "1", FAILURE_CONNECTION, false},
		{"--malformed", "1", FAILURE_UNPARSABLE, false},
		{"--finish-length", "1", FAILURE_TRUNCATED, false},
		{"--finish-abort", "1", FAILURE_ABORTED, false},
		{"--empty", "1", FAILURE_REFUSED, false},
		{"--empty-reply", "1", FAILURE_CONNECTION, false},
		{"--reset", "1", FAILURE_CONNECTION, false},
		{"--wrong-schema", "1", FAILURE_SCHEMA, false},
		{"--context-domain", "bank.example", FAILURE_CONTEXT, false},
		{"--api-key", "another", FAILURE_AUTH, false},
		{"--status-mix", "404:1", FAILURE_WRONG_MODEL, false},
		{"--status-mix", "429:1", FAILURE_OVERLOADED, false},
	};
	if (!getenv("VLLM_SIM") || access(getenv("VLLM_SIM"), X_OK))
		skip();
	const struct evaluator_settings asked = settings();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(sim_stop) struct sim sim = sim_start(cases[i].option, cases[i].value);
		AUTO(outcome_release) struct outcome out = evaluate(&asked, sim.url, "bank.example", 20000, 0);
		if (out.failure != cases[i].failure || out.from_text != cases[i].from_text)
			fail_msg("%s: %s, from_text %d: %s\n%s", cases[i].option, failure_name(out.failure), out.from_text,
			         out.detail, out.raw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_item_goes_out_as_a_chat_and_comes_back_as_a_verdict),
		cmocka_unit_test(test_templates_and_budget_of_the_run_are_used),
		cmocka_unit_test(test_each_way_to_fail_has_its_kind),
		cmocka_unit_test(test_a_wrong_template_is_refused_before_the_run),
		cmocka_unit_test(test_the_fingerprint_changes_with_what_is_asked),
		cmocka_unit_test(test_a_cancelled_evaluation_leaves_the_server),
		cmocka_unit_test(test_the_simulated_vllm_is_understood),
	};
	return cmocka_run_group_tests_name("evaluator chat", tests, start, stop);
}
