/* jobs.h - long work on a few threads of its own
 *
 * Import, long statistics and exports must not hold up the engine or the HTTP
 * thread. Each job thread has its own reader of the store; jobs are taken in the
 * order they came. A job looks at job_cancelled() between its steps, so that a
 * stop takes no longer than one step.
 */
#ifndef MEKIKI_JOBS_JOBS_H
#define MEKIKI_JOBS_JOBS_H

#include "store/store.h"

struct jobs; /* any thread */
struct job;  /* the job at work: only on its thread */

/* Runs on a job thread. When the pool stops before it was its turn, it runs all the same, cancelled: exactly once. */
typedef void job_function(struct job *job, void *arg);

/* NULL with err when a reader cannot be opened. */
struct jobs *jobs_new(struct store *store, int threads, struct error *err);
/* Cancels what is queued and at work, waits for it, closes the readers. NULL is fine. */
void jobs_free(struct jobs *jobs);

/* `subject` names what it is about (a dataset's id), 0 = nothing: progress and cancellation ask for it. */
void jobs_submit(struct jobs *jobs, int64_t subject, job_function *function, void *arg);
double jobs_progress(struct jobs *jobs, int64_t subject); /* 0..1; NAN when there is no such job */
bool jobs_cancel(struct jobs *jobs, int64_t subject);     /* false when there is no such job */

struct reader *job_reader(struct job *job);
struct store *job_store(struct job *job);
bool job_cancelled(struct job *job);
void job_set_subject(struct job *job, int64_t subject); /* once it is known */
void job_set_progress(struct job *job, double progress);

#endif
