/* Rows become items; what several rows say of one item is merged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "store_fixture.h"

static struct dataset_row row(int64_t n, const char *key, enum binary label)
{
	return (struct dataset_row){.row = n, .record = n, .line = n + 1, .offset = n * 10, .length = 9,
				    .item = {.key = (char *)key, .ml = (double)NAN, .label = label, .stage1 = BINARY_UNKNOWN}};
}

struct import {
	struct dataset_record dataset;
	const struct dataset_row *rows;
	int count;
};

static bool import(struct writer *writer, void *arg, struct error *err)
{
	struct import *work = arg;
	return dataset_insert(writer, &work->dataset, err) &&
	       dataset_add_rows(writer, work->dataset.id, work->rows, work->count, err);
}

static bool import_more(struct writer *writer, void *arg, struct error *err)
{
	struct import *work = arg;
	return dataset_add_rows(writer, work->dataset.id, work->rows, work->count, err);
}

static bool import_and_say_no(struct writer *writer, void *arg, struct error *err)
{
	return import_more(writer, arg, err) && error_set(err, ERROR_CONFLICT, "no");
}

static bool finish(struct writer *writer, void *arg, struct error *err)
{
	return dataset_finish(writer, arg, err);
}

static bool discard(struct writer *writer, void *arg, struct error *err)
{
	return dataset_discard(writer, *(int64_t *)arg, err);
}

static int64_t add(struct fixture *f, const char *sha, const struct dataset_row *rows, int count)
{
	struct import work = {.dataset = {.sha256 = (char *)sha, .name = (char *)"a.csv", .created_by = (char *)"tester"},
			      .rows = rows, .count = count};
	if (!store_write_bulk(f->store, import, &work, &f->err) || !dataset_index(f->store, work.dataset.id, &f->err))
		fail_msg("%s", f->err.text);
	return work.dataset.id;
}

static struct item item_of(struct fixture *f, int64_t dataset, const char *key)
{
	struct item item = {0};
	int64_t id = dataset_item_find(f->reader, dataset, key, &f->err);
	assert_true(id > 0);
	assert_int_equal(dataset_items(f->reader, dataset, id - 1, 1, &item, &f->err), 1);
	assert_string_equal(item.key, key);
	return item;
}

static void test_rows_of_one_key_are_one_item(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_UNKNOWN), row(2, "b.example", BINARY_BENIGN),
				     row(3, "a.example", BINARY_PHISHING), row(4, "a.example", BINARY_UNKNOWN)};
	rows[2].item.source = (char *)"feed";
	rows[2].item.ml = 0.25;
	rows[3].item.source = (char *)"late";
	rows[3].item.ml = 0.75;
	rows[3].item.flags = ITEM_CASE_DUPLICATE;
	int64_t dataset = add(f, "aa", rows, 4);
	struct item item = item_of(f, dataset, "a.example");
	assert_int_equal(item.id, 1);
	assert_int_equal(item.label, BINARY_PHISHING); /* the first that is not missing */
	assert_string_equal(item.source, "feed");
	assert_true(item.ml == 0.25);
	assert_int_equal(item.flags, ITEM_CASE_DUPLICATE);
	item_release(&item);
	struct dataset_place places[8];
	assert_int_equal(dataset_rows(f->reader, dataset, 1, 8, places, &f->err), 3);
	assert_int_equal(places[0].item, 2);
	assert_int_equal(places[1].item, 1);
	assert_int_equal(places[2].offset, 40);
	assert_int_equal(dataset_item_find(f->reader, dataset, "c.example", &f->err), 0);
}

static void test_labels_that_differ_are_a_conflict_for_good(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_PHISHING), row(2, "a.example", BINARY_BENIGN),
				     row(3, "a.example", BINARY_BENIGN), row(4, "b.example", BINARY_BENIGN),
				     row(5, "b.example", BINARY_BENIGN)};
	int64_t dataset = add(f, "aa", rows, 5);
	struct item item = item_of(f, dataset, "a.example");
	assert_int_equal(item.label, BINARY_UNKNOWN);
	assert_int_equal(item.flags, ITEM_LABEL_CONFLICT);
	item_release(&item);
	item = item_of(f, dataset, "b.example");
	assert_int_equal(item.label, BINARY_BENIGN);
	assert_int_equal(item.flags, 0);
	item_release(&item);
}

