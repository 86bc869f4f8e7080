#include "sim_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"

void sim_batch_init(struct sim_batch *batch, int slots, double beta, double now)
{
	*batch = (struct sim_batch){.slots = slots, .beta = beta, .now = now};
}

void sim_batch_release(struct sim_batch *batch)
{
	free(batch->running);
	batch->running = NULL;
	batch->running_count = batch->running_capacity = 0;
}

/* Seconds of service that each running job receives per second. */
static double speed(const struct sim_batch *batch)
{
	return 1 / (1 + batch->beta * (batch->running_count - 1));
}

static void admit(struct sim_batch *batch)
{
	while (batch->first && batch->running_count < batch->slots) {
		struct sim_job *job = batch->first;
		batch->first = job->next;
		if (!batch->first)
			batch->last = NULL;
		batch->waiting--;
		job->next = NULL;
		job->started = batch->now;
		VECTOR_ADD(batch->running, batch->running_count, batch->running_capacity) = job;
		job->batch = batch->running_count;
	}
}

void sim_batch_add(struct sim_batch *batch, struct sim_job *job)
{
	job->done = 0;
	job->next = NULL;
	job->arrived = batch->now;
	job->started = -1;
	if (batch->last)
		batch->last->next = job;
	else
		batch->first = job;
	batch->last = job;
	batch->waiting++;
	if (!batch->frozen)
		admit(batch);
}

static void drop_running(struct sim_batch *batch, int at)
{
	batch->running_count--;
	memmove(&batch->running[at], &batch->running[at + 1],
		(size_t)(batch->running_count - at) * sizeof(*batch->running));
	if (!batch->frozen)
		admit(batch);
}

static void drop_waiting(struct sim_batch *batch, struct sim_job *job)
{
	struct sim_job *before = NULL;
	for (struct sim_job *at = batch->first; at && at != job; at = at->next)
		before = at;
	*(before ? &before->next : &batch->first) = job->next;
	if (batch->last == job)
		batch->last = before;
	batch->waiting--;
	job->next = NULL;
}

static bool is_waiting(const struct sim_batch *batch, const struct sim_job *job)
{
	for (const struct sim_job *at = batch->first; at; at = at->next)
		if (at == job)
			return true;
	return false;
}

void sim_batch_remove(struct sim_batch *batch, struct sim_job *job)
{
	for (int i = 0; i < batch->running_count; i++)
		if (batch->running[i] == job) {
			drop_running(batch, i);
			return;
		}
	if (is_waiting(batch, job))
		drop_waiting(batch, job);
}

/* Index of the running job that ends first; -1 without one. Equal rates: the least left ends first, ties by start. */
static int soonest(const struct sim_batch *batch)
{
	int best = -1;
	for (int i = 0; i < batch->running_count; i++) {
		const struct sim_job *job = batch->running[i];
		if (best < 0 || job->work - job->done < batch->running[best]->work - batch->running[best]->done)
			best = i;
	}
	return best;
}

double sim_batch_next(const struct sim_batch *batch)
{
	int at = batch->frozen ? -1 : soonest(batch);
	if (at < 0)
		return INFINITY;
	return fmax(0, batch->running[at]->work - batch->running[at]->done) / speed(batch);
}

static void serve(struct sim_batch *batch, double seconds)
{
	double service = seconds * speed(batch);
	for (int i = 0; i < batch->running_count; i++) {
		struct sim_job *job = batch->running[i];
		double part = fmin(service, job->work - job->done);
		job->done += part;
		if (isfinite(job->work) && job->work > 0)
			batch->tokens += job->tokens * part / job->work;
	}
	batch->now += seconds;
}

struct sim_job *sim_batch_advance(struct sim_batch *batch, double now)
{
	if (!batch->frozen)
		admit(batch); /* what waited while it was frozen */
	double next = sim_batch_next(batch);
	if (batch->now + next > now) {
		if (!batch->frozen && now > batch->now)
			serve(batch, now - batch->now);
		batch->now = fmax(batch->now, now);
		return NULL;
	}
	int at = soonest(batch);
	struct sim_job *job = batch->running[at];
	serve(batch, next);
	if (!(job->work > 0))
		batch->tokens += job->tokens; /* an instant answer makes its tokens too */
	job->done = job->work;
	drop_running(batch, at);
	return job;
}
