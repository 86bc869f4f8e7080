/* view_terms.h - a view taken apart: terms, and the table that gives them meaning
 *
 * view_parse.c turns pairs into terms, view_sql.c terms into SQL, view.c asks.
 */
#ifndef MEKIKI_SERVER_STORE_VIEW_TERMS_H
#define MEKIKI_SERVER_STORE_VIEW_TERMS_H

#include "base/text.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/view.h"

/* A stranger's URL may repeat keys; nobody has more checkboxes than this. */
enum { VIEW_TERMS_MOST = 256 };

enum view_key {
	VIEW_CELL,
	VIEW_CHANGE,
	VIEW_LABEL,
	VIEW_STAGE1,
	VIEW_SOURCE,
	VIEW_BAND,
	VIEW_TLD,
	VIEW_RISK,
	VIEW_WORKER,
	VIEW_KIND,
	VIEW_VERDICT,
	VIEW_DONE,
	VIEW_RETRIED,
	VIEW_Q,
	VIEW_COLUMN,
	VIEW_KEYS
};

struct view_term {
	enum view_key key;
	char *text, *other; /* owned */
	double low, high;
	int64_t number;
};

struct view {
	struct view_term *terms;
	size_t count, capacity;
	int64_t version;
	bool has_policy; /* else the run's own */
	enum no_verdict_policy policy;
	const char *order; /* static SQL, NULL = n */
	bool descending;
};

struct view_meaning {
	const char *name;
	bool of_item;          /* may select items of a dataset, before there are results */
	const char *condition; /* over the columns of view_from (of view_items when of_item) */
	const char *binds;     /* per "?": t text, u other, l low, h high, n number */
	bool (*parse)(struct view_term *term, const char *value, struct error *err);
	const char *expected;  /* a list "a|b", or words */
};
extern const struct view_meaning view_meanings[VIEW_KEYS];

/* A statement in the making: text from our own sources, values bound. */
struct view_sql {
	struct text sql;
	struct value *values;
	size_t count, capacity;
};
void view_sql_init(struct view_sql *sql);
void view_sql_release(struct view_sql *sql);
void view_sql_bind(struct view_sql *sql, struct value value);

/* " WHERE (..) AND (..)" or with another first word, as "AND". */
void view_sql_conditions(struct view_sql *sql, const struct view *view, const char *first);
/* view_from with its four values. ERROR_NOT_FOUND. */
bool view_sql_source(struct view_sql *sql, struct reader *reader, int64_t run, const struct view *view, struct error *err);
/* The same with the conditions. */
bool view_sql_from(struct view_sql *sql, struct reader *reader, int64_t run, const struct view *view, struct error *err);
/* The terms of one key, "(… OR …)"; there is at least one. */
void view_sql_key(struct view_sql *sql, const struct view *view, enum view_key key);
void view_sql_order(struct view_sql *sql, const struct view *view);
/* Prepared and bound; the caller finalizes. NULL with err. */
sqlite3_stmt *view_sql_start(struct view_sql *sql, struct reader *reader, struct error *err);
void view_sql_finalize(sqlite3_stmt **statement);

/* SQL functions of a reader: u_label(key), and cell(first_row, column) of the dataset opened last. */
struct cells *cells_new(struct reader *reader);
void cells_free(struct cells *cells);
/* For col.NAME: opens the dataset's bytes and turns names into positions. Nothing to do without such terms.
 * ERROR_INPUT names the columns there are; ERROR_IO. */
bool cells_open(struct reader *reader, int64_t dataset, const struct view *view, struct error *err);

#endif
