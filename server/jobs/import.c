#include "jobs/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "jobs/import_rows.h"

enum { CHUNK = 256 << 10 };

/* One import; lives from the submission to the end of its job. */
struct import {
	struct import_request request; /* texts owned */
	struct dataset_record record;
	char *kept;                    /* datasets/<sha256> */
};

static void import_free(struct import *import)
{
	free((char *)import->request.datasets);
	free((char *)import->request.path);
	free((char *)import->request.name);
	free((char *)import->request.person);
	dataset_record_release(&import->record);
	free(import->kept);
	free(import);
}

static void accept_import(struct import *import, bool known, const struct error *err)
{
	if (import->request.accepted)
		import->request.accepted(import->request.arg, err ? NULL : &import->record, known, err);
}

static bool hash_file(struct job *job, int file, const char *name, struct dataset_record *record, struct error *err)
{
	AUTO_FREE char *chunk = memory_new(CHUNK);
	char hex[DIGEST_HEX];
	struct digest *digest = digest_new();
	ssize_t got;
	while ((got = read(file, chunk, CHUNK)) > 0 || (got < 0 && errno == EINTR)) {
		if (job_cancelled(job))
			break;
		if (got > 0)
			digest_add(digest, chunk, (size_t)got);
		record->bytes += got > 0 ? got : 0;
	}
	digest_hex(digest, hex);
	digest_free(digest);
	if (got < 0)
		return error_set(err, ERROR_IO, "%s cannot be read: %s", name, strerror(errno));
	if (got > 0)
		return error_set(err, ERROR_BUSY, "the server is stopping; import %s again", name);
	record->sha256 = memory_copy(hex);
	return true;
}

static bool sync_directory(const char *path, struct error *err)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = directory >= 0 && fsync(directory) == 0;
	if (!ok)
		error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (directory >= 0)
		close(directory);
	return ok;
}

