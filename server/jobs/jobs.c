#include "jobs/jobs.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"

struct job {
	struct jobs *jobs;
	struct reader *reader; /* of its thread, while it is at work */
	job_function *function;
	void *arg;
	int64_t subject; /* the rest under the pool's lock */
	double progress;
	bool cancelled;
	struct job *next;
};

struct worker_thread {
	pthread_t thread;
	struct jobs *jobs;
	struct reader *reader;
	bool started;
};

struct jobs {
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *queue, **queue_end;
	struct job *running; /* at most one per thread */
	struct worker_thread *threads;
	int thread_count;
	bool stopping;
};

static struct job *take(struct jobs *jobs)
{
	LOCK_SCOPE(&jobs->lock);
	while (!jobs->queue && !jobs->stopping)
		pthread_cond_wait(&jobs->wake, &jobs->lock);
	struct job *job = jobs->queue;
	if (!job)
		return NULL;
	jobs->queue = job->next;
	if (!jobs->queue)
		jobs->queue_end = &jobs->queue;
	job->next = jobs->running;
	jobs->running = job;
	return job;
}

static void drop(struct jobs *jobs, struct job *job)
{
	LOCK_SCOPE(&jobs->lock);
	struct job **link = &jobs->running;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	free(job);
}

static void *work(void *arg)
{
	struct worker_thread *thread = arg;
	struct job *job;
	while ((job = take(thread->jobs))) {
		job->reader = thread->reader;
		job->function(job, job->arg);
		drop(thread->jobs, job);
	}
	return NULL;
}

static bool start(struct worker_thread *thread, struct jobs *jobs, struct error *err)
{
	thread->jobs = jobs;
	thread->reader = reader_open(jobs->store, err);
	if (!thread->reader)
		return error_prefix(err, "a job thread");
	thread->started = pthread_create(&thread->thread, NULL, work, thread) == 0;
	return thread->started || error_set(err, ERROR_INTERNAL, "a job thread cannot be started");
}

struct jobs *jobs_new(struct store *store, int threads, struct error *err)
{
	struct jobs *jobs = NEW(struct jobs);
	jobs->store = store;
	jobs->queue_end = &jobs->queue;
	jobs->threads = memory_array((size_t)threads, sizeof(*jobs->threads));
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wake, NULL);
	for (int i = 0; i < threads; i++) {
		jobs->thread_count++;
		if (!start(&jobs->threads[i], jobs, err)) {
			jobs_free(jobs);
			return NULL;
		}
	}
	return jobs;
}

static void stop(struct jobs *jobs)
{
	LOCK_SCOPE(&jobs->lock);
	jobs->stopping = true;
	for (struct job *job = jobs->queue; job; job = job->next)
		job->cancelled = true;
	for (struct job *job = jobs->running; job; job = job->next)
		job->cancelled = true;
	pthread_cond_broadcast(&jobs->wake);
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	stop(jobs);
	for (int i = 0; i < jobs->thread_count; i++) {
		if (jobs->threads[i].started)
			pthread_join(jobs->threads[i].thread, NULL);
		if (jobs->threads[i].reader)
			reader_close(jobs->threads[i].reader);
	}
	pthread_cond_destroy(&jobs->wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs->threads);
	free(jobs);
}

void jobs_submit(struct jobs *jobs, int64_t subject, job_function *function, void *arg)
{
	struct job *job = NEW(struct job);
	job->jobs = jobs;
	job->function = function;
	job->arg = arg;
	job->subject = subject;
	LOCK_SCOPE(&jobs->lock);
	job->cancelled = jobs->stopping;
	*jobs->queue_end = job;
	jobs->queue_end = &job->next;
	pthread_cond_signal(&jobs->wake);
}

static struct job *find(struct jobs *jobs, int64_t subject)
{
	struct job *lists[] = {jobs->running, jobs->queue};
	for (int i = 0; i < 2; i++)
		for (struct job *job = lists[i]; job; job = job->next)
			if (subject && job->subject == subject)
				return job;
	return NULL;
}

double jobs_progress(struct jobs *jobs, int64_t subject)
{
	LOCK_SCOPE(&jobs->lock);
	const struct job *job = find(jobs, subject);
	return job ? job->progress : (double)NAN;
}

bool jobs_cancel(struct jobs *jobs, int64_t subject)
{
	LOCK_SCOPE(&jobs->lock);
	struct job *job = find(jobs, subject);
	if (job)
		job->cancelled = true;
	return job != NULL;
}

struct reader *job_reader(struct job *job)
{
	return job->reader;
}

struct store *job_store(struct job *job)
{
	return job->jobs->store;
}

bool job_cancelled(struct job *job)
{
	LOCK_SCOPE(&job->jobs->lock);
	return job->cancelled;
}

void job_set_subject(struct job *job, int64_t subject)
{
	LOCK_SCOPE(&job->jobs->lock);
	job->subject = subject;
}

void job_set_progress(struct job *job, double progress)
{
	LOCK_SCOPE(&job->jobs->lock);
	job->progress = progress;
}
