#include "jobs/import_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"
#include "dataset/dataset.h"

/* A batch should hold the writer for 8 to 20 ms: long enough that the commit (a few ms) is the smaller part, short
 * enough that results of a run never wait noticeably. At 10 µs per row that is 800 to 2,000 rows. */
enum { CHUNK = 256 << 10, BATCH_LEAST = 64, BATCH_MOST = 4096, BATCH_FIRST = 512, SHORT_US = 8000, LONG_US = 20000 };
/* A file may be wrong in every row; after this many problems the rest is only counted. */
enum { PROBLEMS_KEPT = 1000 };

struct batch {
	int64_t dataset;
	struct dataset_row rows[BATCH_MOST]; /* texts owned here */
	int row_count;
	struct dataset_problem *problems;
	size_t problem_count, problem_capacity;
	int64_t took_us;
};

struct intake {
	struct job *job;
	struct dataset_record *record;
	struct dataset_reader *reader;
	struct batch *batch;
	int file;
	int64_t read; /* bytes */
	int size;     /* rows per batch, for now */
	int64_t problems;
	char first_problem[DATASET_REASON_SIZE + 40];
};

static bool apply_batch(struct writer *writer, void *arg, struct error *err)
{
	struct batch *batch = arg;
	int64_t start = clock_mono_us();
	if (batch->row_count && !dataset_add_rows(writer, batch->dataset, batch->rows, batch->row_count, err))
		return false;
	for (size_t i = 0; i < batch->problem_count; i++)
		if (!dataset_add_problem(writer, batch->dataset, &batch->problems[i], err))
			return false;
	batch->took_us = clock_mono_us() - start;
	return true;
}

static void batch_clear(struct batch *batch)
{
	for (int i = 0; i < batch->row_count; i++)
		item_release(&batch->rows[i].item);
	for (size_t i = 0; i < batch->problem_count; i++) {
		free(batch->problems[i].reason);
		free(batch->problems[i].excerpt);
	}
	batch->row_count = 0;
	batch->problem_count = 0;
}

static bool flush(struct intake *intake, struct error *err)
{
	struct batch *batch = intake->batch;
	if (!batch->row_count && !batch->problem_count)
		return true;
	bool ok = store_write_bulk(job_store(intake->job), apply_batch, batch, err);
	bool full = batch->row_count >= intake->size;
	batch_clear(batch);
	if (batch->took_us > LONG_US && intake->size > BATCH_LEAST)
		intake->size /= 2;
	else if (full && batch->took_us < SHORT_US && intake->size < BATCH_MOST)
		intake->size *= 2;
	return ok;
}

static bool add_row(struct intake *intake, const struct dataset_entry *entry, struct error *err)
{
	struct batch *batch = intake->batch;
	struct item item = entry->item;
	item.key = memory_copy(item.key);
	item.source = memory_copy(item.source);
	item.tld = memory_copy(item.tld);
	batch->rows[batch->row_count++] = (struct dataset_row){
		.row = entry->row,
		.record = entry->record,
		.line = entry->line,
		.offset = entry->offset,
		.length = entry->length,
		.item = item,
	};
	return batch->row_count < intake->size || flush(intake, err);
}

static bool add_problem(struct intake *intake, const struct dataset_entry *entry, bool is_note, struct error *err)
{
	struct batch *batch = intake->batch;
	intake->problems++;
	if (!is_note && intake->record->bad_rows++ == 0)
		snprintf(intake->first_problem, sizeof(intake->first_problem), "line %" PRId64 ": %s", entry->line, entry->reason);
	if (!is_note && intake->problems > PROBLEMS_KEPT)
		return true;
	VECTOR_ADD(batch->problems, batch->problem_count, batch->problem_capacity) = (struct dataset_problem){
		.record = entry->record,
		.line = entry->line,
		.reason = memory_copy(entry->reason),
		.excerpt = memory_copy(entry->excerpt),
	};
	return batch->problem_count < (size_t)intake->size || flush(intake, err);
}

static bool feed(struct intake *intake, char *chunk, struct error *err)
{
	ssize_t got;
	do {
		got = read(intake->file, chunk, CHUNK);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_set(err, ERROR_IO, "%s: %s", intake->record->name, strerror(errno));
	if (got == 0)
		dataset_reader_finish(intake->reader);
	else
		dataset_reader_feed(intake->reader, chunk, (size_t)got);
	intake->read += got;
	if (intake->record->bytes)
		job_set_progress(intake->job, (double)intake->read / (double)intake->record->bytes);
	return !job_cancelled(intake->job) || error_set(err, ERROR_BUSY, "the import of %s was interrupted", intake->record->name);
}

static void describe_columns(struct intake *intake)
{
	const struct columns *columns = dataset_reader_columns(intake->reader);
	AUTO_JSON json_t *names = json_array(), *meanings = json_object(), *renamed = json_array();
	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->list[i];
		json_array_append_new(names, json_text_or_null(column->name));
		if (column->meaning != MEANING_NONE)
			json_object_set_new(meanings, column->name, json_string(columns_meaning_name(column->meaning)));
		if (column->renamed)
			json_array_append_new(renamed, json_string(column->name));
	}
	intake->record->columns = json_text(names);
	intake->record->meanings = json_text(meanings);
	intake->record->renamed = json_text(renamed);
	intake->record->is_list = dataset_reader_is_list(intake->reader);
}

/* *done at the end of the file. */
static bool step(struct intake *intake, char *chunk, bool *done, struct error *err)
{
	struct dataset_entry entry;
	switch (dataset_reader_next(intake->reader, &entry, err)) {
	case DATASET_STEP_MORE:
		return feed(intake, chunk, err);
	case DATASET_STEP_HEADER:
		describe_columns(intake);
		return true;
	case DATASET_STEP_ROW:
		intake->record->rows = entry.row;
		return add_row(intake, &entry, err);
	case DATASET_STEP_BAD:
		return add_problem(intake, &entry, false, err);
	case DATASET_STEP_NOTE:
		return add_problem(intake, &entry, true, err);
	case DATASET_STEP_END:
		*done = true;
		return flush(intake, err);
	case DATASET_STEP_REFUSED:
		break;
	}
	return false;
}

static bool is_usable(const struct intake *intake, struct error *err)
{
	const struct dataset_record *record = intake->record;
	if (record->rows > 0)
		return true;
	if (record->bad_rows == 0)
		return error_set(err, ERROR_INPUT, "%s has a header and no row; expected at least one domain", record->name);
	return error_set(err, ERROR_INPUT, "%s: none of the %" PRId64 " rows can be used; the first: %s", record->name,
			 record->bad_rows, intake->first_problem);
}

bool import_rows(struct job *job, const char *path, struct dataset_record *record, struct error *err)
{
	struct intake intake = {.job = job, .record = record, .size = BATCH_FIRST, .file = open(path, O_RDONLY | O_CLOEXEC)};
	if (intake.file < 0)
		return error_set(err, ERROR_IO, "%s: the bytes of %s cannot be read: %s", path, record->name, strerror(errno));
	AUTO_FREE char *chunk = memory_new(CHUNK);
	intake.reader = dataset_reader_new(record->name);
	intake.batch = NEW(struct batch);
	intake.batch->dataset = record->id;
	bool done = false, ok = true;
	while (ok && !done)
		ok = step(&intake, chunk, &done, err);
	record->header_length = dataset_reader_header_length(intake.reader);
	ok = ok && is_usable(&intake, err);
	close(intake.file);
	dataset_reader_free(intake.reader);
	batch_clear(intake.batch);
	free(intake.batch->problems);
	free(intake.batch);
	return ok;
}
