#include "jobs/plan_prompt.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "llm/prompt.h"

static bool check(const char *key, const char *template, const char *const *columns, const bool *is_label, int count,
                  struct error *err)
{
	struct prompt *prompt = template ? prompt_new(template, columns, is_label, count, err) : NULL;
	bool ok = prompt || !template;
	prompt_free(prompt);
	return ok || error_prefix(err, "\"prompt.%s\"", key);
}

bool plan_check_prompts(const struct run_request *request, const struct dataset_record *dataset, struct error *err)
{
	if (!text_equal(request->evaluator, "chat"))
		return true;
	AUTO_JSON json_t *names = dataset->columns ? json_loads(dataset->columns, 0, NULL) : NULL;
	AUTO_JSON json_t *meanings = dataset->meanings ? json_loads(dataset->meanings, 0, NULL) : NULL;
	size_t count = json_array_size(names);
	AUTO_FREE const char **columns = memory_array(count + 1, sizeof(*columns));
	AUTO_FREE bool *is_label = memory_array(count + 1, sizeof(*is_label));
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		columns[i] = name ? name : "";
		is_label[i] = text_equal(json_string_value(json_object_get(meanings, columns[i])), "label");
	}
	return check("system", request->system, columns, is_label, (int)count, err) &&
	       check("user", request->user, columns, is_label, (int)count, err);
}
