/* The store on a real SQLite file in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/dataset.h"
#include "store/event.h"
#include "store/result.h"
#include "store/run.h"
#include "store_fixture.h"

static void test_pragmas_are_what_they_should_be(void **state)
{
	struct fixture *f = *state;
	static const char *const expected[][2] = {
		{"page_size", "8192"},     {"journal_mode", "wal"},         {"synchronous", "2"},  {"mmap_size", "0"},
		{"foreign_keys", "1"},     {"wal_autocheckpoint", "0"},     {"user_version", "1"},
	};
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		fixture_expect_pragma(f, expected[i][0], expected[i][1]);
}

static void test_a_run_keeps_what_it_was_given(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 3);
	struct run_record record;
	assert_true(run_read(f->reader, run, &record, &f->err));
	assert_int_equal(record.total, 3);
	assert_int_equal(record.state, RUN_QUEUED);
	assert_string_equal(record.created_by, "tester");
	run_record_release(&record);
	struct run_item item;
	assert_true(run_item_read(f->reader, run, 2, &item, &f->err));
	assert_string_equal(item.item.key, "item2.example");
	assert_int_equal(item.row, 2);
	item_release(&item.item);
	assert_false(run_item_read(f->reader, run, 4, &item, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

static void test_a_second_result_is_counted_and_not_stored(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 3), seq = 0;
	assert_int_equal(fixture_verdict(f, run, 1, true, &seq), RESULT_ACCEPTED);
	assert_int_equal(seq, 1);
	assert_int_equal(fixture_verdict(f, run, 1, true, &seq), RESULT_DUPLICATE_SAME);
	assert_int_equal(fixture_verdict(f, run, 1, false, &seq), RESULT_DUPLICATE_DIFFERENT);
	assert_int_equal(fixture_verdict(f, run, 2, false, &seq), RESULT_ACCEPTED);
	assert_int_equal(seq, 2);
	struct result_counts counts;
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.done, 2);
	assert_int_equal(counts.duplicates, 2);
	assert_int_equal(counts.version, 2);
	struct result_tally_row rows[4];
	assert_int_equal(result_tally_rows(f->reader, run, 0, 4, rows, &f->err), 2);
	assert_int_equal(rows[0].verdict, BINARY_PHISHING);
	assert_int_equal(rows[0].label, BINARY_PHISHING);
	assert_int_equal(rows[1].verdict, BINARY_BENIGN);
}

static void expect_pending(struct fixture *f, int64_t run, int64_t count)
{
	uint32_t *pending;
	assert_int_equal(run_pending(f->reader, run, &pending, &f->err), count);
	for (int64_t i = 1; i < count; i++)
		assert_true(pending[i] > pending[i - 1]);
	free(pending);
}

static void test_what_has_no_result_is_pending(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 20), seq;
	expect_pending(f, run, 20);
	for (int n = 2; n <= 20; n += 2)
		fixture_verdict(f, run, n, true, &seq);
	expect_pending(f, run, 10);
	fixture_reopen(f);
	expect_pending(f, run, 10);
	for (int n = 1; n <= 20; n += 2)
		fixture_verdict(f, run, n, true, &seq);
	fixture_reopen(f);
	expect_pending(f, run, 0);
	uint32_t *pending;
	assert_int_equal(run_pending(f->reader, 99, &pending, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pragmas_are_what_they_should_be, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_run_keeps_what_it_was_given, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_second_result_is_counted_and_not_stored, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_has_no_result_is_pending, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
