#include "model/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const risk_names[] = {"", "low", "medium", "high", "critical"};
static const char *const source_names[] = {"", "llm", "rules", "fallback", "cache"};

/* Index of the name in the table, or -1; the empty name at 0 is never found. */
static int find_name(const char *const *names, int count, const char *name)
{
	for (int i = 1; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *risk_name(enum risk risk)
{
	return risk_names[risk];
}

bool risk_parse(const char *name, enum risk *out)
{
	int found = find_name(risk_names, RISK_CRITICAL + 1, name);
	if (found > 0)
		*out = (enum risk)found;
	return found > 0;
}

const char *decision_source_name(enum decision_source source)
{
	return source_names[source];
}

bool decision_source_parse(const char *name, enum decision_source *out)
{
	int found = find_name(source_names, DECIDED_BY_CACHE + 1, name);
	if (found > 0)
		*out = (enum decision_source)found;
	return found > 0;
}

void verdict_release(struct verdict *verdict)
{
	free(verdict->reasoning);
	free(verdict->risk_factors);
	free(verdict->detected_brands);
	*verdict = (struct verdict){.confidence = NAN};
}

void outcome_init(struct outcome *outcome)
{
	*outcome = (struct outcome){
		.prompt_tokens = -1, .completion_tokens = -1, .verdict = {.confidence = NAN}};
}

void outcome_release(struct outcome *outcome)
{
	verdict_release(&outcome->verdict);
	free(outcome->detail);
	free(outcome->prompt);
	free(outcome->raw);
	free(outcome->finish_reason);
	free(outcome->model);
	outcome_init(outcome);
}
