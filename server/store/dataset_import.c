/* dataset_import.c - rows become items: the hot path of imports
 *
 * Which key is which item is kept in memory while a dataset grows (keys.c), and
 * written once, in order, at the end: an index that is kept meanwhile would
 * dirty a page of its own for nearly every row, because keys come in no order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/dataset.h"
#include "store/keys.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

/* What several rows say of one item: the first value that is not missing stays. Labels that differ are a conflict:
 * then there is no label, and later rows cannot bring one back. */
static bool merge(struct item *known, const struct item *row)
{
	const struct item before = *known;
	known->flags |= row->flags;
	if (row->label != BINARY_UNKNOWN && !(known->flags & ITEM_LABEL_CONFLICT)) {
		if (known->label == BINARY_UNKNOWN)
			known->label = row->label;
		else if (known->label != row->label)
			known->flags |= ITEM_LABEL_CONFLICT;
	}
	if (known->flags & ITEM_LABEL_CONFLICT)
		known->label = BINARY_UNKNOWN;
	if (known->stage1 == BINARY_UNKNOWN)
		known->stage1 = row->stage1;
	if (isnan(known->ml))
		known->ml = row->ml;
	if (!known->source)
		known->source = row->source;
	if (!known->tld)
		known->tld = row->tld;
	return known->flags != before.flags || known->label != before.label || known->stage1 != before.stage1 ||
	       isnan(known->ml) != isnan(before.ml) || known->source != before.source || known->tld != before.tld;
}

/* Is item `id` this key? Then the row is merged into it. */
static bool merge_item(struct connection *connection, int64_t dataset, int64_t id, const struct item *row, bool *same,
                       struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_ITEM_MERGE_READ, VALUES(integer(dataset), integer(id)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_STORE, "item %lld of %s is missing", (long long)id, row->key) : false;
	*same = strcmp((const char *)sqlite3_column_text(s, 0), row->key) == 0;
	struct item known = {
		.label = column_binary(s, 1),
		.stage1 = column_binary(s, 2),
		.ml = column_real(s, 3),
		.source = (char *)sqlite3_column_text(s, 4), /* the statement's, until its end */
		.tld = (char *)sqlite3_column_text(s, 5),
		.flags = (unsigned)sqlite3_column_int64(s, 6),
	};
	if (!*same || !merge(&known, row))
		return true;
	return statement_run(connection, SQL_ITEM_MERGE,
			     VALUES(integer(dataset), integer(id), integer_or_null(known.label, BINARY_UNKNOWN),
				    integer_or_null(known.stage1, BINARY_UNKNOWN), real(known.ml), text(known.source),
				    text(known.tld), integer(known.flags)),
			     err);
}

static bool insert_item(struct connection *connection, int64_t dataset, int64_t id, const struct dataset_row *row,
                        struct error *err)
{
	const struct item *item = &row->item;
	enum binary label = item->flags & ITEM_LABEL_CONFLICT ? BINARY_UNKNOWN : item->label;
	return statement_run(connection, SQL_ITEM_INSERT,
			     VALUES(integer(dataset), integer(id), text(item->key), integer_or_null(label, BINARY_UNKNOWN),
				    integer_or_null(item->stage1, BINARY_UNKNOWN), real(item->ml), text(item->source),
				    text(item->tld), integer(item->flags), integer(row->row)),
			     err);
}

/* The item of the row's key: one that is there, or a new one. */
static bool find_item(struct connection *connection, int64_t dataset, struct keys *keys, const struct dataset_row *row,
                      int64_t *id, struct error *err)
{
	struct keys_search search = keys_search(keys, row->item.key);
	bool same = false;
	while (!same && keys_next(keys, &search, id))
		if (!merge_item(connection, dataset, *id, &row->item, &same, err))
			return false;
	if (same)
		return true;
	*id = keys_add(keys, &search);
	return insert_item(connection, dataset, *id, row, err);
}

bool dataset_add_rows(struct writer *writer, int64_t dataset, const struct dataset_row *rows, int count, struct error *err)
{
	struct connection *connection = &writer->connection;
	struct keys *keys = keys_of(writer->keys, connection, dataset, err);
	int64_t id = 0;
	if (!keys)
		return false;
	for (const struct dataset_row *row = rows; row < rows + count; row++)
		if (!find_item(connection, dataset, keys, row, &id, err) ||
		    !statement_run(connection, SQL_DATASET_ROW_INSERT,
				   VALUES(integer(dataset), integer(row->row), integer(id), integer(row->record),
					  integer(row->line), integer(row->offset), integer(row->length)),
				   err))
			return error_prefix(err, "row %lld (line %lld)", (long long)row->row, (long long)row->line);
	return true;
}

/* ---- the index ----------------------------------------------------------------------------------------------- */

/* 4,000 entries are about 5 ms of appending. */
enum { INDEX_BATCH = 4000 };

struct index_batch {
	int64_t dataset;
	int count;
	char *keys[INDEX_BATCH]; /* owned */
	int64_t items[INDEX_BATCH];
};

static bool add_to_index(struct writer *writer, void *arg, struct error *err)
{
	const struct index_batch *batch = arg;
	for (int i = 0; i < batch->count; i++)
		if (!statement_run(&writer->connection, SQL_INDEX_INSERT,
				   VALUES(integer(batch->dataset), text(batch->keys[i]), integer(batch->items[i])), err))
			return false;
	return true;
}

static bool write_batch(struct store *store, struct index_batch *batch, struct error *err)
{
	bool ok = batch->count == 0 || store_write_bulk(store, add_to_index, batch, err);
	for (int i = 0; i < batch->count; i++)
		free(batch->keys[i]);
	batch->count = 0;
	return ok;
}

static bool index_sorted(struct store *store, struct reader *reader, struct index_batch *batch, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(&reader->connection, SQL_INDEX_SORTED, VALUES(integer(batch->dataset)));
	bool ok;
	while (statement_next(&reader->connection, s, &ok, err)) {
		batch->items[batch->count] = sqlite3_column_int64(s, 1);
		batch->keys[batch->count++] = column_copy(s, 0);
		if (batch->count == INDEX_BATCH && !write_batch(store, batch, err))
			return false;
	}
	return write_batch(store, batch, ok ? err : NULL) && ok;
}

bool dataset_index(struct store *store, int64_t dataset, struct error *err)
{
	struct reader *reader = reader_open(store, err); /* it sorts; the writer only appends */
	if (!reader)
		return false;
	struct index_batch *batch = NEW(struct index_batch);
	batch->dataset = dataset;
	bool ok = index_sorted(store, reader, batch, err);
	free(batch);
	reader_close(reader);
	return ok;
}
