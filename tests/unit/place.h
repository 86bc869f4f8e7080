/* place.h - a store, a directory of datasets and job threads in a folder of their own, for tests */
#ifndef MEKIKI_TESTS_UNIT_PLACE_H
#define MEKIKI_TESTS_UNIT_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "jobs/import.h"
#include "jobs/jobs.h"
#include "store/dataset.h"

enum { DEADLINE_S = 60 };

/* A store, a directory of datasets and two job threads, in a folder of their own. */
struct place {
	char root[64];
	char *datasets;
	struct store *store;
	struct jobs *jobs;
	struct reader *reader;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int accepted, known, refused, finished;
	char sha256[65];
	struct error error;
};

static inline void open_place(struct place *place)
{
	struct error err = {0};
	place->store = store_open(&(struct store_options){.directory = place->root}, &err);
	if (!place->store)
		fail_msg("%s", err.text);
	place->jobs = jobs_new(place->store, 2, &err);
	place->reader = reader_open(place->store, &err);
	assert_non_null(place->jobs);
	assert_non_null(place->reader);
}

static inline void close_place(struct place *place)
{
	reader_close(place->reader);
	jobs_free(place->jobs);
	store_close(place->store);
}

static inline int set_up(void **state)
{
	struct place *place = NEW(struct place);
	snprintf(place->root, sizeof(place->root), "/tmp/mekiki-jobs-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	place->datasets = memory_format("%s/datasets", place->root);
	assert_int_equal(mkdir(place->datasets, 0700), 0);
	pthread_mutex_init(&place->lock, NULL);
	pthread_cond_init(&place->changed, NULL);
	open_place(place);
	*state = place;
	return 0;
}

static inline int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct place *place = *state;
	close_place(place);
	nftw(place->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(place->datasets);
	free(place);
	return 0;
}

static inline void on_accepted(void *arg, const struct dataset_record *dataset, bool known, const struct error *err)
{
	struct place *place = arg;
	LOCK_SCOPE(&place->lock);
	place->accepted++;
	place->known += known;
	place->refused += err != NULL;
	snprintf(place->sha256, sizeof(place->sha256), "%s", dataset ? dataset->sha256 : "");
	if (err)
		place->error = *err;
	pthread_cond_broadcast(&place->changed);
}

static inline void on_finished(void *arg, const struct dataset_record *dataset)
{
	struct place *place = arg;
	LOCK_SCOPE(&place->lock);
	place->finished++;
	(void)dataset;
	pthread_cond_broadcast(&place->changed);
}

/* Waits until *counter is `count`, at most DEADLINE_S. */
static inline void wait_for(struct place *place, const int *counter, int count)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	LOCK_SCOPE(&place->lock);
	while (*counter < count)
		assert_int_not_equal(pthread_cond_timedwait(&place->changed, &place->lock, &until), ETIMEDOUT);
}

static inline char *write_file(struct place *place, const char *name, const char *bytes, size_t length)
{
	char *path = memory_format("%s/%s", place->root, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	return path;
}

/* Imports text under a name and reads the record back. */
static inline struct dataset_record import_text(struct place *place, const char *name, const char *text)
{
	AUTO_FREE char *path = write_file(place, name, text, strlen(text));
	int before = place->finished;
	import_submit(place->jobs, &(struct import_request){
		.datasets = place->datasets, .path = path, .name = name, .person = "admin",
		.accepted = on_accepted, .finished = on_finished, .arg = place});
	wait_for(place, &place->finished, before + 1);
	struct dataset_record record = {0};
	struct error err = {0};
	if (!dataset_find(place->reader, place->sha256, &record, &err))
		fail_msg("%s", err.text);
	return record;
}

#endif
