#include "model/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const state_names[RUN_STATE_COUNT] = {
	[RUN_DRAFT] = "draft",     [RUN_QUEUED] = "queued",     [RUN_RUNNING] = "running", [RUN_PAUSED] = "paused",
	[RUN_WAITING] = "waiting", [RUN_FINISHED] = "finished", [RUN_STOPPED] = "stopped", [RUN_FAILED] = "failed",
};
static const char *const policy_names[] = {"exclude", "stage1", "benign"};

const char *run_state_name(enum run_state state)
{
	return state_names[state];
}

bool run_state_parse(const char *name, enum run_state *out)
{
	for (int i = 0; i < RUN_STATE_COUNT; i++)
		if (strcmp(state_names[i], name) == 0) {
			*out = (enum run_state)i;
			return true;
		}
	return false;
}

bool run_state_is_live(enum run_state state)
{
	return state == RUN_QUEUED || state == RUN_RUNNING || state == RUN_PAUSED || state == RUN_WAITING;
}

const char *no_verdict_policy_name(enum no_verdict_policy policy)
{
	return policy_names[policy];
}

bool no_verdict_policy_parse(const char *name, enum no_verdict_policy *out)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(policy_names[i], name) == 0) {
			*out = (enum no_verdict_policy)i;
			return true;
		}
	return false;
}

const char *run_id_format(int64_t run, char out[RUN_ID_SIZE])
{
	snprintf(out, RUN_ID_SIZE, "r-%04" PRId64, run);
	return out;
}

bool run_id_parse(const char *text, int64_t *out)
{
	return text_starts(text, "r-") && text[2] != '+' && text_to_int(text + 2, 1, INT64_MAX, out);
}
