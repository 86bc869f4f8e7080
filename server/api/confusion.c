#include "api/figures.h"
#include "api/handlers.h"
#include "api/request.h"

bool api_confusion_read(struct request *request, struct reader *reader, struct error *err)
{
	int64_t run;
	enum no_verdict_policy policy;
	const char *wanted = query_text(&request->query, "policy");
	if (!request_run_id(request, &run, err))
		return false;
	bool given = wanted && no_verdict_policy_parse(wanted, &policy);
	request->answer.json = figures_confusion(reader, run, given ? &policy : NULL, err);
	return request->answer.json != NULL;
}
