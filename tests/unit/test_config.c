/* What a configuration file means, and what is said about one that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

static void config_auto(struct config **config)
{
	config_free(*config);
}
#define AUTO_CONFIG AUTO(config_auto)

static struct config *load(const char *yaml, struct config_problems *problems)
{
	struct config *config;
	bool good = config_parse("m.yaml", yaml, strlen(yaml), &config, problems);
	assert_int_equal(good, config != NULL);
	assert_int_equal(good, problems->errors == 0);
	return config;
}

/* Every problem of a text, one per line, and no other. */
static void expect(const char *yaml, const char *wanted)
{
	struct config_problems problems;
	AUTO_CONFIG struct config *config = load(yaml, &problems);
	AUTO_TEXT struct text found;
	text_init(&found, 0);
	for (size_t i = 0; i < problems.count; i++) {
		AUTO_FREE char *line = config_problems_text(&problems, &problems.items[i]);
		text_addf(&found, "%s\n", line);
	}
	assert_string_equal(found.data, wanted);
	config_problems_release(&problems);
}

static struct config *good(const char *yaml)
{
	struct config_problems problems;
	struct config *config = load(yaml, &problems);
	assert_non_null(config);
	config_problems_release(&problems);
	return config;
}

#define W "workers: [{id: 0, port: 8000}]\n"

static void test_the_smallest_file_has_all_defaults(void **state)
{
	(void)state;
	AUTO_CONFIG struct config *c = good(W);
	assert_string_equal(c->server.host, "127.0.0.1");
	assert_int_equal(c->server.port, 8580);
	assert_int_equal(c->server.data_dir[0], '/');
	assert_int_equal(c->worker_count, 1);
	assert_string_equal(c->workers[0].id, "0");
	assert_string_equal(c->workers[0].url, "http://127.0.0.1:8000");
	assert_int_equal(c->workers[0].kind, WORKER_EXTERNAL);
	assert_int_equal(c->workers[0].max_in_flight, 8);
	assert_int_equal(c->workers[0].reuse, REUSE_AUTO);
	assert_null(c->workers[0].model);
	assert_int_equal(c->evaluation.timeout_ms, 60000);
	assert_int_equal(c->evaluation.attempts, 3);
	assert_int_equal(c->evaluation.backoff.count, 3);
	assert_int_equal(c->evaluation.backoff.ms[2], 10000);
	assert_int_equal(c->evaluation.max_tokens, 1024);
	assert_true(c->evaluation.temperature == 0 && c->evaluation.top_p == 1);
	assert_int_equal(c->evaluation.thinking, SWITCH_UNSET);
	assert_int_equal(c->evaluation.no_verdict, NO_VERDICT_EXCLUDE);
	assert_int_equal(c->health.interval_ms, 5000);
	assert_int_equal(c->health.timeout_ms, 10000);
	assert_int_equal(c->health.max_failures, 3);
	assert_int_equal(c->sampling.count, 0);
	assert_int_equal(c->sampling.seed, 42);
	assert_int_equal(c->logging.level, LOG_INFO);
	assert_int_equal(c->limits.upload_bytes, (int64_t)2 << 30);
	expect(W, "");
}

