#include "model/worker.h"

#include <string.h>

static const char *const state_names[WORKER_STATE_COUNT] = {
	[WORKER_OFF] = "off",
	[WORKER_STARTING] = "starting",
	[WORKER_LOADING] = "loading",
	[WORKER_READY] = "ready",
	[WORKER_BUSY] = "busy",
	[WORKER_UNREACHABLE] = "unreachable",
	[WORKER_DOWN] = "down",
	[WORKER_HUNG] = "hung",
	[WORKER_RECOVERING] = "recovering",
	[WORKER_FAILED] = "failed",
	[WORKER_DRAINING] = "draining",
	[WORKER_WAITING] = "waiting",
};

static const char *const kind_names[WORKER_KIND_COUNT] = {"external", "local", "remote", "slurm", "fake"};

static const struct {
	const char *name, *sentence;
} causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = {"none", ""},
	[CAUSE_FIRST_PROBE] = {"first_probe", "waiting for the first answer to a health probe"},
	[CAUSE_ANSWERS] = {"answers", "answers health probes"},
	[CAUSE_REFUSED] = {"refused", "connection refused: nothing listens at this address"},
	[CAUSE_RESET] = {"reset", "the connection was cut before an answer came"},
	[CAUSE_UNRESOLVED] = {"unresolved", "the host name cannot be resolved"},
	[CAUSE_UNREACHABLE] = {"unreachable", "the host cannot be reached"},
	[CAUSE_SLOW_PROBE] = {"slow_probe", "health probes time out, but answers are arriving"},
	[CAUSE_SILENT] = {"silent", "health probes time out and no answer arrives"},
	[CAUSE_HTTP_ERROR] = {"http_error", "the health probe was answered with an error"},
	[CAUSE_ENGINE_DEAD] = {"engine_dead", "the server says that its engine is dead (503)"},
	[CAUSE_AUTH] = {"auth", "the server refuses our key (401 or 403)"},
	[CAUSE_WRONG_MODEL] = {"wrong_model", "the server does not serve the model that is asked for"},
	[CAUSE_NOT_A_MODEL_SERVER] = {"not_a_model_server", "/v1/models was not answered with a list of models"},
	[CAUSE_REQUESTED] = {"requested", "a person asked for it"},
	[CAUSE_STARTED] = {"started", "its process is up and loads the model"},
	[CAUSE_EXITED] = {"exited", "its process ended though nobody asked"},
	[CAUSE_KILLED] = {"killed", "its process was killed by a signal that was not ours"},
	[CAUSE_START_TIMEOUT] = {"start_timeout", "its log stood still for too long while it started"},
	[CAUSE_PORT_TAKEN] = {"port_taken", "somebody else listens on its port"},
	[CAUSE_GPU_BUSY] = {"gpu_busy", "somebody else holds the memory of its GPU"},
	[CAUSE_CO_TENANT] = {"co_tenant", "memory of its GPU was given back while it was being measured"},
	[CAUSE_OUT_OF_MEMORY] = {"out_of_memory", "the GPU has too little memory"},
	[CAUSE_KV_TOO_SMALL] = {"kv_too_small", "the KV cache has no room for one sequence; lower max_model_len"},
	[CAUSE_MODEL_NOT_FOUND] = {"model_not_found", "the model cannot be found or read"},
	[CAUSE_BAD_ARGUMENTS] = {"bad_arguments", "its command line is refused"},
	[CAUSE_NO_COMMAND] = {"no_command", "its program cannot be run"},
	[CAUSE_GPU_FAULT] = {"gpu_fault", "the GPU or its driver failed"},
	[CAUSE_UNKILLABLE] = {"unkillable", "it survives SIGKILL: the driver holds it, and only a reboot helps"},
	[CAUSE_HUNG] = {"hung", "it answers health probes and produces nothing"},
	[CAUSE_SLEEPING] = {"sleeping", "the server sleeps"},
	[CAUSE_NOT_CONFORMING] = {"not_conforming", "its answers to the check questions are not what was asked for"},
	[CAUSE_OUTSIDE_HOURS] = {"outside_hours", "outside its allowed hours"},
	[CAUSE_GAVE_UP] = {"gave_up", "restarted too often; needs a person"},
};

const char *worker_state_name(enum worker_state state)
{
	return state_names[state];
}

bool worker_state_parse(const char *name, enum worker_state *out)
{
	for (int i = 0; i < WORKER_STATE_COUNT; i++)
		if (strcmp(state_names[i], name) == 0) {
			*out = (enum worker_state)i;
			return true;
		}
	return false;
}

bool worker_state_takes_items(enum worker_state state)
{
	return state == WORKER_READY || state == WORKER_BUSY;
}

const char *worker_kind_name(enum worker_kind kind)
{
	return kind_names[kind];
}

bool worker_kind_parse(const char *name, enum worker_kind *out)
{
	for (int i = 0; i < WORKER_KIND_COUNT; i++)
		if (strcmp(kind_names[i], name) == 0) {
			*out = (enum worker_kind)i;
			return true;
		}
	return false;
}

const char *worker_cause_name(enum worker_cause cause)
{
	return causes[cause].name;
}

const char *worker_cause_sentence(enum worker_cause cause)
{
	return causes[cause].sentence;
}
