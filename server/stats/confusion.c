#include "stats/confusion.h"

#include <assert.h>
#include <math.h>

const char *confusion_stage_name(enum stage stage)
{
	return stage == STAGE_ONE ? "stage1" : "final";
}

const char *confusion_subset_name(enum subset subset)
{
	return subset == SUBSET_HANDED ? "handed" : "overall";
}

/* What the final stage says of an item; UNKNOWN = nothing that counts. */
static enum binary final_prediction(enum binary stage1, enum tally_outcome outcome, enum no_verdict_policy policy)
{
	switch (outcome) {
	case TALLY_BENIGN:
		return BINARY_BENIGN;
	case TALLY_PHISHING:
		return BINARY_PHISHING;
	case TALLY_OUTSIDE:
		return stage1;
	case TALLY_NO_VERDICT:
		return policy == NO_VERDICT_STAGE1 ? stage1 : policy == NO_VERDICT_BENIGN ? BINARY_BENIGN : BINARY_UNKNOWN;
	case TALLY_PENDING:
	case TALLY_OUTCOMES:
		break;
	}
	return BINARY_UNKNOWN;
}

static void count(struct confusion *confusion, enum binary label, enum binary prediction, int64_t times)
{
	if (prediction == BINARY_UNKNOWN)
		return;
	confusion->covered += times;
	if (label == BINARY_PHISHING)
		*(prediction == BINARY_PHISHING ? &confusion->tp : &confusion->fn) += times;
	else
		*(prediction == BINARY_PHISHING ? &confusion->fp : &confusion->tn) += times;
}

/* All items of one label, one stage-1 prediction and one outcome. */
static void add_group(struct confusion *confusion, enum stage stage, enum no_verdict_policy policy, enum binary label,
                      enum binary stage1, enum tally_outcome outcome, int64_t times)
{
	if (label == BINARY_UNKNOWN) {
		confusion->unlabelled += times;
		return;
	}
	confusion->n += times;
	enum binary prediction = stage == STAGE_ONE ? stage1 : final_prediction(stage1, outcome, policy);
	count(confusion, label, prediction, times);
	if (stage == STAGE_FINAL && outcome == TALLY_PENDING)
		confusion->pending += times;
	else if (prediction == BINARY_UNKNOWN || (stage == STAGE_FINAL && outcome == TALLY_NO_VERDICT))
		*(label == BINARY_PHISHING ? &confusion->none_phishing : &confusion->none_benign) += times;
}

struct confusion confusion_of(const struct tally *tally, enum stage stage, enum subset subset, enum no_verdict_policy policy)
{
	struct confusion confusion = {.none_counts = stage == STAGE_FINAL && policy != NO_VERDICT_EXCLUDE};
	int outcomes = subset == SUBSET_HANDED ? TALLY_OUTSIDE : TALLY_OUTCOMES;
	for (int outcome = 0; outcome < outcomes; outcome++) {
		confusion.conflicts += tally->conflicts[outcome];
		for (int label = BINARY_UNKNOWN; label <= BINARY_PHISHING; label++)
			for (int stage1 = BINARY_UNKNOWN; stage1 <= BINARY_PHISHING; stage1++)
				add_group(&confusion, stage, policy, (enum binary)label, (enum binary)stage1,
				          (enum tally_outcome)outcome, tally->items[label + 1][stage1 + 1][outcome]);
	}
	return confusion;
}

const char *confusion_formula(enum stage stage, enum subset subset, enum no_verdict_policy policy)
{
	static const char *const handed[] = {
		[NO_VERDICT_EXCLUDE] = "the run's verdict; items without one are left out",
		[NO_VERDICT_STAGE1] = "the run's verdict; stage1_pred for items without one",
		[NO_VERDICT_BENIGN] = "the run's verdict; items without one count as benign",
	};
	static const char *const overall[] = {
		[NO_VERDICT_EXCLUDE] = "the run's verdict; stage1_pred for items outside the selection; selected items without a verdict are left out",
		[NO_VERDICT_STAGE1] = "the run's verdict; stage1_pred for items outside the selection and for items without a verdict",
		[NO_VERDICT_BENIGN] = "the run's verdict; stage1_pred for items outside the selection; selected items without a verdict count as benign",
	};
	if (stage == STAGE_ONE)
		return "stage1_pred, or ml_probability >= 0.5 where it is missing";
	return subset == SUBSET_HANDED ? handed[policy] : overall[policy];
}

static double f1_of(const struct confusion *c)
{
	int64_t weight = 2 * c->tp + c->fp + c->fn;
	return weight ? 2 * (double)c->tp / (double)weight : NAN;
}

/* Matthews 1975. Undefined when a row or column of the matrix is empty. */
static double mcc_of(const struct confusion *c)
{
	double tp = (double)c->tp, fp = (double)c->fp, fn = (double)c->fn, tn = (double)c->tn;
	double scale = sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn);
	return scale > 0 ? (tp * tn - fp * fn) / scale : NAN;
}

struct figures confusion_figures(const struct confusion *c)
{
	assert(c->covered == c->tp + c->fp + c->fn + c->tn);
	return (struct figures){
		.precision = interval_wilson(c->tp, c->tp + c->fp),
		.recall = interval_wilson(c->tp, c->tp + c->fn),
		.fpr = interval_wilson(c->fp, c->fp + c->tn),
		.fnr = interval_wilson(c->fn, c->fn + c->tp),
		.accuracy = interval_wilson(c->tp + c->tn, c->covered),
		.f1 = f1_of(c),
		.mcc = mcc_of(c),
	};
}