static void test_values_of_every_type_are_taken(void **state)
{
	(void)state;
	AUTO_CONFIG struct config *c = good(
		"server: {listen: '[::1]:0', data_dir: /tmp/x, allowed_hosts: [Lab.Example, other]}\n"
		"workers:\n"
		"  - {id: a-1, url: \"https://lab.example/v1/\", model: qwen, connection_reuse: never}\n"
		"  - {id: 7, url: http://h:1/base, max_in_flight: 5}\n"
		"vllm: {model: m, max_num_seqs: 9}\n"
		"evaluation: {timeout_per_domain: 0.5, backoff: [2], enable_thinking: no, language: ja, no_verdict: stage1}\n"
		"sampling: {n_sample: 100, shuffle: yes}\n"
		"logging: {level: WARNING, format: json}\n"
		"limits: {upload_bytes: 1.5M}\n");
	assert_string_equal(c->server.host, "::1");
	assert_int_equal(c->server.port, 0);
	assert_string_equal(c->server.data_dir, "/tmp/x");
	assert_int_equal(c->server.allowed_hosts.count, 2);
	assert_string_equal(c->server.allowed_hosts.items[0], "lab.example");
	assert_string_equal(c->workers[0].url, "https://lab.example");
	assert_string_equal(c->workers[0].model, "qwen");
	assert_int_equal(c->workers[0].reuse, REUSE_NEVER);
	assert_int_equal(c->workers[0].max_in_flight, 14); /* 1.5 x 9, rounded */
	assert_string_equal(c->workers[1].url, "http://h:1/base");
	assert_string_equal(c->workers[1].model, "m");
	assert_int_equal(c->workers[1].max_in_flight, 5);
	assert_int_equal(c->evaluation.timeout_ms, 500);
	assert_int_equal(c->evaluation.backoff.count, 1);
	assert_int_equal(c->evaluation.thinking, SWITCH_OFF);
	assert_int_equal(c->evaluation.language, LANGUAGE_JAPANESE);
	assert_int_equal(c->evaluation.no_verdict, NO_VERDICT_STAGE1);
	assert_int_equal(c->sampling.count, 100);
	assert_true(c->sampling.shuffle);
	assert_int_equal(c->logging.level, LOG_WARNING);
	assert_int_equal(c->logging.format, LOG_FORMAT_JSON);
	assert_int_equal(c->limits.upload_bytes, 1536 * 1024);
}

static void test_all_problems_come_at_once_with_their_places(void **state)
{
	(void)state;
	expect("server:\n"
	       "  listen: nowhere\n"
	       "  data_dri: /tmp\n"
	       "workers:\n"
	       "  - {id: 0, prot: 8000}\n"
	       "  - {id: 0, port: 99999}\n"
	       "evaluation:\n"
	       "  attempts: three\n"
	       "  timeout_per_domain: \"60\"\n"
	       "  temperature: 5\n"
	       "helth_check: {interval: 5}\n",
	       "m.yaml:2:11: error: server.listen: expected host:port, such as 127.0.0.1:8580, found \"nowhere\"\n"
	       "m.yaml:3:3: error: server.data_dri: unknown key, did you mean \"data_dir\"?\n"
	       "m.yaml:5:5: error: workers[0]: a worker needs a url, or a port of this machine\n"
	       "m.yaml:5:13: error: workers[0].prot: unknown key, did you mean \"port\"?\n"
	       "m.yaml:6:10: error: workers[1].id: \"0\" is already the id of the worker on line 5\n"
	       "m.yaml:6:19: error: workers[1].port: expected a whole number from 1 to 65535, found \"99999\"\n"
	       "m.yaml:8:13: error: evaluation.attempts: expected a whole number of attempts from 1 to 20, found \"three\"\n"
	       "m.yaml:9:23: error: evaluation.timeout_per_domain: expected seconds from 0.05 to 86400, found \"60\" in quotes\n"
	       "m.yaml:10:16: error: evaluation.temperature: expected a number from 0 to 2, found \"5\"\n"
	       "m.yaml:11:1: error: helth_check: unknown key, did you mean \"health_check\"?\n");
}

static void test_sections_and_elements_must_be_mappings(void **state)
{
	(void)state;
	expect(W "evaluation: fast\nlogging: [a]\n",
	       "m.yaml:2:13: error: evaluation: expected a mapping of keys, found \"fast\"\n"
	       "m.yaml:3:10: error: logging: expected a mapping of keys, found a list\n");
	expect("workers: {id: 0}\n", "m.yaml:1:10: error: workers: expected a list of workers, each beginning with \"- \", "
	                             "found a mapping\n");
	expect("workers:\n", "m.yaml: note: workers: no worker is configured; runs will wait for one\n");
	expect("- a\n", "m.yaml:1:1: error: expected a mapping of sections such as \"workers:\", found a list\n");
	expect(W "evaluation: {attempts: [3], backoff: 5, language: fr, enable_thinking: maybe}\n",
	       "m.yaml:2:24: error: evaluation.attempts: expected a whole number of attempts from 1 to 20, found a list\n"
	       "m.yaml:2:38: error: evaluation.backoff: expected a list of 1 to 8 numbers of seconds from 0 to 3600, found \"5\"\n"
	       "m.yaml:2:51: error: evaluation.language: expected en or ja, found \"fr\"\n"
	       "m.yaml:2:72: error: evaluation.enable_thinking: expected true or false, found \"maybe\"\n");
}