static void test_item_numbers_go_on_from_batch_to_batch(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_UNKNOWN)};
	int64_t first = add(f, "aa", rows, 1), second = add(f, "bb", rows, 1);
	assert_true(first != second);
	assert_int_equal(dataset_item_find(f->reader, first, "a.example", &f->err), 1);
	assert_int_equal(dataset_item_find(f->reader, second, "a.example", &f->err), 1);
}

static void test_a_batch_that_was_undone_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_UNKNOWN), row(2, "b.example", BINARY_UNKNOWN),
				     row(3, "c.example", BINARY_UNKNOWN)};
	struct import work = {.dataset = {.sha256 = (char *)"aa", .created_by = (char *)"tester"}, .rows = rows, .count = 1};
	assert_true(store_write_bulk(f->store, import, &work, &f->err));
	work.rows = rows + 1;
	assert_false(store_write_bulk(f->store, import_and_say_no, &work, &f->err));
	work.rows = rows + 2;
	assert_true(store_write_bulk(f->store, import_more, &work, &f->err));
	fixture_reopen(f); /* another process goes on */
	work.rows = rows + 1;
	work.count = 2;
	rows[2].row = 4;
	assert_true(store_write_bulk(f->store, import_more, &work, &f->err));
	assert_true(dataset_index(f->store, work.dataset.id, &f->err));
	assert_int_equal(dataset_item_find(f->reader, work.dataset.id, "a.example", &f->err), 1);
	assert_int_equal(dataset_item_find(f->reader, work.dataset.id, "c.example", &f->err), 2);
	assert_int_equal(dataset_item_find(f->reader, work.dataset.id, "b.example", &f->err), 3);
}

enum { MANY = 30000 };

static void test_many_keys_stay_apart_and_come_together(void **state)
{
	struct fixture *f = *state;
	struct dataset_row *rows = memory_array(MANY * 2, sizeof(*rows));
	for (int i = 0; i < MANY * 2; i++)
		rows[i] = row(i + 1, memory_format("%x.example", (unsigned)(i % MANY) * 2654435761u), BINARY_UNKNOWN);
	int64_t dataset = add(f, "aa", rows, MANY * 2);
	struct item last;
	assert_int_equal(dataset_items(f->reader, dataset, MANY - 1, 2, &last, &f->err), 1);
	item_release(&last);
	for (int i = 0; i < MANY; i += 997)
		assert_int_equal(dataset_item_find(f->reader, dataset, rows[i].item.key, &f->err), i + 1);
	for (int i = 0; i < MANY * 2; i++)
		free(rows[i].item.key);
	free(rows);
}

enum { A = 0xa, B = 0xb };

static const char *sha_of(char out[65], int digit)
{
	memset(out, '0', 64);
	out[0] = 'a';
	out[63] = (char)("0123456789abcdef"[digit]);
	out[64] = '\0';
	return out;
}

static struct dataset_record ready(int64_t id, char *sha)
{
	return (struct dataset_record){.id = id, .sha256 = sha, .name = (char *)"a.csv", .state = DATASET_READY, .rows = 1,
				       .items = 1, .columns = (char *)"[\"domain\"]", .created_by = (char *)"tester"};
}

