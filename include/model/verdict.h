/* verdict.h - what an evaluator says about an item, and what an attempt came to */
#ifndef MEKIKI_MODEL_VERDICT_H
#define MEKIKI_MODEL_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/failure.h"

enum risk { RISK_NONE, RISK_LOW, RISK_MEDIUM, RISK_HIGH, RISK_CRITICAL };
enum decision_source { DECIDED_BY_NOBODY, DECIDED_BY_LLM, DECIDED_BY_RULES, DECIDED_BY_FALLBACK, DECIDED_BY_CACHE };

const char *risk_name(enum risk risk); /* "" for RISK_NONE */
bool risk_parse(const char *name, enum risk *out);
const char *decision_source_name(enum decision_source source); /* "llm", ... */
bool decision_source_parse(const char *name, enum decision_source *out);

struct verdict {
	bool is_phishing;
	double confidence; /* 0..1, NAN = not given */
	enum risk risk;
	enum decision_source source;
	char *reasoning;        /* owned, may be NULL; hostile text */
	char *risk_factors;     /* owned, a JSON list as text, may be NULL */
	char *detected_brands;  /* owned, a JSON list as text, may be NULL */
};

/* What one attempt came to. `verdict` holds only when failure is FAILURE_NONE. */
struct outcome {
	enum failure failure;
	struct verdict verdict;
	char *detail;        /* owned, why it failed, for people; NULL when it did not */
	char *prompt;        /* owned, what was sent, may be NULL */
	char *raw;           /* owned, the answer as it came, may be NULL */
	char *finish_reason; /* owned, may be NULL */
	char *model;         /* owned, as the server named it, may be NULL */
	int http_status;     /* 0 = no HTTP answer */
	int64_t prompt_tokens, completion_tokens; /* -1 = not reported */
	int64_t elapsed_ms;  /* from dispatch to the end of the answer */
	int64_t started_ms;  /* wall clock */
	bool retryable;      /* FAILURE_EVALUATOR only: what the evaluator says of it */
	bool from_text;      /* the JSON had to be found inside other text: counted and named */
};

void verdict_release(struct verdict *verdict);
void outcome_init(struct outcome *outcome); /* no failure, tokens -1, confidence NAN */
void outcome_release(struct outcome *outcome);

#endif