static void test_a_key_twice_is_refused(void **state)
{
	(void)state;
	expect(W "vllm:\n  model: a\n  model: b\n" W,
	       "m.yaml:4:3: error: vllm.model: stands twice; it is already on line 3\n"
	       "m.yaml:5:1: error: workers: stands twice; it is already on line 1\n");
}

static void test_syntax_errors_are_readable(void **state)
{
	(void)state;
	expect("server:\n\tlisten: 127.0.0.1:1\n",
	       "m.yaml:2:1: error: the line is indented with a tab; YAML indents with spaces only\n");
	expect("workers:\n  - id: 0\n    port: 1\n  \tx: 2\n",
	       "m.yaml:4:3: error: the line is indented with a tab; YAML indents with spaces only\n");
	expect("a: [1, 2\nb: 3\n", "m.yaml:2:2: error: not valid YAML: did not find expected ',' or ']', "
	                           "while parsing a flow sequence that began on line 1\n");
	expect("a: \"\xff\"\n", "m.yaml:1:1: error: not valid YAML: invalid leading UTF-8 octet; the file must be UTF-8 text\n");
	expect(W "---\nworkers: []\n", "m.yaml:3:1: error: a second YAML document begins here; the file must hold one\n");
}

static void test_anchors_and_merges_work(void **state)
{
	(void)state;
	AUTO_CONFIG struct config *c = good("workers:\n"
	                                    "  - &base {id: 0, port: 8000, model: m, max_in_flight: 3}\n"
	                                    "  - {<<: *base, id: 1, port: 8001}\n"
	                                    "  - {<<: [*base], id: 2, port: 8002, model: n}\n");
	assert_string_equal(c->workers[1].id, "1");
	assert_string_equal(c->workers[1].url, "http://127.0.0.1:8001");
	assert_string_equal(c->workers[1].model, "m");
	assert_string_equal(c->workers[2].model, "n");
	assert_int_equal(c->workers[2].max_in_flight, 3);
	expect("workers: &w\n  - *w\n",
	       "m.yaml:1:10: error: workers[0]: expected a mapping such as {id: 0, port: 8000}, found a list\n");
}

/* facts of the original's file: its keys, with external workers. */
static void test_the_original_file_loads_with_one_warning_per_key(void **state)
{
	(void)state;
	expect("num_workers: 3\n"
	       "workers:\n"
	       "  - {id: 0, type: external, port: 8000, gpu: 0, speed_weight: 1.59}\n"
	       "  - {id: 1, type: external, port: 8001, gpu: 1, speed_weight: 1.77, stop_on_complete: false}\n"
	       "vllm: {model: q, max_model_len: 4096, max_num_seqs: 8, gpu_memory_utilization: 0.25, dtype: auto}\n"
	       "evaluation: {checkpoint_interval: 100, retry_count: 2, timeout_per_domain: 60}\n"
	       "health_check: {interval: 5, timeout: 10, max_failures: 3}\n"
	       "failover: {enabled: true, redistribute_on_failure: true, min_workers: 1}\n"
	       "shared_server: {require_confirmation: true}\n"
	       "logging: {level: INFO, separate_worker_logs: true, log_dir: null}\n",
	       "m.yaml:1:1: warning: num_workers: has no effect; the workers of a run are chosen when it is launched (--workers, --add-gpu)\n"
	       "m.yaml:3:49: warning: workers[0].speed_weight: has no effect; all workers pull from one queue as fast as they are\n"
	       "m.yaml:6:14: warning: evaluation.checkpoint_interval: has no effect; every result is saved when it is done\n"
	       "m.yaml:6:40: warning: evaluation.retry_count: has no effect; use evaluation.attempts\n");
}

