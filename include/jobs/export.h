/* export.h - the merged results of a run, pulled piece by piece
 *
 * CSV: one line per input row of the selection, in input order: all input columns
 * as they came, read back from the dataset's bytes, then the result columns
 * (formats.md §2). JSON lines: one object per item, with its row numbers.
 *
 * An export sees the run at one version, also while the run goes on: results that
 * came later are not there yet. Each read holds a short transaction only.
 */
#ifndef MEKIKI_JOBS_EXPORT_H
#define MEKIKI_JOBS_EXPORT_H

#include "dataset/csv.h"
#include "store/view.h"

enum export_format { EXPORT_CSV, EXPORT_JSONL };

struct export_options {
	int64_t run;
	enum export_format format;
	enum csv_profile profile; /* of CSV */
	struct view *view;        /* taken over, freed also on failure; NULL = the whole selection */
	const char *datasets;     /* directory of the bytes of datasets */
};

struct export; /* one thread at a time */

/* Opens its own reader. ERROR_NOT_FOUND, ERROR_IO (the bytes are gone), ERROR_INPUT (the view). */
struct export *export_new(struct store *store, const struct export_options *options, struct error *err);
void export_free(struct export *export);

int64_t export_version(const struct export *export);
/* "r-0001-v61-raw.csv"; the export's */
const char *export_file_name(const struct export *export);

/* Fills buf with the next bytes; *length = 0 at the end. */
bool export_read(struct export *export, char *buf, size_t size, size_t *length, struct error *err);

#endif
