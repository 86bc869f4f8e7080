/* completion.h - one chat completion: the request's body, the answer's meaning
 *
 * Pure: text in, text out. The body names every sampling parameter, because a
 * server fills in what is missing from the model's generation_config. A 200
 * counts only with a complete body and finish_reason "stop": "abort" arrives as
 * success, "length" is an answer that never ended (facts: llm-servers A6, A7).
 */
#ifndef MEKIKI_LLM_COMPLETION_H
#define MEKIKI_LLM_COMPLETION_H

#include <stddef.h>

#include "base/error.h"
#include "model/verdict.h"

struct completion_settings {
	const char *model;
	double temperature, top_p;
	int max_tokens;
	int64_t seed;
	int enable_thinking;     /* -1 = not sent, 0, 1 */
};

/* JSON body of POST /v1/chat/completions, free(). `request_id` goes in as is. */
char *completion_body(const struct completion_settings *settings, const char *system, const char *user,
                      const char *request_id);

/* What an HTTP answer means. Fills in failure, detail, verdict, raw, finish_reason, model, tokens, from_text;
 * leaves prompt and times alone. `expected_model` NULL = do not compare. Takes all error body shapes that
 * vLLM and its neighbours send, and bodies that are no JSON at all. */
void completion_read(int status, const char *body, size_t length, const char *expected_model, struct outcome *out);

#endif
