/* columns.h - what the columns of a file mean
 *
 * Known columns are found by name (case and surrounding blanks do not matter);
 * all others are kept and may be used in prompts and filters. Names are made
 * unique. A column that has the name of one of ours keeps its name here and is
 * called input_NAME in exports.
 *
 * Pure; one owner, then read-only.
 */
#ifndef MEKIKI_DATASET_COLUMNS_H
#define MEKIKI_DATASET_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum meaning {
	MEANING_NONE,
	MEANING_DOMAIN,
	MEANING_LABEL,    /* y_true, else label */
	MEANING_ML,       /* ml_probability, else prediction_proba */
	MEANING_STAGE1,   /* stage1_pred */
	MEANING_DECISION, /* stage1_decision */
	MEANING_SOURCE,
	MEANING_TLD,
	MEANING_COUNT
};
const char *columns_meaning_name(enum meaning meaning); /* "label" */

struct column {
	char *name; /* owned, unique */
	enum meaning meaning;
	bool renamed; /* exports call it input_NAME */
};

struct columns {
	struct column *list;
	size_t count, capacity;
	/* Positions, -1 = none. Where `first` has no value in a row, `second` is looked at. */
	int first[MEANING_COUNT], second[MEANING_COUNT];
};

void columns_init(struct columns *columns);
void columns_release(struct columns *columns);
void columns_add(struct columns *columns, const char *name, size_t length);
int columns_find(const struct columns *columns, const char *name); /* exactly; -1 = none */
char *columns_export_name(const struct columns *columns, size_t i); /* free() */
/* ERROR_INPUT when there is no `domain`: names what there is, and the nearest. */
bool columns_check(const struct columns *columns, struct error *err);

/* What an export adds behind the input's columns, in this order (formats.md §2). */
enum output_column {
	OUTPUT_IS_PHISHING, OUTPUT_CONFIDENCE, OUTPUT_RISK_LEVEL, OUTPUT_REASONING, OUTPUT_RISK_FACTORS,
	OUTPUT_DETECTED_BRANDS, OUTPUT_DECISION_SOURCE, OUTPUT_PROCESSING_TIME, OUTPUT_WORKER_ID, OUTPUT_ATTEMPTS,
	OUTPUT_ERROR, OUTPUT_ERROR_DETAIL, OUTPUT_FINISH_REASON, OUTPUT_PROMPT_TOKENS, OUTPUT_COMPLETION_TOKENS,
	OUTPUT_MODEL, OUTPUT_EVALUATED_AT, OUTPUT_FINAL_PRED, OUTPUT_COUNT
};
const char *columns_output_name(enum output_column column);

#endif
