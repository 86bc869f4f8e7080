/* import_rows.h - the bytes of a dataset, turned into its rows and its summary in the store */
#ifndef MEKIKI_SERVER_JOBS_IMPORT_ROWS_H
#define MEKIKI_SERVER_JOBS_IMPORT_ROWS_H

#include "jobs/jobs.h"
#include "store/dataset.h"

/* Streams the file at `path` into the store as rows of record->id; fills in what the record says of rows and
 * columns. ERROR_INPUT: the file is wrong. ERROR_BUSY: cancelled. */
bool import_rows(struct job *job, const char *path, struct dataset_record *record, struct error *err);

/* One pass over the items: record->items and record->summary. */
bool import_summary(struct job *job, struct dataset_record *record, struct error *err);

#endif
