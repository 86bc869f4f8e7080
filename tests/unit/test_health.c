#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "workers/health.h"
#include "workers/probe.h"

static struct health ready(void)
{
	struct health health;
	health_init(&health, 3);
	health_probe(&health, PROBE_GOOD);
	return health;
}

static void test_three_refusals_in_a_row_are_down_and_two_are_not(void **state)
{
	(void)state;
	struct health health = ready();
	assert_false(health_probe(&health, PROBE_REFUSED));
	assert_false(health_probe(&health, PROBE_REFUSED));
	assert_int_equal(health.state, WORKER_READY);
	health_probe(&health, PROBE_GOOD);
	assert_false(health_probe(&health, PROBE_REFUSED));
	assert_false(health_probe(&health, PROBE_RESET));
	assert_true(health_probe(&health, PROBE_UNAVAILABLE));
	assert_int_equal(health.state, WORKER_DOWN);
	assert_int_equal(health.cause, CAUSE_ENGINE_DEAD);
}

static void test_slow_probes_never_count_while_answers_arrive(void **state)
{
	(void)state;
	struct health health = ready();
	for (int i = 0; i < 20; i++) {
		health_answer(&health);
		health_probe(&health, PROBE_TIMEOUT);
	}
	assert_int_equal(health.state, WORKER_BUSY);
	assert_int_equal(health.failures, 0);
	assert_true(health_probe(&health, PROBE_GOOD));
	assert_int_equal(health.state, WORKER_READY);
}

static void test_silence_counts(void **state)
{
	(void)state;
	struct health health = ready();
	for (int i = 0; i < 3; i++)
		health_probe(&health, PROBE_TIMEOUT);
	assert_int_equal(health.state, WORKER_DOWN);
	assert_int_equal(health.cause, CAUSE_SILENT);
}

static void test_refused_counts_even_while_answers_arrive(void **state)
{
	(void)state;
	struct health health = ready();
	for (int i = 0; i < 3; i++) {
		health_answer(&health);
		health_probe(&health, PROBE_REFUSED);
	}
	assert_int_equal(health.state, WORKER_DOWN);
}

static void test_a_wrong_model_takes_effect_at_once_and_heals(void **state)
{
	(void)state;
	struct health health = ready();
	assert_true(health_probe(&health, PROBE_WRONG_MODEL));
	assert_int_equal(health.cause, CAUSE_WRONG_MODEL);
	assert_false(worker_state_takes_items(health.state));
	assert_true(health_probe(&health, PROBE_GOOD));
	assert_int_equal(health.state, WORKER_READY);
}

static void test_suspicion_lasts_until_a_probe_has_answered(void **state)
{
	(void)state;
	struct health health = ready();
	health_suspect(&health);
	health_probe(&health, PROBE_REFUSED);
	assert_true(health.suspected);
	health_probe(&health, PROBE_GOOD);
	assert_false(health.suspected);
}

static void test_after_a_gap_the_count_starts_again(void **state)
{
	(void)state;
	struct health health = ready();
	health_probe(&health, PROBE_TIMEOUT);
	health_probe(&health, PROBE_TIMEOUT);
	health_forgive(&health);
	health_probe(&health, PROBE_TIMEOUT);
	assert_int_equal(health.state, WORKER_READY);
	assert_int_equal(health.failures, 1);
}

static void test_the_network_is_told_from_the_server(void **state)
{
	(void)state;
	struct health health = ready();
	for (int i = 0; i < 3; i++)
		health_probe(&health, PROBE_UNREACHABLE);
	assert_int_equal(health.state, WORKER_UNREACHABLE);
}

static void read_models(struct probe_result *result, const char *body, const char *wanted)
{
	*result = (struct probe_result){.probe = PROBE_GOOD};
	probe_read_models(result, body, strlen(body), wanted);
}

static void test_the_first_name_is_asked_for_unless_one_is_wanted(void **state)
{
	(void)state;
	static const char body[] = "{\"object\":\"list\",\"data\":[{\"id\":\"real\",\"root\":\"/m/q\",\"max_model_len\":4096},"
	                           "{\"id\":\"alias\",\"root\":\"/m/q\"}]}";
	struct probe_result result;
	read_models(&result, body, NULL);
	assert_int_equal(result.probe, PROBE_GOOD);
	assert_string_equal(result.model, "real");
	assert_string_equal(result.root, "/m/q");
	assert_int_equal(result.max_model_len, 4096);
	probe_result_release(&result);
	read_models(&result, body, "alias");
	assert_string_equal(result.model, "alias");
	probe_result_release(&result);
	read_models(&result, body, "other");
	assert_int_equal(result.probe, PROBE_WRONG_MODEL);
	assert_string_equal(result.text, "\"other\" is asked for, but the server serves: real, alias");
	probe_result_release(&result);
}

static void test_what_is_no_list_of_models_is_no_model_server(void **state)
{
	(void)state;
	static const char *const bodies[] = {"", "<html>", "{}", "{\"data\":[]}", "{\"data\":[{\"id\":5}]}", "[1]"};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct probe_result result;
		read_models(&result, bodies[i], NULL);
		assert_int_equal(result.probe, PROBE_NO_MODELS);
		probe_result_release(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_refusals_in_a_row_are_down_and_two_are_not),
		cmocka_unit_test(test_slow_probes_never_count_while_answers_arrive),
		cmocka_unit_test(test_silence_counts),
		cmocka_unit_test(test_refused_counts_even_while_answers_arrive),
		cmocka_unit_test(test_a_wrong_model_takes_effect_at_once_and_heals),
		cmocka_unit_test(test_suspicion_lasts_until_a_probe_has_answered),
		cmocka_unit_test(test_after_a_gap_the_count_starts_again),
		cmocka_unit_test(test_the_network_is_told_from_the_server),
		cmocka_unit_test(test_the_first_name_is_asked_for_unless_one_is_wanted),
		cmocka_unit_test(test_what_is_no_list_of_models_is_no_model_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
