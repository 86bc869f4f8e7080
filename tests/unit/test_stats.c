#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "stats/confusion.h"
#include "stats/interval.h"

static void add(struct tally *tally, enum binary label, enum binary stage1, enum tally_outcome outcome, int64_t times)
{
	tally_add(tally, label, stage1, false, outcome, times);
}

/*
 * The diary of 2026-01-22: 17,434 hand-offs, of which 3,000 went to the agent (stage-1 on them 411/48/2310/231,
 * the agent 451/128/2230/191 as TP/FP/TN/FN), in a population of 128,002. How many of the 40 and 80 were fixed and
 * broken is not printed; the smallest numbers are taken.
 */
static void add_the_three_thousand(struct tally *tally)
{
	add(tally, BINARY_PHISHING, BINARY_PHISHING, TALLY_PHISHING, 411);
	add(tally, BINARY_PHISHING, BINARY_BENIGN, TALLY_PHISHING, 40);
	add(tally, BINARY_PHISHING, BINARY_BENIGN, TALLY_BENIGN, 191);
	add(tally, BINARY_BENIGN, BINARY_PHISHING, TALLY_PHISHING, 48);
	add(tally, BINARY_BENIGN, BINARY_BENIGN, TALLY_PHISHING, 80);
	add(tally, BINARY_BENIGN, BINARY_BENIGN, TALLY_BENIGN, 2230);
}

static void add_outside(struct tally *tally, int64_t tp, int64_t fp, int64_t tn, int64_t fn)
{
	add(tally, BINARY_PHISHING, BINARY_PHISHING, TALLY_OUTSIDE, tp);
	add(tally, BINARY_BENIGN, BINARY_PHISHING, TALLY_OUTSIDE, fp);
	add(tally, BINARY_BENIGN, BINARY_BENIGN, TALLY_OUTSIDE, tn);
	add(tally, BINARY_PHISHING, BINARY_BENIGN, TALLY_OUTSIDE, fn);
}

static void assert_matrix(const struct confusion *c, int64_t tp, int64_t fp, int64_t tn, int64_t fn)
{
	assert_int_equal(c->tp, tp);
	assert_int_equal(c->fp, fp);
	assert_int_equal(c->tn, tn);
	assert_int_equal(c->fn, fn);
	assert_int_equal(c->covered, tp + fp + tn + fn);
}

static void assert_printed(const struct confusion *c, const char *expected)
{
	char text[40];
	struct figures figures = confusion_figures(c);
	snprintf(text, sizeof(text), "%.4f %.4f %.4f", figures.precision.est, figures.recall.est, figures.f1);
	assert_string_equal(text, expected);
}

