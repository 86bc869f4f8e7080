/* Pages of frozen views: found once, kept while there is room, the same as SQL gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/window.h"
#include "store_fixture.h"

enum { ROWS = 50, MANY_BYTES = 1 << 20 };

static struct view *parse(struct fixture *f, const char *query)
{
	struct view *view = view_new();
	if (!view_parse(view, query, &f->err))
		fail_msg("%s: %s", query, f->err.text);
	return view;
}

static int64_t half_done_run(struct fixture *f)
{
	int64_t run = fixture_run(f, ROWS), seq;
	for (int n = 1; n <= ROWS / 2; n++)
		fixture_verdict(f, run, n, n % 3 == 0, &seq);
	return run;
}

/* The page as "3,6 of 8". */
static void expect_page(struct fixture *f, struct windows *windows, int64_t run, const char *query, int offset, int limit,
                        const char *expected)
{
	struct view *view = parse(f, query);
	int64_t positions[ROWS], total = -1;
	int count = windows_page(windows, f->reader, run, view, offset, limit, positions, &total, &f->err);
	if (count < 0)
		fail_msg("%s: %s", query, f->err.text);
	char found[256] = "";
	for (int i = 0; i < count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%d", i ? "," : "", (int)positions[i]);
	snprintf(found + strlen(found), sizeof(found) - strlen(found), " of %d", (int)total);
	assert_string_equal(found, expected);
	view_free(view);
}

static void test_a_page_is_a_piece_of_the_view(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	int64_t run = half_done_run(f);
	expect_page(f, windows, run, "verdict=phishing&version=25", 0, 3, "3,6,9 of 8");
	expect_page(f, windows, run, "verdict=phishing&version=25", 6, 3, "21,24 of 8");
	expect_page(f, windows, run, "verdict=phishing&version=25", 8, 3, " of 8");
	expect_page(f, windows, run, "verdict=phishing&sort=-n&version=25", 0, 2, "24,21 of 8");
	expect_page(f, windows, run, "sort=-ml&version=25", 0, 2, "9,19 of 50");
	expect_page(f, windows, run, "verdict=phishing&version=10", 0, 9, "3,6,9 of 3");
	windows_free(windows);
}

static void test_without_conditions_nothing_is_found_or_kept(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	int64_t run = half_done_run(f);
	expect_page(f, windows, run, "version=25", 48, 9, "49,50 of 50");
	expect_page(f, windows, run, "version=25&sort=-n", 48, 9, "2,1 of 50");
	expect_page(f, windows, run, "version=25", 99, 9, " of 50");
	assert_int_equal(windows_passes(windows), 0);
	windows_free(windows);
}

static void test_a_view_is_found_once_and_kept_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	int64_t run = half_done_run(f), seq;
	expect_page(f, windows, run, "done=yes&source=list&version=25", 10, 2, "22,24 of 12");
	fixture_verdict(f, run, 26, true, &seq);
	expect_page(f, windows, run, "source=list&done=yes&version=25", 10, 9, "22,24 of 12");
	assert_int_equal(windows_passes(windows), 1);
	expect_page(f, windows, run, "source=list&done=yes&version=26", 10, 9, "22,24,26 of 13");
	assert_int_equal(windows_passes(windows), 2);
	windows_free(windows);
}

static void test_what_was_used_longest_ago_makes_room(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(2 * 26 * sizeof(uint32_t));
	int64_t run = half_done_run(f);
	const char *views[] = {"source=list&version=25", "source=feed&version=25", "done=yes&version=25"};
	expect_page(f, windows, run, views[0], 0, 1, "2 of 25");
	expect_page(f, windows, run, views[1], 0, 1, "1 of 25");
	expect_page(f, windows, run, views[0], 1, 1, "4 of 25");
	assert_int_equal(windows_passes(windows), 2);
	expect_page(f, windows, run, views[2], 0, 1, "1 of 25"); /* [1] goes */
	expect_page(f, windows, run, views[0], 2, 1, "6 of 25");
	assert_int_equal(windows_passes(windows), 3);
	expect_page(f, windows, run, views[1], 0, 1, "1 of 25");
	assert_int_equal(windows_passes(windows), 4);
	windows_free(windows);
}

static void test_a_view_larger_than_the_room_is_still_shown(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(8);
	int64_t run = half_done_run(f);
	expect_page(f, windows, run, "source=list&version=25", 0, 1, "2 of 25");
	expect_page(f, windows, run, "source=list&version=25", 1, 1, "4 of 25");
	assert_int_equal(windows_passes(windows), 1);
	windows_free(windows);
}

static void test_facets_are_kept_too(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	int64_t run = half_done_run(f);
	struct view *view = parse(f, "verdict=phishing&version=25");
	for (int i = 0; i < 2; i++) {
		char *facets = windows_facets(windows, f->reader, run, view, "source,worker", 9, &f->err);
		assert_string_equal(facets, "{\"source\":[{\"value\":\"feed\",\"count\":4},{\"value\":\"list\",\"count\":4}],"
					    "\"worker\":[{\"value\":\"0\",\"count\":8}]}");
		free(facets);
	}
	assert_int_equal(windows_passes(windows), 1);
	assert_null(windows_facets(windows, f->reader, run, view, "colour", 9, &f->err));
	assert_int_equal(f->err.code, ERROR_INPUT);
	view_free(view);
	windows_free(windows);
}

static void test_a_refusal_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	struct view *view = parse(f, "source=x&version=1");
	int64_t position, total;
	for (int i = 0; i < 2; i++) {
		error_clear(&f->err);
		assert_int_equal(windows_page(windows, f->reader, 77, view, 0, 1, &position, &total, &f->err), -1);
		assert_int_equal(f->err.code, ERROR_NOT_FOUND);
	}
	view_free(view);
	windows_free(windows);
}

/* ---- several threads ------------------------------------------------------------------------------------------ */

struct asker {
	struct fixture *f;
	struct windows *windows;
	int64_t run;
	pthread_t thread;
	int64_t sum;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;
	struct error err = {0};
	struct reader *reader = reader_open(asker->f->store, &err);
	static const char *const queries[] = {"source=list&version=25", "done=yes&version=25", "verdict=phishing&version=25"};
	for (int i = 0; reader && i < 60; i++) {
		struct view *view = view_new();
		int64_t positions[ROWS], total = 0;
		view_parse(view, queries[i % 3], &err);
		int count = windows_page(asker->windows, reader, asker->run, view, 0, ROWS, positions, &total, &err);
		asker->sum += count == total ? count : -1000;
		view_free(view);
	}
	reader_close(reader);
	return NULL;
}

static void test_threads_that_ask_for_the_same_wait_for_one_pass(void **state)
{
	struct fixture *f = *state;
	struct windows *windows = windows_new(MANY_BYTES);
	int64_t run = half_done_run(f);
	struct asker askers[4];
	for (int i = 0; i < 4; i++) {
		askers[i] = (struct asker){.f = f, .windows = windows, .run = run};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].sum, 20 * (25 + 25 + 8));
	}
	assert_int_equal(windows_passes(windows), 3);
	windows_free(windows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_page_is_a_piece_of_the_view),
		TEST(test_without_conditions_nothing_is_found_or_kept),
		TEST(test_a_view_is_found_once_and_kept_as_it_was),
		TEST(test_what_was_used_longest_ago_makes_room),
		TEST(test_a_view_larger_than_the_room_is_still_shown),
		TEST(test_facets_are_kept_too),
		TEST(test_a_refusal_is_not_kept),
		TEST(test_threads_that_ask_for_the_same_wait_for_one_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
