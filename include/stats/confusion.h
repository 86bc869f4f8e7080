/* confusion.h - from counts to matrices and figures
 *
 * A tally counts items by label, stage-1 prediction and what the run made of
 * them. Every matrix is a sum over it, so the four denominators (stage-1 or final,
 * handed-off or overall) are never mixed. Positive = phishing.
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

#include "model/item.h"
#include "model/run.h"
#include "stats/interval.h"

enum tally_outcome {
	TALLY_BENIGN,     /* the run's verdict */
	TALLY_PHISHING,
	TALLY_NO_VERDICT, /* done, and a failure */
	TALLY_PENDING,    /* selected, not done */
	TALLY_OUTSIDE,    /* of the population, not selected */
	TALLY_OUTCOMES
};

struct tally {
	int64_t items[3][3][TALLY_OUTCOMES]; /* [label + 1][stage1 + 1] */
	int64_t conflicts[TALLY_OUTCOMES];   /* items whose rows carry different labels: in no matrix */
};

void tally_add(struct tally *tally, enum binary label, enum binary stage1, bool conflict, enum tally_outcome outcome,
               int64_t times);
/* An item that was pending has come to an end. */
void tally_move(struct tally *tally, enum binary label, enum binary stage1, bool conflict, enum tally_outcome to);

enum stage { STAGE_ONE, STAGE_FINAL };
enum subset { SUBSET_HANDED, SUBSET_OVERALL };
const char *stage_name(enum stage stage);    /* "stage1", "final" */
const char *subset_name(enum subset subset); /* "handed", "overall" */

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
	struct rate precision, recall, fpr, fnr, accuracy;
	double f1, mcc; /* NAN = undefined */
};
struct figures figures_of(const struct confusion *confusion);

/* Among labelled items with a stage-1 prediction and a verdict. */
struct changes {
	int64_t fixed_fn, fixed_fp;   /* stage-1 was wrong, the verdict is right */
	int64_t broken_tp, broken_tn; /* the other way: new false negatives, new false positives */
};
struct changes changes_of(const struct tally *tally);

#endif
