#include "jobs/analysis.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "stats/confusion.h"
#include "store/dataset.h"
#include "store/extract.h"
#include "store/result.h"
#include "store/run.h"

enum { PAGE = 1000 };

/* What the figures of a subset are about. */
struct population {
	char *name;
	char hash[65];
};

struct analysis {
	int64_t run;
	bool ready;
	int64_t seen;       /* results up to this sequence number are in the tally */
	int64_t tied;       /* the population that the tally was made with, 0 = the dataset itself */
	enum no_verdict_policy policy;
	bool shuffled;
	struct population populations[2]; /* by enum subset */
	struct tally tally;
};

struct analysis *analysis_new(int64_t run)
{
	struct analysis *analysis = NEW(struct analysis);
	analysis->run = run;
	return analysis;
}

static void clear(struct analysis *analysis)
{
	for (int i = 0; i < 2; i++)
		free(TAKE(analysis->populations[i].name));
	analysis->tally = (struct tally){0};
	analysis->seen = 0;
	analysis->ready = false;
}

void analysis_free(struct analysis *analysis)
{
	if (!analysis)
		return;
	clear(analysis);
	free(analysis);
}

static void add_counts(struct tally *tally, const struct dataset_tally *counts, enum tally_outcome outcome, int64_t sign)
{
	for (int label = 0; label < 3; label++)
		for (int stage1 = 0; stage1 < 3; stage1++)
			tally_add(tally, (enum binary)(label - 1), (enum binary)(stage1 - 1), false, outcome,
				  sign * counts->counts[label][stage1]);
	tally_add(tally, BINARY_UNKNOWN, BINARY_UNKNOWN, true, outcome, sign * counts->conflicts);
}

static bool set_population(struct population *population, struct reader *reader, int64_t dataset, const char *hash,
                           struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record record = {0};
	if (!dataset_read(reader, dataset, &record, err))
		return false;
	population->name = TAKE(record.name);
	memcpy(population->hash, hash, sizeof(population->hash));
	return true;
}

/* The tally before any result: the selection is pending, everything else is outside. */
static bool begin(struct analysis *analysis, struct reader *reader, int64_t dataset, int64_t population, struct error *err)
{
	struct dataset_tally all, rest;
	char selection[65];
	clear(analysis);
	if (!dataset_tally_read(reader, dataset, 0, &all, err) ||
	    !dataset_tally_read(reader, dataset, analysis->run, &rest, err) ||
	    !extract_selection_hash(reader, analysis->run, selection, err))
		return false;
	add_counts(&analysis->tally, &all, TALLY_PENDING, 1);
	add_counts(&analysis->tally, &rest, TALLY_PENDING, -1);
	if (population && (!dataset_tally_read(reader, population, 0, &all, err) ||
			   !dataset_tally_read(reader, population, analysis->run, &rest, err)))
		return false;
	add_counts(&analysis->tally, &rest, TALLY_OUTSIDE, 1);
	analysis->tied = population;
	analysis->ready = true;
	return set_population(&analysis->populations[SUBSET_HANDED], reader, dataset, selection, err) &&
	       set_population(&analysis->populations[SUBSET_OVERALL], reader, population ? population : dataset, all.hash, err);
}

static enum tally_outcome outcome_of(const struct result_tally_row *row)
{
	return row->verdict == BINARY_UNKNOWN ? TALLY_NO_VERDICT : row->verdict == BINARY_PHISHING ? TALLY_PHISHING : TALLY_BENIGN;
}

/* Adds what came after `seen`. *gap: a sequence number is missing, so results were forgotten. */
static bool add_results(struct analysis *analysis, struct reader *reader, bool *gap, struct error *err)
{
	AUTO_FREE struct result_tally_row *rows = memory_array(PAGE, sizeof(*rows));
	int count;
	while ((count = result_tally_rows(reader, analysis->run, analysis->seen, PAGE, rows, err)) > 0) {
		for (int i = 0; i < count; i++) {
			*gap |= rows[i].seq != analysis->seen + 1;
			analysis->seen = rows[i].seq;
			tally_move(&analysis->tally, (enum binary)rows[i].label, (enum binary)rows[i].stage1, rows[i].conflict,
				   outcome_of(&rows[i]));
		}
	}
	return count == 0;
}

