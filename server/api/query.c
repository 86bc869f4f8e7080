#include "api/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

const struct query_key query_keys[] = {
	{"offset", QUERY_INT, 0, INT64_MAX / 2, 0, NULL, "how many to leave out, from the first"},
	{"limit", QUERY_INT, 1, 500, 100, NULL, "how many to give at most"},
	{"after", QUERY_INT, 0, INT64_MAX / 2, 0, NULL, "what comes after this id or cursor"},
	{"before", QUERY_INT, 0, INT64_MAX / 2, 0, NULL, "what comes before this cursor"},
	{"state", QUERY_TEXT, 0, 0, 0, NULL, "only runs in these states, separated by commas"},
	{"q", QUERY_TEXT, 0, 0, 0, NULL, "part of a run's id, name, dataset, model or person"},
	{"dataset", QUERY_TEXT, 0, 0, 0, NULL, "only runs of the dataset whose SHA-256 begins so"},
	{"metrics", QUERY_CHOICE, 0, 0, 0, "yes|no", "yes: each run with its recall and precision"},
	{"by", QUERY_TEXT, 0, 0, 0, NULL, "facets, separated by commas: source, tld, band, cell, change, risk, worker, kind, verdict, label, stage1, done"},
	{"policy", QUERY_CHOICE, 0, 0, 0, "exclude|stage1|benign", "how items without a verdict count; without it as the run says"},
	{"profile", QUERY_CHOICE, 0, 0, 0, "raw|excel", "raw for programs; excel with BOM, CRLF and formula cells made harmless"},
	{"topics", QUERY_TEXT, 0, 0, 0, NULL, "what to hear of, separated by commas: runs, workers, run:r-0001"},
	{"name", QUERY_TEXT, 0, 0, 0, NULL, "the file's name"},
};
const size_t query_key_count = COUNT_OF(query_keys);

const char *const query_view_keys[] = {"cell", "change", "label", "stage1", "source", "band", "tld", "risk", "worker",
                                       "kind", "verdict", "done", "retried", "q", "policy", "version", "sort", NULL};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool decode_into(struct text *out, const char *text, size_t length, bool plus, struct error *err)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '%') {
			text_add_char(out, plus && text[i] == '+' ? ' ' : text[i]);
			continue;
		}
		int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
		int low = length - i > 2 ? hex_digit(text[i + 2]) : -1;
		if (high < 0 || low < 0)
			return error_set(err, ERROR_INPUT, "the URL has a %% that is not followed by two hexadecimal digits");
		text_add_char(out, (char)(high * 16 + low));
		i += 2;
	}
	if (strlen(out->data) != out->length)
		return error_set(err, ERROR_INPUT, "the URL contains a NUL byte (%%00)");
	if (!text_is_utf8(out->data, out->length))
		return error_set(err, ERROR_INPUT, "the URL is not UTF-8 once decoded");
	return true;
}

char *query_decode(const char *text, size_t length, bool plus, struct error *err)
{
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	return decode_into(&out, text, length, plus, err) ? text_take(&out) : NULL;
}

static bool add_pair(struct query *query, const char *start, size_t length, struct error *err)
{
	const char *equals = memchr(start, '=', length);
	size_t key_length = equals ? (size_t)(equals - start) : length;
	AUTO_FREE char *key = query_decode(start, key_length, true, err);
	if (!key)
		return false;
	if (!*key)
		return error_set(err, ERROR_INPUT, "the query has a value without a key");
	char *value = equals ? query_decode(equals + 1, length - key_length - 1, true, err) : memory_copy("");
	if (!value)
		return false;
	VECTOR_ADD(query->pairs, query->count, query->capacity) = (struct query_pair){TAKE(key), value};
	return true;
}

bool query_parse(struct query *query, const char *text, struct error *err)
{
	*query = (struct query){0};
	while (text && *text) {
		size_t length = strcspn(text, "&");
		if (query->count == QUERY_MAX_PAIRS)
			return error_set(err, ERROR_INPUT, "the query has more than %d keys", QUERY_MAX_PAIRS);
		if (length && !add_pair(query, text, length, err))
			return false;
		text += length + (text[length] == '&');
	}
	return true;
}

