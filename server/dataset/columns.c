#include "dataset/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

static const char *const meaning_names[MEANING_COUNT] = {
	[MEANING_NONE] = "",           [MEANING_DOMAIN] = "domain",     [MEANING_LABEL] = "label",
	[MEANING_ML] = "ml",           [MEANING_STAGE1] = "stage1",     [MEANING_DECISION] = "decision",
	[MEANING_SOURCE] = "source",   [MEANING_TLD] = "tld",
};

/* The names that carry a meaning; of two with the same meaning the upper one goes first. */
static const struct {
	const char *name;
	enum meaning meaning;
} known[] = {
	{"domain", MEANING_DOMAIN},           {"y_true", MEANING_LABEL},
	{"label", MEANING_LABEL},             {"ml_probability", MEANING_ML},
	{"prediction_proba", MEANING_ML},     {"stage1_pred", MEANING_STAGE1},
	{"stage1_decision", MEANING_DECISION},{"source", MEANING_SOURCE},
	{"tld", MEANING_TLD},
};

static const char *const output_names[OUTPUT_COUNT] = {
	[OUTPUT_IS_PHISHING] = "ai_is_phishing",
	[OUTPUT_CONFIDENCE] = "ai_confidence",
	[OUTPUT_RISK_LEVEL] = "ai_risk_level",
	[OUTPUT_REASONING] = "ai_reasoning",
	[OUTPUT_RISK_FACTORS] = "ai_risk_factors",
	[OUTPUT_DETECTED_BRANDS] = "ai_detected_brands",
	[OUTPUT_DECISION_SOURCE] = "decision_source",
	[OUTPUT_PROCESSING_TIME] = "processing_time",
	[OUTPUT_WORKER_ID] = "worker_id",
	[OUTPUT_ATTEMPTS] = "attempts",
	[OUTPUT_ERROR] = "error",
	[OUTPUT_ERROR_DETAIL] = "error_detail",
	[OUTPUT_FINISH_REASON] = "finish_reason",
	[OUTPUT_PROMPT_TOKENS] = "prompt_tokens",
	[OUTPUT_COMPLETION_TOKENS] = "completion_tokens",
	[OUTPUT_MODEL] = "model",
	[OUTPUT_EVALUATED_AT] = "evaluated_at",
	[OUTPUT_FINAL_PRED] = "final_pred",
};

const char *columns_meaning_name(enum meaning meaning)
{
	return meaning_names[meaning];
}

const char *columns_output_name(enum output_column column)
{
	return output_names[column];
}

void columns_init(struct columns *columns)
{
	*columns = (struct columns){0};
	for (int i = 0; i < MEANING_COUNT; i++)
		columns->first[i] = columns->second[i] = -1;
}

void columns_release(struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		free(columns->list[i].name);
	free(columns->list);
	columns_init(columns);
}

int columns_find(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->list[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool is_output(const char *name)
{
	for (int i = 0; i < OUTPUT_COUNT; i++)
		if (strcmp(output_names[i], name) == 0)
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without surrounding blanks, not empty, and not yet taken: a second "x" as column 5 becomes "x_5". */
static char *unique_name(const struct columns *columns, const char *bytes, size_t length)
{
	for (; length && is_blank(*bytes); length--)
		bytes++;
	while (length && is_blank(bytes[length - 1]))
		length--;
	AUTO_FREE char *plain = length ? memory_copy_n(bytes, length) : memory_format("column_%zu", columns->count + 1);
	if (columns_find(columns, plain) < 0)
		return TAKE(plain);
	for (size_t number = columns->count + 1;; number++) {
		AUTO_FREE char *name = memory_format("%s_%zu", plain, number);
		if (columns_find(columns, name) < 0)
			return TAKE(name);
	}
}

static size_t rank_of(const char *name)
{
	size_t rank = 0;
	while (rank < COUNT_OF(known) && !text_equal_fold(known[rank].name, name))
		rank++;
	return rank;
}

static void set_position(struct columns *columns, enum meaning meaning, size_t rank)
{
	int here = (int)columns->count - 1, *first = &columns->first[meaning], *second = &columns->second[meaning];
	if (*first < 0) {
		*first = here;
	} else if (rank < rank_of(columns->list[*first].name)) {
		*second = *first;
		*first = here;
	} else if (*second < 0) {
		*second = here;
	}
}

void columns_add(struct columns *columns, const char *name, size_t length)
{
	char *unique = unique_name(columns, name, length);
	size_t rank = rank_of(unique);
	enum meaning meaning = rank < COUNT_OF(known) ? known[rank].meaning : MEANING_NONE;
	VECTOR_ADD(columns->list, columns->count, columns->capacity) =
		(struct column){.name = unique, .meaning = meaning, .renamed = is_output(unique)};
	if (meaning != MEANING_NONE)
		set_position(columns, meaning, rank);
}

char *columns_export_name(const struct columns *columns, size_t i)
{
	AUTO_FREE char *name = memory_copy(columns->list[i].name);
	if (columns->list[i].renamed) {
		do {
			char *longer = memory_format("input_%s", name);
			free(name);
			name = longer;
		} while (columns_find(columns, name) >= 0);
	}
	return TAKE(name);
}

bool columns_check(const struct columns *columns, struct error *err)
{
	enum { LISTED = 12, NEAR = 3 };
	if (columns->first[MEANING_DOMAIN] >= 0)
		return true;
	AUTO_TEXT struct text found;
	text_init(&found, 600);
	const char *nearest = NULL;
	int best = NEAR + 1;
	for (size_t i = 0; i < columns->count; i++) {
		const char *name = columns->list[i].name;
		if (i < LISTED)
			text_addf(&found, "%s\"%.60s\"", i ? ", " : "", name);
		int distance = text_distance(name, "domain");
		if (distance < best) {
			best = distance;
			nearest = name;
		}
	}
	if (columns->count > LISTED)
		text_addf(&found, " and %zu more", columns->count - LISTED);
	const char *only = columns->count == 1 ? columns->list[0].name : "";
	if (strchr(only, ';') || strchr(only, '\t'))
		return error_set(err, ERROR_INPUT, "no column \"domain\"; the cells seem to be separated by %s; expected commas",
				 strchr(only, ';') ? "semicolons" : "tabs");
	if (nearest)
		return error_set(err, ERROR_INPUT,
				 "no column \"domain\"; found %s; the nearest is \"%.60s\": call it \"domain\"", found.data, nearest);
	return error_set(err, ERROR_INPUT, "no column \"domain\"; found %s; call the column that holds the domains \"domain\"",
			 found.data);
}
