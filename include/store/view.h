/* view.h (store) - the filter grammar of every list and export (server/api/README.md, "Views")
 *
 * A view is parsed from key=value pairs, once, with every unknown key or value
 * refused by name; it then becomes SQL conditions with bound parameters, never
 * text. A view with `version` sees results up to that sequence number only, so
 * it stays as it was while the run goes on.
 */
#ifndef MEKIKI_STORE_VIEW_H
#define MEKIKI_STORE_VIEW_H

#include "model/verdict.h"
#include "model/item.h"
#include "model/run.h"
#include "store/store.h"

struct view;

struct view *view_new(void);
void view_free(struct view *view);
/* Takes one pair. false + ERROR_INPUT names the key or value and what was expected. *known = false: not a view key. */
bool view_add(struct view *view, const char *key, const char *value, bool *known, struct error *err);
/* "source=x&band=0.3-0.5" (percent-encoded), for the selection of a run request and the CLI. */
bool view_parse(struct view *view, const char *query, struct error *err);
int64_t view_version(const struct view *view); /* 0 = none given */
void view_set_version(struct view *view, int64_t version);
/* For views that were given none (policy=…). */
void view_set_policy(struct view *view, enum no_verdict_policy policy);
/* The same text for views that ask the same, whatever the order of their pairs; without the version. free(). */
char *view_key(const struct view *view);
/* No condition, order of n: a position is its offset + 1, or the total - offset. */
bool view_is_plain(const struct view *view);
bool view_is_descending(const struct view *view);

/* One row of a page; texts owned. */
struct view_row {
	int64_t n;
	struct item item;
	bool done;
	int64_t seq;
	enum failure failure;
	enum binary verdict;       /* UNKNOWN = none */
	double confidence;
	enum risk risk;
	enum decision_source source;
	char *worker;              /* owned, NULL = not done */
	int64_t elapsed_ms;
	int attempts;
	int64_t first_row;
	const char *cell, *change; /* "tp" ..., "fixed" ... under the view's policy; static, NULL = none */
	char *reasoning;           /* owned, cut to `reasoning_limit` bytes on a character; NULL = none */
};
void view_row_release(struct view_row *row);

/* Rows of the run that match, from `offset` in the view's order; reasoning_limit 0 leaves the large texts alone. */
int view_rows(struct reader *reader, int64_t run, const struct view *view, int64_t offset, int limit,
              int reasoning_limit, struct view_row *out, struct error *err);
/* The rows at `count` positions, in their order; what the view's conditions are does not matter, its version and policy do. */
bool view_rows_at(struct reader *reader, int64_t run, const struct view *view, const int64_t *positions, int count,
                  int reasoning_limit, struct view_row *out, struct error *err);
int64_t view_count(struct reader *reader, int64_t run, const struct view *view, struct error *err);
/* All matching positions in the view's order: how many, *out with free(); -1 with err. One pass over the run. */
int64_t view_order(struct reader *reader, int64_t run, const struct view *view, uint32_t **out, struct error *err);
/* Matching positions with n > after, ascending: keyset pages for exports. */
int view_positions(struct reader *reader, int64_t run, const struct view *view, int64_t after, int limit, int64_t *out,
                   struct error *err);
/* The items of a dataset that match (only the keys about items count), for a selection: ids ascending, free(). */
int64_t view_select_items(struct reader *reader, int64_t dataset, const struct view *view, int64_t **out, struct error *err);

/* How many rows have which value, most frequent first. A facet counts under the conditions of all other keys but its
 * own, so that it shows what else could be chosen. */
enum { FACETS_MOST = 16 };
struct facet {
	const char *by;   /* static */
	struct facet_value {
		char *value;  /* owned */
		int64_t count;
	} *values;        /* owned */
	int count;        /* up to the limit */
};
/* `by`: names separated by commas, of source, tld, band, cell, change, risk, worker, kind, verdict, label, stage1,
 * done. How many facets; -1 with err. One pass over the run for all of them. */
int view_facets(struct reader *reader, int64_t run, const struct view *view, const char *by, int limit,
                struct facet out[FACETS_MOST], struct error *err);
void facets_release(struct facet *facets, int count);

/* The whole record of one position, large texts included; release with view_detail_release(). */
struct view_detail {
	struct view_row row;
	char *detail, *finish_reason, *model, *prompt, *raw, *risk_factors, *detected_brands; /* owned, may be NULL */
	int64_t prompt_tokens, completion_tokens, evaluated_ms;
	bool from_text;
	int64_t row_offset, row_length;
};
bool view_detail_read(struct reader *reader, int64_t run, int64_t n, struct view_detail *out, struct error *err);
void view_detail_release(struct view_detail *detail);

struct attempt_record {
	int64_t n; char *key; int k; char *worker; enum failure failure; char *detail; int http_status;
	int64_t started_ms, elapsed_ms;
};
/* Failed attempts of position n (0 = all), oldest first. */
int view_attempts(struct reader *reader, int64_t run, int64_t n, int64_t offset, int limit, struct attempt_record *out, struct error *err);
int64_t view_attempts_count(struct reader *reader, int64_t run, struct error *err);
void attempt_record_release(struct attempt_record *attempt);

#endif
