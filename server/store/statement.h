/* statement.h - values in, rows out
 *
 *   statement_run(c, SQL_RUN_SET_MODEL, VALUES(integer(run), text(model)), err);
 *
 *   AUTO(statement_end) sqlite3_stmt *s = statement_start(c, SQL_RUN_READ, VALUES(integer(run)));
 *   while (statement_next(c, s, &ok, err))
 *           ... sqlite3_column_int64(s, 0) ...
 *
 * A statement that is not ended keeps its snapshot open and pins the WAL, hence
 * the AUTO. Texts are bound by reference: they must live until the end.
 */
#ifndef MEKIKI_SERVER_STORE_STATEMENT_H
#define MEKIKI_SERVER_STORE_STATEMENT_H

#include "base/cleanup.h"
#include "base/vector.h"
#include "model/item.h"
#include "store/connection.h"

struct value {
	enum { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB } kind;
	int64_t integer;
	double real;
	const void *bytes;
	size_t length;
};

static inline struct value integer(int64_t number)
{
	return (struct value){.kind = VALUE_INTEGER, .integer = number};
}

static inline struct value integer_or_null(int64_t number, int64_t null)
{
	return (struct value){.kind = number == null ? VALUE_NULL : VALUE_INTEGER, .integer = number};
}

static inline struct value real(double number) /* NAN becomes NULL */
{
	return (struct value){.kind = VALUE_REAL, .real = number};
}

static inline struct value text(const char *string) /* NULL becomes NULL */
{
	return (struct value){.kind = string ? VALUE_TEXT : VALUE_NULL, .bytes = string};
}

static inline struct value blob(const void *bytes, size_t length)
{
	return (struct value){.kind = VALUE_BLOB, .bytes = bytes, .length = length};
}

#define VALUES(...) (int)COUNT_OF(((struct value[]){__VA_ARGS__})), (struct value[]){__VA_ARGS__}

void statement_bind(sqlite3_stmt *statement, int count, const struct value *values);

/* A prepared statement, bound and about to begin. */
sqlite3_stmt *statement_start(struct connection *connection, enum sql which, int count, const struct value *values);
/* True: there is a row. False: the end (*ok true) or an error (*ok false, err). */
bool statement_next(struct connection *connection, sqlite3_stmt *statement, bool *ok, struct error *err);
void statement_end(sqlite3_stmt **statement);

/* To its end, rows ignored. */
bool statement_run(struct connection *connection, enum sql which, int count, const struct value *values, struct error *err);
/* The first column of the only row. false + ERROR_NOT_FOUND when there is none. */
bool statement_integer(struct connection *connection, enum sql which, int count, const struct value *values, int64_t *out,
                       struct error *err);

char *column_copy(sqlite3_stmt *statement, int column);      /* NULL for NULL; free() */
double column_real(sqlite3_stmt *statement, int column);     /* NAN for NULL */
enum binary column_binary(sqlite3_stmt *statement, int column);
int64_t column_integer(sqlite3_stmt *statement, int column, int64_t null);
/* From item, key, label, stage1, ml, source, tld, flags; item_release(). */
struct item column_item(sqlite3_stmt *statement, int column);

#endif
