#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/vector.h"
#include "dataset/sample.h"

static int64_t *numbers(int64_t count)
{
	int64_t *items = memory_array((size_t)count, sizeof(*items));
	for (int64_t i = 0; i < count; i++)
		items[i] = i;
	return items;
}

static void assert_sample(const struct sample *sample, int64_t count, const int64_t *expected, int64_t n)
{
	AUTO_FREE int64_t *items = numbers(count);
	int64_t selected = sample_select(sample, items, count);
	assert_true(selected >= n);
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(items[i], expected[i]);
}

/* Made with numpy 2.4.6 and pandas 3.1.1: DataFrame({"i": range(N)}).sample(n, random_state=seed). */
static void test_pandas_samples_are_the_same_rows(void **state)
{
	(void)state;
	assert_sample(&(struct sample){SAMPLE_PANDAS, true, 4, false, 42}, 10, (const int64_t[]){8, 1, 5, 0}, 4);
	assert_sample(&(struct sample){SAMPLE_PANDAS, true, 3000, false, 42}, 17434,
		      (const int64_t[]){3999, 16838, 14793, 10341, 4353, 19}, 6);
	assert_sample(&(struct sample){SAMPLE_PANDAS, true, 5, false, 0}, 1000, (const int64_t[]){993, 859, 298, 553, 672}, 5);
	assert_sample(&(struct sample){SAMPLE_PANDAS, true, 5, false, 4294967295}, 70000,
		      (const int64_t[]){14972, 66828, 49490, 22806, 60806}, 5);
	assert_sample(&(struct sample){SAMPLE_PANDAS, false, 0, true, 7}, 12,
		      (const int64_t[]){7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4}, 12);
	assert_sample(&(struct sample){SAMPLE_PANDAS, true, 5, true, 7}, 12, (const int64_t[]){8, 9, 2, 1, 7}, 5);
}

static void test_the_originals_sample_of_three_thousand(void **state)
{
	(void)state;
	AUTO_FREE int64_t *items = numbers(17434);
	const struct sample sample = {SAMPLE_PANDAS, true, 3000, false, 42};
	assert_int_equal(sample_select(&sample, items, 17434), 3000);
	int64_t sum = 0;
	for (int64_t i = 0; i < 3000; i++)
		sum += (i + 1) * items[i];
	assert_int_equal(sum % 1000000007, 231331825);
}

static void test_our_sample_keeps_the_order_of_the_input(void **state)
{
	(void)state;
	AUTO_FREE int64_t *items = numbers(1000), *again = numbers(1000), *other = numbers(1000);
	const struct sample sample = {SAMPLE_MEKIKI, true, 100, false, 42};
	const struct sample another = {SAMPLE_MEKIKI, true, 100, false, 43};
	assert_int_equal(sample_select(&sample, items, 1000), 100);
	sample_select(&sample, again, 1000);
	sample_select(&another, other, 1000);
	int same = 0;
	for (int i = 0; i < 100; i++) {
		assert_true(i == 0 || items[i] > items[i - 1]);
		assert_int_equal(items[i], again[i]);
		same += items[i] == other[i];
	}
	assert_true(same < 50);
}

static void test_our_sequence_stays_what_it_is(void **state)
{
	(void)state;
	/* from an independent program: a run planned again years later must choose the same items */
	assert_sample(&(struct sample){SAMPLE_MEKIKI, true, 5, false, 42}, 1000, (const int64_t[]){260, 661, 778, 852, 919}, 5);
	assert_sample(&(struct sample){SAMPLE_MEKIKI, false, 0, true, 42}, 8, (const int64_t[]){5, 4, 1, 7, 6, 3, 0, 2}, 8);
}

static void test_shuffling_moves_everything_and_loses_nothing(void **state)
{
	(void)state;
	AUTO_FREE int64_t *items = numbers(10000);
	AUTO_FREE bool *seen = memory_new(10000);
	const struct sample sample = {SAMPLE_MEKIKI, false, 0, true, 1};
	assert_int_equal(sample_select(&sample, items, 10000), 10000);
	int fixed = 0;
	for (int i = 0; i < 10000; i++) {
		fixed += items[i] == i;
		assert_false(seen[items[i]]);
		seen[items[i]] = true;
	}
	assert_true(fixed < 20); /* one is expected */
}

static void test_every_item_has_the_same_chance(void **state)
{
	(void)state;
	int hits[10] = {0};
	for (uint64_t seed = 0; seed < 10000; seed++) {
		AUTO_FREE int64_t *items = numbers(10);
		const struct sample sample = {SAMPLE_MEKIKI, true, 3, false, seed};
		sample_select(&sample, items, 10);
		for (int i = 0; i < 3; i++)
			hits[items[i]]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(hits[i], 2800, 3200); /* 3000, sigma 46 */
}

static void test_the_first_n_and_more_than_there_are(void **state)
{
	(void)state;
	AUTO_FREE int64_t *items = numbers(5);
	const struct sample first = {SAMPLE_MEKIKI, false, 3, false, 1}, many = {SAMPLE_MEKIKI, true, 9, false, 1};
	assert_int_equal(sample_select(&first, items, 5), 3);
	assert_int_equal(items[2], 2);
	assert_int_equal(sample_select(&many, items, 5), 5);
	assert_int_equal(items[4], 4);
	assert_int_equal(sample_select(&many, items, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pandas_samples_are_the_same_rows),
		cmocka_unit_test(test_the_originals_sample_of_three_thousand),
		cmocka_unit_test(test_our_sample_keeps_the_order_of_the_input),
		cmocka_unit_test(test_our_sequence_stays_what_it_is),
		cmocka_unit_test(test_shuffling_moves_everything_and_loses_nothing),
		cmocka_unit_test(test_every_item_has_the_same_chance),
		cmocka_unit_test(test_the_first_n_and_more_than_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
