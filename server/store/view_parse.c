#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/key.h"
#include "store/view_terms.h"

/* ---- values ----------------------------------------------------------------------------------------------- */

/* Position of value in "a|b|c", -1 = not there. */
static int choice(const char *value, const char *choices)
{
	size_t length = strlen(value);
	for (int i = 0;; i++) {
		size_t next = strcspn(choices, "|");
		if (length > 0 && next == length && memcmp(choices, value, length) == 0)
			return i;
		if (!choices[next])
			return -1;
		choices += next + 1;
	}
}

static bool refuse(const struct view_term *term, const char *value, struct error *err)
{
	const struct view_meaning *meaning = &view_meanings[term->key];
	return error_set(err, ERROR_INPUT, "filter \"%s=%.80s\": expected %s", meaning->name, value, meaning->expected);
}

static bool parse_choice(struct view_term *term, const char *value, struct error *err)
{
	int position = choice(value, view_meanings[term->key].expected);
	if (position < 0)
		return refuse(term, value, err);
	term->number = position;
	term->text = memory_copy(value);
	return true;
}

/* The first of two choices is 1. */
static bool parse_flag(struct view_term *term, const char *value, struct error *err)
{
	if (!parse_choice(term, value, err))
		return false;
	term->number = term->number == 0;
	return true;
}

/* Conflicts are labels that cancelled each other: not the same as no label. */
static bool parse_label(struct view_term *term, const char *value, struct error *err)
{
	if (!parse_choice(term, value, err))
		return false;
	term->number = ITEM_LABEL_CONFLICT;
	return true;
}

