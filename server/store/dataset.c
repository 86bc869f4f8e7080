#include "store/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "store/event.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

static const char *const state_names[] = {
	[DATASET_IMPORTING] = "importing",
	[DATASET_READY] = "ready",
	[DATASET_FAILED] = "failed",
};

void dataset_record_release(struct dataset_record *dataset)
{
	free(dataset->sha256);
	free(dataset->name);
	free(dataset->problem);
	free(dataset->columns);
	free(dataset->meanings);
	free(dataset->renamed);
	free(dataset->summary);
	free(dataset->population_tie);
	free(dataset->created_by);
	*dataset = (struct dataset_record){0};
}

/* Writes all columns but id: for insert and finish, which differ in one more value. */
enum { RECORD_VALUES = 18 };

static void record_values(const struct dataset_record *dataset, struct value out[RECORD_VALUES])
{
	const struct value values[RECORD_VALUES] = {
		text(dataset->sha256), text(dataset->name ? dataset->name : ""), text(state_names[dataset->state]),
		text(dataset->problem), integer(dataset->is_list), integer(dataset->bytes), integer(dataset->rows),
		integer(dataset->bad_rows), integer(dataset->items), text(dataset->columns), text(dataset->meanings),
		text(dataset->renamed), text(dataset->summary), integer(dataset->header_length),
		integer_or_null(dataset->population, 0), text(dataset->population_tie), integer(dataset->created_ms),
		text(dataset->created_by ? dataset->created_by : ""),
	};
	memcpy(out, values, sizeof(values));
}

bool dataset_insert(struct writer *writer, struct dataset_record *dataset, struct error *err)
{
	struct value values[RECORD_VALUES];
	record_values(dataset, values);
	if (!statement_run(&writer->connection, SQL_DATASET_INSERT, RECORD_VALUES, values, err))
		return false;
	dataset->id = sqlite3_last_insert_rowid(writer->connection.db);
	return true;
}

static bool sha_is_free(struct connection *connection, const struct dataset_record *dataset, struct error *err)
{
	int64_t owner;
	struct error answer = {0};
	if (!statement_integer(connection, SQL_DATASET_SHA_OWNER, VALUES(text(dataset->sha256)), &owner, &answer))
		return answer.code == ERROR_NOT_FOUND || error_set(err, answer.code, "%s", answer.text);
	return owner == dataset->id ||
	       error_set(err, ERROR_CONFLICT, "these bytes are a dataset already: %s", dataset->sha256);
}

/* A small dataset is indexed here, at once. */
static bool index_if_not(struct connection *connection, const struct dataset_record *dataset, struct error *err)
{
	int64_t begun;
	if (dataset->state != DATASET_READY)
		return true;
	if (!statement_integer(connection, SQL_INDEX_BEGUN, VALUES(integer(dataset->id)), &begun, err))
		return false;
	return begun || statement_run(connection, SQL_INDEX_REST, VALUES(integer(dataset->id)), err);
}

bool dataset_finish(struct writer *writer, const struct dataset_record *dataset, struct error *err)
{
	struct connection *connection = &writer->connection;
	struct value values[RECORD_VALUES + 1];
	record_values(dataset, values);
	values[RECORD_VALUES] = integer(dataset->id);
	if (!sha_is_free(connection, dataset, err) || !index_if_not(connection, dataset, err) ||
	    !statement_run(connection, SQL_DATASET_FINISH, RECORD_VALUES + 1, values, err))
		return false;
	if (sqlite3_changes(connection->db) == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no dataset %lld", (long long)dataset->id);
	if (dataset->state == DATASET_IMPORTING)
		return true;
	keys_drop(writer->keys, dataset->id);
	AUTO_JSON json_t *data = json_pack("{s:o, s:o, s:I, s:I, s:o}", "sha256", json_text_or_null(dataset->sha256), "name",
					   json_text_or_null(dataset->name), "rows", (json_int_t)dataset->rows, "items",
					   (json_int_t)dataset->items, "problem", json_text_or_null(dataset->problem));
	AUTO_FREE char *text = json_text(data);
	struct event event = {
		.kind = dataset->state == DATASET_READY ? EVENT_DATASET_IMPORTED : EVENT_DATASET_FAILED,
		.person = dataset->created_by,
		.data = text,
	};
	return event_append(writer, &event, err);
}

bool dataset_add_problem(struct writer *writer, int64_t dataset, const struct dataset_problem *problem, struct error *err)
{
	return statement_run(&writer->connection, SQL_DATASET_PROBLEM_INSERT,
			     VALUES(integer(dataset), integer(problem->record), integer(problem->line), text(problem->reason),
				    text(problem->excerpt)),
			     err);
}

bool dataset_discard(struct writer *writer, int64_t dataset, struct error *err)
{
	static const enum sql steps[] = {SQL_DISCARD_ROWS, SQL_DISCARD_KEYS, SQL_DISCARD_ITEMS,
	                                  SQL_DISCARD_PROBLEMS, SQL_DISCARD_DATASET};
	struct connection *connection = &writer->connection;
	keys_drop(writer->keys, dataset); /* its number may be given again */
	bool ready = false;
	{
		AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_DATASET_STATE, VALUES(integer(dataset)));
		bool ok;
		if (!statement_next(connection, s, &ok, err))
			return ok ? error_set(err, ERROR_NOT_FOUND, "there is no dataset %lld", (long long)dataset) : false;
		ready = text_equal((const char *)sqlite3_column_text(s, 0), state_names[DATASET_READY]);
	}
	if (ready)
		return error_set(err, ERROR_CONFLICT, "dataset %lld is complete; only a failed or unfinished import is discarded",
				 (long long)dataset);
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!statement_run(connection, steps[i], VALUES(integer(dataset)), err))
			return false;
	return true;
}