static void test_workers_that_mekiki_starts_are_read(void **state)
{
	(void)state;
	struct config_problems problems;
	AUTO_CONFIG struct config *config = load("vllm: {model: q, max_model_len: 4096, gpu_memory_utilization: 0.25, dtype: auto}\n"
	                              "workers:\n"
	                              "  - {id: 2, type: local, port: 8002, gpu: 1, stop_on_complete: true, allowed_hours: \"22:00-07:30\"}\n"
	                              "  - {id: 3, type: local, port: 8003, command: [./serve, \"{port}\"], env: [A=b], start: server}\n"
	                              "  - {id: 4, port: 8004, start_cmd: \"ssh u@h 'bash -lc \\\"/p/vllm.sh start\\\"'\", stop_cmd: x}\n"
	                              "retry: {vllm_restarts: 5}\n"
	                              "recovery: {delay: [1, 2]}\n",
	                              &problems);
	assert_non_null(config);
	assert_int_equal(problems.count, 0);
	const struct config_worker *local = &config->workers[0], *other = &config->workers[1], *external = &config->workers[2];
	assert_string_equal(local->url, "http://127.0.0.1:8002");
	assert_string_equal(local->gpu, "1");
	assert_true(local->stop_on_complete);
	assert_int_equal(local->start, START_RUN);
	assert_int_equal(local->start_timeout_ms, 900000);
	assert_true(local->allowed_hours.set);
	assert_int_equal(local->allowed_hours.from, 22 * 60);
	assert_int_equal(local->allowed_hours.to, 7 * 60 + 30);
	assert_int_equal(other->command.count, 2);
	assert_string_equal(other->env.items[0], "A=b");
	assert_int_equal(other->start, START_SERVER);
	assert_string_equal(external->start_cmd, "ssh u@h 'bash -lc \"/p/vllm.sh start\"'");
	assert_int_equal(config->recovery.restarts, 5);
	assert_int_equal(config->recovery.delay.count, 2);
	assert_int_equal(config->vllm.max_model_len, 4096);
	config_problems_release(&problems);
}

static void test_what_a_worker_of_ours_needs_is_said(void **state)
{
	(void)state;
	expect("workers:\n"
	       "  - {id: 2, type: local, port: 8002}\n"
	       "  - {id: 3, type: local, url: \"http://127.0.0.1:8003\", model: q}\n"
	       "  - {id: 4, type: local, port: 8004, model: q, start_cmd: x, env: [novalue]}\n"
	       "  - {id: 5, port: 8005, stop_cmd: x, command: [a]}\n"
	       "  - {id: 6, port: 8006, allowed_hours: \"25:00-7:00\"}\n",
	       "m.yaml:2:5: error: workers[0].model: a local worker needs a model (here or in vllm), or a command\n"
	       "m.yaml:3:31: error: workers[1].url: a local worker needs a port, and no url\n"
	       "m.yaml:4:59: error: workers[2].start_cmd: is for external workers; a local one has a command (a list)\n"
	       "m.yaml:4:67: error: workers[2].env: expected entries such as \"NAME=value\"\n"
	       "m.yaml:5:35: error: workers[3].stop_cmd: needs a start_cmd: mekiki stops only what it has started\n"
	       "m.yaml:5:47: error: workers[3].command: is for local workers; an external one has a start_cmd\n"
	       "m.yaml:6:40: error: workers[4].allowed_hours: expected hours of the day, such as 22:00-07:00, found \"25:00-7:00\" in quotes\n");
}

static void test_what_is_not_built_is_refused_with_that_sentence(void **state)
{
	(void)state;
	expect("workers:\n"
	       "  - {id: 2, port: 8002}\n"
	       "  - {id: 3, port: 8003, stop_cmd: null}\n"
	       "  - {id: 4, type: remote, port: 8004, ssh: {host: h}, tmux: {session_name: w}}\n"
	       "  - {id: 5, type: cloud, port: 8005}\n",
	       "m.yaml:4:19: error: workers[2].type: workers of type remote are not built yet: start vLLM and the tunnel yourself and use type: external with its port\n"
	       "m.yaml:4:39: error: workers[2].ssh: workers on other hosts over ssh are not built yet; open the tunnel yourself and give its port\n"
	       "m.yaml:4:55: error: workers[2].tmux: workers in tmux sessions are not built yet; start them yourself\n"
	       "m.yaml:5:19: error: workers[3].type: expected external, local, remote, slurm or fake, found \"cloud\"\n");
}

static void test_workers_are_checked_against_each_other(void **state)
{
	(void)state;
	expect("workers:\n"
	       "  - {port: 8000}\n"
	       "  - {id: a b, url: \"ftp://h\"}\n"
	       "  - {id: 1, url: \"http://u:p@h\"}\n"
	       "  - {id: 2, url: \"http://h/v1?x=1\", port: 3}\n"
	       "  - {id: 3, url: \"http://127.0.0.1:8000/v1\"}\n",
	       "m.yaml:2:5: error: workers[0].id: is missing; expected a text or number that no other worker has\n"
	       "m.yaml:3:10: error: workers[1].id: expected a text of 1 to 64 letters, digits, . _ or -, found \"a b\"\n"
	       "m.yaml:3:20: error: workers[1].url: expected a URL that begins with http:// or https://\n"
	       "m.yaml:4:18: error: workers[2].url: a secret must not stand in a URL; use api_key_file, api_key_env or headers_file\n"
	       "m.yaml:5:43: error: workers[3].port: give either url or port, not both\n"
	       "m.yaml:6:5: warning: workers[4]: is the same endpoint as the worker on line 2, which will get twice the requests\n");
}