static bool parse_text(struct view_term *term, const char *value, struct error *err)
{
	(void)err;
	term->text = memory_copy(value);
	return true;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

static bool parse_tld(struct view_term *term, const char *value, struct error *err)
{
	(void)err;
	term->text = memory_copy(value[0] == '.' ? value + 1 : value);
	lower(term->text);
	return true;
}

static bool parse_kind(struct view_term *term, const char *value, struct error *err)
{
	enum failure failure;
	if (!*value || !failure_parse(value, &failure) || failure == FAILURE_NONE)
		return refuse(term, value, err);
	term->text = memory_copy(value);
	return true;
}

static bool parse_band(struct view_term *term, const char *value, struct error *err)
{
	term->number = text_equal(value, "none");
	term->low = term->high = 0;
	if (term->number)
		return true;
	const char *dash = strchr(value, '-');
	if (!dash)
		return refuse(term, value, err);
	AUTO_FREE char *low = memory_copy_n(value, (size_t)(dash - value));
	if (!text_to_double(low, &term->low) || !text_to_double(dash + 1, &term->high) || term->low < 0 || term->high > 1 ||
	    term->low >= term->high)
		return refuse(term, value, err);
	if (term->high == 1)
		term->high = nextafter(1, 2); /* the last band is closed: x < the next number means x <= 1 */
	return true;
}

/* A whole name becomes its key. Part of one may be no name, and is then compared as it is. */
static bool parse_q(struct view_term *term, const char *value, struct error *err)
{
	AUTO_FREE char *plain = memory_copy(value);
	plain[key_refang(plain, strlen(plain))] = '\0';
	lower(plain);
	if (!*plain)
		return refuse(term, value, err);
	char key[KEY_SIZE];
	unsigned flags = 0;
	const char *why;
	bool whole = key_read(plain, strlen(plain), key, &flags, &why);
	term->text = memory_copy(whole ? key : plain);
	term->other = whole ? key_unicode(key) : NULL;
	if (!term->other)
		term->other = memory_copy(term->text);
	return true;
}

const struct view_meaning view_meanings[VIEW_KEYS] = {
	[VIEW_CELL] = {"cell", false, "cell = ?", "t", parse_choice, "tp|fp|tn|fn|none"},
	[VIEW_CHANGE] = {"change", false, "change = ?", "t", parse_choice, "fixed|broken"},
	[VIEW_LABEL] = {"label", true, "CASE WHEN flags & ? THEN 'conflict' WHEN label IS NULL THEN 'none' "
			"WHEN label THEN 'phishing' ELSE 'benign' END = ?", "nt", parse_label, "phishing|benign|none|conflict"},
	[VIEW_STAGE1] = {"stage1", true, "CASE stage1 WHEN 1 THEN 'phishing' WHEN 0 THEN 'benign' ELSE 'none' END = ?", "t",
			 parse_choice, "phishing|benign|none"},
	[VIEW_SOURCE] = {"source", true, "coalesce(source, '') = ?", "t", parse_text, "a source"},
	[VIEW_BAND] = {"band", true, "((ml >= ? AND ml < ?) OR (? AND ml IS NULL))", "lhn", parse_band,
		       "two numbers in 0..1, the lower first, as 0.3-0.5, or none"},
	[VIEW_TLD] = {"tld", true, "coalesce(tld, '') = ?", "t", parse_tld, "a top-level domain"},
	[VIEW_RISK] = {"risk", false, "risk = ?", "t", parse_choice, "low|medium|high|critical"},
	[VIEW_WORKER] = {"worker", false, "worker = ?", "t", parse_text, "the id of a worker"},
	[VIEW_KIND] = {"kind", false, "failure = ?", "t", parse_kind, "a kind of failure, as timeout"},
	[VIEW_VERDICT] = {"verdict", false, "CASE verdict WHEN 1 THEN 'phishing' WHEN 0 THEN 'benign' ELSE iif(done, 'none', NULL) END = ?",
			  "t", parse_choice, "phishing|benign|none"},
	[VIEW_DONE] = {"done", false, "done = ?", "n", parse_flag, "yes|no"},
	[VIEW_RETRIED] = {"retried", false, "(n IN (SELECT n FROM attempt WHERE run = ?1)) = ?", "n", parse_flag, "yes|no"},
	[VIEW_Q] = {"q", true, "(instr(key, ?) > 0 OR (flags & 1 AND instr(u_label(key), ?) > 0))", "tu", parse_q,
		    "part of a domain"},
	[VIEW_COLUMN] = {"col.", true, "cell(first_row, ?) = ?", "nu", parse_text, "a value"},
};

/* ---- pairs -------------------------------------------------------------------------------------------------- */

struct view *view_new(void)
{
	return NEW(struct view);
}

void view_free(struct view *view)
{
	if (!view)
		return;
	for (size_t i = 0; i < view->count; i++) {
		free(view->terms[i].text);
		free(view->terms[i].other);
	}
	free(view->terms);
	free(view);
}

static bool add_version(struct view *view, const char *value, struct error *err)
{
	if (text_to_int(text_starts(value, "v") ? value + 1 : value, 0, INT64_MAX, &view->version))
		return true;
	return error_set(err, ERROR_INPUT, "\"version=%.80s\": expected the version of a view, as 61", value);
}

static bool add_policy(struct view *view, const char *value, struct error *err)
{
	view->has_policy = no_verdict_policy_parse(value, &view->policy);
	return view->has_policy ||
	       error_set(err, ERROR_INPUT, "\"policy=%.80s\": expected exclude, stage1 or benign", value);
}

static bool add_order(struct view *view, const char *value, struct error *err)
{
	static const struct {
		const char *name, *sql;
	} orders[] = {
		{"n", NULL},          {"key", "key"},           {"ml", "ml"},          {"confidence", "confidence"},
		{"elapsed_ms", "elapsed_ms"}, {"attempts", "attempts"}, {"seq", "seq"}, {"source", "source"},
		{"tld", "tld"},       {"worker", "worker"},     {"label", "label"},    {"stage1", "stage1"},
		{"verdict", "verdict"},
		{"risk", "CASE risk WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 WHEN 'critical' THEN 4 END"},
	};
	view->descending = value[0] == '-';
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		if (text_equal(value + view->descending, orders[i].name)) {
			view->order = orders[i].sql;
			return true;
		}
	return error_set(err, ERROR_INPUT,
			 "\"sort=%.80s\": expected n, key, ml, confidence, elapsed_ms, attempts, seq, source, tld, worker, label, "
			 "stage1, verdict or risk, with a minus for descending",
			 value);
}

static bool add_term(struct view *view, enum view_key key, const char *column, const char *value, struct error *err)
{
	if (view->count >= VIEW_TERMS_MOST)
		return error_set(err, ERROR_TOO_LARGE, "a filter has at most %d terms", VIEW_TERMS_MOST);
	VECTOR_ADD(view->terms, view->count, view->capacity) = (struct view_term){.key = key};
	struct view_term *term = &view->terms[view->count - 1];
	if (key != VIEW_COLUMN)
		return view_meanings[key].parse(term, value, err);
	term->text = memory_copy(column);
	term->other = memory_copy(value);
	term->number = -1; /* its position, known when there is a dataset */
	return *column || error_set(err, ERROR_INPUT, "\"col.=%.80s\": the name of a column was expected after the dot", value);
}

bool view_add(struct view *view, const char *key, const char *value, bool *known, struct error *err)
{
	if (known)
		*known = true;
	if (text_equal(key, "version"))
		return add_version(view, value, err);
	if (text_equal(key, "policy"))
		return add_policy(view, value, err);
	if (text_equal(key, "sort"))
		return add_order(view, value, err);
	if (text_starts(key, "col."))
		return add_term(view, VIEW_COLUMN, key + 4, value, err);
	for (int i = 0; i < VIEW_COLUMN; i++)
		if (text_equal(key, view_meanings[i].name))
			return add_term(view, (enum view_key)i, NULL, value, err);
	if (known)
		*known = false;
	return true;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. False: a broken escape, or a NUL. */
static bool decode(char *text)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (*from != '%') {
			*to++ = *from == '+' ? ' ' : *from;
			continue;
		}
		int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return true;
}

static bool unknown_key(const char *key, struct error *err)
{
	const char *nearest = "sort";
	for (int i = 0; i < VIEW_COLUMN; i++)
		if (text_distance(key, view_meanings[i].name) < text_distance(key, nearest))
			nearest = view_meanings[i].name;
	return error_set(err, ERROR_INPUT, "unknown filter key \"%.80s\"; did you mean \"%s\"?", key, nearest);
}

static bool parse_pair(struct view *view, const char *pair, size_t length, struct error *err)
{
	AUTO_FREE char *key = memory_copy_n(pair, length);
	char *value = strchr(key, '=');
	if (!value)
		return error_set(err, ERROR_INPUT, "filter \"%.80s\": expected key=value", key);
	*value++ = '\0';
	bool known;
	if (!decode(key) || !decode(value))
		return error_set(err, ERROR_INPUT, "filter \"%.80s\": a broken %%XX escape", pair);
	return view_add(view, key, value, &known, err) && (known || unknown_key(key, err));
}

bool view_parse(struct view *view, const char *query, struct error *err)
{
	for (size_t length; *query; query += length + (query[length] == '&')) {
		length = strcspn(query, "&");
		if (length > 0 && !parse_pair(view, query, length, err))
			return false;
	}
	return true;
}

int64_t view_version(const struct view *view)
{
	return view->version;
}

void view_set_version(struct view *view, int64_t version)
{
	view->version = version;
}

void view_set_policy(struct view *view, enum no_verdict_policy policy)
{
	if (view->has_policy)
		return;
	view->policy = policy;
	view->has_policy = true;
}

/* ---- the same again ----------------------------------------------------------------------------------------- */

static int by_meaning(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *term_text(const struct view_term *term)
{
	const char *one = term->text ? term->text : "", *other = term->other ? term->other : "";
	return memory_format("%d:%zu:%s:%zu:%s:%.17g:%.17g:%lld", (int)term->key, strlen(one), one, strlen(other), other,
			     term->low, term->high, term->key == VIEW_COLUMN ? 0 : (long long)term->number);
}

char *view_key(const struct view *view)
{
	AUTO_FREE char **terms = memory_array(view->count + 1, sizeof(*terms));
	AUTO_TEXT struct text key;
	text_init(&key, 0);
	for (size_t i = 0; i < view->count; i++)
		terms[i] = term_text(&view->terms[i]);
	qsort(terms, view->count, sizeof(*terms), by_meaning);
	for (size_t i = 0; i < view->count; i++) {
		if (i == 0 || !text_equal(terms[i], terms[i - 1]))
			text_addf(&key, "%s&", terms[i]);
	}
	for (size_t i = 0; i < view->count; i++)
		free(terms[i]);
	text_addf(&key, "sort=%s%s&policy=%d", view->descending ? "-" : "", view->order ? view->order : "n",
		  view->has_policy ? (int)view->policy : -1);
	return text_take(&key);
}

bool view_is_plain(const struct view *view)
{
	return view->count == 0 && !view->order;
}

bool view_is_descending(const struct view *view)
{
	return view->descending;
}
