/* sim_batch.h - continuous batching as arithmetic
 *
 * At most `slots` requests run, the others wait in the order of arrival. With b
 * running, each is served at 1 / (1 + beta (b - 1)) of the speed it has alone;
 * what a request has received is integrated as b changes, so a request that
 * starts in a full batch speeds up when the others end.
 *
 * Pure: time is passed in. The batch keeps its own time, and a completion frees
 * its slot at the very moment it was due, however late the caller looks; so the
 * caller's timer adds nothing to the makespan. One thread.
 */
#ifndef MEKIKI_SIM_BATCH_H
#define MEKIKI_SIM_BATCH_H

#include <stdbool.h>

struct sim_job {
	double work;          /* seconds of service alone, >= 0; INFINITY never ends */
	double tokens;        /* made evenly over the work */
	double done;          /* 0 <= done <= work */
	double arrived;       /* batch time */
	double started;       /* batch time; -1 while it waits */
	int batch;            /* how many ran when it started, itself included */
	struct sim_job *next; /* in the queue */
};

struct sim_batch {
	int slots;                /* >= 1 */
	double beta;              /* >= 0 */
	bool frozen;              /* a hung engine: nothing advances */
	double now;               /* seconds, never goes back */
	double tokens;            /* made so far, by ended, running and given-up jobs */
	struct sim_job **running; /* running_count of them, in the order they started; not owned */
	int running_count, running_capacity;
	struct sim_job *first, *last; /* waiting */
	int waiting;
};

void sim_batch_init(struct sim_batch *batch, int slots, double beta, double now);
void sim_batch_release(struct sim_batch *batch);

/* The three below need a batch that was advanced to the present. */
void sim_batch_add(struct sim_batch *batch, struct sim_job *job);
void sim_batch_remove(struct sim_batch *batch, struct sim_job *job); /* given up; running, waiting or neither */
double sim_batch_next(const struct sim_batch *batch);                /* seconds to the next completion, or INFINITY */

/* Goes on to `now`, or to the first completion before it, which is returned (and is no longer in the batch): call
 * until NULL. */
struct sim_job *sim_batch_advance(struct sim_batch *batch, double now);

#endif
