/* worker.h - the states of a worker: what is wanted of it, what is seen of it */
#ifndef MEKIKI_MODEL_WORKER_H
#define MEKIKI_MODEL_WORKER_H

#include <stdbool.h>

enum worker_desired { WORKER_WANTED_UP, WORKER_WANTED_DOWN };

enum worker_state {
	WORKER_OFF,
	WORKER_STARTING,    /* its process was started, or its first probe is under way */
	WORKER_LOADING,
	WORKER_READY,
	WORKER_BUSY,        /* probes slow, answers still arriving */
	WORKER_UNREACHABLE, /* the network between us failed; no restart */
	WORKER_DOWN,        /* three failed probes, or somebody answered for it wrongly */
	WORKER_HUNG,
	WORKER_RECOVERING,
	WORKER_FAILED,      /* needs a person */
	WORKER_DRAINING,
	WORKER_WAITING,     /* somebody else holds the GPU, the job is pending, outside allowed hours */
	WORKER_STATE_COUNT
};

enum worker_kind { WORKER_EXTERNAL, WORKER_LOCAL, WORKER_REMOTE, WORKER_SLURM, WORKER_FAKE, WORKER_KIND_COUNT };

/* Why a worker is where it is: stable codes for pages and tests; the sentence is beside them. */
enum worker_cause {
	CAUSE_NONE,
	CAUSE_FIRST_PROBE,
	CAUSE_ANSWERS,       /* healthy */
	CAUSE_REFUSED,       /* nothing listens */
	CAUSE_RESET,         /* cut before the answer */
	CAUSE_UNRESOLVED,    /* the host name does not resolve */
	CAUSE_UNREACHABLE,   /* no route, or the connection itself timed out */
	CAUSE_SLOW_PROBE,    /* probe timed out, answers are arriving */
	CAUSE_SILENT,        /* probes time out and no answer arrives */
	CAUSE_HTTP_ERROR,    /* health answered with a status of 400 or more */
	CAUSE_ENGINE_DEAD,   /* 503 on health */
	CAUSE_AUTH,          /* 401 or 403 */
	CAUSE_WRONG_MODEL,   /* /v1/models lists another */
	CAUSE_NOT_A_MODEL_SERVER,
	CAUSE_REQUESTED,     /* a person asked */
	/* of workers that we start ourselves */
	CAUSE_STARTED,       /* its process is up; it loads */
	CAUSE_EXITED,        /* ended though nobody asked, whatever its exit status */
	CAUSE_KILLED,        /* by a signal that was not ours; the kernel's memory killer, for one */
	CAUSE_START_TIMEOUT, /* its log stood still for too long while it started */
	CAUSE_PORT_TAKEN,    /* somebody else listens there */
	CAUSE_GPU_BUSY,      /* somebody else holds the GPU's memory */
	CAUSE_CO_TENANT,     /* somebody gave memory back while it was being measured */
	CAUSE_OUT_OF_MEMORY,
	CAUSE_KV_TOO_SMALL,  /* no room for one sequence: a matter of configuration */
	CAUSE_MODEL_NOT_FOUND,
	CAUSE_BAD_ARGUMENTS, /* its command line is refused */
	CAUSE_NO_COMMAND,    /* the program cannot be run */
	CAUSE_GPU_FAULT,
	CAUSE_UNKILLABLE,    /* survives SIGKILL: the driver holds it; needs a reboot */
	CAUSE_HUNG,          /* answers probes, produces nothing */
	CAUSE_SLEEPING,      /* the server sleeps */
	CAUSE_NOT_CONFORMING,/* ignores the schema, thinks aloud, or says the same to everything */
	CAUSE_OUTSIDE_HOURS,
	CAUSE_GAVE_UP,       /* restarted too often */
	CAUSE_COUNT
};

const char *worker_state_name(enum worker_state state);
bool worker_state_parse(const char *name, enum worker_state *out);
/* May get items now. */
bool worker_state_takes_items(enum worker_state state);
const char *worker_kind_name(enum worker_kind kind);
bool worker_kind_parse(const char *name, enum worker_kind *out);
const char *worker_cause_name(enum worker_cause cause); /* "refused", ... */
const char *worker_cause_sentence(enum worker_cause cause);

#endif
