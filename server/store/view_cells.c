/* view_cells.c - what filters need beyond the tables: U-labels, and the cells of the dataset's bytes
 *
 * col.NAME compares with the cell of an item's first row as it lies in
 * datasets/<sha256>: the store does not hold a second copy of every column.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "dataset/dataset.h"
#include "dataset/key.h"
#include "store/dataset.h"
#include "store/view_terms.h"

struct cells {
	struct reader *reader;
	int64_t dataset; /* whose bytes are open, 0 = none */
	int fd;
	char *columns;   /* JSON list */
	char *bytes;     /* of one record */
	size_t capacity;
};

static void u_label(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const char *key = (const char *)sqlite3_value_text(values[0]);
	char *unicode = key ? key_unicode(key) : NULL;
	if (unicode)
		sqlite3_result_text(context, unicode, -1, free);
	else
		sqlite3_result_value(context, values[0]);
}

/* The record's bytes into cells->bytes; 0 = not there. */
static size_t read_record(struct cells *cells, int64_t row)
{
	struct connection *connection = &cells->reader->connection;
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_ROW_PLACE, VALUES(integer(cells->dataset), integer(row)));
	bool ok;
	if (!statement_next(connection, s, &ok, NULL))
		return 0;
	size_t length = (size_t)sqlite3_column_int64(s, 1);
	if (cells->capacity < length) {
		cells->bytes = memory_grow(cells->bytes, length, 1);
		cells->capacity = length;
	}
	return pread(cells->fd, cells->bytes, length, sqlite3_column_int64(s, 0)) == (ssize_t)length ? length : 0;
}

static void cell(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	struct cells *cells = sqlite3_user_data(context);
	size_t column = (size_t)sqlite3_value_int64(values[1]);
	size_t length = read_record(cells, sqlite3_value_int64(values[0]));
	if (length == 0) {
		sqlite3_result_text(context, "", 0, SQLITE_STATIC);
		return;
	}
	struct dataset_cells record;
	dataset_cells_init(&record, cells->bytes, length);
	bool there = column < record.count;
	sqlite3_result_text(context, there ? record.fields[column].bytes : "", there ? (int)record.fields[column].length : 0,
			    SQLITE_TRANSIENT);
	dataset_cells_release(&record);
}

struct cells *cells_new(struct reader *reader)
{
	struct cells *cells = NEW(struct cells);
	cells->reader = reader;
	cells->fd = -1;
	sqlite3 *db = reader->connection.db;
	sqlite3_create_function_v2(db, "u_label", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, u_label, NULL, NULL, NULL);
	sqlite3_create_function_v2(db, "cell", 2, SQLITE_UTF8, cells, cell, NULL, NULL, NULL);
	return cells;
}

static void close_bytes(struct cells *cells)
{
	if (cells->fd >= 0)
		close(cells->fd);
	cells->fd = -1;
	cells->dataset = 0;
	free(TAKE(cells->columns));
}

void cells_free(struct cells *cells)
{
	if (!cells)
		return;
	close_bytes(cells);
	free(cells->bytes);
	free(cells);
}

static bool open_bytes(struct reader *reader, int64_t dataset, struct error *err)
{
	struct cells *cells = reader->cells;
	if (cells->dataset == dataset)
		return true;
	close_bytes(cells);
	AUTO(dataset_record_release) struct dataset_record record = {0};
	if (!dataset_read(reader, dataset, &record, err))
		return false;
	AUTO_FREE char *path = memory_format("%s/datasets/%s", reader->directory, record.sha256);
	cells->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (cells->fd < 0)
		return error_set(err, ERROR_IO, "%s: the bytes of dataset %s cannot be read: %s", path, record.name, strerror(errno));
	cells->dataset = dataset;
	cells->columns = TAKE(record.columns);
	return true;
}

static bool find_column(const struct cells *cells, const char *name, int64_t *position, struct error *err)
{
	AUTO_JSON json_t *columns = json_loads(cells->columns ? cells->columns : "[]", 0, NULL);
	size_t i;
	json_t *column;
	json_array_foreach(columns, i, column)
		if (text_equal(json_string_value(column), name)) {
			*position = (int64_t)i;
			return true;
		}
	return error_set(err, ERROR_INPUT, "filter \"col.%.80s\": the dataset has no such column; it has %.600s", name,
			 cells->columns ? cells->columns : "none");
}

bool cells_open(struct reader *reader, int64_t dataset, const struct view *view, struct error *err)
{
	for (size_t i = 0; i < view->count; i++) {
		struct view_term *term = &view->terms[i];
		if (term->key != VIEW_COLUMN)
			continue;
		if (!open_bytes(reader, dataset, err) || !find_column(reader->cells, term->text, &term->number, err))
			return false;
	}
	return true;
}