static void test_limits_leave_room_for_pages(void **state)
{
	(void)state;
	expect(W "limits: {sse_clients: 64, connections: 100}\n",
	       "m.yaml:2:23: error: limits.sse_clients: expected at most half of limits.connections (100), found 64; "
	       "else live streams can block the page\n");
}

static void test_one_key_can_be_set_from_outside(void **state)
{
	(void)state;
	struct error err = {0};
	AUTO_CONFIG struct config *c = good(W);
	assert_true(config_set(c, "server.listen", "0.0.0.0:0", &err));
	assert_string_equal(c->server.host, "0.0.0.0");
	assert_int_equal(c->server.port, 0);
	assert_true(config_set(c, "server.data_dir", "/tmp/d", &err));
	assert_string_equal(c->server.data_dir, "/tmp/d");
	assert_true(config_set(c, "evaluation.backoff", "[3, 4]", &err));
	assert_int_equal(c->evaluation.backoff.ms[1], 4000);
	assert_false(config_set(c, "evaluation.attempts", "many", &err));
	assert_string_equal(err.text, "evaluation.attempts: expected a whole number of attempts from 1 to 20, found \"many\"");
	assert_false(config_set(c, "workers[].port", "1", &err));
	assert_string_equal(err.text, "workers[].port: cannot be set here");
	assert_false(config_set(c, "attempts", "1", &err));
	assert_string_equal(err.text, "attempts: unknown key, did you mean evaluation.attempts");
	assert_false(config_set(c, "num_workers", "1", &err));
}

static char directory[] = "/tmp/mekiki-config-XXXXXX";