/* On the disk before the store says that the dataset is there. */
static bool read_and_sync(struct job *job, struct import *import, struct error *err)
{
	int file = open(import->request.path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set(err, ERROR_IO, "%s cannot be opened: %s", import->request.path, strerror(errno));
	bool ok = hash_file(job, file, import->request.name, &import->record, err);
	if (ok && fsync(file) != 0)
		ok = error_set(err, errno == ENOSPC ? ERROR_DISK_FULL : ERROR_IO, "%s: %s", import->request.path, strerror(errno));
	close(file);
	return ok;
}

static bool keep_bytes(struct import *import, struct error *err)
{
	if (text_equal(import->request.path, import->kept))
		return true;
	if (rename(import->request.path, import->kept) != 0)
		return error_set(err, ERROR_IO, "%s cannot be moved to %s: %s", import->request.path, import->kept,
				 strerror(errno));
	return sync_directory(import->request.datasets, err);
}

static bool apply_insert(struct writer *writer, void *arg, struct error *err)
{
	struct import *import = arg;
	return dataset_insert(writer, &import->record, err);
}

static bool apply_discard(struct writer *writer, void *arg, struct error *err)
{
	return dataset_discard(writer, *(const int64_t *)arg, err);
}

static bool apply_finish(struct writer *writer, void *arg, struct error *err)
{
	const struct import *import = arg;
	return dataset_finish(writer, &import->record, err);
}

enum known { KNOWN_NO, KNOWN_YES, KNOWN_ERROR };

/* Are these bytes a dataset already? A failed one makes room for another try. */
static enum known look_up(struct job *job, struct import *import, struct error *err)
{
	struct dataset_record found = {0};
	struct error answer = {0};
	if (!dataset_find(job_reader(job), import->record.sha256, &found, &answer)) {
		if (answer.code == ERROR_NOT_FOUND)
			return KNOWN_NO;
		error_set(err, answer.code, "%s", answer.text);
		return KNOWN_ERROR;
	}
	if (found.state != DATASET_FAILED) {
		dataset_record_release(&import->record);
		import->record = found;
		return KNOWN_YES;
	}
	bool gone = store_write_wait(job_store(job), apply_discard, &found.id, err);
	dataset_record_release(&found);
	return gone ? KNOWN_NO : KNOWN_ERROR;
}

/* The bytes that were brought are not needed; but an import that begins again reads the ones that are kept. */
static void drop_bytes(const struct import *import)
{
	if (!text_equal(import->request.path, import->kept))
		unlink(import->request.path);
}

/* Everything up to a record in the store. *known: there was one. */
static bool begin(struct job *job, struct import *import, bool *known, struct error *err)
{
	struct dataset_record *record = &import->record;
	if (!read_and_sync(job, import, err))
		return false;
	import->kept = memory_format("%s/%s", import->request.datasets, record->sha256);
	enum known answer = look_up(job, import, err);
	if (answer == KNOWN_NO) {
		record->name = memory_copy(import->request.name);
		record->created_by = memory_copy(import->request.person);
		record->created_ms = clock_wall_ms();
		record->state = DATASET_IMPORTING;
		if (keep_bytes(import, err) && store_write_wait(job_store(job), apply_insert, import, err))
			return true;
		answer = look_up(job, import, err); /* another thread may have imported the same bytes meanwhile */
	}
	*known = answer == KNOWN_YES;
	drop_bytes(import);
	return *known;
}

static void finish(struct job *job, struct import *import, bool ok, const struct error *why)
{
	struct error err = {0};
	struct dataset_record *record = &import->record;
	if (!ok && why->code == ERROR_BUSY)
		return; /* interrupted: it begins again at the next start */
	record->state = ok ? DATASET_READY : DATASET_FAILED;
	record->problem = ok ? NULL : memory_copy(why->text);
	if (!ok)
		unlink(import->kept);
	if (!store_write_wait(job_store(job), apply_finish, import, &err))
		log_error("import", "dataset %s: %s", record->name, err.text);
	else if (ok)
		log_info("import", "dataset %s: %" PRId64 " rows, %" PRId64 " items, %" PRId64 " bad rows", record->name,
			 record->rows, record->items, record->bad_rows);
	else
		log_warning("import", "dataset %s: %s", record->name, why->text);
}

static void fill(struct job *job, struct import *import)
{
	struct error err = {0};
	job_set_subject(job, import->record.id);
	bool ok = import_rows(job, import->kept, &import->record, &err) &&
		  dataset_index(job_store(job), import->record.id, &err) && import_summary(job, &import->record, &err);
	finish(job, import, ok, &err);
}

static void run_import(struct job *job, void *arg)
{
	struct import *import = arg;
	struct error err = {0};
	bool known = false;
	if (!begin(job, import, &known, &err)) {
		drop_bytes(import);
		accept_import(import, false, &err);
		import_free(import);
		return;
	}
	accept_import(import, known, NULL);
	if (!known)
		fill(job, import);
	if (import->request.finished)
		import->request.finished(import->request.arg, &import->record);
	import_free(import);
}

static struct import *import_new(const struct import_request *request)
{
	struct import *import = NEW(struct import);
	import->request = *request;
	import->request.datasets = memory_copy(request->datasets);
	import->request.path = memory_copy(request->path);
	import->request.name = memory_copy(request->name ? request->name : "");
	import->request.person = memory_copy(request->person);
	return import;
}

void import_submit(struct jobs *jobs, const struct import_request *request)
{
	jobs_submit(jobs, 0, run_import, import_new(request));
}

/* An interrupted import begins again: its rows are thrown away, its bytes are all there. */
static void begin_again(struct job *job, const char *datasets, const struct dataset_record *old)
{
	struct error err = {0};
	AUTO_FREE char *path = memory_format("%s/%s", datasets, old->sha256);
	struct import *import = import_new(&(struct import_request){
		.datasets = datasets, .path = path, .name = old->name, .person = old->created_by});
	int64_t id = old->id;
	bool known = false;
	log_info("import", "dataset %s: the import was interrupted and begins again", old->name);
	if (store_write_wait(job_store(job), apply_discard, &id, &err) && begin(job, import, &known, &err) && !known)
		fill(job, import);
	else if (err.code != ERROR_NONE)
		log_error("import", "dataset %s: %s", old->name, err.text);
	import_free(import);
}

static void run_resume(struct job *job, void *arg)
{
	AUTO_FREE char *datasets = arg;
	struct error err = {0};
	struct dataset_record record;
	int64_t before = 0;
	int count;
	while (!job_cancelled(job) && (count = dataset_list(job_reader(job), before, 1, &record, &err)) != 0) {
		if (count < 0) {
			log_error("import", "interrupted imports cannot be found: %s", err.text);
			return;
		}
		before = record.id;
		if (record.state == DATASET_IMPORTING)
			begin_again(job, datasets, &record);
		dataset_record_release(&record);
	}
}

void import_resume(struct jobs *jobs, const char *datasets)
{
	jobs_submit(jobs, 0, run_resume, memory_copy(datasets));
}

struct tie {
	int64_t dataset, population;
	const char *text, *person;
};

static bool apply_tie(struct writer *writer, void *arg, struct error *err)
{
	const struct tie *tie = arg;
	return dataset_set_population(writer, tie->dataset, tie->population, tie->text, tie->person, err);
}

static bool read_ready(struct reader *reader, int64_t id, struct dataset_record *out, struct error *err)
{
	if (!dataset_read(reader, id, out, err))
		return false;
	if (out->state == DATASET_READY)
		return true;
	error_set(err, ERROR_CONFLICT, "dataset %s is not ready", out->name);
	dataset_record_release(out);
	return false;
}

/* What the tie says: how many items the dataset has, and how many of them the population knows. */
static bool match(struct reader *reader, int64_t dataset, int64_t population, char **tie, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record ours = {0}, theirs = {0};
	int64_t matched = 0;
	if (!read_ready(reader, dataset, &ours, err) || !read_ready(reader, population, &theirs, err) ||
	    !dataset_match(reader, dataset, population, &matched, err))
		return false;
	if (matched == 0)
		return error_set(err, ERROR_INPUT, "none of the %" PRId64 " items of %s is in %s; is it the population they were taken from?",
				 ours.items, ours.name, theirs.name);
	AUTO_JSON json_t *json = json_pack("{s:I, s:I, s:I}", "items", (json_int_t)ours.items, "matched", (json_int_t)matched,
					   "missing", (json_int_t)(ours.items - matched));
	*tie = json_text(json);
	return true;
}

bool import_tie_population(struct job *job, int64_t dataset, int64_t population, const char *person, struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (population == dataset)
		return error_set(err, ERROR_INPUT, "a dataset cannot be its own population");
	if (population && !match(job_reader(job), dataset, population, &text, err))
		return false;
	struct tie tie = {dataset, population, text, person};
	return store_write_wait(job_store(job), apply_tie, &tie, err);
}
