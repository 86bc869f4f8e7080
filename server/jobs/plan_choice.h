/* plan_choice.h - which items of the dataset a request selects, in the order of the run */
#ifndef MEKIKI_SERVER_JOBS_PLAN_CHOICE_H
#define MEKIKI_SERVER_JOBS_PLAN_CHOICE_H

#include "jobs/plan.h"
#include "store/dataset.h"

/* Fills in plan->items and plan->count. ERROR_INPUT when nothing is selected, or something that is not there. */
bool plan_choose(struct reader *reader, const struct run_request *request, const struct dataset_record *dataset,
                 struct plan *plan, struct error *err);

#endif
