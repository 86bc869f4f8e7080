#include "model/failure.h"

#include <string.h>

static const struct failure_kind kinds[FAILURE_COUNT] = {
	[FAILURE_NONE] = {"", "", RETRY_NEVER, true, SUSPECT_NOBODY},
	[FAILURE_TIMEOUT] = {"timeout", "no answer before the deadline", RETRY_AT_END, true, SUSPECT_NOBODY},
	[FAILURE_CONNECTION] = {"connection", "the connection was refused, reset or cut", RETRY_ELSEWHERE, false,
	                        SUSPECT_WORKER},
	[FAILURE_SERVER_ERROR] = {"server_error", "the server answered with an error", RETRY_ELSEWHERE, false,
	                          SUSPECT_WORKER},
	[FAILURE_OVERLOADED] = {"overloaded", "the server's queue was full", RETRY_AGAIN, false, SUSPECT_OVERLOAD},
	[FAILURE_ABORTED] = {"aborted", "the request was aborted", RETRY_AGAIN, false, SUSPECT_NOBODY},
	[FAILURE_TRUNCATED] = {"truncated", "the answer did not end within its token budget", RETRY_NEVER, true,
	                       SUSPECT_NOBODY},
	[FAILURE_UNPARSABLE] = {"unparsable", "the answer holds no JSON object", RETRY_AGAIN, true, SUSPECT_NOBODY},
	[FAILURE_SCHEMA] = {"schema", "the answer does not fit the schema", RETRY_AGAIN, true, SUSPECT_NOBODY},
	[FAILURE_REFUSED] = {"refused", "the model gave no answer", RETRY_NEVER, true, SUSPECT_NOBODY},
	[FAILURE_CONTEXT] = {"context", "the prompt is longer than the model's context", RETRY_NEVER, true,
	                     SUSPECT_NOBODY},
	[FAILURE_BAD_REQUEST] = {"bad_request", "the server refused the request as wrong", RETRY_NEVER, true,
	                         SUSPECT_NOBODY},
	[FAILURE_AUTH] = {"auth", "the server refused our key", RETRY_ELSEWHERE, false, SUSPECT_MISCONFIGURED},
	[FAILURE_WRONG_MODEL] = {"wrong_model", "the server does not serve the run's model", RETRY_ELSEWHERE, false,
	                         SUSPECT_MISCONFIGURED},
	[FAILURE_EVALUATOR] = {"evaluator", "the evaluator reported an error", RETRY_AGAIN, true, SUSPECT_NOBODY},
	[FAILURE_QUARANTINED] = {"quarantined", "in flight at three worker deaths", RETRY_NEVER, false,
	                         SUSPECT_NOBODY},
};

const struct failure_kind *failure_kind(enum failure failure)
{
	return &kinds[failure];
}

const char *failure_name(enum failure failure)
{
	return kinds[failure].name;
}

bool failure_parse(const char *name, enum failure *out)
{
	for (int i = FAILURE_NONE + 1; i < FAILURE_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum failure)i;
			return true;
		}
	return false;
}
