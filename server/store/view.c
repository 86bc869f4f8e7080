#include "store/view.h"

#include <stdlib.h>
#include <string.h>

#include "store/run.h"
#include "store/view_terms.h"

/* ---- rows --------------------------------------------------------------------------------------------------- */

/* Columns of view_columns, in this order. */
enum {
	COLUMN_N, COLUMN_ITEM, COLUMN_FIRST_ROW = 9, COLUMN_DONE, COLUMN_SEQ, COLUMN_FAILURE, COLUMN_VERDICT, COLUMN_CONFIDENCE,
	COLUMN_RISK, COLUMN_SOURCE, COLUMN_WORKER, COLUMN_ELAPSED, COLUMN_ATTEMPTS, COLUMN_DETAIL, COLUMN_PROMPT_TOKENS,
	COLUMN_COMPLETION_TOKENS, COLUMN_EVALUATED, COLUMN_FROM_TEXT, COLUMN_CELL, COLUMN_CHANGE
};

void view_row_release(struct view_row *row)
{
	item_release(&row->item);
	free(TAKE(row->worker));
	free(TAKE(row->reasoning));
}

static const char *column_text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

static const char *one_of(const char *name, const char *const *names)
{
	for (; name && *names; names++)
		if (text_equal(name, *names))
			return *names;
	return NULL;
}

/* Names that this version does not know are shown as nothing rather than refused: the rest of the row is still true. */
static void read_row(sqlite3_stmt *s, struct view_row *out)
{
	static const char *const cells[] = {"tp", "fp", "tn", "fn", "none", NULL}, *const changes[] = {"fixed", "broken", NULL};
	*out = (struct view_row){
		.n = sqlite3_column_int64(s, COLUMN_N),
		.item = column_item(s, COLUMN_ITEM),
		.done = sqlite3_column_int(s, COLUMN_DONE),
		.seq = sqlite3_column_int64(s, COLUMN_SEQ),
		.verdict = column_binary(s, COLUMN_VERDICT),
		.confidence = column_real(s, COLUMN_CONFIDENCE),
		.worker = column_copy(s, COLUMN_WORKER),
		.elapsed_ms = sqlite3_column_int64(s, COLUMN_ELAPSED),
		.attempts = sqlite3_column_int(s, COLUMN_ATTEMPTS),
		.first_row = sqlite3_column_int64(s, COLUMN_FIRST_ROW),
		.cell = one_of(column_text(s, COLUMN_CELL), cells),
		.change = one_of(column_text(s, COLUMN_CHANGE), changes),
	};
	const char *failure = column_text(s, COLUMN_FAILURE), *risk = column_text(s, COLUMN_RISK),
		   *source = column_text(s, COLUMN_SOURCE);
	if (failure)
		failure_parse(failure, &out->failure);
	if (risk)
		risk_parse(risk, &out->risk);
	if (source)
		decision_source_parse(source, &out->source);
}

/* The beginning of the reasoning, whole characters. */
static bool read_reasoning(struct reader *reader, int64_t run, int limit, struct view_row *row, struct error *err)
{
	char *texts[LARGE_FIELDS];
	if (limit == 0 || !row->done)
		return true;
	if (!large_read(reader->large, &reader->connection, run, row->n, texts, err))
		return false;
	row->reasoning = TAKE(texts[LARGE_REASONING]);
	if (row->reasoning)
		row->reasoning[text_utf8_cut(row->reasoning, strlen(row->reasoning), (size_t)limit)] = '\0';
	for (int i = 0; i < LARGE_FIELDS; i++)
		free(texts[i]);
	return true;
}

static int read_rows(struct reader *reader, sqlite3_stmt *s, int64_t run, int limit, int reasoning_limit,
                     struct view_row *out, struct error *err)
{
	int count = 0;
	bool ok = true;
	while (ok && count < limit && statement_next(&reader->connection, s, &ok, err)) {
		read_row(s, &out[count]);
		ok = read_reasoning(reader, run, reasoning_limit, &out[count], err);
		count++;
	}
	if (ok)
		return count;
	while (count > 0)
		view_row_release(&out[--count]);
	return -1;
}

/* Without conditions and in order of n, the offset is a position: no row before it need be looked at. */
static void add_page(struct view_sql *sql, const struct view *view, int64_t offset, int limit)
{
	bool plain = view->count == 0 && !view->order && !view->descending;
	if (plain) {
		text_add(&sql->sql, " WHERE n > ?");
		view_sql_bind(sql, integer(offset));
	}
	view_sql_order(sql, view);
	text_add(&sql->sql, " LIMIT ? OFFSET ?");
	view_sql_bind(sql, integer(limit));
	view_sql_bind(sql, integer(plain ? 0 : offset));
}

