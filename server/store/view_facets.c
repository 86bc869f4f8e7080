/* view_facets.c - how many rows have which value, all facets in one pass
 *
 * The rows of a run are the join of three tables; to walk them once for each
 * facet would cost as much again for each. Each row says its value for every
 * facet and whether it meets the conditions of every key that is a facet: it
 * counts where it fails none, or only the facet's own.
 */
#include <stdlib.h>
#include <string.h>

#include "store/view_terms.h"

struct facet_meaning {
	const char *name, *value;
	enum view_key key; /* whose conditions do not count for it */
};

static const struct facet_meaning meanings[] = {
	{"source", "coalesce(source, '')", VIEW_SOURCE},
	{"tld", "coalesce(tld, '')", VIEW_TLD},
	{"band", NULL, VIEW_BAND},
	{"cell", "cell", VIEW_CELL},
	{"change", "change", VIEW_CHANGE},
	{"risk", "risk", VIEW_RISK},
	{"worker", "nullif(worker, '')", VIEW_WORKER},
	{"kind", "failure", VIEW_KIND},
	{"verdict", "CASE verdict WHEN 1 THEN 'phishing' WHEN 0 THEN 'benign' ELSE iif(done, 'none', NULL) END", VIEW_VERDICT},
	{"label", "CASE label WHEN 1 THEN 'phishing' WHEN 0 THEN 'benign' ELSE 'none' END", VIEW_LABEL},
	{"stage1", "CASE stage1 WHEN 1 THEN 'phishing' WHEN 0 THEN 'benign' ELSE 'none' END", VIEW_STAGE1},
	{"done", "iif(done, 'yes', 'no')", VIEW_DONE},
};

/* ---- counting texts ----------------------------------------------------------------------------------------- */

/* Open addressing over what has been seen; `slots` is a power of two and at least twice the count. */
struct counter {
	const struct facet_meaning *meaning;
	int own;                    /* which of the conditions is its own, -1 = none */
	struct facet_value *values;
	size_t count, capacity;
	size_t *slots, slot_count;  /* index + 1, 0 = free */
};

static size_t hash(const char *value)
{
	size_t hash = 1469598103934665603u;
	for (; *value; value++)
		hash = (hash ^ (unsigned char)*value) * 1099511628211u;
	return hash;
}

static size_t *find_slot(struct counter *counter, const char *value)
{
	size_t at = hash(value);
	for (;; at++) {
		size_t *slot = &counter->slots[at & (counter->slot_count - 1)];
		if (!*slot || text_equal(counter->values[*slot - 1].value, value))
			return slot;
	}
}

static void grow_slots(struct counter *counter)
{
	free(counter->slots);
	counter->slot_count = counter->slot_count ? counter->slot_count * 4 : 64;
	counter->slots = memory_array(counter->slot_count, sizeof(*counter->slots));
	for (size_t i = 0; i < counter->count; i++)
		*find_slot(counter, counter->values[i].value) = i + 1;
}

static void count_value(struct counter *counter, const char *value)
{
	if (counter->count * 2 >= counter->slot_count)
		grow_slots(counter);
	size_t *slot = find_slot(counter, value);
	if (!*slot) {
		VECTOR_ADD(counter->values, counter->count, counter->capacity) = (struct facet_value){memory_copy(value), 0};
		*slot = counter->count;
	}
	counter->values[*slot - 1].count++;
}

/* ---- one pass ------------------------------------------------------------------------------------------------ */

struct pass {
	struct counter counters[FACETS_MOST];
	int count;
	enum view_key keys[FACETS_MOST]; /* that have conditions and are facets */
	int key_count;
};

static bool add_counter(struct pass *pass, const char *name, size_t length, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (strlen(meanings[i].name) == length && memcmp(meanings[i].name, name, length) == 0 && pass->count < FACETS_MOST) {
			pass->counters[pass->count++] = (struct counter){.meaning = &meanings[i], .own = -1};
			return true;
		}
	return error_set(err, ERROR_INPUT,
			 "\"by=%.80s\": expected source, tld, band, cell, change, risk, worker, kind, verdict, label, stage1 or done, "
			 "separated by commas, at most %d",
			 name, FACETS_MOST);
}

static bool read_names(struct pass *pass, const char *by, struct error *err)
{
	for (size_t length; *by; by += length + (by[length] == ',')) {
		length = strcspn(by, ",");
		if (!add_counter(pass, by, length, err))
			return false;
	}
	return pass->count > 0 || error_set(err, ERROR_INPUT, "\"by\" is missing; for example by=source,band,cell");
}

static bool has_terms(const struct view *view, enum view_key key)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->terms[i].key == key)
			return true;
	return false;
}

static int place_of(const struct pass *pass, enum view_key key)
{
	for (int k = 0; k < pass->key_count; k++)
		if (pass->keys[k] == key)
			return k;
	return -1;
}

