/* handlers.h - one function per row of the route table, one file per resource */
#ifndef MEKIKI_SERVER_API_HANDLERS_H
#define MEKIKI_SERVER_API_HANDLERS_H

#include "api/routes.h"

route_handler api_meta_routes, api_meta_read, api_meta_health, api_meta_problem;
route_handler api_openapi_read;
route_handler api_session_create, api_session_delete, api_session_me;
route_handler api_token_list, api_token_create, api_token_delete;
route_handler api_dataset_create, api_dataset_list, api_dataset_read, api_dataset_rows, api_dataset_problems,
	api_dataset_population, api_dataset_keys;
route_handler api_defaults_read;
route_handler api_run_plan, api_run_try, api_run_create, api_run_list, api_run_read, api_run_action, api_run_progress;
route_handler api_item_list, api_item_read, api_item_facets, api_item_attempts;
route_handler api_confusion_read;
route_handler api_export_csv, api_export_jsonl;
route_handler api_gpu_list, api_worker_list, api_worker_read, api_worker_action, api_worker_log;
route_handler api_event_stream, api_event_list, api_event_of_run;

/* The steps between the rows. */
route_handler api_run_created; /* run_create.c -> run.c: params[0] names the new run */

#endif
