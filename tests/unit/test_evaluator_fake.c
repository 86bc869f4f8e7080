#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "evaluators/evaluator.h"

static const char *const columns[] = {"domain", "fake_ms", "fake_verdict", "fake_failure"};

struct seen {
	struct loop *loop;
	int ended;
	enum failure failure;
	bool is_phishing;
	double confidence;
	char *detail, *reasoning;
};

static void keep(void *arg, struct outcome *outcome)
{
	struct seen *seen = arg;
	seen->ended++;
	seen->failure = outcome->failure;
	seen->is_phishing = outcome->verdict.is_phishing;
	seen->confidence = outcome->verdict.confidence;
	seen->detail = TAKE(outcome->detail);
	seen->reasoning = TAKE(outcome->verdict.reasoning);
	loop_stop(seen->loop);
}

static void seen_release(struct seen *seen)
{
	free(seen->detail);
	free(seen->reasoning);
}

static struct seen evaluate(const struct evaluator_task *task, int column_count)
{
	const struct evaluator_class *fake = evaluator_class_find("fake");
	const struct evaluator_settings settings = {.columns = columns, .column_count = column_count};
	const struct evaluator_place place = {.worker = "w", .base_url = "", .model = "m"};
	struct loop *loop = loop_new("fake");
	struct seen seen = {.loop = loop};
	struct error err = {0};
	struct evaluator *evaluator = fake->new(NULL, loop, &settings, &err);
	assert_non_null(evaluator);
	fake->begin(evaluator, &place, task, keep, &seen);
	assert_int_equal(seen.ended, 0);
	loop_run(loop);
	fake->free(evaluator);
	loop_free(loop);
	assert_int_equal(seen.ended, 1);
	return seen;
}

static struct seen evaluate_cells(const char *ms, const char *verdict, const char *failure, const char *attempt)
{
	const char *cells[] = {"a.example", ms, verdict, failure};
	const struct evaluator_task task = {
		.key = "a.example", .cells = cells, .cell_count = 4, .attempt_id = attempt, .deadline_ms = 10000};
	return evaluate(&task, 4);
}

static void test_the_columns_decide(void **state)
{
	(void)state;
	static const struct {
		const char *ms, *verdict, *failure, *attempt;
		enum failure expected;
		bool is_phishing;
	} cases[] = {
		{"0", "phishing", "", "r-0001-1-1", FAILURE_NONE, true},
		{"0", "False", NULL, "r-0001-1-1", FAILURE_NONE, false},
		{"1", "1.0", "", NULL, FAILURE_NONE, true},
		{"0", "perhaps", "", "r-0001-1-1", FAILURE_EVALUATOR, false},
		{"0", "benign", "server_error", "r-0001-1-9", FAILURE_SERVER_ERROR, false},
		{"0", "phishing", "server_error:2", "r-0001-1-2", FAILURE_SERVER_ERROR, false},
		{"0", "phishing", "server_error:2", "r-0001-1-3", FAILURE_NONE, true},
		{"0", "phishing", "sever_error", "r-0001-1-3", FAILURE_EVALUATOR, false},
		{"soon", "phishing", "", "r-0001-1-3", FAILURE_EVALUATOR, false},
		{"-1", "phishing", "", "r-0001-1-3", FAILURE_EVALUATOR, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(seen_release) struct seen seen =
			evaluate_cells(cases[i].ms, cases[i].verdict, cases[i].failure, cases[i].attempt);
		assert_int_equal(seen.failure, cases[i].expected);
		assert_int_equal(seen.is_phishing, cases[i].is_phishing);
		assert_int_equal(seen.detail != NULL, cases[i].expected != FAILURE_NONE);
		assert_int_equal(seen.reasoning != NULL, cases[i].expected == FAILURE_NONE);
	}
}

static void test_longer_than_the_deadline_is_a_timeout(void **state)
{
	(void)state;
	const char *cells[] = {"a.example", "3600000", "phishing", ""};
	const struct evaluator_task task = {
		.key = "a.example", .cells = cells, .cell_count = 4, .attempt_id = "r-0001-1-1", .deadline_ms = 5};
	AUTO(seen_release) struct seen seen = evaluate(&task, 4);
	assert_int_equal(seen.failure, FAILURE_TIMEOUT);
	assert_true(isnan(seen.confidence));
}

static void test_without_columns_the_name_decides_the_same_each_time(void **state)
{
	(void)state;
	int phishing = 0;
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *key = memory_format("host-%d.example", i);
		const struct evaluator_task task = {.key = key, .attempt_id = "r-0001-1-1", .deadline_ms = 10000};
		AUTO(seen_release) struct seen first = evaluate(&task, 1);
		AUTO(seen_release) struct seen again = evaluate(&task, 1);
		assert_int_equal(first.failure, FAILURE_NONE);
		assert_int_equal(first.is_phishing, again.is_phishing);
		assert_true(first.confidence == again.confidence);
		assert_true(first.confidence >= 0.5 && first.confidence <= 1);
		phishing += first.is_phishing;
	}
	assert_in_range(phishing, 20, 80);
}

static void never_expected(void *arg, struct outcome *outcome)
{
	(void)outcome;
	++*(int *)arg;
}

static void stop(void *loop)
{
	loop_stop(loop);
}

static void test_a_cancelled_evaluation_never_ends(void **state)
{
	(void)state;
	const struct evaluator_class *fake = evaluator_class_find("fake");
	const struct evaluator_settings settings = {0};
	const struct evaluator_place place = {.worker = "w", .base_url = ""};
	const struct evaluator_task task = {.key = "a.example", .attempt_id = "r-0001-1-1", .deadline_ms = 1};
	struct loop *loop = loop_new("fake");
	int wrongly = 0;
	struct evaluator *evaluator = fake->new(NULL, loop, &settings, NULL);
	fake->cancel(fake->begin(evaluator, &place, &task, never_expected, &wrongly));
	struct loop_timer *later = loop_timer_new(loop, stop, loop);
	loop_timer_set(later, 5, 0);
	loop_run(loop);
	loop_timer_free(later);
	fake->free(evaluator);
	loop_free(loop);
	assert_int_equal(wrongly, 0);
}

static void test_each_name_finds_its_class(void **state)
{
	(void)state;
	int count = 0;
	for (const char *const *name = evaluator_class_names(); *name; name++, count++)
		assert_string_equal(evaluator_class_find(*name)->name, *name);
	assert_true(count >= 1);
	assert_null(evaluator_class_find("oracle"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_columns_decide),
		cmocka_unit_test(test_longer_than_the_deadline_is_a_timeout),
		cmocka_unit_test(test_without_columns_the_name_decides_the_same_each_time),
		cmocka_unit_test(test_a_cancelled_evaluation_never_ends),
		cmocka_unit_test(test_each_name_finds_its_class),
	};
	return cmocka_run_group_tests_name("evaluator fake", tests, NULL, NULL);
}