static void write_file(const char *name, const char *content, mode_t mode)
{
	AUTO_FREE char *path = memory_format("%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	static const char *const names[] = {"key", "open.key", "headers", "bad-headers", "empty", "prompt", "m.yaml"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO_FREE char *path = memory_format("%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

static struct config *load_there(const char *yaml, struct config_problems *problems)
{
	write_file("m.yaml", yaml, 0600);
	AUTO_FREE char *path = memory_format("%s/m.yaml", directory);
	struct config *config;
	config_load(path, &config, problems);
	return config;
}

static void test_secrets_come_from_files_beside_the_configuration(void **state)
{
	(void)state;
	write_file("key", "s3cret\n", 0600);
	write_file("headers", "# lab\nX-Team: a\n\n", 0600);
	write_file("prompt", "Judge {{domain}}.", 0644);
	setenv("MEKIKI_TEST_KEY", "from-env", 1);
	struct config_problems problems;
	AUTO_CONFIG struct config *c = load_there("workers:\n"
	                                          "  - {id: 0, port: 1, api_key_file: key, headers_file: headers}\n"
	                                          "  - {id: 1, port: 2, api_key_env: MEKIKI_TEST_KEY}\n"
	                                          "evaluation: {user_prompt_file: prompt}\n", &problems);
	assert_non_null(c);
	assert_int_equal(problems.count, 0);
	assert_string_equal(c->workers[0].api_key, "s3cret");
	assert_int_equal(c->workers[0].headers.count, 1);
	assert_string_equal(c->workers[0].headers.items[0], "X-Team: a");
	assert_string_equal(c->workers[1].api_key, "from-env");
	assert_string_equal(c->evaluation.user_prompt, "Judge {{domain}}.");
	config_problems_release(&problems);
}

static void test_bad_secrets_are_named_but_never_shown(void **state)
{
	(void)state;
	write_file("open.key", "s3cret\n", 0644);
	write_file("empty", "\n", 0600);
	write_file("bad-headers", "X-Team: a\nno header\n", 0600);
	unsetenv("MEKIKI_TEST_NO_KEY");
	struct config_problems problems;
	AUTO_CONFIG struct config *c =
		load_there("workers:\n"
	                   "  - {id: 0, port: 1, api_key: s3cret}\n"
	                   "  - {id: 1, port: 2, api_key_file: none}\n"
	                   "  - {id: 2, port: 3, api_key_file: open.key, headers_file: bad-headers}\n"
	                   "  - {id: 3, port: 4, api_key_file: empty}\n"
	                   "  - {id: 4, port: 5, api_key_env: MEKIKI_TEST_NO_KEY}\n", &problems);
	assert_null(c);
	static const char *const wanted[] = {
		"a secret must not stand in this file, which is copied and committed; use api_key_file or api_key_env",
		"none: No such file or directory",
		"open.key can be read by others; chmod 600 it",
		"bad-headers: expected \"Name: value\"",
		"expected a key on one line, found an empty line or control characters",
		"the environment variable MEKIKI_TEST_NO_KEY is not set",
	};
	assert_int_equal(problems.count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < problems.count; i++) {
		assert_true(text_ends(problems.items[i].text, wanted[i]));
		assert_null(strstr(problems.items[i].text, "s3cret"));
	}
	config_problems_release(&problems);
}

static void test_a_missing_file_is_an_error_only_when_named(void **state)
{
	(void)state;
	struct config_problems problems;
	struct config *config;
	assert_false(config_load("/nonexistent/m.yaml", &config, &problems));
	assert_null(config);
	AUTO_FREE char *line = config_problems_text(&problems, &problems.items[0]);
	assert_string_equal(line, "/nonexistent/m.yaml: error: cannot be read: No such file or directory");
	config_problems_release(&problems);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	assert_true(config_load(NULL, &config, &problems));
	assert_string_equal(problems.items[0].text,
	                    "there is no such file; the defaults are used (mekiki config --annotated prints one)");
	assert_null(config->file);
	assert_int_equal(config->server.port, 8580);
	config_free(config);
	config_problems_release(&problems);
}

static char *annotated(void)
{
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);
	config_annotated(out);
	fclose(out);
	return bytes;
}

static void test_the_annotated_file_is_a_good_file(void **state)
{
	(void)state;
	AUTO_FREE char *file = annotated();
	expect(file, "");
}

/* Every default may be written out: uncommenting a key changes nothing. */
static void test_the_annotated_defaults_are_what_they_say(void **state)
{
	(void)state;
	AUTO_FREE char *file = annotated();
	AUTO_TEXT struct text plain;
	text_init(&plain, 0);
	for (char *rest = file, *line; (line = strsep(&rest, "\n"));) {
		char *mark = strchr(line, '#');
		bool key = mark && mark[1] && mark[1] != ' ' && mark[1] != '-';
		if (key)
			text_addf(&plain, "%.*s%s\n", (int)(mark - line), line, mark + 1);
		else
			text_addf(&plain, "%s\n", line);
	}
	AUTO_CONFIG struct config *c = good(plain.data);
	assert_int_equal(c->limits.connections, 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_smallest_file_has_all_defaults),
		cmocka_unit_test(test_values_of_every_type_are_taken),
		cmocka_unit_test(test_all_problems_come_at_once_with_their_places),
		cmocka_unit_test(test_sections_and_elements_must_be_mappings),
		cmocka_unit_test(test_a_key_twice_is_refused),
		cmocka_unit_test(test_syntax_errors_are_readable),
		cmocka_unit_test(test_anchors_and_merges_work),
		cmocka_unit_test(test_the_original_file_loads_with_one_warning_per_key),
		cmocka_unit_test(test_workers_that_mekiki_starts_are_read),
		cmocka_unit_test(test_what_a_worker_of_ours_needs_is_said),
		cmocka_unit_test(test_what_is_not_built_is_refused_with_that_sentence),
		cmocka_unit_test(test_workers_are_checked_against_each_other),
		cmocka_unit_test(test_limits_leave_room_for_pages),
		cmocka_unit_test(test_one_key_can_be_set_from_outside),
		cmocka_unit_test(test_secrets_come_from_files_beside_the_configuration),
		cmocka_unit_test(test_bad_secrets_are_named_but_never_shown),
		cmocka_unit_test(test_a_missing_file_is_an_error_only_when_named),
		cmocka_unit_test(test_the_annotated_file_is_a_good_file),
		cmocka_unit_test(test_the_annotated_defaults_are_what_they_say),
	};
	return cmocka_run_group_tests_name("config", tests, make_directory, remove_directory);
}
