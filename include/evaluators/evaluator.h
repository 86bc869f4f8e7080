/* evaluator.h - turns an item into a verdict
 *
 * An evaluator is a documented struct of functions; implementations are one
 * file each in one visible array (evaluator.c). An evaluation ends exactly once
 * in `done`, on the loop's thread, never inside begin(). Everything here runs on
 * the engine's loop.
 */
#ifndef MEKIKI_EVALUATORS_EVALUATOR_H
#define MEKIKI_EVALUATORS_EVALUATOR_H

#include "base/error.h"
#include "io/http.h"
#include "model/verdict.h"

/* What the run asks of its evaluator: from the run request, frozen. Borrowed texts, copied by new(). */
struct evaluator_settings {
	const char *system, *user;    /* templates */
	const char *language;         /* "en" or "ja" */
	double temperature, top_p;
	int max_tokens;
	int64_t seed;
	int enable_thinking;          /* -1 = not sent */
	const char *const *columns;   /* of the dataset, as they came */
	const bool *is_label;
	int column_count;
};

/* Where: an endpoint, as the worker knows it at this moment. */
struct evaluator_place {
	const char *worker;           /* id */
	const char *base_url;         /* without /v1, no trailing slash; "" for workers without one */
	const char *model;            /* the name to ask for */
	const char *const *headers;   /* "Authorization: Bearer …"; NULL-terminated, may be NULL */
	enum http_reuse reuse;
};

/* What: an item with its cells. */
struct evaluator_task {
	const char *key;
	const char *const *cells;     /* cells[i] belongs to columns[i] of the settings */
	int cell_count;
	const char *attempt_id;       /* unique, also over restarts; sent along; ends in "-POSITION-TRY" */
	int64_t deadline_ms;          /* from now, > 0 */
	int max_tokens;               /* 0 = the settings' */
};

struct evaluator;  /* one per run */
struct evaluation; /* one attempt in flight */
typedef void evaluation_done(void *arg, struct outcome *outcome); /* may TAKE from outcome; released after */

struct evaluator_class {
	const char *name;             /* "chat" */
	bool needs_endpoint;          /* takes items only of workers that answer HTTP */
	struct evaluator *(*new)(struct http *http, struct loop *loop, const struct evaluator_settings *settings,
	                         struct error *err);
	void (*free)(struct evaluator *evaluator);
	/* Text that identifies what is asked, for the run's fingerprint; free(). */
	char *(*fingerprint)(const struct evaluator *evaluator);
	struct evaluation *(*begin)(struct evaluator *evaluator, const struct evaluator_place *place,
	                            const struct evaluator_task *task, evaluation_done *done, void *arg);
	void (*cancel)(struct evaluation *evaluation); /* done is not called */
};

const struct evaluator_class *evaluator_class_find(const char *name); /* NULL = unknown */
const char *const *evaluator_class_names(void);                       /* NULL-terminated */

#endif
