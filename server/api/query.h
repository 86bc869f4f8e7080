/* query.h - the query part of a URL, strictly
 *
 * An unknown key is an error that names the nearest known one: a typo must never
 * silently widen a filter. Pure: bytes in, pairs out.
 */
#ifndef MEKIKI_SERVER_API_QUERY_H
#define MEKIKI_SERVER_API_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct query_pair {
	char *key, *value; /* owned, decoded, UTF-8 without NUL */
};

struct query {
	struct query_pair *pairs;
	size_t count, capacity;
};

enum query_kind { QUERY_TEXT, QUERY_INT, QUERY_CHOICE };

/* What a key means is the same wherever it is allowed. */
struct query_key {
	const char *name;
	enum query_kind kind;
	int64_t min, max, fallback; /* of numbers */
	const char *choices;        /* of choices: "raw|excel" */
	const char *help;
};
extern const struct query_key query_keys[];
extern const size_t query_key_count;
/* The keys of the filter grammar (store/view.h), for suggestions and the documentation. */
extern const char *const query_view_keys[];

enum { QUERY_MAX_PAIRS = 200 };

/* NULL or "" gives no pairs. */
bool query_parse(struct query *query, const char *text, struct error *err);
void query_release(struct query *query);

/* Every key is among `names` ("offset limit"), once, with a value of its kind, or `view` is true and it
 * could be one of the filter grammar. */
bool query_check(const struct query *query, const char *names, bool view, struct error *err);
bool query_names_has(const char *names, const char *key);

const char *query_text(const struct query *query, const char *key);  /* NULL = absent */
int64_t query_int(const struct query *query, const char *key);       /* after query_check(): value or fallback */

/* One percent-encoded piece; `plus`: + is a space. NULL with err. free(). */
char *query_decode(const char *text, size_t length, bool plus, struct error *err);

#endif
