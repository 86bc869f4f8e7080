#include "workers/transitions.h"

#include "base/vector.h"

static const struct worker_transition table[] = {
	{WORKER_OFF, WORKER_EVENT_START, WORKER_STARTING, "wanted; what its start needs is checked"},
	{WORKER_FAILED, WORKER_EVENT_START, WORKER_STARTING, "tried again by a person"},
	{WORKER_WAITING, WORKER_EVENT_START, WORKER_STARTING, "tried again by a person before its time"},
	{WORKER_RECOVERING, WORKER_EVENT_START, WORKER_STARTING, "tried again by a person before its time"},
	{WORKER_DRAINING, WORKER_EVENT_START, WORKER_STARTING, "wanted again"},
	{WORKER_DOWN, WORKER_EVENT_START, WORKER_STARTING, "wanted; its start_cmd is run"},
	{WORKER_UNREACHABLE, WORKER_EVENT_START, WORKER_STARTING, "wanted; its start_cmd is run"},
	{WORKER_STARTING, WORKER_EVENT_UP, WORKER_LOADING, "its process is up"},
	{WORKER_STARTING, WORKER_EVENT_GOOD, WORKER_READY, "answers; takes items"},
	{WORKER_LOADING, WORKER_EVENT_GOOD, WORKER_READY, "loaded; takes items"},
	{WORKER_BUSY, WORKER_EVENT_GOOD, WORKER_READY, "answers again"},
	{WORKER_UNREACHABLE, WORKER_EVENT_GOOD, WORKER_READY, "answers again"},
	{WORKER_DOWN, WORKER_EVENT_GOOD, WORKER_READY, "answers again"},
	{WORKER_HUNG, WORKER_EVENT_GOOD, WORKER_READY, "answers again"},
	{WORKER_READY, WORKER_EVENT_SLOW, WORKER_BUSY, "probes time out, answers arrive; it keeps its items"},
	{WORKER_STARTING, WORKER_EVENT_LOST, WORKER_DOWN, "its items go to others"},
	{WORKER_READY, WORKER_EVENT_LOST, WORKER_DOWN, "its items go to others"},
	{WORKER_BUSY, WORKER_EVENT_LOST, WORKER_DOWN, "its items go to others"},
	{WORKER_UNREACHABLE, WORKER_EVENT_LOST, WORKER_DOWN, "its items go to others"},
	{WORKER_HUNG, WORKER_EVENT_LOST, WORKER_DOWN, "its items go to others"},
	{WORKER_STARTING, WORKER_EVENT_UNREACHABLE, WORKER_UNREACHABLE, "its items go to others; it is not restarted"},
	{WORKER_READY, WORKER_EVENT_UNREACHABLE, WORKER_UNREACHABLE, "its items go to others; it is not restarted"},
	{WORKER_BUSY, WORKER_EVENT_UNREACHABLE, WORKER_UNREACHABLE, "its items go to others; it is not restarted"},
	{WORKER_DOWN, WORKER_EVENT_UNREACHABLE, WORKER_UNREACHABLE, "its items go to others; it is not restarted"},
	{WORKER_HUNG, WORKER_EVENT_UNREACHABLE, WORKER_UNREACHABLE, "its items go to others; it is not restarted"},
	{WORKER_READY, WORKER_EVENT_HUNG, WORKER_HUNG, "produces nothing; its items go to others"},
	{WORKER_BUSY, WORKER_EVENT_HUNG, WORKER_HUNG, "produces nothing; its items go to others"},
	{WORKER_STARTING, WORKER_EVENT_RESTART, WORKER_RECOVERING, "its start failed; tried again after a pause"},
	{WORKER_LOADING, WORKER_EVENT_RESTART, WORKER_RECOVERING, "its start failed; tried again after a pause"},
	{WORKER_READY, WORKER_EVENT_RESTART, WORKER_RECOVERING, "ended; started again after a pause"},
	{WORKER_BUSY, WORKER_EVENT_RESTART, WORKER_RECOVERING, "ended; started again after a pause"},
	{WORKER_UNREACHABLE, WORKER_EVENT_RESTART, WORKER_RECOVERING, "ended; started again after a pause"},
	{WORKER_DOWN, WORKER_EVENT_RESTART, WORKER_RECOVERING, "ended; started again after a pause"},
	{WORKER_HUNG, WORKER_EVENT_RESTART, WORKER_RECOVERING, "ended; started again after a pause"},
	{WORKER_STARTING, WORKER_EVENT_HOLD, WORKER_WAITING, "cannot start now, by nobody's fault; looked at again"},
	{WORKER_LOADING, WORKER_EVENT_HOLD, WORKER_WAITING, "cannot start now, by nobody's fault; looked at again"},
	{WORKER_READY, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_BUSY, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_DOWN, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_HUNG, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_UNREACHABLE, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_DRAINING, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_RECOVERING, WORKER_EVENT_HOLD, WORKER_WAITING, "makes room; comes back by itself"},
	{WORKER_STARTING, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_LOADING, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_READY, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_BUSY, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_UNREACHABLE, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_DOWN, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_HUNG, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "needs a person"},
	{WORKER_DRAINING, WORKER_EVENT_GIVE_UP, WORKER_FAILED, "cannot be stopped; needs a person"},
	{WORKER_RECOVERING, WORKER_EVENT_DUE, WORKER_STARTING, "the pause is over"},
	{WORKER_WAITING, WORKER_EVENT_DUE, WORKER_STARTING, "the pause is over"},
	{WORKER_STARTING, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_LOADING, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_READY, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_BUSY, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_UNREACHABLE, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_DOWN, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_HUNG, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_RECOVERING, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_FAILED, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_WAITING, WORKER_EVENT_DRAIN, WORKER_DRAINING, "takes no more items"},
	{WORKER_DRAINING, WORKER_EVENT_STOPPED, WORKER_OFF, "nothing of it is left"},
};

static const char *const names[WORKER_EVENT_COUNT] = {"start",   "up",   "good",    "slow", "lost",  "unreachable", "hung",
                                                      "restart", "hold", "give_up", "due",  "drain", "stopped"};

const char *worker_event_name(enum worker_event event)
{
	return names[event];
}

const struct worker_transition *worker_transition_find(enum worker_state from, enum worker_event event)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].from == from && table[i].event == event)
			return &table[i];
	return NULL;
}

const struct worker_transition *worker_transitions(size_t *count)
{
	*count = COUNT_OF(table);
	return table;
}

enum worker_event worker_event_of_health(enum worker_state to)
{
	switch ((int)to) {
	case WORKER_READY:
		return WORKER_EVENT_GOOD;
	case WORKER_BUSY:
		return WORKER_EVENT_SLOW;
	case WORKER_UNREACHABLE:
		return WORKER_EVENT_UNREACHABLE;
	default:
		return WORKER_EVENT_LOST;
	}
}