static void test_a_dataset_is_found_by_the_beginning_of_its_hash(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_UNKNOWN)};
	char a[65], b[65];
	struct dataset_record one = ready(add(f, "t1", rows, 1), (char *)sha_of(a, A));
	struct dataset_record two = ready(add(f, "t2", rows, 1), (char *)sha_of(b, B)), found;
	assert_true(store_write_wait(f->store, finish, &one, &f->err));
	assert_true(dataset_find(f->reader, "a0000000", &found, &f->err));
	assert_int_equal(found.id, one.id);
	assert_string_equal(found.columns, "[\"domain\"]");
	assert_int_equal(found.state, DATASET_READY);
	dataset_record_release(&found);
	assert_true(store_write_wait(f->store, finish, &two, &f->err));
	assert_false(dataset_find(f->reader, "a0000000", &found, &f->err));
	assert_int_equal(f->err.code, ERROR_INPUT);
	assert_true(dataset_find(f->reader, b, &found, &f->err));
	assert_int_equal(found.id, two.id);
	dataset_record_release(&found);
	assert_false(dataset_find(f->reader, "b0000000", &found, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
	assert_false(dataset_find(f->reader, "a00", &found, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

static void test_the_same_bytes_are_one_dataset(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "a.example", BINARY_UNKNOWN)};
	char a[65];
	struct dataset_record one = ready(add(f, "t1", rows, 1), (char *)sha_of(a, A));
	struct dataset_record again = ready(add(f, "t2", rows, 1), a);
	assert_true(store_write_wait(f->store, finish, &one, &f->err));
	assert_false(store_write_wait(f->store, finish, &again, &f->err));
	assert_int_equal(f->err.code, ERROR_CONFLICT);
	assert_true(store_write_wait(f->store, discard, &again.id, &f->err));
	struct dataset_record found;
	assert_false(dataset_read(f->reader, again.id, &found, &f->err));
	assert_int_equal(dataset_item_find(f->reader, again.id, "a.example", &f->err), 0);
	assert_false(store_write_wait(f->store, discard, &one.id, &f->err));
	assert_int_equal(f->err.code, ERROR_CONFLICT);
}

static void test_a_population_is_counted_without_the_selection(void **state)
{
	struct fixture *f = *state;
	struct dataset_row rows[] = {row(1, "item1.example", BINARY_PHISHING), row(2, "z.example", BINARY_BENIGN),
				     row(3, "item3.example", BINARY_BENIGN), row(4, "y.example", BINARY_PHISHING),
				     row(5, "y.example", BINARY_BENIGN), row(6, "b.example", BINARY_UNKNOWN)};
	rows[1].item.stage1 = BINARY_PHISHING;
	int64_t run = fixture_run(f, 4); /* dataset 1: item1 to item4 */
	int64_t population = add(f, "pp", rows, 6), matched;
	assert_true(dataset_match(f->reader, 1, population, &matched, &f->err));
	assert_int_equal(matched, 2);
	struct dataset_tally tally;
	assert_true(dataset_tally_read(f->reader, population, 0, &tally, &f->err));
	assert_int_equal(tally.total, 5);
	assert_int_equal(tally.conflicts, 1);
	assert_true(dataset_tally_read(f->reader, population, run, &tally, &f->err));
	assert_int_equal(tally.total, 3);
	assert_int_equal(tally.conflicts, 1);
	assert_int_equal(tally.counts[BINARY_BENIGN + 1][BINARY_PHISHING + 1], 1);
	assert_int_equal(tally.counts[BINARY_UNKNOWN + 1][BINARY_UNKNOWN + 1], 1);
	char expected[DIGEST_HEX];
	digest_of("b.example\nz.example\n", 20, expected);
	assert_string_equal(tally.hash, expected);
}

static bool add_problems(struct writer *writer, void *arg, struct error *err)
{
	int64_t dataset = *(int64_t *)arg;
	const struct dataset_problem problems[] = {{.record = 3, .line = 4, .reason = (char *)"the domain is empty"},
						   {.record = 9, .line = 12, .reason = (char *)"no end", .excerpt = (char *)"\"x"}};
	return dataset_add_problem(writer, dataset, &problems[0], err) && dataset_add_problem(writer, dataset, &problems[1], err);
}

static void test_problems_keep_their_line_and_reason(void **state)
{
	struct fixture *f = *state;
	int64_t dataset = add(f, "aa", NULL, 0);
	assert_true(store_write_wait(f->store, add_problems, &dataset, &f->err));
	struct dataset_problem problem;
	assert_int_equal(dataset_problems(f->reader, dataset, 1, 1, &problem, &f->err), 1);
	assert_int_equal(problem.line, 12);
	assert_string_equal(problem.reason, "no end");
	assert_string_equal(problem.excerpt, "\"x");
	free(problem.reason);
	free(problem.excerpt);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows_of_one_key_are_one_item),
		TEST(test_labels_that_differ_are_a_conflict_for_good),
		TEST(test_item_numbers_go_on_from_batch_to_batch),
		TEST(test_a_batch_that_was_undone_leaves_nothing_behind),
		TEST(test_many_keys_stay_apart_and_come_together),
		TEST(test_a_dataset_is_found_by_the_beginning_of_its_hash),
		TEST(test_the_same_bytes_are_one_dataset),
		TEST(test_a_population_is_counted_without_the_selection),
		TEST(test_problems_keep_their_line_and_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
