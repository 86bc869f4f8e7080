#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/memory.h"
#include "sched/eta.h"
#include "sched/limit.h"
#include "sched/sched.h"

static const struct sched_policy policy = {
	.attempts = 3, .troubles = 4, .backoff_ms = {1000, 5000, 10000}, .backoff_count = 3, .patience_ms = 5000};

static struct sched *queue_of(int count)
{
	uint32_t *pending = memory_array((size_t)count, sizeof(*pending));
	for (int i = 0; i < count; i++)
		pending[i] = (uint32_t)i + 1;
	return sched_new(&policy, pending, count);
}

static void test_items_come_in_their_order(void **state)
{
	(void)state;
	struct sched *sched = queue_of(3);
	struct sched_pick pick;
	for (uint32_t n = 1; n <= 3; n++) {
		assert_true(sched_next(sched, 0, 1, true, 0, &pick));
		assert_int_equal(pick.n, n);
		assert_int_equal(pick.attempt, 1);
	}
	assert_false(sched_next(sched, 0, 1, true, 0, &pick));
	assert_int_equal(sched_due(sched), -1);
	sched_free(sched);
}

static void test_what_is_put_back_comes_first_and_was_no_try(void **state)
{
	(void)state;
	struct sched *sched = queue_of(3);
	struct sched_pick pick;
	sched_next(sched, 0, 1, true, 0, &pick);
	sched_put_back(sched, pick.n);
	assert_int_equal(sched_left(sched), 3);
	assert_true(sched_next(sched, 1, 1, true, 0, &pick));
	assert_int_equal(pick.n, 1);
	assert_int_equal(pick.attempt, 1);
	sched_free(sched);
}

static void test_a_failure_waits_for_its_backoff_and_for_another_worker(void **state)
{
	(void)state;
	struct sched *sched = queue_of(1);
	struct sched_pick pick;
	sched_next(sched, 0, 1, true, 0, &pick);
	assert_true(sched_failed(sched, 1, 0, FAILURE_CONNECTION, false, false, 0));
	assert_false(sched_next(sched, 1, 1, true, 700, &pick)); /* at least 75 % of a second */
	int64_t due = sched_due(sched);
	assert_in_range(due, 750, 1250);
	assert_false(sched_next(sched, 0, 1, true, due, &pick)); /* worker 0 failed on it, worker 1 lives */
	assert_true(sched_next(sched, 1, 1, true, due, &pick));
	assert_int_equal(pick.attempt, 2);
	sched_free(sched);
}

static void test_an_item_waits_for_its_workers_fate_and_counts_as_left(void **state)
{
	(void)state;
	struct sched *sched = queue_of(2);
	struct sched_pick pick;
	sched_next(sched, 0, 1, true, 0, &pick);
	sched_next(sched, 0, 1, true, 0, &pick);
	assert_true(sched_failed(sched, 1, 0, FAILURE_CONNECTION, false, true, 0));
	assert_true(sched_failed(sched, 2, 0, FAILURE_CONNECTION, false, true, 0));
	assert_false(sched_next(sched, 1, 1, true, 100000, &pick));
	assert_int_equal(sched_left(sched), 2);
	sched_dismiss(sched, 2);
	sched_release(sched, 1, 100000);
	assert_int_equal(sched_left(sched), 1);
	assert_false(sched_next(sched, 1, 1, true, 100500, &pick));
	assert_true(sched_next(sched, 1, 1, true, 101250, &pick));
	assert_int_equal(pick.n, 1);
	sched_free(sched);
}

static void test_the_only_worker_may_try_again(void **state)
{
	(void)state;
	struct sched *sched = queue_of(1);
	struct sched_pick pick;
	sched_next(sched, 0, 0, true, 0, &pick);
	sched_failed(sched, 1, 0, FAILURE_CONNECTION, false, false, 0);
	assert_true(sched_next(sched, 0, 0, true, 1250, &pick));
	sched_free(sched);
}

static void test_patience_for_another_worker_ends(void **state)
{
	(void)state;
	struct sched *sched = queue_of(1);
	struct sched_pick pick;
	sched_next(sched, 0, 1, true, 0, &pick);
	sched_failed(sched, 1, 0, FAILURE_SERVER_ERROR, false, false, 0);
	assert_false(sched_next(sched, 0, 1, true, 2000, &pick));
	assert_true(sched_next(sched, 0, 1, true, 1250 + 5000, &pick));
	sched_free(sched);
}

