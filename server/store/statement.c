#include "store/statement.h"

#include <assert.h>
#include <math.h>

static int bind_one(sqlite3_stmt *statement, int position, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		return sqlite3_bind_null(statement, position);
	case VALUE_INTEGER:
		return sqlite3_bind_int64(statement, position, value->integer);
	case VALUE_REAL: /* SQLite stores NAN as NULL by itself */
		return sqlite3_bind_double(statement, position, value->real);
	case VALUE_TEXT:
		return sqlite3_bind_text(statement, position, value->bytes, -1, SQLITE_STATIC);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(statement, position, value->bytes, value->length, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

void statement_bind(sqlite3_stmt *statement, int count, const struct value *values)
{
	assert(sqlite3_bind_parameter_count(statement) == count);
	for (int i = 0; i < count; i++) {
		int rc = bind_one(statement, i + 1, &values[i]);
		assert(rc == SQLITE_OK); /* by reference: only a wrong position could fail */
		(void)rc;
	}
}

sqlite3_stmt *statement_start(struct connection *connection, enum sql which, int count, const struct value *values)
{
	sqlite3_stmt *statement = connection->statements[which];
	assert(statement && !sqlite3_stmt_busy(statement));
	statement_bind(statement, count, values);
	return statement;
}

bool statement_next(struct connection *connection, sqlite3_stmt *statement, bool *ok, struct error *err)
{
	int rc = sqlite3_step(statement);
	*ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
	if (!*ok)
		connection_fail(connection, sqlite3_sql(statement), err);
	return rc == SQLITE_ROW;
}

void statement_end(sqlite3_stmt **statement)
{
	sqlite3_reset(*statement);
}

bool statement_run(struct connection *connection, enum sql which, int count, const struct value *values, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *statement = statement_start(connection, which, count, values);
	bool ok;
	while (statement_next(connection, statement, &ok, err))
		;
	return ok;
}

bool statement_integer(struct connection *connection, enum sql which, int count, const struct value *values, int64_t *out,
                       struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *statement = statement_start(connection, which, count, values);
	bool ok;
	if (statement_next(connection, statement, &ok, err)) {
		*out = sqlite3_column_int64(statement, 0);
		return true;
	}
	return ok ? error_set(err, ERROR_NOT_FOUND, "the store has no such record") : false;
}

char *column_copy(sqlite3_stmt *statement, int column)
{
	return memory_copy((const char *)sqlite3_column_text(statement, column));
}

double column_real(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(statement, column);
}

enum binary column_binary(sqlite3_stmt *statement, int column)
{
	return (enum binary)column_integer(statement, column, BINARY_UNKNOWN);
}

int64_t column_integer(sqlite3_stmt *statement, int column, int64_t null)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ? null : sqlite3_column_int64(statement, column);
}

struct item column_item(sqlite3_stmt *statement, int column)
{
	return (struct item){
		.id = sqlite3_column_int64(statement, column),
		.key = column_copy(statement, column + 1),
		.label = column_binary(statement, column + 2),
		.stage1 = column_binary(statement, column + 3),
		.ml = column_real(statement, column + 4),
		.source = column_copy(statement, column + 5),
		.tld = column_copy(statement, column + 6),
		.flags = (unsigned)sqlite3_column_int64(statement, column + 7),
	};
}
