#include "workers/health.h"

static const struct health_rule rules[PROBE_COUNT] = {
	[PROBE_GOOD] = {"good", false, false, WORKER_READY, CAUSE_ANSWERS},
	[PROBE_TIMEOUT] = {"timeout", true, false, WORKER_DOWN, CAUSE_SILENT},
	[PROBE_REFUSED] = {"refused", true, false, WORKER_DOWN, CAUSE_REFUSED},
	[PROBE_RESET] = {"reset", true, false, WORKER_DOWN, CAUSE_RESET},
	[PROBE_UNRESOLVED] = {"unresolved", true, false, WORKER_UNREACHABLE, CAUSE_UNRESOLVED},
	[PROBE_UNREACHABLE] = {"unreachable", true, false, WORKER_UNREACHABLE, CAUSE_UNREACHABLE},
	[PROBE_UNAVAILABLE] = {"unavailable", true, false, WORKER_DOWN, CAUSE_ENGINE_DEAD},
	[PROBE_ERROR] = {"error", true, false, WORKER_DOWN, CAUSE_HTTP_ERROR},
	[PROBE_AUTH] = {"auth", true, true, WORKER_DOWN, CAUSE_AUTH},
	[PROBE_WRONG_MODEL] = {"wrong_model", true, true, WORKER_DOWN, CAUSE_WRONG_MODEL},
	[PROBE_NO_MODELS] = {"no_models", true, false, WORKER_DOWN, CAUSE_NOT_A_MODEL_SERVER},
};

const struct health_rule *health_rule(enum probe probe)
{
	return &rules[probe];
}

void health_init(struct health *health, int max_failures)
{
	*health = (struct health){
		.state = WORKER_STARTING, .cause = CAUSE_FIRST_PROBE, .max_failures = max_failures};
}

static bool become(struct health *health, enum worker_state state, enum worker_cause cause)
{
	bool changed = health->state != state || health->cause != cause;
	health->state = state;
	health->cause = cause;
	return changed;
}

static bool is_busy(const struct health *health, enum probe probe)
{
	return probe == PROBE_TIMEOUT && health->answered && worker_state_takes_items(health->state);
}

bool health_probe(struct health *health, enum probe probe)
{
	const struct health_rule *rule = &rules[probe];
	bool busy = is_busy(health, probe);
	health->answered = false;
	if (probe == PROBE_GOOD) {
		health->failures = 0;
		health->suspected = false;
		return become(health, WORKER_READY, CAUSE_ANSWERS);
	}
	if (busy) {
		health->suspected = false;
		return become(health, WORKER_BUSY, CAUSE_SLOW_PROBE);
	}
	if (rule->at_once)
		health->failures = health->max_failures;
	else if (health->failures < health->max_failures)
		health->failures++;
	if (health->failures < health->max_failures)
		return false;
	return become(health, rule->out, rule->cause);
}

void health_answer(struct health *health)
{
	health->answered = true;
}

void health_suspect(struct health *health)
{
	health->suspected = true;
}

void health_forgive(struct health *health)
{
	if (worker_state_takes_items(health->state) || health->state == WORKER_STARTING)
		health->failures = 0;
}
