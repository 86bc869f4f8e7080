/* sim_request.h - a chat request, judged as vLLM judges it
 *
 * The rules and the wording are those seen on 0.32 (README.md); unknown fields
 * are ignored, as there. A token is taken to be four bytes: only sums and
 * limits depend on it.
 *
 * Pure.
 */
#ifndef MEKIKI_SIM_REQUEST_H
#define MEKIKI_SIM_REQUEST_H

#include "sim_options.h"

/* What an error answer says. */
struct sim_problem {
	int status;
	const char *type;  /* "BadRequestError"; static */
	const char *param; /* NULL = null; static */
	char message[1024];
};

struct sim_request {
	json_t *body;         /* owned */
	char *domain;         /* owned, "" when no domain was found */
	const char *id;       /* the body's request_id, or NULL; borrowed, as the two below */
	const json_t *schema; /* of response_format, or NULL */
	bool json_object;     /* response_format json_object */
	bool stream, usage_chunk;
	int64_t prompt_tokens;
	int64_t max_tokens; /* what is left for the answer, clipped to the model's length */
};

/* False with the problem filled in; release the request in both cases. `domain` is set whenever messages were read. */
bool sim_request_read(const struct sim_options *options, const char *bytes, size_t length, struct sim_request *out,
		      struct sim_problem *problem);
void sim_request_release(struct sim_request *request);

int64_t sim_request_tokens(const char *text);

/* Fills in; returns false. */
bool sim_problem_set(struct sim_problem *problem, int status, const char *type, const char *param, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* The wording of the longest-context error. */
bool sim_problem_context(struct sim_problem *problem, int64_t limit, int64_t prompt);

#endif
