/* classes.h - the backends, one per file; backend.c chooses */
#ifndef MEKIKI_WORKERS_CLASSES_H
#define MEKIKI_WORKERS_CLASSES_H

#include "workers/backend.h"

extern const struct backend_class backend_local;   /* local.c: a process of ours on this machine */
extern const struct backend_class backend_command; /* command.c: start_cmd and stop_cmd of an external worker */

#endif
