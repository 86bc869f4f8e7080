/* error.h - the one shape for errors
 *
 * A function that can fail returns bool and takes a `struct error *` last. It
 * either reports (returns false with the error filled in) or logs, never both,
 * so that every failure is in the log exactly once, with its context.
 *
 * The code names the fault, never an HTTP status: api/problem.c has the one
 * switch from codes to statuses.
 */
#ifndef MEKIKI_BASE_ERROR_H
#define MEKIKI_BASE_ERROR_H

#include <stdbool.h>

enum error_code {
	ERROR_NONE,
	ERROR_CONFIG,        /* the configuration file or a command line is wrong */
	ERROR_INPUT,         /* a request, a dataset or a filter is wrong */
	ERROR_TOO_LARGE,     /* a limit on what strangers may send was reached */
	ERROR_NOT_FOUND,
	ERROR_CONFLICT,      /* the thing is not in a state that allows this */
	ERROR_CHANGED,       /* a precondition (If-Match, plan_etag) no longer holds */
	ERROR_UNACKNOWLEDGED,/* warnings of the plan were not acknowledged */
	ERROR_UNAUTHENTICATED,
	ERROR_FORBIDDEN,
	ERROR_BUSY,          /* try again soon */
	ERROR_TIMEOUT,
	ERROR_NETWORK,       /* refused, reset, cut, unreachable */
	ERROR_IO,            /* a file or directory cannot be read or written */
	ERROR_DISK_FULL,
	ERROR_STORE,         /* SQLite said no; never expected */
	ERROR_UNSUPPORTED,   /* known, not built yet, and said so */
	ERROR_INTERNAL,
	ERROR_COUNT
};

/* What a caller may do about it. */
enum error_class {
	ERROR_CLASS_AGAIN, /* the same call may succeed later */
	ERROR_CLASS_NEVER, /* it will not, unless somebody changes something */
	ERROR_CLASS_BUG    /* a defect of ours */
};

struct error {
	enum error_code code;
	char text[1024]; /* one English sentence: what, where, what was expected */
};

/* Fills in err (when not NULL); returns false, so that `return error_set(...)` is one line. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text; returns false. */
bool error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *err);

/* "not-found": stable, used in problem URIs and JSON. */
const char *error_name(enum error_code code);
/* "Not found": a short title for people. */
const char *error_title(enum error_code code);
enum error_class error_class(enum error_code code);

#endif
