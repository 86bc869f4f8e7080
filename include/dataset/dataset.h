/* dataset.h - a file of domains, read as rows
 *
 * Bytes go in, rows and complaints come out, in the order of the file. A file is
 * a CSV with a column `domain`, or a plain list with one domain per line; a line
 * that begins with # before the header, or in a list, is a comment. Cells are
 * kept as they came: a row says where its bytes lie, and dataset_cells_* reads
 * them again.
 *
 * A row is bad only when it cannot be read (ragged, an open quote, too large) or
 * its domain cannot be one; everything else is a note that is counted and told
 * once at the end.
 *
 * Pure; one owner. Rows are valid until the next call on the reader; feed it only when it asks.
 */
#ifndef MEKIKI_DATASET_DATASET_H
#define MEKIKI_DATASET_DATASET_H

#include "dataset/columns.h"
#include "dataset/csv.h"
#include "model/item.h"

struct dataset_reader;

enum dataset_step {
	DATASET_STEP_MORE,    /* feed or finish, at no other moment */
	DATASET_STEP_HEADER,  /* once, before the first row: the columns are known */
	DATASET_STEP_ROW,
	DATASET_STEP_BAD,     /* a row that is left out: reason, excerpt */
	DATASET_STEP_NOTE,    /* at the end: something that happened to `times` rows, first to this one */
	DATASET_STEP_END,
	DATASET_STEP_REFUSED  /* the whole file: err says why */
};

enum { DATASET_REASON_SIZE = 400, DATASET_EXCERPT_SIZE = 121 };

struct dataset_entry {
	int64_t row;            /* good rows so far, this one included */
	int64_t record;         /* 1 = the first after the header */
	int64_t line;           /* physical line on which it begins, from 1 */
	int64_t offset, length; /* bytes in the file, without the line end */
	struct item item;       /* texts borrowed; id 0 */
	int64_t times;          /* of a note */
	char reason[DATASET_REASON_SIZE];
	char excerpt[DATASET_EXCERPT_SIZE]; /* the beginning of the record; control characters are blanks */
};

struct dataset_reader *dataset_reader_new(const char *name); /* as it is called in messages; copied */
void dataset_reader_free(struct dataset_reader *reader);
void dataset_reader_feed(struct dataset_reader *reader, const void *bytes, size_t length);
void dataset_reader_finish(struct dataset_reader *reader);
enum dataset_step dataset_reader_next(struct dataset_reader *reader, struct dataset_entry *out, struct error *err);

const struct columns *dataset_reader_columns(const struct dataset_reader *reader); /* of a list: "domain" */
bool dataset_reader_is_list(const struct dataset_reader *reader);
int64_t dataset_reader_header_length(const struct dataset_reader *reader); /* bytes before the first record */

/* One record again, from its bytes (offset and length of its row). */
struct dataset_cells {
	struct csv_reader *reader; /* owned; the fields point into it */
	struct csv_field *fields;  /* decoded */
	size_t count;
};
void dataset_cells_init(struct dataset_cells *cells, const char *bytes, size_t length);
void dataset_cells_release(struct dataset_cells *cells);

#endif
