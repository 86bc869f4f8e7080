#include "workers/log_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

/* facts: llm-servers A4. In the order of precedence: a cause that is named beats the wrapper around it. */
static const struct log_failure failures[] = {
	{"ZMQError", "ddress already in use", CAUSE_EXITED, false, false, false}, /* two engines chose one inner port */
	{"on startup is less than desired GPU memory utilization", NULL, CAUSE_GPU_BUSY, false, false, true},
	{"Error in memory profiling", NULL, CAUSE_CO_TENANT, false, true, false},
	{"No available memory for the cache blocks", NULL, CAUSE_KV_TOO_SMALL, true, false, false},
	{"Available KV cache memory: -", NULL, CAUSE_KV_TOO_SMALL, true, false, false},
	{"To serve at least one request with the model", NULL, CAUSE_KV_TOO_SMALL, true, false, false},
	{"is larger than the maximum number of tokens that can be stored in KV cache", NULL, CAUSE_KV_TOO_SMALL, true, false, false},
	{"address already in use", NULL, CAUSE_PORT_TAKEN, false, false, true},
	{"Address already in use", NULL, CAUSE_PORT_TAKEN, false, false, true},
	{"OutOfMemoryError", NULL, CAUSE_OUT_OF_MEMORY, false, true, false},
	{"CUDA out of memory", NULL, CAUSE_OUT_OF_MEMORY, false, true, false},
	{"invalid literal for int() with base 10: 'GPU-", NULL, CAUSE_BAD_ARGUMENTS, true, false, false},
	{"Repository Not Found", NULL, CAUSE_MODEL_NOT_FOUND, true, false, false},
	{"RepositoryNotFoundError", NULL, CAUSE_MODEL_NOT_FOUND, true, false, false},
	{"401 Client Error", NULL, CAUSE_MODEL_NOT_FOUND, true, false, false},
	{"gated repo", NULL, CAUSE_MODEL_NOT_FOUND, true, false, false},
	{"is not a local folder", NULL, CAUSE_MODEL_NOT_FOUND, true, false, false},
	{"error: unrecognized arguments", NULL, CAUSE_BAD_ARGUMENTS, true, false, false},
	{": error: argument ", NULL, CAUSE_BAD_ARGUMENTS, true, false, false},
	{"CUDA error", NULL, CAUSE_GPU_FAULT, false, true, false},
	{"NCCL error", NULL, CAUSE_GPU_FAULT, false, true, false},
};

static const struct {
	const char *needle, *also, *phase;
	double from, to; /* a percentage in the line lies between them */
} phases[] = {
	{"Automatically detected platform", NULL, "starting", 0.02, 0.02},
	{"API server version", NULL, "reading its configuration", 0.04, 0.04},
	{"Resolved architecture", NULL, "reading its configuration", 0.06, 0.06},
	{"Initializing a V1 LLM engine", NULL, "starting the engine", 0.10, 0.10},
	{"Starting to load model", NULL, "loading weights", 0.20, 0.20},
	{"Loading safetensors checkpoint shards", NULL, "loading weights", 0.20, 0.60},
	{"Loading pt checkpoint shards", NULL, "loading weights", 0.20, 0.60},
	{"Loading weights took", NULL, "weights loaded", 0.60, 0.60},
	{"Model loading took", NULL, "weights loaded", 0.62, 0.62},
	{"torch_compile_cache", NULL, "compiling", 0.64, 0.64},
	{"Dynamo bytecode transform", NULL, "compiling", 0.66, 0.66},
	{"Compiling a graph", NULL, "compiling", 0.70, 0.70},
	{"torch.compile takes", NULL, "compiling", 0.76, 0.76},
	{"Available KV cache memory", NULL, "measuring memory", 0.80, 0.80},
	{"KV cache size", NULL, "measuring memory", 0.82, 0.82},
	{"Capturing CUDA graph", NULL, "capturing graphs", 0.84, 0.92},
	{"Graph capturing finished", NULL, "graphs captured", 0.93, 0.93},
	{"init engine (profile", NULL, "engine ready", 0.95, 0.95},
	{"Starting vLLM", "server", "starting the server", 0.97, 0.97},
	{"Application startup complete", NULL, "waiting for its first answer", 1.0, 1.0},
};

void log_lines_init(struct log_lines *log)
{
	*log = (struct log_lines){.progress = -1};
}

void log_lines_release(struct log_lines *log)
{
	for (size_t i = 0; i < LOG_LINES_KEPT; i++)
		free(log->lines[i]);
	free(log->failure_line);
	*log = (struct log_lines){.progress = -1};
}

/* The number before the first "%", or -1. */
static double percentage(const char *line)
{
	const char *sign = strchr(line, '%'), *start = sign;
	while (start && start > line && ((start[-1] >= '0' && start[-1] <= '9') || start[-1] == '.'))
		start--;
	double value = sign && start < sign ? strtod(start, NULL) : -1;
	return value > 100 ? 100 : value;
}

static void look_for_phase(struct log_lines *log, const char *line)
{
	for (size_t i = 0; i < COUNT_OF(phases); i++) {
		if (!strstr(line, phases[i].needle) || (phases[i].also && !strstr(line, phases[i].also)))
			continue;
		double percent = percentage(line), progress = phases[i].from;
		if (percent > 0)
			progress += (phases[i].to - phases[i].from) * percent / 100;
		if (progress >= log->progress) { /* the processes of a tree write in any order */
			log->phase = phases[i].phase;
			log->progress = progress;
		}
		return;
	}
}

/* Among several the one that stands first in the table; of one kind, the first line. */
static void look_for_failure(struct log_lines *log, const char *line)
{
	const struct log_failure *end = log->failure ? log->failure : failures + COUNT_OF(failures);
	for (const struct log_failure *failure = failures; failure < end; failure++) {
		if (!strstr(line, failure->needle) || (failure->also && !strstr(line, failure->also)))
			continue;
		log->failure = failure;
		free(log->failure_line);
		log->failure_line = memory_copy(line);
		return;
	}
}

/* What an earlier process wrote says nothing about this one. */
static void begin_anew(struct log_lines *log)
{
	log->phase = NULL;
	log->progress = -1;
	log->failure = NULL;
}

static void end_line(struct log_lines *log, bool replaces)
{
	log->part[log->part_length] = '\0';
	if (text_starts(log->part, LOG_START_MARK))
		begin_anew(log);
	size_t at = (log->first + log->count) % LOG_LINES_KEPT;
	if (log->replace && log->count) {
		at = (log->first + log->count - 1) % LOG_LINES_KEPT;
	} else if (log->count == LOG_LINES_KEPT) {
		at = log->first;
		log->first = (log->first + 1) % LOG_LINES_KEPT;
	} else {
		log->count++;
	}
	free(log->lines[at]);
	log->lines[at] = memory_copy(log->part);
	look_for_phase(log, log->part);
	look_for_failure(log, log->part);
	log->replace = replaces;
	log->part_length = 0;
	log->total++;
}

void log_lines_add(struct log_lines *log, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];
		if (c == '\n' && log->part_length == 0 && log->replace)
			log->replace = false; /* "\r\n" is one end */
		else if (c == '\n' || (c == '\r' && log->part_length))
			end_line(log, c == '\r');
		else if (c != '\r' && log->part_length < LOG_LINE_MAX)
			log->part[log->part_length++] = c ? c : ' ';
	}
}

const char *log_lines_at(const struct log_lines *log, size_t index)
{
	return log->lines[(log->first + index) % LOG_LINES_KEPT];
}
