#include "api/problem.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

int problem_status(enum error_code code)
{
	switch (code) {
	case ERROR_INPUT:
	case ERROR_CONFIG:
		return 400;
	case ERROR_UNAUTHENTICATED:
		return 401;
	case ERROR_FORBIDDEN:
		return 403;
	case ERROR_NOT_FOUND:
		return 404;
	case ERROR_CONFLICT:
	case ERROR_CHANGED:
	case ERROR_UNACKNOWLEDGED:
		return 409;
	case ERROR_TOO_LARGE:
		return 413;
	case ERROR_UNSUPPORTED:
		return 501;
	case ERROR_NETWORK:
		return 502;
	case ERROR_BUSY:
		return 503;
	case ERROR_TIMEOUT:
		return 504;
	case ERROR_DISK_FULL:
		return 507;
	case ERROR_NONE:
	case ERROR_IO:
	case ERROR_STORE:
	case ERROR_INTERNAL:
	case ERROR_COUNT:
		return 500;
	}
	return 500;
}

json_t *problem_json(const struct error *error, int status, const char *instance, json_t *params)
{
	const char *code = error_name(error->code);
	AUTO_FREE char *type = memory_format("/problems/%s", code);
	return json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "type", type, "code", code, "title",
	                 error_title(error->code), "status", status, "detail", json_text_or_null(error->text), "instance",
	                 json_text_or_null(instance), "params", params ? json_incref(params) : json_object());
}

bool problem_parse(const char *name, enum error_code *out)
{
	for (enum error_code code = ERROR_NONE + 1; code < ERROR_COUNT; code++)
		if (text_equal(error_name(code), name)) {
			*out = code;
			return true;
		}
	return false;
}
