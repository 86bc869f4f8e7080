/* source.h - the bytes behind items: a dataset's file, opened for evaluation
 *
 * Columns are read once; the cells of an item are read from the file where its
 * first row lies, as they came. The loader's thread reads; the columns may be
 * read by anybody.
 */
#ifndef MEKIKI_ENGINE_SOURCE_H
#define MEKIKI_ENGINE_SOURCE_H

#include "base/error.h"
#include "store/dataset.h"

struct source {
	int file;
	bool is_list;
	char **columns;   /* column_count of them */
	bool *is_label;   /* columns that carry the truth: never in a prompt */
	int column_count;
};

struct source *source_open(const char *directory, const struct dataset_record *dataset, struct error *err);
void source_free(struct source *source);
/* Are the bytes those that were imported? Reads all of them. */
bool source_check(const struct source *source, const struct dataset_record *dataset, struct error *err);

struct cells {
	char **texts;     /* texts[i] belongs to columns[i]; NULL where the row is short */
	int count;
};
bool source_cells(const struct source *source, int64_t offset, int64_t length, struct cells *out, struct error *err);
void cells_release(struct cells *cells);

#endif
