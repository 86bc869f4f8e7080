#include "sim_faults.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/vector.h"
#include "sim_hash.h"

static const struct row {
	enum sim_fault fault;
	const char *name;
	size_t rate; /* place of the share in the options; 0 = not drawn */
	bool half_way;
} rows[] = {
	{SIM_FAULT_STATUS, "status-mix", 0, false},
	{SIM_FAULT_CONTEXT, "context-domain", 0, false},
	{SIM_FAULT_ALWAYS, "always-fail", 0, true},
	{SIM_FAULT_EXIT, "exit-on", 0, true},
	{SIM_FAULT_HANG, "hang", offsetof(struct sim_options, hang), false},
	{SIM_FAULT_500, "fail-500", offsetof(struct sim_options, fail_500), true},
	{SIM_FAULT_RESET, "reset", offsetof(struct sim_options, reset), true},
	{SIM_FAULT_EMPTY_REPLY, "empty-reply", offsetof(struct sim_options, empty_reply), true},
	{SIM_FAULT_CUT_BODY, "cut-body", offsetof(struct sim_options, cut_body), false},
	{SIM_FAULT_MALFORMED, "malformed", offsetof(struct sim_options, malformed), false},
	{SIM_FAULT_LENGTH, "finish-length", offsetof(struct sim_options, finish_length), false},
	{SIM_FAULT_ABORT, "finish-abort", offsetof(struct sim_options, finish_abort), true},
	{SIM_FAULT_EMPTY, "empty", offsetof(struct sim_options, empty), false},
	{SIM_FAULT_SCHEMA, "wrong-schema", offsetof(struct sim_options, wrong_schema), false},
};

static const struct row *row_of(enum sim_fault fault)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].fault == fault)
			return &rows[i];
	return NULL;
}

const char *sim_faults_name(enum sim_fault fault)
{
	const struct row *row = row_of(fault);
	return row ? row->name : NULL;
}

bool sim_faults_half_way(enum sim_fault fault)
{
	const struct row *row = row_of(fault);
	return row && row->half_way;
}

/* The codes of a mix exclude each other: one draw, laid along their shares. */
static int draw_status(const struct sim_options *options, const char *domain, int64_t attempt)
{
	double left = sim_chance((uint64_t)options->fault_seed, "status-mix", domain, attempt);
	const char *at = options->status_mix ? options->status_mix : "";
	while (*at) {
		char *end;
		int status = (int)strtol(at, &end, 10);
		left -= strtod(end + 1, &end);
		if (left < 0)
			return status;
		at = end + (*end == ',');
	}
	return 0;
}

static enum sim_fault by_domain(const struct sim_options *options, const char *domain, int64_t attempt)
{
	if (sim_options_lists(options->context_domain, domain))
		return SIM_FAULT_CONTEXT;
	if (sim_options_lists(options->always_fail, domain))
		return SIM_FAULT_ALWAYS;
	if (sim_options_lists(options->exit_on, domain))
		return SIM_FAULT_EXIT;
	if (sim_options_lists(options->hang_domain, domain))
		return SIM_FAULT_HANG;
	if (attempt == 1 && sim_options_lists(options->hang_once, domain))
		return SIM_FAULT_HANG;
	return SIM_FAULT_NONE;
}

struct sim_decision sim_faults_decide(const struct sim_options *options, const char *domain, int64_t attempt)
{
	struct sim_decision decision = {.status = draw_status(options, domain, attempt)};
	decision.fault = decision.status ? SIM_FAULT_STATUS : by_domain(options, domain, attempt);
	for (size_t i = 0; i < COUNT_OF(rows) && decision.fault == SIM_FAULT_NONE; i++) {
		const char *place = (const char *)options + rows[i].rate;
		if (rows[i].rate && sim_chance((uint64_t)options->fault_seed, rows[i].name, domain, attempt) <
					    *(const double *)(const void *)place)
			decision.fault = rows[i].fault;
	}
	return decision;
}
