#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/view_terms.h"

void view_sql_init(struct view_sql *sql)
{
	*sql = (struct view_sql){0};
	text_init(&sql->sql, 0);
}

void view_sql_release(struct view_sql *sql)
{
	text_release(&sql->sql);
	free(sql->values);
}

void view_sql_bind(struct view_sql *sql, struct value value)
{
	VECTOR_ADD(sql->values, sql->count, sql->capacity) = value;
}

static void bind_term(struct view_sql *sql, const struct view_term *term)
{
	for (const char *bind = view_meanings[term->key].binds; *bind; bind++)
		switch (*bind) {
		case 't':
			view_sql_bind(sql, text(term->text));
			break;
		case 'u':
			view_sql_bind(sql, text(term->other));
			break;
		case 'l':
			view_sql_bind(sql, real(term->low));
			break;
		case 'h':
			view_sql_bind(sql, real(term->high));
			break;
		default:
			view_sql_bind(sql, integer(term->number));
		}
}

/* Repeated = or: one group per key, and per column of col.NAME. */
static bool same_group(const struct view_term *a, const struct view_term *b)
{
	return a->key == b->key && (a->key != VIEW_COLUMN || text_equal(a->text, b->text));
}

static bool begins_group(const struct view *view, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_group(&view->terms[i], &view->terms[at]))
			return false;
	return true;
}

static void add_group(struct view_sql *sql, const struct view *view, size_t first)
{
	const char *between = "(";
	for (size_t i = first; i < view->count; i++) {
		if (!same_group(&view->terms[first], &view->terms[i]))
			continue;
		text_add(&sql->sql, between);
		text_add(&sql->sql, view_meanings[view->terms[i].key].condition);
		bind_term(sql, &view->terms[i]);
		between = " OR ";
	}
	text_add(&sql->sql, ")");
}

void view_sql_conditions(struct view_sql *sql, const struct view *view, const char *first)
{
	for (size_t i = 0; i < view->count; i++) {
		if (!begins_group(view, i))
			continue;
		text_addf(&sql->sql, " %s ", first);
		add_group(sql, view, i);
		first = "AND";
	}
}

void view_sql_key(struct view_sql *sql, const struct view *view, enum view_key key)
{
	size_t first = 0;
	while (view->terms[first].key != key)
		first++;
	add_group(sql, view, first);
}

bool view_sql_source(struct view_sql *sql, struct reader *reader, int64_t run, const struct view *view, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_VIEW_RUN, VALUES(integer(run)));
	bool ok;
	if (!statement_next(&reader->connection, s, &ok, err))
		return ok ? error_set(err, ERROR_NOT_FOUND, "there is no run r-%04lld", (long long)run) : false;
	int64_t dataset = sqlite3_column_int64(s, 0);
	enum no_verdict_policy policy = view->policy;
	if (!view->has_policy && !no_verdict_policy_parse((const char *)sqlite3_column_text(s, 2), &policy))
		return error_set(err, ERROR_STORE, "run %lld has an unknown policy", (long long)run);
	assert(sql->count == 0);
	view_sql_bind(sql, integer(run));
	view_sql_bind(sql, integer(dataset));
	view_sql_bind(sql, integer(view->version ? view->version : INT64_MAX));
	view_sql_bind(sql, text(no_verdict_policy_name(policy)));
	text_add(&sql->sql, connection_text(SQL_VIEW_FROM));
	return cells_open(reader, dataset, view, err);
}

bool view_sql_from(struct view_sql *sql, struct reader *reader, int64_t run, const struct view *view, struct error *err)
{
	if (!view_sql_source(sql, reader, run, view, err))
		return false;
	view_sql_conditions(sql, view, "WHERE");
	return true;
}

void view_sql_order(struct view_sql *sql, const struct view *view)
{
	text_add(&sql->sql, " ORDER BY ");
	if (view->order)
		text_addf(&sql->sql, "%s %s NULLS LAST, n", view->order, view->descending ? "DESC" : "ASC");
	else
		text_addf(&sql->sql, "n %s", view->descending ? "DESC" : "ASC");
}

sqlite3_stmt *view_sql_start(struct view_sql *sql, struct reader *reader, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(reader->connection.db, sql->sql.data, -1, &statement, NULL) != SQLITE_OK) {
		connection_fail(&reader->connection, sql->sql.data, err);
		return NULL;
	}
	statement_bind(statement, (int)sql->count, sql->values);
	return statement;
}

void view_sql_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
