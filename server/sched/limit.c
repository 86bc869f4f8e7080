#include "sched/limit.h"

#include <assert.h>

void limit_init(struct limit *limit, int allowed)
{
	assert(allowed >= 1);
	*limit = (struct limit){.allowed = allowed};
}

bool limit_take(struct limit *limit)
{
	if (limit->in_flight >= limit->allowed)
		return false;
	limit->in_flight++;
	return true;
}

void limit_give_back(struct limit *limit)
{
	assert(limit->in_flight > 0);
	limit->in_flight--;
}
