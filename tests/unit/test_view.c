/* The filter grammar over a run of twenty items: odd ones phishing, every fifth without a label. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "store/view.h"
#include "store_fixture.h"

static struct view *parse(struct fixture *f, const char *query)
{
	struct view *view = view_new();
	if (!view_parse(view, query, &f->err))
		fail_msg("%s: %s", query, f->err.text);
	return view;
}

/* The matching positions as text, "1,2,3". */
static void expect(struct fixture *f, int64_t run, const char *query, const char *positions)
{
	struct view *view = parse(f, query);
	int64_t n[64];
	int count = view_positions(f->reader, run, view, 0, 64, n, &f->err);
	if (count < 0)
		fail_msg("%s: %s", query, f->err.text);
	char found[512] = "";
	for (int i = 0; i < count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%d", i ? "," : "", (int)n[i]);
	assert_string_equal(found, positions);
	assert_int_equal(view_count(f->reader, run, view, &f->err), count);
	struct view_row rows[64];
	assert_int_equal(view_rows(f->reader, run, view, 0, 64, 0, rows, &f->err), count);
	for (int i = 0; i < count; i++)
		view_row_release(&rows[i]);
	view_free(view);
}

static void expect_refusal(struct fixture *f, const char *query, const char *part)
{
	struct view *view = view_new();
	error_clear(&f->err);
	assert_false(view_parse(view, query, &f->err));
	assert_int_equal(f->err.code, ERROR_INPUT);
	assert_non_null(strstr(f->err.text, part));
	view_free(view);
}

struct failed {
	int64_t run, n;
};

static bool insert_failure(struct writer *writer, void *arg, struct error *err)
{
	struct failed *failed = arg;
	struct outcome outcome;
	outcome_init(&outcome);
	outcome.failure = FAILURE_TIMEOUT;
	outcome.detail = (char *)"no answer within 60 s";
	outcome.elapsed_ms = 60000;
	struct result result = {.run = failed->run, .n = failed->n, .outcome = &outcome, .worker = "1", .attempts = 3};
	enum result_fate fate;
	int64_t seq;
	return attempt_insert(writer, failed->run, failed->n, 1, "0", &outcome, err) &&
	       attempt_insert(writer, failed->run, failed->n, 2, "1", &outcome, err) &&
	       result_insert(writer, &result, &fate, &seq, err);
}

/* Verdict "phishing" for 1..8, "benign" for 9..12, a time-out for 13 and 14; 15..20 are pending. */
static int64_t partial_run(struct fixture *f)
{
	int64_t run = fixture_run(f, 20), seq;
	for (int n = 1; n <= 12; n++)
		fixture_verdict(f, run, n, n <= 8, &seq);
	for (int n = 13; n <= 14; n++) {
		struct failed failed = {run, n};
		assert_true(store_write_wait(f->store, insert_failure, &failed, &f->err));
	}
	return run;
}

static void test_filters_find_what_they_name(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	expect(f, run, "", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20");
	expect(f, run, "done=yes&source=list", "2,4,6,8,10,12,14");
	expect(f, run, "done=no", "15,16,17,18,19,20");
	expect(f, run, "cell=tp", "1,3,7");
	expect(f, run, "cell=fp", "2,4,6,8");
	expect(f, run, "cell=fn&cell=tn", "9,11,12");
	expect(f, run, "cell=none", "13,14");
	/* stage 1 says phishing for 5..9 of each ten */
	expect(f, run, "change=fixed", "1,3");
	expect(f, run, "change=broken", "2,4,9");
	expect(f, run, "band=0.8-1&band=none", "8,9,18,19");
	expect(f, run, "band=0.8-0.9", "8,18");
	expect(f, run, "verdict=benign", "9,10,11,12");
	expect(f, run, "kind=timeout", "13,14");
	expect(f, run, "risk=high&worker=0&verdict=phishing&source=feed", "1,3,5,7");
	expect(f, run, "worker=1", "13,14");
	expect(f, run, "verdict=none", "13,14");
	expect(f, run, "label=none&source=list", "10,20");
	expect(f, run, "label=conflict", "");
	expect(f, run, "label=phishing&stage1=benign&done=yes", "1,3,11,13");
	expect(f, run, "retried=yes", "13,14");
	expect(f, run, "policy=benign&cell=fn", "9,11,13");
	expect(f, run, "tld=.EXAMPLE&q=item2", "2,20");
	expect(f, run, "q=hxxp%3A%2F%2Fitem12[.]example%2Flogin", "12");
}

static void test_the_policy_decides_about_missing_verdicts(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	struct view *view = parse(f, "cell=fn&kind=timeout");
	int64_t n[4];
	assert_int_equal(view_positions(f->reader, run, view, 0, 4, n, &f->err), 0);
	view_set_policy(view, NO_VERDICT_BENIGN);
	assert_int_equal(view_positions(f->reader, run, view, 0, 4, n, &f->err), 1);
	assert_int_equal(n[0], 13);
	view_free(view);
}

static void test_a_version_pins_what_is_seen(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	expect(f, run, "version=3&done=yes", "1,2,3");
	expect(f, run, "version=v12&cell=none", "");
}

static void test_unknown_keys_and_values_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	expect_refusal(f, "sourc=x", "\"source\"");
	expect_refusal(f, "cell=xx", "tp|fp|tn|fn|none");
	expect_refusal(f, "band=0.5-0.3", "0.3-0.5");
	expect_refusal(f, "band=0.5", "two numbers");
	expect_refusal(f, "kind=bogus", "kind of failure");
	expect_refusal(f, "kind=", "kind of failure");
	expect_refusal(f, "done=maybe", "yes|no");
	expect_refusal(f, "sort=colour", "descending");
	expect_refusal(f, "version=-1", "version");
	expect_refusal(f, "q=%zz", "escape");
	expect_refusal(f, "source", "key=value");
	expect_refusal(f, "q=", "part of a domain");
	bool known = true;
	struct view *view = view_new();
	assert_true(view_add(view, "offset", "3", &known, &f->err));
	assert_false(known);
	view_free(view);
}

static void test_hostile_values_are_only_values(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	expect(f, run, "source=feed'%20OR%201=1%20--", "");
	expect(f, run, "q=%25", "");
	expect(f, run, "worker=%3F", "");
}

static void test_rows_are_sorted_and_paged(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	struct view_row rows[3];
	struct view *view = parse(f, "sort=-ml");
	assert_int_equal(view_rows(f->reader, run, view, 1, 3, 8, rows, &f->err), 3);
	assert_int_equal(rows[0].n, 19);
	assert_int_equal(rows[1].n, 8);
	assert_string_equal(rows[1].reasoning, "because ");
	assert_int_equal(rows[1].risk, RISK_HIGH);
	assert_string_equal(rows[1].item.key, "item8.example");
	assert_null(rows[0].reasoning);
	for (int i = 0; i < 3; i++)
		view_row_release(&rows[i]);
	view_free(view);
	view = parse(f, "");
	assert_int_equal(view_rows(f->reader, run, view, 18, 3, 0, rows, &f->err), 2);
	assert_int_equal(rows[0].n, 19);
	view_row_release(&rows[0]);
	view_row_release(&rows[1]);
	view_free(view);
	assert_int_equal(view_rows(f->reader, 77, view = view_new(), 0, 3, 0, rows, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
	view_free(view);
}

static void write_facets(const struct facet *facets, int count, char *found, size_t size)
{
	for (int i = 0; i < count; i++) {
		snprintf(found + strlen(found), size - strlen(found), "%s%s:", i ? "; " : "", facets[i].by);
		for (int v = 0; v < facets[i].count; v++)
			snprintf(found + strlen(found), size - strlen(found), "%s %s %d", v ? "," : "", facets[i].values[v].value,
				 (int)facets[i].values[v].count);
	}
}

static void expect_facets(struct fixture *f, int64_t run, const char *query, const char *by, const char *expected)
{
	struct facet facets[FACETS_MOST];
	char found[512] = "";
	struct view *view = parse(f, query);
	int count = view_facets(f->reader, run, view, by, 16, facets, &f->err);
	view_free(view);
	if (count < 0)
		fail_msg("%s: %s", by, f->err.text);
	write_facets(facets, count, found, sizeof(found));
	facets_release(facets, count);
	assert_string_equal(found, expected);
}

static void test_facets_count_by_value(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	expect_facets(f, run, "", "source,cell", "source: feed 10, list 10; cell: fp 4, tp 3, fn 2, none 2, tn 1");
	expect_facets(f, run, "", "change,kind,worker", "change: broken 3, fixed 2; kind: timeout 2; worker: 0 12, 1 2");
	expect_facets(f, run, "", "verdict,tld", "verdict: phishing 8, benign 4, none 2; tld: example 20");
	expect_facets(f, run, "", "label,stage1,done",
		      "label: benign 8, phishing 8, none 4; stage1: benign 10, phishing 10; done: yes 14, no 6");
	expect_facets(f, run, "", "band",
		      "band: 0.0-0.1 2, 0.1-0.2 2, 0.2-0.3 2, 0.3-0.4 2, 0.4-0.5 2, 0.5-0.6 2, 0.6-0.7 2, 0.7-0.8 2, 0.8-0.9 2, 0.9-1.0 2");
}

static void test_a_facet_counts_what_else_could_be_chosen(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	expect_facets(f, run, "source=feed", "source,cell", "source: feed 10, list 10; cell: tp 3, fn 2, none 1");
	expect_facets(f, run, "source=feed&cell=tp&cell=fp", "source,cell", "source: list 4, feed 3; cell: tp 3, fn 2, none 1");
	expect_facets(f, run, "source=feed&worker=1", "cell,worker", "cell: none 1; worker: 0 6, 1 1");
	expect_facets(f, run, "q=item2", "source", "source: list 2");
}

static void test_unknown_facets_are_refused(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	struct facet facets[FACETS_MOST];
	struct view *view = view_new();
	assert_int_equal(view_facets(f->reader, run, view, "source,colour", 1, facets, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_INPUT);
	error_clear(&f->err);
	assert_int_equal(view_facets(f->reader, run, view, "", 1, facets, &f->err), -1);
	assert_non_null(strstr(f->err.text, "\"by\""));
	view_free(view);
}

static void test_the_whole_order_is_that_of_the_pages(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	static const char *const queries[] = {"", "sort=-n", "sort=-ml", "sort=key&source=list", "cell=none&sort=-seq", "q=nothing"};
	for (size_t i = 0; i < COUNT_OF(queries); i++) {
		struct view *view = parse(f, queries[i]);
		struct view_row rows[20], again[20];
		int64_t n[20];
		int count = view_rows(f->reader, run, view, 0, 20, 0, rows, &f->err);
		uint32_t *order;
		assert_int_equal(view_order(f->reader, run, view, &order, &f->err), count);
		for (int k = 0; k < count; k++)
			assert_int_equal(n[k] = order[k], rows[k].n);
		assert_true(view_rows_at(f->reader, run, view, n, count, 0, again, &f->err));
		for (int k = 0; k < count; k++) {
			assert_string_equal(again[k].item.key, rows[k].item.key);
			view_row_release(&rows[k]);
			view_row_release(&again[k]);
		}
		free(order);
		view_free(view);
	}
}

static void test_rows_say_cell_and_change_as_filters_do(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	struct view *view = parse(f, "policy=benign");
	struct view_row rows[3];
	assert_true(view_rows_at(f->reader, run, view, (const int64_t[]){13, 1, 15}, 3, 0, rows, &f->err));
	assert_string_equal(rows[0].cell, "fn");
	assert_null(rows[0].change);
	assert_string_equal(rows[1].cell, "tp");
	assert_string_equal(rows[1].change, "fixed");
	assert_null(rows[2].cell);
	for (int i = 0; i < 3; i++)
		view_row_release(&rows[i]);
	assert_false(view_rows_at(f->reader, run, view, (const int64_t[]){21}, 1, 0, rows, &f->err));
	view_free(view);
}

static void expect_same_key(struct fixture *f, const char *a, const char *b, bool same)
{
	struct view *one = parse(f, a), *other = parse(f, b);
	char *x = view_key(one), *y = view_key(other);
	assert_int_equal(strcmp(x, y) == 0, same);
	free(x);
	free(y);
	view_free(one);
	view_free(other);
}

static void test_views_that_ask_the_same_have_the_same_key(void **state)
{
	struct fixture *f = *state;
	expect_same_key(f, "cell=tp&source=x&cell=fp", "source=x&cell=fp&cell=tp&cell=tp&version=7", true);
	expect_same_key(f, "cell=tp", "cell=fp", false);
	expect_same_key(f, "sort=ml", "sort=-ml", false);
	expect_same_key(f, "policy=benign", "policy=stage1", false);
	expect_same_key(f, "source=a&source=b", "source=a%3Ab", false);
	expect_same_key(f, "band=0.1-0.2", "band=0.1-0.3", false);
}

static void test_a_record_has_its_large_texts_and_its_attempts(void **state)
{
	struct fixture *f = *state;
	int64_t run = partial_run(f);
	struct view_detail detail;
	assert_true(view_detail_read(f->reader, run, 3, &detail, &f->err));
	assert_string_equal(detail.row.reasoning, "because of its name");
	assert_null(detail.raw);
	assert_int_equal(detail.row_offset, 60);
	view_detail_release(&detail);
	assert_true(view_detail_read(f->reader, run, 13, &detail, &f->err));
	assert_int_equal(detail.row.failure, FAILURE_TIMEOUT);
	assert_string_equal(detail.detail, "no answer within 60 s");
	view_detail_release(&detail);
	assert_true(view_detail_read(f->reader, run, 20, &detail, &f->err));
	assert_false(detail.row.done);
	view_detail_release(&detail);
	assert_false(view_detail_read(f->reader, run, 21, &detail, &f->err));
	struct attempt_record attempts[8];
	assert_int_equal(view_attempts(f->reader, run, 0, 1, 8, attempts, &f->err), 3);
	assert_int_equal(attempts[0].k, 2);
	assert_string_equal(attempts[0].key, "item13.example");
	for (int i = 0; i < 3; i++)
		attempt_record_release(&attempts[i]);
	assert_int_equal(view_attempts_count(f->reader, run, &f->err), 4);
}

static bool insert_texts(struct writer *writer, void *arg, struct error *err)
{
	int64_t run = *(int64_t *)arg;
	AUTO_FREE char *prompt = memory_array(3001, 1);
	for (int64_t n = 1; n <= 20; n++) {
		struct outcome outcome;
		outcome_init(&outcome);
		memset(prompt, 0, 3001);
		/* The first is too short to be a dictionary. */
		for (int i = 0; i < (n == 1 ? 10 : 3000); i++)
			prompt[i] = (char)('a' + (i * i + i / 7) % 26);
		prompt[5] = (char)('A' + n);
		outcome.prompt = prompt;
		outcome.verdict.reasoning = (char *)"\xFF\xC0 <script>\n\t\"";
		outcome.model = (char *)"";
		struct result result = {.run = run, .n = n, .outcome = &outcome, .worker = "0", .attempts = 1};
		enum result_fate fate;
		int64_t seq;
		if (!result_insert(writer, &result, &fate, &seq, err))
			return false;
	}
	return true;
}

static void test_large_texts_come_back_as_they_went_in(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 20), other = fixture_run(f, 20);
	assert_true(store_write_wait(f->store, insert_texts, &run, &f->err));
	assert_true(store_write_wait(f->store, insert_texts, &other, &f->err));
	for (int64_t n = 1; n <= 20; n++) {
		struct view_detail detail;
		if (!view_detail_read(f->reader, n % 2 ? run : other, n, &detail, &f->err))
			fail_msg("%s", f->err.text);
		assert_int_equal(strlen(detail.prompt), n == 1 ? 10 : 3000);
		assert_int_equal(detail.prompt[5], 'A' + n);
		assert_string_equal(detail.row.reasoning, "\xFF\xC0 <script>\n\t\"");
		assert_string_equal(detail.model, "");
		assert_null(detail.finish_reason);
		view_detail_release(&detail);
	}
}

static void test_a_selection_knows_items_only(void **state)
{
	struct fixture *f = *state;
	fixture_run(f, 20);
	struct view *view = parse(f, "source=feed&band=0.3-0.6");
	int64_t *items;
	assert_int_equal(view_select_items(f->reader, 1, view, &items, &f->err), 4);
	assert_int_equal(items[3], 15);
	free(items);
	view_free(view);
	view = parse(f, "cell=tp");
	assert_int_equal(view_select_items(f->reader, 1, view, &items, &f->err), -1);
	assert_non_null(strstr(f->err.text, "\"cell\""));
	view_free(view);
}

/* ---- what needs the bytes, and names in other scripts -------------------------------------------------------- */

static const char *const sha = "00000000000000000000000000000000000000000000000000000000000000aa";
static const char bytes[] = "domain,kind\r\nxn--wgv71a119e.jp,\"a \"\"b\"\"\"\r\nplain.example,c\r\n";

static bool make_bytes(struct writer *writer, void *arg, struct error *err)
{
	int64_t *run_id = arg;
	const char *second = strstr(bytes, "plain");
	struct dataset_record dataset = {.sha256 = (char *)sha, .columns = (char *)"[\"domain\",\"kind\"]", .state = DATASET_READY};
	struct dataset_row rows[] = {
		{.row = 1, .record = 1, .line = 2, .offset = 13, .length = 29,
		 .item = {.key = (char *)"xn--wgv71a119e.jp", .ml = (double)NAN, .label = BINARY_UNKNOWN,
			  .stage1 = BINARY_UNKNOWN, .flags = ITEM_IDN}},
		{.row = 2, .record = 2, .line = 3, .offset = second - bytes, .length = 15,
		 .item = {.key = (char *)"plain.example", .ml = 1, .label = BINARY_UNKNOWN, .stage1 = BINARY_UNKNOWN}},
	};
	if (!dataset_insert(writer, &dataset, err) || !dataset_add_rows(writer, dataset.id, rows, 2, err))
		return false;
	struct run_record run = {.dataset = dataset.id, .state = RUN_QUEUED};
	if (!run_insert(writer, &run, (const int64_t[]){1, 2}, 2, err))
		return false;
	*run_id = run.id;
	return true;
}

static int64_t run_with_bytes(struct fixture *f)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/datasets", f->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/datasets/%s", f->directory, sha);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
	int64_t run = 0;
	if (!store_write_wait(f->store, make_bytes, &run, &f->err))
		fail_msg("%s", f->err.text);
	return run;
}

static void test_columns_are_compared_in_the_bytes_as_they_came(void **state)
{
	struct fixture *f = *state;
	int64_t run = run_with_bytes(f);
	expect(f, run, "col.kind=a%20%22b%22", "1");
	expect(f, run, "col.kind=c&col.domain=plain.example", "2");
	expect(f, run, "col.kind=c&col.kind=a+%22b%22", "1,2");
	expect(f, run, "col.kind=c&col.domain=x", "");
	struct view *view = parse(f, "col.colour=red");
	int64_t n;
	assert_int_equal(view_positions(f->reader, run, view, 0, 1, &n, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_INPUT);
	assert_non_null(strstr(f->err.text, "\"kind\""));
	view_free(view);
}

static void test_names_are_found_in_either_script(void **state)
{
	struct fixture *f = *state;
	int64_t run = run_with_bytes(f);
	expect(f, run, "q=%E6%97%A5%E6%9C%AC%E8%AA%9E.jp", "1"); /* 日本語.jp */
	expect(f, run, "q=%E6%9C%AC", "1");                      /* 本, part of a label */
	expect(f, run, "q=XN--WGV", "1");
	expect(f, run, "band=0.9-1", "2");
	expect(f, run, "band=none", "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_filters_find_what_they_name),
		TEST(test_the_policy_decides_about_missing_verdicts),
		TEST(test_a_version_pins_what_is_seen),
		TEST(test_unknown_keys_and_values_are_refused_by_name),
		TEST(test_hostile_values_are_only_values),
		TEST(test_rows_are_sorted_and_paged),
		TEST(test_facets_count_by_value),
		TEST(test_a_facet_counts_what_else_could_be_chosen),
		TEST(test_unknown_facets_are_refused),
		TEST(test_the_whole_order_is_that_of_the_pages),
		TEST(test_rows_say_cell_and_change_as_filters_do),
		TEST(test_views_that_ask_the_same_have_the_same_key),
		TEST(test_a_record_has_its_large_texts_and_its_attempts),
		TEST(test_large_texts_come_back_as_they_went_in),
		TEST(test_a_selection_knows_items_only),
		TEST(test_columns_are_compared_in_the_bytes_as_they_came),
		TEST(test_names_are_found_in_either_script),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
