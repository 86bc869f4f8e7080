/* run.h - the states of a run, their names, and the words of its life */
#ifndef MEKIKI_MODEL_RUN_H
#define MEKIKI_MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>

enum run_state {
	RUN_DRAFT,    /* planned, not started */
	RUN_QUEUED,   /* waits for the run before it */
	RUN_RUNNING,
	RUN_PAUSED,   /* by a person; nothing is dispatched */
	RUN_WAITING,  /* no worker; resumes by itself */
	RUN_FINISHED, /* every item has a result */
	RUN_STOPPED,  /* by a person; resumable */
	RUN_FAILED,   /* cannot go on: cause; resumable once mended */
	RUN_STATE_COUNT
};

const char *run_state_name(enum run_state state);
bool run_state_parse(const char *name, enum run_state *out);
/* Queued, running, paused, waiting: the engine holds it. */
bool run_state_is_live(enum run_state state);

/* How items without a verdict count in the final figures. */
enum no_verdict_policy { NO_VERDICT_EXCLUDE, NO_VERDICT_STAGE1, NO_VERDICT_BENIGN };
const char *no_verdict_policy_name(enum no_verdict_policy policy); /* "exclude", "stage1", "benign" */
bool no_verdict_policy_parse(const char *name, enum no_verdict_policy *out);

enum { RUN_ID_SIZE = 24 };
/* "r-0142" <-> 142 */
const char *run_id_format(int64_t run, char out[RUN_ID_SIZE]);
bool run_id_parse(const char *text, int64_t *out);

#endif
