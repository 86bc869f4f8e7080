/* failure.h - why an attempt gave no verdict
 *
 * One table: its names are in the store, the API, the CSV, the filters and the
 * pages; its columns decide what the engine does next. It lives in model/, the
 * layer that store, llm and engine share.
 */
#ifndef MEKIKI_MODEL_FAILURE_H
#define MEKIKI_MODEL_FAILURE_H

#include <stdbool.h>

enum failure {
	FAILURE_NONE, /* there is a verdict */
	FAILURE_TIMEOUT,
	FAILURE_CONNECTION,   /* refused, reset, cut, empty */
	FAILURE_SERVER_ERROR, /* 500, 502, 504, 503 with a dead engine */
	FAILURE_OVERLOADED,   /* 429, 503 queue full */
	FAILURE_ABORTED,      /* finish_reason abort, our own restart or drain */
	FAILURE_TRUNCATED,    /* finish_reason length */
	FAILURE_UNPARSABLE,   /* no JSON object in the answer */
	FAILURE_SCHEMA,       /* an object, but not the one asked for */
	FAILURE_REFUSED,      /* content filter, empty answer */
	FAILURE_CONTEXT,      /* prompt too long */
	FAILURE_BAD_REQUEST,
	FAILURE_AUTH,         /* 401, 403 */
	FAILURE_WRONG_MODEL,  /* 404, or an answer from another model */
	FAILURE_EVALUATOR,    /* the evaluator's own error */
	FAILURE_QUARANTINED,  /* in flight at three worker deaths */
	FAILURE_COUNT
};

enum failure_retry {
	RETRY_NEVER,
	RETRY_AGAIN,     /* anywhere, after the back-off */
	RETRY_ELSEWHERE, /* another worker first, if there is one */
	RETRY_AT_END     /* once more after everything else, with twice the deadline */
};

enum failure_suspicion {
	SUSPECT_NOBODY,
	SUSPECT_WORKER,        /* counts like a failed probe */
	SUSPECT_OVERLOAD,      /* lowers the worker's limit */
	SUSPECT_MISCONFIGURED  /* out of service until a check says otherwise */
};

struct failure_kind {
	const char *name;       /* "server_error" */
	const char *sentence;   /* for people: what happened */
	enum failure_retry retry;
	bool spends_attempt;    /* counts against the item's attempts */
	enum failure_suspicion suspicion;
};

const struct failure_kind *failure_kind(enum failure failure);
const char *failure_name(enum failure failure); /* "" for FAILURE_NONE */
bool failure_parse(const char *name, enum failure *out);

#endif