static void test_a_timeout_comes_once_more_after_everything_else(void **state)
{
	(void)state;
	struct sched *sched = queue_of(3);
	struct sched_pick pick;
	sched_next(sched, 0, 1, true, 0, &pick);
	assert_true(sched_failed(sched, 1, 0, FAILURE_TIMEOUT, false, false, 0));
	sched_next(sched, 1, 1, true, 0, &pick);
	assert_int_equal(pick.n, 2);
	sched_next(sched, 1, 1, true, 0, &pick);
	assert_int_equal(pick.n, 3);
	assert_false(sched_next(sched, 0, 1, true, 0, &pick)); /* elsewhere */
	assert_true(sched_next(sched, 1, 1, true, 0, &pick));
	assert_int_equal(pick.n, 1);
	assert_true(pick.last_chance);
	assert_false(sched_failed(sched, 1, 1, FAILURE_TIMEOUT, false, false, 0));
	sched_free(sched);
}

static int tries_until_the_end(enum failure failure, bool retryable)
{
	struct sched *sched = queue_of(1);
	struct sched_pick pick;
	int tries = 0;
	for (int64_t now = 0; tries < 50 && sched_next(sched, 0, 0, true, now, &pick); now += 20000) {
		tries++;
		if (!sched_failed(sched, pick.n, 0, failure, retryable, false, now))
			break;
	}
	sched_free(sched);
	return tries;
}

static void test_each_kind_ends_as_the_table_says(void **state)
{
	(void)state;
	assert_int_equal(tries_until_the_end(FAILURE_REFUSED, false), 1);
	assert_int_equal(tries_until_the_end(FAILURE_CONTEXT, false), 1);
	assert_int_equal(tries_until_the_end(FAILURE_UNPARSABLE, false), policy.attempts);
	assert_int_equal(tries_until_the_end(FAILURE_SCHEMA, false), policy.attempts);
	assert_int_equal(tries_until_the_end(FAILURE_SERVER_ERROR, false), policy.troubles);
	assert_int_equal(tries_until_the_end(FAILURE_TIMEOUT, false), 2);
	assert_int_equal(tries_until_the_end(FAILURE_EVALUATOR, false), 1);
	assert_int_equal(tries_until_the_end(FAILURE_EVALUATOR, true), policy.attempts);
}

static void test_a_wrong_key_or_model_never_fails_an_item(void **state)
{
	(void)state;
	assert_int_equal(tries_until_the_end(FAILURE_AUTH, false), 50);
	assert_int_equal(tries_until_the_end(FAILURE_WRONG_MODEL, false), 50);
	assert_int_equal(tries_until_the_end(FAILURE_OVERLOADED, false), 50);
}

static void test_ten_thousand_failures_keep_every_item(void **state)
{
	(void)state;
	enum { COUNT = 10000 };
	struct sched *sched = queue_of(COUNT);
	struct sched_pick pick;
	static char seen[COUNT + 1];
	for (int i = 0; i < COUNT; i++) {
		assert_true(sched_next(sched, i % 3, 2, true, 0, &pick));
		assert_true(sched_failed(sched, pick.n, i % 3, FAILURE_CONNECTION, false, false, 0));
	}
	int64_t now = 100000;
	for (int i = 0; i < COUNT; i++) {
		assert_true(sched_next(sched, i % 3, 2, true, now, &pick));
		assert_int_equal(seen[pick.n]++, 0);
		assert_int_equal(pick.attempt, 2);
	}
	assert_int_equal(sched_left(sched), 0);
	sched_free(sched);
}

static void die_with(struct sched *sched, uint32_t n, int times)
{
	struct sched_pick pick;
	for (int i = 0; i < times; i++)
		assert_false(sched_death(sched, n, &pick)); /* it is pending, not waiting to be tried again */
}

static void test_an_item_of_two_deaths_runs_alone_after_everything_else(void **state)
{
	(void)state;
	struct sched *sched = queue_of(3);
	struct sched_pick pick;
	die_with(sched, 1, 2);
	die_with(sched, 2, 1); /* once is no suspicion */
	assert_true(sched_next(sched, 0, 1, true, 0, &pick));
	assert_int_equal(pick.n, 2);
	assert_true(sched_next(sched, 0, 1, false, 0, &pick));
	assert_int_equal(pick.n, 3);
	assert_false(sched_next(sched, 0, 1, false, 0, &pick)); /* not beside others */
	assert_int_equal(sched_left(sched), 1);
	assert_true(sched_next(sched, 0, 1, true, 0, &pick));
	assert_int_equal(pick.n, 1);
	assert_true(pick.alone);
	sched_free(sched);
}

static void test_two_suspects_are_never_out_together(void **state)
{
	(void)state;
	struct sched *sched = queue_of(2);
	struct sched_pick pick;
	die_with(sched, 1, 2);
	die_with(sched, 2, 2);
	assert_true(sched_next(sched, 0, 1, true, 0, &pick));
	assert_false(sched_next(sched, 1, 1, true, 0, &pick));
	sched_alone_over(sched);
	assert_true(sched_next(sched, 1, 1, true, 0, &pick));
	sched_free(sched);
}

