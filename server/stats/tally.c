#include "stats/tally.h"

void tally_add(struct tally *tally, enum binary label, enum binary stage1, bool conflict, enum tally_outcome outcome,
               int64_t times)
{
	if (conflict)
		tally->conflicts[outcome] += times;
	else
		tally->items[label + 1][stage1 + 1][outcome] += times;
}

void tally_move(struct tally *tally, enum binary label, enum binary stage1, bool conflict, enum tally_outcome to)
{
	tally_add(tally, label, stage1, conflict, TALLY_PENDING, -1);
	tally_add(tally, label, stage1, conflict, to, 1);
}

struct changes tally_changes(const struct tally *tally)
{
	enum { BENIGN = BINARY_BENIGN + 1, PHISHING = BINARY_PHISHING + 1 };
	return (struct changes){
		.fixed_fn = tally->items[PHISHING][BENIGN][TALLY_PHISHING],
		.fixed_fp = tally->items[BENIGN][PHISHING][TALLY_BENIGN],
		.broken_tp = tally->items[PHISHING][PHISHING][TALLY_BENIGN],
		.broken_tn = tally->items[BENIGN][BENIGN][TALLY_PHISHING],
	};
}