static void find_keys(struct pass *pass, const struct view *view)
{
	for (int i = 0; i < pass->count; i++) {
		enum view_key key = pass->counters[i].meaning->key;
		if (has_terms(view, key) && place_of(pass, key) < 0)
			pass->keys[pass->key_count++] = key;
		pass->counters[i].own = place_of(pass, key);
	}
}

/* The conditions that hold for every facet; the terms are still the view's. */
static void add_rest(struct pass *pass, struct view_sql *sql, const struct view *view)
{
	struct view rest = *view;
	rest.terms = memory_array(view->count + 1, sizeof(*rest.terms));
	rest.count = 0;
	for (size_t i = 0; i < view->count; i++)
		if (place_of(pass, view->terms[i].key) < 0)
			rest.terms[rest.count++] = view->terms[i];
	view_sql_conditions(sql, &rest, "WHERE");
	free(rest.terms);
}

/* The source stands first because its values are numbered ?1 to ?4. */
static bool write_statement(struct pass *pass, struct view_sql *sql, struct reader *reader, int64_t run,
                            const struct view *view, struct error *err)
{
	text_add(&sql->sql, "WITH seen AS (SELECT * ");
	if (!view_sql_source(sql, reader, run, view, err))
		return false;
	text_add(&sql->sql, ") SELECT ");
	for (int i = 0; i < pass->count; i++) {
		const char *value = pass->counters[i].meaning->value;
		text_addf(&sql->sql, "%s%s", i ? ", " : "", value ? value : connection_text(SQL_VIEW_BAND));
	}
	for (int k = 0; k < pass->key_count; k++) {
		text_add(&sql->sql, ", ");
		view_sql_key(sql, view, pass->keys[k]);
	}
	text_add(&sql->sql, " FROM seen");
	add_rest(pass, sql, view);
	return true;
}

/* Which of the keys' conditions the row fails: none, one (its place), or several. */
enum { FAILS_NONE = -1, FAILS_SEVERAL = -2 };

static int failing(const struct pass *pass, sqlite3_stmt *s)
{
	int fails = FAILS_NONE;
	for (int k = 0; k < pass->key_count; k++) {
		if (sqlite3_column_int(s, pass->count + k))
			continue;
		if (fails != FAILS_NONE)
			return FAILS_SEVERAL;
		fails = k;
	}
	return fails;
}

static void count_row(struct pass *pass, sqlite3_stmt *s)
{
	int fails = failing(pass, s);
	for (int i = 0; i < pass->count && fails != FAILS_SEVERAL; i++) {
		if (fails != FAILS_NONE && fails != pass->counters[i].own)
			continue;
		const char *value = (const char *)sqlite3_column_text(s, i);
		if (value)
			count_value(&pass->counters[i], value);
	}
}

static bool count_rows(struct pass *pass, struct reader *reader, int64_t run, const struct view *view, struct error *err)
{
	AUTO(view_sql_release) struct view_sql sql;
	view_sql_init(&sql);
	find_keys(pass, view);
	if (!write_statement(pass, &sql, reader, run, view, err))
		return false;
	AUTO(view_sql_finalize) sqlite3_stmt *s = view_sql_start(&sql, reader, err);
	bool ok = s != NULL;
	while (s && statement_next(&reader->connection, s, &ok, err))
		count_row(pass, s);
	return ok;
}

/* ---- the answer ---------------------------------------------------------------------------------------------- */

static int most_frequent_first(const void *a, const void *b)
{
	const struct facet_value *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->value, y->value);
}

static struct facet take_facet(struct counter *counter, int limit)
{
	struct facet facet = {.by = counter->meaning->name, .values = TAKE(counter->values)};
	if (counter->count)
		qsort(facet.values, counter->count, sizeof(*facet.values), most_frequent_first);
	for (size_t i = 0; i < counter->count; i++) {
		if ((int64_t)i < limit)
			facet.count++;
		else
			free(facet.values[i].value);
	}
	return facet;
}

void facets_release(struct facet *facets, int count)
{
	for (int i = 0; i < count; i++) {
		for (int v = 0; v < facets[i].count; v++)
			free(facets[i].values[v].value);
		free(facets[i].values);
	}
}

int view_facets(struct reader *reader, int64_t run, const struct view *view, const char *by, int limit,
                struct facet out[FACETS_MOST], struct error *err)
{
	struct pass pass = {0};
	bool ok = read_names(&pass, by, err) && count_rows(&pass, reader, run, view, err);
	for (int i = 0; i < pass.count; i++) {
		out[i] = take_facet(&pass.counters[i], limit);
		free(pass.counters[i].slots);
	}
	if (ok)
		return pass.count;
	facets_release(out, pass.count);
	return -1;
}
