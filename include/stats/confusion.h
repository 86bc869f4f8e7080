/* confusion.h - from a tally to matrices and figures
 *
 * Every matrix is a named sum over one tally, so the four denominators (stage-1 or
 * final, handed-off or overall) are never mixed. Positive = phishing.
 *
 *   handed-off   the items that the run selected
 *   overall      all items of the population: the run's verdict where there is
 *                one, stage1_pred for items outside the selection, always
 *
 * No verdict is a third column, never "benign"; the policy says whether such items
 * are left out (default), count with stage-1, or count as benign. An item not yet
 * done is neither: the matrix is partial.
 *
 * Pure.
 */
#ifndef MEKIKI_STATS_CONFUSION_H
#define MEKIKI_STATS_CONFUSION_H

#include <stdbool.h>
#include <stdint.h>

#include "model/run.h"
#include "stats/interval.h"
#include "stats/tally.h"

enum stage { STAGE_ONE, STAGE_FINAL };
enum subset { SUBSET_HANDED, SUBSET_OVERALL };
const char *confusion_stage_name(enum stage stage);    /* "stage1", "final" */
const char *confusion_subset_name(enum subset subset); /* "handed", "overall" */

/* tp + fp + fn + tn = covered. What else is in n: items without a prediction that counts, and pending ones. */
struct confusion {
	int64_t tp, fp, fn, tn;
	int64_t none_phishing, none_benign; /* no verdict (final) or no prediction (stage-1), by label */
	bool none_counts;                   /* the policy put those of `final` into the four cells as well */
	int64_t n;                          /* labelled items of the subset, conflicts left out */
	int64_t covered;
	int64_t pending;                    /* of n, not yet done; > 0 = partial */
	int64_t unlabelled;                 /* beside n */
	int64_t conflicts;                  /* beside n */
};
struct confusion confusion_of(const struct tally *tally, enum stage stage, enum subset subset, enum no_verdict_policy policy);
/* The sentence that says how the predictions of this matrix come about; static. */
const char *confusion_formula(enum stage stage, enum subset subset, enum no_verdict_policy policy);

struct figures {
	struct ratio precision, recall, fpr, fnr, accuracy;
	double f1, mcc; /* NAN = undefined */
};
struct figures confusion_figures(const struct confusion *confusion);

#endif
