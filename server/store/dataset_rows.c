/* dataset_rows.c - the rows and items of datasets, read back */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "store/dataset.h"
#include "store/reader.h"
#include "store/statement.h"

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

bool dataset_match(struct reader *reader, int64_t dataset, int64_t population, int64_t *matched, struct error *err)
{
	return statement_integer(&reader->connection, SQL_DATASET_MATCH, VALUES(integer(dataset), integer(population)), matched,
				 err);
}

/* ---- counts by label and stage 1 ----------------------------------------------------------------------------- */

/* What is known of an item, in one byte, so that a population of millions is two passes in the order of the disk. */
enum { MARK_LABEL = 0x03, MARK_STAGE1 = 0x0c, MARK_STAGE1_SHIFT = 2, MARK_CONFLICT = 0x10, MARK_LEFT_OUT = 0x20 };

static bool mark_items(struct connection *connection, int64_t population, uint8_t *marks, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_TALLY_ITEMS, VALUES(integer(population)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		unsigned mark = (unsigned)(column_binary(s, 1) + 1) | (unsigned)(column_binary(s, 2) + 1) << MARK_STAGE1_SHIFT;
		if (sqlite3_column_int64(s, 3) & ITEM_LABEL_CONFLICT)
			mark |= MARK_CONFLICT;
		marks[sqlite3_column_int64(s, 0)] = (uint8_t)mark;
	}
	return ok;
}

static bool mark_selected(struct connection *connection, int64_t population, int64_t run, int64_t items, uint8_t *marks,
                          struct error *err)
{
	int64_t dataset;
	if (run == 0)
		return true;
	if (!statement_integer(connection, SQL_TALLY_RUN_DATASET, VALUES(integer(run)), &dataset, err))
		return false;
	AUTO(statement_end) sqlite3_stmt *s =
		dataset == population
			? statement_start(connection, SQL_TALLY_SELECTED_HERE, VALUES(integer(run)))
			: statement_start(connection, SQL_TALLY_SELECTED_THERE, VALUES(integer(run), integer(population)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		int64_t item = sqlite3_column_int64(s, 0);
		if (item > 0 && item <= items)
			marks[item] |= MARK_LEFT_OUT;
	}
	return ok;
}

static void count_item(struct dataset_tally *tally, unsigned mark)
{
	tally->total++;
	if (mark & MARK_CONFLICT)
		tally->conflicts++;
	else
		tally->counts[mark & MARK_LABEL][(mark & MARK_STAGE1) >> MARK_STAGE1_SHIFT]++;
}

static bool hash_keys(struct connection *connection, int64_t population, int64_t items, const uint8_t *marks,
                      struct dataset_tally *out, struct error *err)
{
	struct digest *digest = digest_new();
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_TALLY_KEYS, VALUES(integer(population)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		int64_t item = sqlite3_column_int64(s, 0);
		if (item > items || marks[item] & MARK_LEFT_OUT)
			continue;
		count_item(out, marks[item]);
		if (marks[item] & MARK_CONFLICT)
			continue;
		digest_add(digest, sqlite3_column_text(s, 1), (size_t)sqlite3_column_bytes(s, 1));
		digest_add(digest, "\n", 1);
	}
	digest_hex(digest, out->hash);
	digest_free(digest);
	return ok;
}

static bool read_tally(struct connection *connection, int64_t population, int64_t run, struct dataset_tally *out,
                       struct error *err)
{
	int64_t items;
	if (!statement_integer(connection, SQL_ITEM_LAST, VALUES(integer(population)), &items, err))
		return false;
	AUTO_FREE uint8_t *marks = memory_array((size_t)items + 1, 1);
	return mark_items(connection, population, marks, err) &&
	       mark_selected(connection, population, run, items, marks, err) &&
	       hash_keys(connection, population, items, marks, out, err);
}

bool dataset_tally_read(struct reader *reader, int64_t population, int64_t run, struct dataset_tally *out, struct error *err)
{
	*out = (struct dataset_tally){0};
	reader_begin(reader); /* all passes see the same items */
	bool ok = read_tally(&reader->connection, population, run, out, err);
	reader_end(reader);
	return ok;
}