static void test_three_deaths_are_quarantine(void **state)
{
	(void)state;
	struct sched *sched = queue_of(1);
	struct sched_pick pick;
	die_with(sched, 1, 3);
	assert_true(sched_next(sched, 0, 1, false, 0, &pick));
	assert_true(pick.quarantined);
	sched_free(sched);
}

static void test_a_third_death_takes_the_item_out_of_whatever_place_it_waits_in(void **state)
{
	(void)state;
	for (int place = 0; place < 4; place++) {
		struct sched *sched = queue_of(1);
		struct sched_pick pick;
		die_with(sched, 1, place == 3 ? 1 : 0);
		sched_next(sched, 0, 1, true, 0, &pick);
		if (place == 0)
			sched_put_back(sched, 1);
		else
			sched_failed(sched, 1, 0, place == 1 ? FAILURE_TIMEOUT : FAILURE_CONNECTION, false, false, 0);
		if (place == 2)
			sched_next(sched, 0, 1, true, 2000, &pick); /* due, held for another worker */
		for (int i = sched_is_convicted(sched, 1) + (place == 3); i < 2; i++)
			assert_false(sched_death(sched, 1, &pick));
		assert_true(sched_death(sched, 1, &pick));
		assert_true(pick.quarantined);
		assert_int_equal(sched_left(sched), 0);
		sched_free(sched);
	}
}

static void test_a_limit_gives_out_its_places_only(void **state)
{
	(void)state;
	struct limit limit;
	limit_init(&limit, 2);
	assert_true(limit_take(&limit) && limit_take(&limit));
	assert_false(limit_take(&limit));
	limit_give_back(&limit);
	assert_true(limit_take(&limit));
}

static void test_the_rate_is_that_of_its_window(void **state)
{
	(void)state;
	struct rate rate;
	rate_init(&rate);
	assert_true(isnan(rate_over(&rate, 0, 60000)));
	rate_start(&rate, 1000);
	for (int s = 0; s < 300; s++)
		rate_add(&rate, 1000 + s * 1000, s < 240 ? 2 : 4);
	assert_true(fabs(rate_over(&rate, 301000, 60000) - 4) < 0.4);
	assert_true(fabs(rate_over(&rate, 301000, 600000) - 2.4) < 0.1);
	assert_true(rate_over(&rate, 301000 + 700000, 60000) == 0);
}

static void test_the_estimate_is_a_range_around_the_truth(void **state)
{
	(void)state;
	struct rate rate;
	struct eta eta;
	rate_init(&rate);
	rate_start(&rate, 0);
	eta_estimate(&rate, 1000, 100, &eta);
	assert_false(eta.known);
	for (int s = 1; s <= 120; s++)
		rate_add(&rate, s * 1000, 5);
	eta_estimate(&rate, 120000, 1000, &eta);
	assert_true(eta.known);
	assert_true(eta.lo_s < 200 && eta.hi_s > 200);
	assert_true(fabs(eta.p50_s - 200) < 5);
	eta_estimate(&rate, 120000 + 120000, 1000, &eta); /* two minutes of silence */
	assert_false(eta.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_come_in_their_order),
		cmocka_unit_test(test_what_is_put_back_comes_first_and_was_no_try),
		cmocka_unit_test(test_a_failure_waits_for_its_backoff_and_for_another_worker),
		cmocka_unit_test(test_an_item_waits_for_its_workers_fate_and_counts_as_left),
		cmocka_unit_test(test_the_only_worker_may_try_again),
		cmocka_unit_test(test_patience_for_another_worker_ends),
		cmocka_unit_test(test_a_timeout_comes_once_more_after_everything_else),
		cmocka_unit_test(test_each_kind_ends_as_the_table_says),
		cmocka_unit_test(test_a_wrong_key_or_model_never_fails_an_item),
		cmocka_unit_test(test_ten_thousand_failures_keep_every_item),
		cmocka_unit_test(test_an_item_of_two_deaths_runs_alone_after_everything_else),
		cmocka_unit_test(test_two_suspects_are_never_out_together),
		cmocka_unit_test(test_three_deaths_are_quarantine),
		cmocka_unit_test(test_a_third_death_takes_the_item_out_of_whatever_place_it_waits_in),
		cmocka_unit_test(test_a_limit_gives_out_its_places_only),
		cmocka_unit_test(test_the_rate_is_that_of_its_window),
		cmocka_unit_test(test_the_estimate_is_a_range_around_the_truth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
