#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "workers/recovery.h"

enum { S = 1000, MIN = 60 * S };

static struct recovery fresh(void)
{
	struct recovery recovery;
	struct recovery_policy policy = {.restarts = 3,
	                                 .window_ms = 30 * MIN,
	                                 .forgive_ms = 10 * MIN,
	                                 .delay_ms = {5 * S, 20 * S, 60 * S},
	                                 .delay_count = 3,
	                                 .wait_ms = 30 * S};
	recovery_init(&recovery, &policy);
	return recovery;
}

static struct recovery_decision failed_at(struct recovery *recovery, int64_t now)
{
	return recovery_failed(recovery, false, true, now);
}

static void test_three_restarts_with_growing_delays_then_a_person(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	static const int64_t delays[] = {5 * S, 20 * S, 60 * S};
	for (int i = 0; i < 3; i++) {
		int64_t now = i * 2 * MIN;
		struct recovery_decision decision = failed_at(&recovery, now);
		assert_int_equal(decision.action, RECOVERY_RESTART);
		assert_int_equal(decision.at_ms, now + delays[i]);
		assert_int_equal(decision.attempt, i + 1);
		assert_int_equal(decision.of, 3);
	}
	assert_int_equal(failed_at(&recovery, 7 * MIN).action, RECOVERY_GIVE_UP);
}

static void test_the_window_rolls(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	failed_at(&recovery, 0);
	failed_at(&recovery, 20 * MIN);
	failed_at(&recovery, 25 * MIN);
	struct recovery_decision decision = failed_at(&recovery, 31 * MIN);
	assert_int_equal(decision.action, RECOVERY_RESTART);
	assert_int_equal(decision.attempt, 3);
	assert_int_equal(failed_at(&recovery, 32 * MIN).action, RECOVERY_GIVE_UP);
}

static void test_ten_good_minutes_forgive(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	for (int i = 0; i < 3; i++)
		failed_at(&recovery, i * MIN);
	recovery_healthy(&recovery, 4 * MIN);
	recovery_healthy(&recovery, 13 * MIN);
	assert_int_equal(recovery.count, 3); /* nine minutes do not */
	recovery_healthy(&recovery, 14 * MIN);
	struct recovery_decision decision = failed_at(&recovery, 15 * MIN);
	assert_int_equal(decision.action, RECOVERY_RESTART);
	assert_int_equal(decision.attempt, 1);
}

static void test_flapping_is_no_good_health(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	int64_t now = 0;
	for (int i = 0; i < 3; i++, now += 2 * MIN) {
		assert_int_equal(failed_at(&recovery, now).action, RECOVERY_RESTART);
		recovery_healthy(&recovery, now + MIN);
	}
	assert_int_equal(failed_at(&recovery, now).action, RECOVERY_GIVE_UP);
}

static void test_what_is_nobodys_fault_waits_and_spends_nothing(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	for (int i = 0; i < 50; i++) {
		struct recovery_decision decision = recovery_failed(&recovery, false, false, i * MIN);
		assert_int_equal(decision.action, RECOVERY_WAIT);
		assert_int_equal(decision.at_ms, i * MIN + 30 * S);
	}
	assert_int_equal(failed_at(&recovery, 60 * MIN).attempt, 1);
}

static void test_what_no_restart_mends_goes_to_a_person_at_once(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	assert_int_equal(recovery_failed(&recovery, true, true, 0).action, RECOVERY_GIVE_UP);
	assert_int_equal(recovery.count, 0);
}

static void test_a_person_starts_the_count_anew(void **state)
{
	(void)state;
	struct recovery recovery = fresh();
	for (int i = 0; i < 4; i++)
		failed_at(&recovery, i);
	recovery_reset(&recovery);
	assert_int_equal(failed_at(&recovery, 5).attempt, 1);
}

static void test_no_restarts_allowed_means_none(void **state)
{
	(void)state;
	struct recovery recovery;
	struct recovery_policy policy = {.restarts = 0, .window_ms = MIN, .delay_ms = {1}, .delay_count = 1};
	recovery_init(&recovery, &policy);
	assert_int_equal(failed_at(&recovery, 0).action, RECOVERY_GIVE_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_restarts_with_growing_delays_then_a_person),
		cmocka_unit_test(test_the_window_rolls),
		cmocka_unit_test(test_ten_good_minutes_forgive),
		cmocka_unit_test(test_flapping_is_no_good_health),
		cmocka_unit_test(test_what_is_nobodys_fault_waits_and_spends_nothing),
		cmocka_unit_test(test_what_no_restart_mends_goes_to_a_person_at_once),
		cmocka_unit_test(test_a_person_starts_the_count_anew),
		cmocka_unit_test(test_no_restarts_allowed_means_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
