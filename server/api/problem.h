/* problem.h - errors as RFC 9457 problems: the one place that knows HTTP status codes */
#ifndef MEKIKI_SERVER_API_PROBLEM_H
#define MEKIKI_SERVER_API_PROBLEM_H

#include "base/error.h"
#include "base/json.h"

int problem_status(enum error_code code);
/* instance: the path; params may be NULL. New reference. */
json_t *problem_json(const struct error *error, int status, const char *instance, json_t *params);
/* "not-found" -> its code; false when there is none. */
bool problem_parse(const char *name, enum error_code *out);

#endif
