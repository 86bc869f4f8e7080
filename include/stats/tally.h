/* tally.h - items counted by label, stage-1 prediction and what the run made of them
 *
 * The only source of all figures. It grows with the run: an item that was pending
 * moves to its outcome. Pure.
 */
#ifndef MEKIKI_STATS_TALLY_H
#define MEKIKI_STATS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/item.h"

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

/* Among labelled items with a stage-1 prediction and a verdict. */
struct changes {
	int64_t fixed_fn, fixed_fp;   /* stage-1 was wrong, the verdict is right */
	int64_t broken_tp, broken_tn; /* the other way: new false negatives, new false positives */
};
struct changes tally_changes(const struct tally *tally);

#endif
