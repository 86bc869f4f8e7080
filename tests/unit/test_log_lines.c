#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "workers/log_lines.h"

static struct log_lines read_log(const char *text)
{
	struct log_lines log;
	log_lines_init(&log);
	for (size_t i = 0; text[i]; i++) /* byte by byte: pieces end anywhere */
		log_lines_add(&log, &text[i], 1);
	return log;
}

static void test_phases_follow_the_log_and_never_go_back(void **state)
{
	(void)state;
	struct log_lines log = read_log("(APIServer pid=1) INFO Automatically detected platform cuda.\n"
	                                "(EngineCore_DP0 pid=2) INFO Starting to load model q...\n");
	assert_string_equal(log.phase, "loading weights");
	assert_true(log.progress > 0.19 && log.progress < 0.21);
	static const char bar[] = "Loading safetensors checkpoint shards:  50% Completed | 1/2\r";
	log_lines_add(&log, bar, sizeof(bar) - 1);
	assert_true(log.progress > 0.39 && log.progress < 0.41);
	static const char late[] = "(APIServer pid=1) INFO non-default args; vLLM API server version 0.11\n";
	log_lines_add(&log, late, sizeof(late) - 1);
	assert_string_equal(log.phase, "loading weights");
	static const char up[] = "INFO:     Application startup complete.\n";
	log_lines_add(&log, up, sizeof(up) - 1);
	assert_true(log.progress == 1.0);
	log_lines_release(&log);
}

static void test_a_progress_bar_is_one_line(void **state)
{
	(void)state;
	struct log_lines log = read_log("a\nshards: 1%\rshards: 2%\rshards: 3%\r\nb\r\n\n");
	assert_int_equal(log.count, 4);
	assert_string_equal(log_lines_at(&log, 1), "shards: 3%");
	assert_string_equal(log_lines_at(&log, 2), "b");
	log_lines_release(&log);
}

static void test_the_last_two_hundred_lines_are_kept(void **state)
{
	(void)state;
	struct log_lines log;
	char line[32];
	log_lines_init(&log);
	for (int i = 0; i < 450; i++)
		log_lines_add(&log, line, (size_t)snprintf(line, sizeof(line), "line %d\n", i));
	assert_int_equal(log.count, LOG_LINES_KEPT);
	assert_string_equal(log_lines_at(&log, 0), "line 250");
	assert_string_equal(log_lines_at(&log, LOG_LINES_KEPT - 1), "line 449");
	log_lines_release(&log);
}

static void test_an_endless_line_is_cut(void **state)
{
	(void)state;
	struct log_lines log;
	log_lines_init(&log);
	for (int i = 0; i < 100000; i++)
		log_lines_add(&log, "x", 1);
	log_lines_add(&log, "\n", 1);
	assert_int_equal(strlen(log_lines_at(&log, 0)), LOG_LINE_MAX);
	log_lines_release(&log);
}

static void test_failure_lines_are_classified(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum worker_cause cause;
		bool permanent, nobodys;
	} cases[] = {
		{"ValueError: Free memory on device (3.22/4.0 GiB) on startup is less than desired GPU memory utilization (0.9)",
	         CAUSE_GPU_BUSY, false, true},
		{"AssertionError: Error in memory profiling. Initial free memory 1, current free memory 2", CAUSE_CO_TENANT, false, false},
		{"ValueError: No available memory for the cache blocks.", CAUSE_KV_TOO_SMALL, true, false},
		{"ValueError: To serve at least one request with the models's max seq len (8192), 1 GiB", CAUSE_KV_TOO_SMALL, true, false},
		{"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", CAUSE_OUT_OF_MEMORY, false, false},
		{"OSError: [Errno 98] Address already in use", CAUSE_PORT_TAKEN, false, true},
		{"zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:1')", CAUSE_EXITED, false, false},
		{"ValueError: invalid literal for int() with base 10: 'GPU-c653'", CAUSE_BAD_ARGUMENTS, true, false},
		{"huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error.", CAUSE_MODEL_NOT_FOUND, true, false},
		{"vllm: error: unrecognized arguments: --nope", CAUSE_BAD_ARGUMENTS, true, false},
		{"RuntimeError: CUDA error: an illegal memory access was encountered", CAUSE_GPU_FAULT, false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct log_lines log = read_log(cases[i].line);
		log_lines_add(&log, "\nRuntimeError: Engine core initialization failed. See root cause above.\n", 72);
		assert_non_null(log.failure);
		assert_int_equal(log.failure->cause, cases[i].cause);
		assert_int_equal(log.failure->permanent, cases[i].permanent);
		assert_int_equal(log.failure->nobodys, cases[i].nobodys);
		assert_string_equal(log.failure_line, cases[i].line);
		log_lines_release(&log);
	}
}

static void test_the_wrapper_alone_is_no_cause(void **state)
{
	(void)state;
	struct log_lines log = read_log("RuntimeError: Engine core initialization failed. See root cause above.\n");
	assert_null(log.failure);
	log_lines_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases_follow_the_log_and_never_go_back),
		cmocka_unit_test(test_a_progress_bar_is_one_line),
		cmocka_unit_test(test_the_last_two_hundred_lines_are_kept),
		cmocka_unit_test(test_an_endless_line_is_cut),
		cmocka_unit_test(test_failure_lines_are_classified),
		cmocka_unit_test(test_the_wrapper_alone_is_no_cause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