int view_rows(struct reader *reader, int64_t run, const struct view *view, int64_t offset, int limit,
              int reasoning_limit, struct view_row *out, struct error *err)
{
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, connection_text(SQL_VIEW_COLUMNS));
	if (!view_sql_from(&sql, reader, run, view, err))
		return -1;
	add_page(&sql, view, offset, limit);
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	return s ? read_rows(reader, s, run, limit, reasoning_limit, out, err) : -1;
}

/* One statement, bound anew for each position: 200 of them are a millisecond or two. */
bool view_rows_at(struct reader *reader, int64_t run, const struct view *view, const int64_t *positions, int count,
                  int reasoning_limit, struct view_row *out, struct error *err)
{
	const struct view seen = {.version = view->version, .has_policy = view->has_policy, .policy = view->policy};
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, connection_text(SQL_VIEW_COLUMNS));
	if (!view_sql_from(&sql, reader, run, &seen, err))
		return false;
	text_add(&sql.sql, " WHERE n = ?");
	view_sql_bind(&sql, integer(0));
	int place = (int)sql.count, done = 0;
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	for (; s && done < count; done++) {
		sqlite3_reset(s);
		sqlite3_bind_int64(s, place, positions[done]);
		if (read_rows(reader, s, run, 1, reasoning_limit, &out[done], err) != 1)
			break;
	}
	if (done == count)
		return true;
	while (done > 0)
		view_row_release(&out[--done]);
	return err->code ? false : error_set(err, ERROR_STORE, "a position of run %lld is missing", (long long)run);
}

int64_t view_count(struct reader *reader, int64_t run, const struct view *view, struct error *err)
{
	struct connection *connection = &reader->connection;
	int64_t count = -1;
	if (view->count == 0)
		return statement_integer(connection, SQL_RUN_TOTAL, VALUES(integer(run)), &count, err) ? count : -1;
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, "SELECT count(*) ");
	if (!view_sql_from(&sql, reader, run, view, err))
		return -1;
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	bool ok;
	return s && statement_next(connection, s, &ok, err) ? sqlite3_column_int64(s, 0) : -1;
}

int view_positions(struct reader *reader, int64_t run, const struct view *view, int64_t after, int limit, int64_t *out,
                   struct error *err)
{
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, "SELECT n ");
	if (!view_sql_from(&sql, reader, run, view, err))
		return -1;
	text_addf(&sql.sql, " %s n > ? ORDER BY n LIMIT ?", view->count ? "AND" : "WHERE");
	view_sql_bind(&sql, integer(after));
	view_sql_bind(&sql, integer(limit));
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	if (!s)
		return -1;
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		out[count++] = sqlite3_column_int64(s, 0);
	return ok ? count : -1;
}

int64_t view_order(struct reader *reader, int64_t run, const struct view *view, uint32_t **out, struct error *err)
{
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, "SELECT n ");
	*out = NULL;
	if (!view_sql_from(&sql, reader, run, view, err))
		return -1;
	view_sql_order(&sql, view);
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	if (!s)
		return -1;
	AUTO_FREE uint32_t *positions = NULL;
	int64_t count = 0, capacity = 0;
	bool ok;
	while (statement_next(&reader->connection, s, &ok, err))
		VECTOR_ADD(positions, count, capacity) = (uint32_t)sqlite3_column_int64(s, 0);
	if (!ok)
		return -1;
	*out = positions ? memory_grow(TAKE(positions), (size_t)count, sizeof(**out)) : memory_new(sizeof(**out));
	return count;
}

/* ---- items of a dataset ------------------------------------------------------------------------------------- */

static bool only_items(const struct view *view, struct error *err)
{
	for (size_t i = 0; i < view->count; i++)
		if (!view_meanings[view->terms[i].key].of_item)
			return error_set(err, ERROR_INPUT,
					 "filter \"%s\" is about results, and a selection is made before there are any; use source, band, tld, "
					 "q or col.NAME",
					 view_meanings[view->terms[i].key].name);
	return true;
}

int64_t view_select_items(struct reader *reader, int64_t dataset, const struct view *view, int64_t **out, struct error *err)
{
	*out = NULL;
	if (!only_items(view, err) || !cells_open(reader, dataset, view, err))
		return -1;
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	text_add(&sql.sql, connection_text(SQL_VIEW_ITEMS));
	view_sql_bind(&sql, integer(dataset));
	view_sql_conditions(&sql, view, "AND");
	text_add(&sql.sql, " ORDER BY item");
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	if (!s)
		return -1;
	AUTO_FREE int64_t *items = NULL;
	int64_t count = 0, capacity = 0;
	bool ok;
	while (statement_next(&reader->connection, s, &ok, err))
		VECTOR_ADD(items, count, capacity) = sqlite3_column_int64(s, 0);
	if (!ok)
		return -1;
	*out = items ? TAKE(items) : memory_new(sizeof(**out));
	return count;
}

