/* csv.h - RFC 4180 in and out, as bytes
 *
 * The reader is fed with chunks that may be split anywhere and gives records one
 * by one, each with its place in the file, so that a message can name the line
 * and an export can read the bytes again. A quote opens a quoted cell only as
 * its first byte, as in Python's csv module; elsewhere it is a letter.
 *
 * Memory is bounded: a cell or record beyond the limits is reported once and
 * skipped. After a quote that is never closed, reading goes on with the next line
 * if that line looks like a record, so one lost quote costs one row.
 *
 * Pure; one owner. Field views are valid until the next call on the reader.
 */
#ifndef MEKIKI_DATASET_CSV_H
#define MEKIKI_DATASET_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Bounds: the longest real cell is below 10 KB and a record has about 100 cells,
 * so 1 MiB leaves a factor of 100 and 16 MiB holds the worst record as one piece. */
enum { CSV_CELL_LIMIT = 1 << 20, CSV_RECORD_LIMIT = 16 << 20, CSV_FIELD_LIMIT = 16384 };

struct csv_field {
	char *bytes; /* without the outer quotes; not NUL-terminated */
	size_t length;
	bool quoted;
	bool escaped; /* still holds doubled quotes: csv_field_decode() first */
};

enum csv_fault {
	CSV_GOOD,
	CSV_QUOTE_OPEN,       /* the quote that opens a cell is never closed */
	CSV_CELL_TOO_LARGE,
	CSV_RECORD_TOO_LARGE,
	CSV_TOO_MANY_FIELDS
};

struct csv_record {
	int64_t number; /* 0 = the first record of the file; blank lines are not counted */
	int64_t line;   /* physical line on which it begins, from 1 */
	int64_t offset; /* of its first byte in the file, a byte order mark included */
	int64_t length; /* bytes without the line end; 0 when there is a fault */
	struct csv_field *fields;
	size_t count;
	enum csv_fault fault; /* not good: `fields` are those before the fault */
	int64_t fault_line;   /* physical line on which the cell at fault begins */
	const char *start;    /* the record as it came, `start_length` bytes of it */
	size_t start_length;
};

enum csv_status { CSV_RECORD, CSV_MORE, CSV_END };

struct csv_reader *csv_reader_new(void);
void csv_reader_free(struct csv_reader *reader);
void csv_reader_feed(struct csv_reader *reader, const void *bytes, size_t length); /* copied */
void csv_reader_finish(struct csv_reader *reader); /* nothing more comes */
/* CSV_MORE: feed or finish. */
enum csv_status csv_reader_next(struct csv_reader *reader, struct csv_record *out);
/* How many fields a record should have (0 = unknown); used only to find the way after an open quote. */
void csv_reader_expect(struct csv_reader *reader, size_t fields);

/* Makes the bytes plain, in place; may be called twice. */
void csv_field_decode(struct csv_field *field);
const char *csv_fault_sentence(enum csv_fault fault);

/* The writer appends cells to a text: quoted only when needed. `raw` is for programs
 * (LF, bytes as they are), `excel` for eyes (byte order mark, CRLF, and ' before a
 * cell that a spreadsheet would run as a formula). */
enum csv_profile { CSV_RAW, CSV_EXCEL };

struct csv_writer {
	struct text *out; /* borrowed */
	enum csv_profile profile;
	size_t cells; /* in the current record */
};

void csv_writer_init(struct csv_writer *writer, struct text *out, enum csv_profile profile);
void csv_writer_mark(struct csv_writer *writer); /* what the file begins with, if anything */
void csv_writer_cell(struct csv_writer *writer, const char *bytes, size_t length);
void csv_writer_text(struct csv_writer *writer, const char *text); /* NULL = an empty cell */
void csv_writer_end(struct csv_writer *writer);                    /* ends the record */

#endif
