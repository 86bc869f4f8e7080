/* plan_prompt.h - whether the prompts of a request fit the columns of its dataset */
#ifndef MEKIKI_SERVER_JOBS_PLAN_PROMPT_H
#define MEKIKI_SERVER_JOBS_PLAN_PROMPT_H

#include "config/request.h"
#include "store/dataset.h"

/* ERROR_INPUT begins with "prompt.system" or "prompt.user" and names line and placeholder. Pure. */
bool plan_check_prompts(const struct run_request *request, const struct dataset_record *dataset, struct error *err);

#endif