bool dataset_set_population(struct writer *writer, int64_t dataset, int64_t population, const char *tie_json,
                            const char *person, struct error *err)
{
	struct connection *connection = &writer->connection;
	if (!statement_run(connection, SQL_DATASET_SET_POPULATION,
			   VALUES(integer(dataset), integer_or_null(population, 0), text(tie_json)), err))
		return false;
	if (sqlite3_changes(connection->db) == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no dataset %lld", (long long)dataset);
	AUTO_JSON json_t *data = json_pack("{s:I, s:I}", "dataset", (json_int_t)dataset, "population", (json_int_t)population);
	AUTO_FREE char *text = json_text(data);
	struct event event = {.kind = EVENT_POPULATION_TIED, .person = (char *)person, .data = text};
	return event_append(writer, &event, err);
}

static void read_dataset(sqlite3_stmt *s, struct dataset_record *out)
{
	*out = (struct dataset_record){
		.id = sqlite3_column_int64(s, 0),
		.sha256 = column_copy(s, 1),
		.name = column_copy(s, 2),
		.problem = column_copy(s, 4),
		.is_list = sqlite3_column_int(s, 5),
		.bytes = sqlite3_column_int64(s, 6),
		.rows = sqlite3_column_int64(s, 7),
		.bad_rows = sqlite3_column_int64(s, 8),
		.items = sqlite3_column_int64(s, 9),
		.columns = column_copy(s, 10),
		.meanings = column_copy(s, 11),
		.renamed = column_copy(s, 12),
		.summary = column_copy(s, 13),
		.header_length = sqlite3_column_int64(s, 14),
		.population = sqlite3_column_int64(s, 15),
		.population_tie = column_copy(s, 16),
		.created_ms = sqlite3_column_int64(s, 17),
		.created_by = column_copy(s, 18),
	};
	for (size_t i = 0; i < COUNT_OF(state_names); i++)
		if (text_equal((const char *)sqlite3_column_text(s, 3), state_names[i]))
			out->state = (enum dataset_state)i;
}

static int read_datasets(struct connection *connection, sqlite3_stmt *s, int limit, struct dataset_record *out,
                         struct error *err)
{
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(connection, s, &ok, err))
		read_dataset(s, &out[count++]);
	if (ok)
		return count;
	while (count > 0)
		dataset_record_release(&out[--count]);
	return -1;
}

bool dataset_read(struct reader *reader, int64_t id, struct dataset_record *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_DATASET_READ, VALUES(integer(id)));
	int count = read_datasets(&reader->connection, s, 1, out, err);
	return count == 1 || (count == 0 && error_set(err, ERROR_NOT_FOUND, "there is no dataset %lld", (long long)id));
}

enum { PREFIX_LEAST = 8 };

bool dataset_find(struct reader *reader, const char *sha256, struct dataset_record *out, struct error *err)
{
	size_t length = strlen(sha256);
	if (length < PREFIX_LEAST || length >= DIGEST_HEX || strspn(sha256, "0123456789abcdef") != length)
		return error_set(err, ERROR_NOT_FOUND,
				 "no dataset \"%.80s\": the 64 hexadecimal digits of its SHA-256 were expected, or the first %d or more",
				 sha256, PREFIX_LEAST);
	struct dataset_record found[2];
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_DATASET_FIND, VALUES(text(sha256)));
	int count = read_datasets(&reader->connection, s, 2, found, err);
	if (count == 1)
		*out = found[0];
	if (count == 2) {
		dataset_record_release(&found[0]);
		dataset_record_release(&found[1]);
		return error_set(err, ERROR_INPUT, "\"%s\" is the beginning of several datasets; give more digits", sha256);
	}
	return count == 1 || (count == 0 && error_set(err, ERROR_NOT_FOUND, "there is no dataset %s", sha256));
}

int dataset_list(struct reader *reader, int64_t before, int limit, struct dataset_record *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(&reader->connection, SQL_DATASET_LIST, VALUES(integer(before), integer(limit)));
	return read_datasets(&reader->connection, s, limit, out, err);
}

int dataset_problems(struct reader *reader, int64_t dataset, int64_t offset, int limit, struct dataset_problem *out,
                     struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_DATASET_PROBLEMS,
							      VALUES(integer(dataset), integer(offset), integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		out[count++] = (struct dataset_problem){
			.record = sqlite3_column_int64(s, 0),
			.line = sqlite3_column_int64(s, 1),
			.reason = column_copy(s, 2),
			.excerpt = column_copy(s, 3),
		};
	if (ok)
		return count;
	for (; count > 0; count--) {
		free(out[count - 1].reason);
		free(out[count - 1].excerpt);
	}
	return -1;
}
