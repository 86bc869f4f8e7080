#include "workers/recovery.h"

#include <assert.h>
#include <string.h>

void recovery_init(struct recovery *recovery, const struct recovery_policy *policy)
{
	assert(policy->restarts >= 0 && policy->restarts <= RECOVERY_RESTARTS_MAX);
	assert(policy->delay_count >= 1 && policy->delay_count <= RECOVERY_DELAYS);
	*recovery = (struct recovery){.policy = *policy, .healthy_since_ms = -1};
}

static void forget_old(struct recovery *recovery, int64_t now_ms)
{
	int kept = 0;
	for (int i = 0; i < recovery->count; i++)
		if (now_ms - recovery->spent[i] < recovery->policy.window_ms)
			recovery->spent[kept++] = recovery->spent[i];
	recovery->count = kept;
}

static bool was_healthy_for_long(const struct recovery *recovery, int64_t now_ms)
{
	return recovery->healthy_since_ms >= 0 && now_ms - recovery->healthy_since_ms >= recovery->policy.forgive_ms;
}

struct recovery_decision recovery_failed(struct recovery *recovery, bool permanent, bool spends_attempt, int64_t now_ms)
{
	const struct recovery_policy *policy = &recovery->policy;
	if (was_healthy_for_long(recovery, now_ms))
		recovery->count = 0;
	recovery->healthy_since_ms = -1;
	forget_old(recovery, now_ms);
	struct recovery_decision decision = {.at_ms = now_ms, .attempt = recovery->count, .of = policy->restarts};
	if (permanent) {
		decision.action = RECOVERY_GIVE_UP;
	} else if (!spends_attempt) {
		decision.action = RECOVERY_WAIT;
		decision.at_ms = now_ms + policy->wait_ms;
	} else if (recovery->count >= policy->restarts) {
		decision.action = RECOVERY_GIVE_UP;
	} else {
		int delay = recovery->count < policy->delay_count ? recovery->count : policy->delay_count - 1;
		decision.action = RECOVERY_RESTART;
		decision.at_ms = now_ms + policy->delay_ms[delay];
		recovery->spent[recovery->count++] = now_ms;
		decision.attempt = recovery->count;
	}
	return decision;
}

void recovery_healthy(struct recovery *recovery, int64_t now_ms)
{
	if (recovery->healthy_since_ms < 0)
		recovery->healthy_since_ms = now_ms;
	if (was_healthy_for_long(recovery, now_ms))
		recovery->count = 0;
}

void recovery_reset(struct recovery *recovery)
{
	recovery->count = 0;
	recovery->healthy_since_ms = -1;
}
