#include "workers/backend.h"

#include <stddef.h>

#include "workers/classes.h"

const struct backend_class *backend_class_of(const struct config_worker *worker)
{
	if (worker->kind == WORKER_LOCAL)
		return &backend_local;
	return worker->kind == WORKER_EXTERNAL && worker->start_cmd ? &backend_command : NULL;
}
