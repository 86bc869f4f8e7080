#include "engine/transitions.h"

#include "base/vector.h"

static const struct run_transition table[] = {
	{RUN_DRAFT, RUN_EVENT_START, RUN_QUEUED, "started; waits for its turn"},
	{RUN_STOPPED, RUN_EVENT_START, RUN_QUEUED, "started again; goes on where it stopped"},
	{RUN_FAILED, RUN_EVENT_START, RUN_QUEUED, "started again; goes on where it failed"},
	{RUN_QUEUED, RUN_EVENT_TURN, RUN_RUNNING, "its turn has come"},
	{RUN_QUEUED, RUN_EVENT_STOP, RUN_STOPPED, "stopped before its turn"},
	{RUN_RUNNING, RUN_EVENT_PAUSE, RUN_PAUSED, "paused; what is in flight is finished"},
	{RUN_WAITING, RUN_EVENT_PAUSE, RUN_PAUSED, "paused while it waited for a worker"},
	{RUN_PAUSED, RUN_EVENT_RESUME, RUN_RUNNING, "goes on"},
	{RUN_RUNNING, RUN_EVENT_STOP, RUN_STOPPED, "stopped; every result is kept, the rest stays to be done"},
	{RUN_PAUSED, RUN_EVENT_STOP, RUN_STOPPED, "stopped; every result is kept, the rest stays to be done"},
	{RUN_WAITING, RUN_EVENT_STOP, RUN_STOPPED, "stopped; every result is kept, the rest stays to be done"},
	{RUN_RUNNING, RUN_EVENT_DONE, RUN_FINISHED, "every item has a result"},
	{RUN_PAUSED, RUN_EVENT_DONE, RUN_FINISHED, "every item has a result"},
	{RUN_WAITING, RUN_EVENT_DONE, RUN_FINISHED, "every item has a result"},
	{RUN_RUNNING, RUN_EVENT_NO_WORKER, RUN_WAITING, "no worker; goes on by itself when one is back"},
	{RUN_WAITING, RUN_EVENT_WORKER_BACK, RUN_RUNNING, "a worker is back"},
	{RUN_QUEUED, RUN_EVENT_CANNOT, RUN_FAILED, "cannot start"},
	{RUN_RUNNING, RUN_EVENT_CANNOT, RUN_FAILED, "cannot go on"},
	{RUN_PAUSED, RUN_EVENT_CANNOT, RUN_FAILED, "cannot go on"},
	{RUN_WAITING, RUN_EVENT_CANNOT, RUN_FAILED, "cannot go on"},
};

static const char *const event_names[RUN_EVENT_COUNT] = {"start",  "turn", "pause",     "resume",      "stop",
                                                         "done", "no_worker", "worker_back", "cannot"};

static const char *const sentences[RUN_STATE_COUNT] = {
	[RUN_DRAFT] = "planned, not started",
	[RUN_QUEUED] = "waits for the run before it",
	[RUN_RUNNING] = "evaluates its items",
	[RUN_PAUSED] = "paused; nothing new is sent out",
	[RUN_WAITING] = "no worker may get items; goes on by itself",
	[RUN_FINISHED] = "every item has a result",
	[RUN_STOPPED] = "stopped by a person; may be started again",
	[RUN_FAILED] = "could not go on; may be started again once the cause is mended",
};

const char *run_event_name(enum run_event event)
{
	return event_names[event];
}

const struct run_transition *run_transition_find(enum run_state from, enum run_event event)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].from == from && table[i].event == event)
			return &table[i];
	return NULL;
}

const struct run_transition *run_transitions(size_t *count)
{
	*count = COUNT_OF(table);
	return table;
}

unsigned engine_run_actions(enum run_state state)
{
	static const struct {
		enum run_event event;
		enum engine_action action;
	} by_person[] = {
		{RUN_EVENT_START, ENGINE_RUN_START},
		{RUN_EVENT_PAUSE, ENGINE_RUN_PAUSE},
		{RUN_EVENT_RESUME, ENGINE_RUN_RESUME},
		{RUN_EVENT_STOP, ENGINE_RUN_STOP},
	};
	unsigned actions = 0;
	for (size_t i = 0; i < COUNT_OF(by_person); i++)
		if (run_transition_find(state, by_person[i].event))
			actions |= 1u << by_person[i].action;
	if (state == RUN_FINISHED || state == RUN_STOPPED || state == RUN_FAILED)
		actions |= 1u << ENGINE_RUN_RETRY_FAILED;
	if (run_state_is_live(state))
		actions |= 1u << ENGINE_RUN_ADD_WORKERS | 1u << ENGINE_RUN_REMOVE_WORKERS;
	return actions;
}

unsigned engine_worker_actions(const struct worker_view *worker)
{
	enum worker_state state = worker->state;
	bool up = worker->desired == WORKER_WANTED_UP;
	bool waits = state == WORKER_FAILED || state == WORKER_RECOVERING || state == WORKER_WAITING || state == WORKER_DOWN ||
	             state == WORKER_UNREACHABLE;
	unsigned actions = 1u << (worker->paused ? ENGINE_WORKER_RESUME : ENGINE_WORKER_PAUSE);
	if (up && state != WORKER_FAILED)
		actions |= 1u << ENGINE_WORKER_DRAIN | 1u << ENGINE_WORKER_STOP;
	if (up && worker->has_backend && state != WORKER_FAILED)
		actions |= 1u << ENGINE_WORKER_GIVE_BACK | 1u << ENGINE_WORKER_RESTART;
	if (!up)
		actions |= 1u << ENGINE_WORKER_START;
	if (waits)
		actions |= 1u << ENGINE_WORKER_RETRY;
	if (state == WORKER_FAILED)
		actions |= 1u << ENGINE_WORKER_FORGET;
	return actions;
}

const char *engine_run_sentence(enum run_state state)
{
	return sentences[state];
}

const char *engine_action_name(enum engine_action action)
{
	static const char *const names[ENGINE_ACTION_COUNT] = {
		[ENGINE_RUN_START] = "start",
		[ENGINE_RUN_PAUSE] = "pause",
		[ENGINE_RUN_RESUME] = "resume",
		[ENGINE_RUN_STOP] = "stop",
		[ENGINE_RUN_RETRY_FAILED] = "retry_failed",
		[ENGINE_RUN_ADD_WORKERS] = "add_workers",
		[ENGINE_RUN_REMOVE_WORKERS] = "remove_workers",
		[ENGINE_WORKER_PAUSE] = "pause",
		[ENGINE_WORKER_RESUME] = "resume",
		[ENGINE_WORKER_DRAIN] = "drain",
		[ENGINE_WORKER_GIVE_BACK] = "give_back",
		[ENGINE_WORKER_START] = "start",
		[ENGINE_WORKER_STOP] = "stop",
		[ENGINE_WORKER_RESTART] = "restart",
		[ENGINE_WORKER_RETRY] = "retry",
		[ENGINE_WORKER_FORGET] = "forget",
	};
	return names[action];
}
