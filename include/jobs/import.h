/* import.h - a file becomes a dataset
 *
 * The bytes are kept as they came, in datasets/<sha256>; rows say where their
 * bytes lie. The same bytes are the same dataset, so importing twice is harmless.
 * Rows go to the store in batches of at most about 20 ms, between the results of
 * a run. An import that a crash interrupted begins again at the next start.
 */
#ifndef MEKIKI_JOBS_IMPORT_H
#define MEKIKI_JOBS_IMPORT_H

#include "jobs/jobs.h"
#include "store/dataset.h"

struct import_request {
	const char *datasets; /* directory of the bytes, outlives the jobs */
	const char *path;     /* a complete file on the same file system; it is moved, or removed when it is known */
	const char *name;     /* as the person calls it */
	const char *person;
	/* Once, on a job thread, as soon as the dataset has its record: importing, or ready when `known`.
	 * err when it has none (the file cannot be read, the disk is full). May be NULL. */
	void (*accepted)(void *arg, const struct dataset_record *dataset, bool known, const struct error *err);
	/* Once after `accepted`, when the dataset is ready or failed. May be NULL. */
	void (*finished)(void *arg, const struct dataset_record *dataset);
	void *arg;
};

/* Any thread; texts are copied. What is wrong with the file is in the record: state failed, problem. */
void import_submit(struct jobs *jobs, const struct import_request *request);
/* At start: imports that were under way when we died begin again. */
void import_resume(struct jobs *jobs, const char *datasets);

/* On a job thread: ties a dataset to the population it was taken from (0 = unties). ERROR_INPUT when none of its
 * items is in the population, ERROR_CONFLICT when one of them is not ready. */
bool import_tie_population(struct job *job, int64_t dataset, int64_t population, const char *person, struct error *err);

#endif