void query_release(struct query *query)
{
	for (size_t i = 0; i < query->count; i++) {
		free(query->pairs[i].key);
		free(query->pairs[i].value);
	}
	free(query->pairs);
	*query = (struct query){0};
}

bool query_names_has(const char *names, const char *key)
{
	size_t length = strlen(key);
	for (const char *at = names; at && *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");
		if (word == length && memcmp(at, key, length) == 0)
			return true;
		at += word;
	}
	return false;
}

static const struct query_key *find_key(const char *name)
{
	for (size_t i = 0; i < query_key_count; i++)
		if (text_equal(query_keys[i].name, name))
			return &query_keys[i];
	return NULL;
}

static bool is_view_key(const char *key)
{
	for (const char *const *known = query_view_keys; *known; known++)
		if (text_equal(*known, key))
			return true;
	return text_starts(key, "col.");
}

static void consider(const char *key, const char *known, const char **nearest, int *best)
{
	int distance = text_distance(key, known);
	if (distance < *best) {
		*best = distance;
		*nearest = known;
	}
}

static bool refuse_unknown(const char *key, const char *names, bool view, struct error *err)
{
	const char *nearest = NULL;
	int best = 4;
	for (size_t i = 0; i < query_key_count; i++)
		if (query_names_has(names, query_keys[i].name))
			consider(key, query_keys[i].name, &nearest, &best);
	for (const char *const *known = query_view_keys; view && *known; known++)
		consider(key, *known, &nearest, &best);
	if (nearest)
		return error_set(err, ERROR_INPUT, "unknown query key \"%.60s\"; did you mean \"%s\"?", key, nearest);
	if (!view && (!names || !*names))
		return error_set(err, ERROR_INPUT, "unknown query key \"%.60s\"; this path takes none", key);
	return error_set(err, ERROR_INPUT, "unknown query key \"%.60s\"; known here: %s%s", key, names ? names : "",
	                 view ? " and the filters cell, change, label, stage1, source, band, tld, risk, worker, kind, "
	                        "verdict, done, retried, q, col.NAME, policy, version, sort" : "");
}

/* "a|b|c" has the choice? */
static bool choices_have(const char *choices, const char *value)
{
	size_t length = strlen(value);
	for (const char *at = choices;;) {
		size_t word = strcspn(at, "|");
		if (word == length && memcmp(at, value, length) == 0)
			return true;
		if (!at[word])
			return false;
		at += word + 1;
	}
}

static bool check_value(const struct query_key *key, const char *value, struct error *err)
{
	int64_t number;
	if (key->kind == QUERY_INT && !text_to_int(value, key->min, key->max, &number))
		return error_set(err, ERROR_INPUT, "query key \"%s\": \"%.40s\" is not a whole number from %lld to %lld",
		                 key->name, value, (long long)key->min, (long long)key->max);
	if (key->kind == QUERY_CHOICE && !choices_have(key->choices, value))
		return error_set(err, ERROR_INPUT, "query key \"%s\": \"%.40s\" is not one of %s", key->name, value,
		                 key->choices);
	return true;
}

bool query_check(const struct query *query, const char *names, bool view, struct error *err)
{
	for (size_t i = 0; i < query->count; i++) {
		const char *key = query->pairs[i].key;
		if (!query_names_has(names, key)) {
			if (view && is_view_key(key))
				continue;
			return refuse_unknown(key, names, view, err);
		}
		for (size_t before = 0; before < i; before++)
			if (text_equal(query->pairs[before].key, key))
				return error_set(err, ERROR_INPUT, "query key \"%s\" is given twice", key);
		const struct query_key *known = find_key(key);
		if (known && !check_value(known, query->pairs[i].value, err))
			return false;
	}
	return true;
}

const char *query_text(const struct query *query, const char *key)
{
	for (size_t i = 0; i < query->count; i++)
		if (text_equal(query->pairs[i].key, key))
			return query->pairs[i].value;
	return NULL;
}

int64_t query_int(const struct query *query, const char *key)
{
	const struct query_key *known = find_key(key);
	const char *text = query_text(query, key);
	int64_t value = known ? known->fallback : 0;
	if (text && known)
		text_to_int(text, known->min, known->max, &value);
	return value;
}