/* ---- one position ------------------------------------------------------------------------------------------- */

void view_detail_release(struct view_detail *detail)
{
	view_row_release(&detail->row);
	free(detail->detail);
	free(detail->finish_reason);
	free(detail->model);
	free(detail->prompt);
	free(detail->raw);
	free(detail->risk_factors);
	free(detail->detected_brands);
	*detail = (struct view_detail){0};
}

static bool read_place(struct reader *reader, int64_t run, struct view_detail *out, struct error *err)
{
	struct run_item item;
	if (!run_item_read(reader, run, out->row.n, &item, err))
		return false;
	out->row_offset = item.row_offset;
	out->row_length = item.row_length;
	item_release(&item.item);
	return true;
}

static bool read_detail(struct reader *reader, sqlite3_stmt *s, int64_t run, struct view_detail *out, struct error *err)
{
	char *texts[LARGE_FIELDS];
	read_row(s, &out->row);
	out->detail = column_copy(s, COLUMN_DETAIL);
	out->prompt_tokens = column_integer(s, COLUMN_PROMPT_TOKENS, -1);
	out->completion_tokens = column_integer(s, COLUMN_COMPLETION_TOKENS, -1);
	out->evaluated_ms = sqlite3_column_int64(s, COLUMN_EVALUATED);
	out->from_text = sqlite3_column_int(s, COLUMN_FROM_TEXT);
	if (!large_read(reader->large, &reader->connection, run, out->row.n, texts, err))
		return false;
	out->row.reasoning = texts[LARGE_REASONING];
	out->risk_factors = texts[LARGE_RISK_FACTORS];
	out->detected_brands = texts[LARGE_DETECTED_BRANDS];
	out->finish_reason = texts[LARGE_FINISH_REASON];
	out->model = texts[LARGE_MODEL];
	out->prompt = texts[LARGE_PROMPT];
	out->raw = texts[LARGE_RAW];
	return read_place(reader, run, out, err);
}

bool view_detail_read(struct reader *reader, int64_t run, int64_t n, struct view_detail *out, struct error *err)
{
	const struct view everything = {0};
	AUTO(view_sql_release) struct view_sql sql;
	*out = (struct view_detail){0};
	view_sql_init(&sql);
	text_add(&sql.sql, connection_text(SQL_VIEW_COLUMNS));
	if (!view_sql_from(&sql, reader, run, &everything, err))
		return false;
	text_add(&sql.sql, " WHERE n = ?");
	view_sql_bind(&sql, integer(n));
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	bool ok;
	if (!s)
		return false;
	if (!statement_next(&reader->connection, s, &ok, err))
		return ok ? error_set(err, ERROR_NOT_FOUND, "run %lld has no position %lld", (long long)run, (long long)n) : false;
	if (read_detail(reader, s, run, out, err))
		return true;
	view_detail_release(out);
	return false;
}

/* ---- attempts ----------------------------------------------------------------------------------------------- */

void attempt_record_release(struct attempt_record *attempt)
{
	free(attempt->key);
	free(attempt->worker);
	free(attempt->detail);
	*attempt = (struct attempt_record){0};
}

int view_attempts(struct reader *reader, int64_t run, int64_t n, int64_t offset, int limit, struct attempt_record *out,
                  struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(&reader->connection, SQL_ATTEMPTS_OF_RUN,
				VALUES(integer(run), integer(n), integer(offset), integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err)) {
		out[count] = (struct attempt_record){
			.n = sqlite3_column_int64(s, 0),
			.key = column_copy(s, 1),
			.k = sqlite3_column_int(s, 2),
			.worker = column_copy(s, 3),
			.detail = column_copy(s, 5),
			.http_status = sqlite3_column_int(s, 6),
			.started_ms = sqlite3_column_int64(s, 7),
			.elapsed_ms = sqlite3_column_int64(s, 8),
		};
		failure_parse(column_text(s, 4), &out[count++].failure);
	}
	if (ok)
		return count;
	while (count > 0)
		attempt_record_release(&out[--count]);
	return -1;
}

int64_t view_attempts_count(struct reader *reader, int64_t run, struct error *err)
{
	int64_t count = -1;
	return statement_integer(&reader->connection, SQL_ATTEMPTS_COUNT, VALUES(integer(run)), &count, err) ? count : -1;
}