static bool update(struct analysis *analysis, struct reader *reader, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	int64_t version;
	bool gap = false;
	if (!run_read(reader, analysis->run, &run, err) || !dataset_read(reader, run.dataset, &dataset, err) ||
	    !extract_version(reader, analysis->run, &version, err))
		return false;
	analysis->policy = run.policy;
	analysis->shuffled = run.shuffled;
	bool fresh = !analysis->ready || analysis->tied != dataset.population;
	if (fresh && !begin(analysis, reader, run.dataset, dataset.population, err))
		return false;
	if (!add_results(analysis, reader, &gap, err))
		return false;
	/* In a complete reading gaps are what was forgotten before; in a later one the tally still holds it. */
	if (!fresh && (gap || analysis->seen != version) &&
	    (!begin(analysis, reader, run.dataset, dataset.population, err) || !add_results(analysis, reader, &gap, err)))
		return false;
	analysis->seen = version;
	return true;
}

bool analysis_update(struct analysis *analysis, struct reader *reader, struct error *err)
{
	reader_begin(reader);
	bool ok = update(analysis, reader, err);
	reader_end(reader);
	if (!ok)
		clear(analysis);
	return ok;
}

int64_t analysis_version(const struct analysis *analysis)
{
	return analysis->seen;
}

enum no_verdict_policy analysis_policy(const struct analysis *analysis)
{
	return analysis->policy;
}

const struct tally *analysis_tally(const struct analysis *analysis)
{
	return &analysis->tally;
}

static json_t *rate_json(struct ratio ratio)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:s}", "k", (json_int_t)ratio.k, "n", (json_int_t)ratio.n, "est",
			 json_real_or_null(ratio.est), "lo", json_real_or_null(ratio.lo), "hi", json_real_or_null(ratio.hi),
			 "method", "wilson");
}

static json_t *figures_json(const struct confusion *confusion)
{
	struct figures figures = confusion_figures(confusion);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "precision", rate_json(figures.precision), "recall",
			 rate_json(figures.recall), "fpr", rate_json(figures.fpr), "fnr", rate_json(figures.fnr), "accuracy",
			 rate_json(figures.accuracy), "f1", json_real_or_null(figures.f1), "mcc", json_real_or_null(figures.mcc));
}

static json_t *matrix_json(const struct analysis *analysis, enum stage stage, enum subset subset, enum no_verdict_policy policy)
{
	struct confusion c = confusion_of(&analysis->tally, stage, subset, policy);
	const struct population *population = &analysis->populations[subset];
	json_t *about = json_pack("{s:o, s:I, s:I, s:s}", "name", json_text_or_null(population->name), "n", (json_int_t)c.n,
				  "covered", (json_int_t)c.covered, "hash", population->hash);
	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "stage",
			 confusion_stage_name(stage), "subset", confusion_subset_name(subset), "population", about, "tp",
			 (json_int_t)c.tp, "fp", (json_int_t)c.fp, "fn", (json_int_t)c.fn, "tn", (json_int_t)c.tn, "none_phishing",
			 (json_int_t)c.none_phishing, "none_benign", (json_int_t)c.none_benign, "pending", (json_int_t)c.pending,
			 "unlabelled", (json_int_t)c.unlabelled, "conflicts", (json_int_t)c.conflicts, "formula",
			 confusion_formula(stage, subset, policy), "metrics", figures_json(&c));
}

json_t *analysis_json(const struct analysis *analysis, enum no_verdict_policy policy)
{
	static const struct {
		enum stage stage;
		enum subset subset;
	} order[] = {
		{STAGE_ONE, SUBSET_HANDED},
		{STAGE_FINAL, SUBSET_HANDED},
		{STAGE_ONE, SUBSET_OVERALL},
		{STAGE_FINAL, SUBSET_OVERALL},
	};
	json_t *matrices = json_array();
	for (size_t i = 0; i < 4; i++)
		json_array_append_new(matrices, matrix_json(analysis, order[i].stage, order[i].subset, policy));
	struct confusion overall = confusion_of(&analysis->tally, STAGE_FINAL, SUBSET_OVERALL, policy);
	struct changes changes = tally_changes(&analysis->tally);
	int64_t fixed = changes.fixed_fn + changes.fixed_fp, broken = changes.broken_tp + changes.broken_tn;
	int64_t pending = analysis->tally.conflicts[TALLY_PENDING];
	for (int i = 0; i < 9; i++)
		pending += analysis->tally.items[i / 3][i % 3][TALLY_PENDING];
	char id[RUN_ID_SIZE];
	return json_pack("{s:s, s:I, s:s, s:b, s:b, s:s, s:I, s:o, s:I, s:I, s:I}", "id", run_id_format(analysis->run, id),
			 "version", (json_int_t)analysis->seen, "policy", no_verdict_policy_name(policy), "partial", pending > 0,
			 "representative", pending == 0 || analysis->shuffled, "labels", "original", "conflicts",
			 (json_int_t)overall.conflicts, "matrices", matrices, "fixed", (json_int_t)fixed, "broken",
			 (json_int_t)broken, "net", (json_int_t)(fixed - broken));
}