static void test_the_diary_of_the_hand_offs(void **state)
{
	(void)state;
	struct tally tally = {0};
	add_the_three_thousand(&tally);
	add_outside(&tally, 2211 - 411, 302 - 48, 13559 - 2310, 1362 - 231); /* the 14,434 unselected */
	struct confusion one = confusion_of(&tally, STAGE_ONE, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	struct confusion final = confusion_of(&tally, STAGE_FINAL, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	assert_int_equal(one.n, 17434);
	assert_matrix(&one, 2211, 302, 13559, 1362);
	assert_matrix(&final, 2251, 382, 13479, 1322);
	assert_printed(&one, "0.8798 0.6188 0.7266");
	assert_printed(&final, "0.8549 0.6300 0.7254");
	one = confusion_of(&tally, STAGE_ONE, SUBSET_HANDED, NO_VERDICT_EXCLUDE);
	final = confusion_of(&tally, STAGE_FINAL, SUBSET_HANDED, NO_VERDICT_EXCLUDE);
	assert_int_equal(one.n, 3000);
	assert_matrix(&one, 411, 48, 2310, 231);
	assert_matrix(&final, 451, 128, 2230, 191);
	assert_printed(&final, "0.7789 0.7025 0.7387");
}

static void test_the_diary_of_the_whole_population(void **state)
{
	(void)state;
	struct tally tally = {0};
	add_the_three_thousand(&tally);
	add_outside(&tally, 62223 - 411, 313 - 48, 63688 - 2310, 1778 - 231);
	struct confusion one = confusion_of(&tally, STAGE_ONE, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	struct confusion final = confusion_of(&tally, STAGE_FINAL, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	assert_int_equal(final.n, 128002);
	assert_matrix(&one, 62223, 313, 63688, 1778);
	assert_matrix(&final, 62263, 393, 63608, 1738);
	assert_printed(&one, "0.9950 0.9722 0.9835");
	assert_printed(&final, "0.9937 0.9728 0.9832");
	char text[40];
	struct figures a = confusion_figures(&one), b = confusion_figures(&final);
	snprintf(text, sizeof(text), "%+.4f %+.4f %+.4f", b.precision.est - a.precision.est, b.recall.est - a.recall.est,
		 b.f1 - a.f1);
	assert_string_equal(text, "-0.0013 +0.0006 -0.0003");
}

static void test_no_verdict_is_a_third_column_under_a_named_policy(void **state)
{
	(void)state;
	struct tally tally = {0};
	add(&tally, BINARY_PHISHING, BINARY_PHISHING, TALLY_PHISHING, 5);
	add(&tally, BINARY_PHISHING, BINARY_PHISHING, TALLY_NO_VERDICT, 2);
	add(&tally, BINARY_BENIGN, BINARY_PHISHING, TALLY_NO_VERDICT, 3);
	struct confusion c = confusion_of(&tally, STAGE_FINAL, SUBSET_HANDED, NO_VERDICT_EXCLUDE);
	assert_matrix(&c, 5, 0, 0, 0);
	assert_int_equal(c.none_phishing, 2);
	assert_int_equal(c.none_benign, 3);
	assert_int_equal(c.n, 10);
	assert_false(c.none_counts);
	c = confusion_of(&tally, STAGE_FINAL, SUBSET_HANDED, NO_VERDICT_STAGE1);
	assert_matrix(&c, 7, 3, 0, 0);
	assert_int_equal(c.none_phishing, 2);
	assert_true(c.none_counts);
	c = confusion_of(&tally, STAGE_FINAL, SUBSET_HANDED, NO_VERDICT_BENIGN);
	assert_matrix(&c, 5, 0, 3, 2);
	c = confusion_of(&tally, STAGE_ONE, SUBSET_HANDED, NO_VERDICT_EXCLUDE);
	assert_matrix(&c, 7, 3, 0, 0);
	assert_int_equal(c.none_phishing, 0);
}

static void test_what_is_not_done_is_neither_verdict_nor_failure(void **state)
{
	(void)state;
	struct tally tally = {0};
	add(&tally, BINARY_PHISHING, BINARY_BENIGN, TALLY_PENDING, 4);
	tally_move(&tally, BINARY_PHISHING, BINARY_BENIGN, false, TALLY_PHISHING);
	struct confusion c = confusion_of(&tally, STAGE_FINAL, SUBSET_HANDED, NO_VERDICT_BENIGN);
	assert_matrix(&c, 1, 0, 0, 0);
	assert_int_equal(c.pending, 3);
	assert_int_equal(c.n, 4);
	assert_int_equal(c.none_phishing, 0);
	c = confusion_of(&tally, STAGE_ONE, SUBSET_HANDED, NO_VERDICT_EXCLUDE);
	assert_matrix(&c, 0, 0, 0, 4);
	assert_int_equal(c.pending, 0); /* stage-1 is complete, whatever the run does */
}

static void test_conflicts_and_missing_labels_are_in_no_matrix(void **state)
{
	(void)state;
	struct tally tally = {0};
	tally_add(&tally, BINARY_UNKNOWN, BINARY_PHISHING, true, TALLY_PENDING, 2);
	tally_move(&tally, BINARY_UNKNOWN, BINARY_PHISHING, true, TALLY_BENIGN);
	add(&tally, BINARY_UNKNOWN, BINARY_PHISHING, TALLY_BENIGN, 3);
	add(&tally, BINARY_BENIGN, BINARY_UNKNOWN, TALLY_BENIGN, 1);
	struct confusion c = confusion_of(&tally, STAGE_FINAL, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	assert_matrix(&c, 0, 0, 1, 0);
	assert_int_equal(c.conflicts, 2);
	assert_int_equal(c.unlabelled, 3);
	assert_int_equal(c.n, 1);
	c = confusion_of(&tally, STAGE_ONE, SUBSET_OVERALL, NO_VERDICT_EXCLUDE);
	assert_int_equal(c.none_benign, 1); /* an item without any stage-1 prediction */
	assert_int_equal(c.covered, 0);
}

static void test_undefined_figures_are_not_zero(void **state)
{
	(void)state;
	const struct confusion nothing = {0}, benign_only = {.tn = 5, .covered = 5};
	struct figures figures = confusion_figures(&nothing);
	assert_true(isnan(figures.precision.est) && isnan(figures.f1) && isnan(figures.mcc) && isnan(figures.accuracy.lo));
	figures = confusion_figures(&benign_only);
	assert_true(isnan(figures.recall.est) && isnan(figures.f1) && isnan(figures.mcc));
	assert_true(figures.accuracy.est == 1.0);
	assert_true(figures.fpr.est == 0.0);
}

static void test_mcc_of_a_known_matrix(void **state)
{
	(void)state;
	const struct confusion c = {.tp = 6, .fp = 1, .fn = 2, .tn = 3, .covered = 12};
	assert_true(fabs(confusion_figures(&c).mcc - 0.478091) < 1e-6);
}

static void test_changes_count_what_the_run_mended_and_broke(void **state)
{
	(void)state;
	struct tally tally = {0};
	add_the_three_thousand(&tally);
	struct changes changes = tally_changes(&tally);
	assert_int_equal(changes.fixed_fn, 40);
	assert_int_equal(changes.fixed_fp, 0);
	assert_int_equal(changes.broken_tn, 80);
	assert_int_equal(changes.broken_tp, 0);
}

static void test_wilson_gives_the_textbook_intervals(void **state)
{
	(void)state;
	struct ratio rate = interval_wilson(8, 10);
	assert_true(fabs(rate.lo - 0.490162) < 1e-6 && fabs(rate.hi - 0.943318) < 1e-6);
	rate = interval_wilson(0, 10);
	assert_true(rate.lo == 0 && fabs(rate.hi - 0.277533) < 1e-6);
	rate = interval_wilson(10, 10);
	assert_true(rate.hi == 1 && fabs(rate.lo - 0.722467) < 1e-6);
	rate = interval_wilson(0, 0);
	assert_true(isnan(rate.est) && isnan(rate.lo));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_diary_of_the_hand_offs),
		cmocka_unit_test(test_the_diary_of_the_whole_population),
		cmocka_unit_test(test_no_verdict_is_a_third_column_under_a_named_policy),
		cmocka_unit_test(test_what_is_not_done_is_neither_verdict_nor_failure),
		cmocka_unit_test(test_conflicts_and_missing_labels_are_in_no_matrix),
		cmocka_unit_test(test_undefined_figures_are_not_zero),
		cmocka_unit_test(test_mcc_of_a_known_matrix),
		cmocka_unit_test(test_changes_count_what_the_run_mended_and_broke),
		cmocka_unit_test(test_wilson_gives_the_textbook_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
