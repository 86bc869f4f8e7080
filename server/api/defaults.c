#include "api/handlers.h"
#include "api/request.h"
#include "config/request.h"
#include "evaluators/evaluator.h"
#include "llm/prompt.h"

/* Any dataset: it is taken out again. */
#define NO_DATASET "00000000"

static json_t *request_json(const struct config *config, struct error *err)
{
	AUTO_JSON json_t *empty = json_pack("{s:s}", "dataset", NO_DATASET);
	struct run_request *request = run_request_new(empty, config, err);
	if (!request)
		return NULL;
	json_t *json = run_request_json(request);
	run_request_free(request);
	json_object_del(json, "dataset");
	json_object_del(json, "prompt");
	return json;
}

/* The configuration's templates stand for every language: that is what a request without its own gets. */
static json_t *prompts_json(const struct config *config)
{
	static const char *const languages[] = {"en", "ja"};
	json_t *json = json_object();
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		const char *system = config->evaluation.system_prompt, *user = config->evaluation.user_prompt;
		if (!system)
			system = prompt_default_system(languages[i]);
		if (!user)
			user = prompt_default_user(languages[i]);
		json_object_set_new(json, languages[i], json_pack("{s:o, s:o}", "system", json_text_or_null(system), "user",
		                                                  json_text_or_null(user)));
	}
	return json;
}

static json_t *evaluators_json(void)
{
	json_t *list = json_array();
	for (const char *const *name = evaluator_class_names(); *name; name++)
		json_array_append_new(list, json_string(*name));
	return list;
}

bool api_defaults_read(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	const struct config *config = request->api->config;
	json_t *defaults = request_json(config, err);
	if (!defaults)
		return false;
	request->answer.json = json_pack("{s:o, s:o, s:o, s:I}", "request", defaults, "prompts", prompts_json(config),
	                                 "evaluators", evaluators_json(), "upload_bytes",
	                                 (json_int_t)config->limits.upload_bytes);
	return true;
}
