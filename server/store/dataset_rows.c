/* dataset_rows.c - the rows and items of datasets: the hot path of imports, and what reads them back */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "store/dataset.h"
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

/* Finds the item of a known key, merges the row into it, gives its id. */
static bool merge_item(struct connection *connection, int64_t dataset, const struct item *row, int64_t *id, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_ITEM_MERGE_READ, VALUES(integer(dataset), text(row->key)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_STORE, "item %s is and is not there", row->key) : false;
	*id = sqlite3_column_int64(s, 0);
	struct item known = {
		.label = column_binary(s, 1),
		.stage1 = column_binary(s, 2),
		.ml = column_real(s, 3),
		.source = (char *)sqlite3_column_text(s, 4), /* the statement's, until its end */
		.tld = (char *)sqlite3_column_text(s, 5),
		.flags = (unsigned)sqlite3_column_int64(s, 6),
	};
	if (!merge(&known, row))
		return true;
	return statement_run(connection, SQL_ITEM_MERGE,
			     VALUES(integer(dataset), integer(*id), integer_or_null(known.label, BINARY_UNKNOWN),
				    integer_or_null(known.stage1, BINARY_UNKNOWN), real(known.ml), text(known.source),
				    text(known.tld), integer(known.flags)),
			     err);
}

/* *last: the highest item id so far. */
static bool add_item(struct connection *connection, int64_t dataset, const struct dataset_row *row, int64_t *last,
                     int64_t *id, struct error *err)
{
	const struct item *item = &row->item;
	struct item fresh = *item;
	if (fresh.flags & ITEM_LABEL_CONFLICT)
		fresh.label = BINARY_UNKNOWN;
	if (!statement_run(connection, SQL_ITEM_INSERT,
			   VALUES(integer(dataset), integer(*last + 1), text(fresh.key),
				  integer_or_null(fresh.label, BINARY_UNKNOWN), integer_or_null(fresh.stage1, BINARY_UNKNOWN),
				  real(fresh.ml), text(fresh.source), text(fresh.tld), integer(fresh.flags), integer(row->row)),
			   err))
		return false;
	if (sqlite3_changes(connection->db) == 0)
		return merge_item(connection, dataset, item, id, err);
	*id = ++*last;
	return true;
}

bool dataset_add_rows(struct writer *writer, int64_t dataset, const struct dataset_row *rows, int count, struct error *err)
{
	struct connection *connection = &writer->connection;
	int64_t last, id = 0;
	if (!statement_integer(connection, SQL_ITEM_LAST, VALUES(integer(dataset)), &last, err))
		return false;
	for (const struct dataset_row *row = rows; row < rows + count; row++)
		if (!add_item(connection, dataset, row, &last, &id, err) ||
		    !statement_run(connection, SQL_DATASET_ROW_INSERT,
				   VALUES(integer(dataset), integer(row->row), integer(id), integer(row->record),
					  integer(row->line), integer(row->offset), integer(row->length)),
				   err))
			return error_prefix(err, "row %lld (line %lld)", (long long)row->row, (long long)row->line);
	return true;
}

int dataset_rows(struct reader *reader, int64_t dataset, int64_t after, int limit, struct dataset_place *out,
                 struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_DATASET_ROWS,
							      VALUES(integer(dataset), integer(after), integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		out[count++] = (struct dataset_place){
			.row = sqlite3_column_int64(s, 0),
			.record = sqlite3_column_int64(s, 1),
			.line = sqlite3_column_int64(s, 2),
			.offset = sqlite3_column_int64(s, 3),
			.length = sqlite3_column_int64(s, 4),
			.item = sqlite3_column_int64(s, 5),
		};
	return ok ? count : -1;
}

int dataset_items(struct reader *reader, int64_t dataset, int64_t after, int limit, struct item *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_DATASET_ITEMS,
							      VALUES(integer(dataset), integer(after), integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		out[count++] = column_item(s, 0);
	if (ok)
		return count;
	while (count > 0)
		item_release(&out[--count]);
	return -1;
}

int64_t dataset_item_find(struct reader *reader, int64_t dataset, const char *key, struct error *err)
{
	int64_t item;
	struct error answer = {0};
	if (statement_integer(&reader->connection, SQL_DATASET_ITEM_FIND, VALUES(integer(dataset), text(key)), &item, &answer))
		return item;
	if (answer.code == ERROR_NOT_FOUND)
		return 0;
	error_set(err, answer.code, "%s", answer.text);
	return -1;
}

bool dataset_match(struct reader *reader, int64_t dataset, int64_t population, int64_t *matched, struct error *err)
{
	return statement_integer(&reader->connection, SQL_DATASET_MATCH, VALUES(integer(dataset), integer(population)), matched,
				 err);
}

/* A bit per item of the population that the run's selection names; NULL with err. */
static uint8_t *read_selected(struct connection *connection, int64_t population, int64_t run, int64_t items,
                              struct error *err)
{
	AUTO_FREE uint8_t *bits = memory_array((size_t)items / 8 + 1, 1);
	if (run == 0)
		return TAKE(bits);
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_TALLY_SELECTED, VALUES(integer(population), integer(run)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		int64_t item = sqlite3_column_int64(s, 0);
		if (item >= 0 && item <= items)
			bits[item / 8] |= (uint8_t)(1u << (item % 8));
	}
	return ok ? TAKE(bits) : NULL;
}

static bool read_tally(struct connection *connection, int64_t population, const uint8_t *left_out,
                       struct dataset_tally *out, struct error *err)
{
	struct digest *digest = digest_new();
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_TALLY_ITEMS, VALUES(integer(population)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		int64_t item = sqlite3_column_int64(s, 0);
		if (left_out[item / 8] & 1u << (item % 8))
			continue;
		out->total++;
		if (sqlite3_column_int64(s, 4) & ITEM_LABEL_CONFLICT) {
			out->conflicts++;
			continue;
		}
		out->counts[column_binary(s, 2) + 1][column_binary(s, 3) + 1]++;
		digest_add(digest, sqlite3_column_text(s, 1), (size_t)sqlite3_column_bytes(s, 1));
		digest_add(digest, "\n", 1);
	}
	digest_hex(digest, out->hash);
	digest_free(digest);
	return ok;
}

bool dataset_tally_read(struct reader *reader, int64_t population, int64_t run, struct dataset_tally *out, struct error *err)
{
	struct connection *connection = &reader->connection;
	int64_t items;
	*out = (struct dataset_tally){0};
	if (!statement_integer(connection, SQL_ITEM_LAST, VALUES(integer(population)), &items, err))
		return false;
	AUTO_FREE uint8_t *selected = read_selected(connection, population, run, items, err);
	return selected && read_tally(connection, population, selected, out, err);
}

bool dataset_item_read(struct reader *reader, int64_t dataset, int64_t item, struct dataset_item *out, struct error *err)
{
	struct connection *connection = &reader->connection;
	AUTO(statement_end)
	sqlite3_stmt *s = statement_start(connection, SQL_DATASET_ITEM_READ, VALUES(integer(dataset), integer(item)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_NOT_FOUND, "the dataset has no item %lld", (long long)item) : false;
	*out = (struct dataset_item){
		.item = column_item(s, 0),
		.row = sqlite3_column_int64(s, 8),
		.row_offset = sqlite3_column_int64(s, 9),
		.row_length = sqlite3_column_int64(s, 10),
	};
	return true;
}
