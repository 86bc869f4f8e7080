#include "sim_options.h"
#include "sim_load.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum kind {
	KIND_HEADING,
	KIND_TEXT,
	KIND_CHOICE, /* of the words in `argument`, divided by | */
	KIND_MIX,    /* CODE:SHARE,CODE:SHARE */
	KIND_INT,
	KIND_REAL,
	KIND_FLAG,
	KIND_LIST /* repeatable; @FILE adds one member per line */
};

struct option {
	const char *name;
	enum kind kind;
	size_t place;
	double min, max;
	const char *start;    /* the value without the option; NULL = none */
	const char *argument; /* as --help names it */
	const char *help;
	bool live; /* POST /sim/faults may set it */
};

#define AT(field) offsetof(struct sim_options, field)
#define HEADING(text) {.kind = KIND_HEADING, .help = text}
#define TEXT(name, field, start, arg, help) {name, KIND_TEXT, AT(field), 0, 0, start, arg, help, false}
#define INT(name, field, min, max, start, arg, help) {name, KIND_INT, AT(field), min, max, start, arg, help, false}
#define LIVE_INT(name, field, min, max, start, arg, help) {name, KIND_INT, AT(field), min, max, start, arg, help, true}
#define REAL(name, field, min, max, start, arg, help) {name, KIND_REAL, AT(field), min, max, start, arg, help, false}
#define FLAG(name, field, help) {name, KIND_FLAG, AT(field), 0, 0, NULL, NULL, help, false}
#define LIVE_FLAG(name, field, help) {name, KIND_FLAG, AT(field), 0, 0, NULL, NULL, help, true}
#define LIST(name, field, arg, help) {name, KIND_LIST, AT(field), 0, 0, NULL, arg, help, false}
#define LIVE_LIST(name, field, help) {name, KIND_LIST, AT(field), 0, 0, NULL, "D|@FILE", help, true}
#define RATE(name, field, help) {name, KIND_REAL, AT(field), 0, 1, "0", "SHARE", help, true}
#define CHOICE(name, field, start, words, help) {name, KIND_CHOICE, AT(field), 0, 0, start, words, help, true}
#define FIXED_CHOICE(name, field, start, words, help) {name, KIND_CHOICE, AT(field), 0, 0, start, words, help, false}

enum { HOUR_MS = 3600 * 1000, MOST = 1000 * 1000 * 1000 };

static const struct option table[] = {
	HEADING("The server"),
	TEXT("host", host, "127.0.0.1", "ADDRESS", "IPv4 address to listen on"),
	INT("port", port, 0, 65535, "0", "N", "0 picks a free one; the line on stdout says which"),
	LIST("model", models, "NAME", "served name, repeatable; the first one is the `model` of every answer"),
	TEXT("root", root, NULL, "PATH", "`root` in /v1/models (default: the first name)"),
	TEXT("api-key", api_key, NULL, "KEY", "guards the paths below /v1"),
	TEXT("version", version, "0.32.0", "TEXT", "answer of GET /version"),
	INT("max-model-len", max_model_len, 16, MOST, "4096", "TOKENS", "longest prompt plus answer"),
	INT("max-num-seqs", max_num_seqs, 1, 65536, "8", "N", "requests in one batch; the others wait"),
	INT("keepalive", keepalive, 0, HOUR_MS, "5000", "MS", "idle connections are closed after this (never scaled)"),
	FLAG("enable-request-id-headers", enable_request_id_headers, "echo X-Request-Id"),
	FLAG("reuseport", reuseport, "share the port with another server, as vLLM did before 0.25"),
	TEXT("pid-file", pid_file, NULL, "FILE", "holds the process id while it runs"),
	TEXT("ledger", ledger, NULL, "FILE", "one JSON line per request and per end of a request is appended"),
	TEXT("name", name, "", "TEXT", "who writes, in the ledger"),
	HEADING("The model"),
	INT("seed", seed, 0, MOST, "1", "N", "of the service times: the same seed, the same total work"),
	INT("opinion-seed", opinion_seed, 0, MOST, "1", "N", "of the opinions"),
	TEXT("opinion", opinion, NULL, "FILE", "serve nothing: print DOMAIN<TAB>true|false<TAB>CONFIDENCE for each line (- is stdin)"),
	TEXT("work", work, NULL, "FILE", "serve nothing: print DOMAIN<TAB>SECONDS of service alone, before slowness and scale"),
	REAL("slowness", slowness, 0.001, 1e6, "1", "FACTOR", "every service time times this"),
	REAL("beta", beta, 0, 100, "0.03", "B", "with b in the batch each is slower by 1 + B (b - 1)"),
	REAL("time-scale", time_scale, 1e-6, 1000, "1", "FACTOR", "every time times this, but for --keepalive"),
	FLAG("instant", instant, "answer at once"),
	HEADING("Answers that fail (share of attempts, drawn by domain and attempt; also POST /sim/faults)"),
	INT("fault-seed", fault_seed, 0, MOST, "1", "N", "of the draws: give each simulator its own, or a retry meets the same fault elsewhere"),
	RATE("fail-500", fail_500, "500 InternalServerError, half-way"),
	RATE("cut-body", cut_body, "Content-Length promises more than is sent, then closed"),
	RATE("malformed", malformed, "200, finish_reason stop, content is broken JSON"),
	RATE("finish-length", finish_length, "200, finish_reason length, content cut"),
	RATE("finish-abort", finish_abort, "200, finish_reason abort, half the content"),
	RATE("empty", empty, "200, finish_reason stop, content null or \"\""),
	RATE("empty-reply", empty_reply, "closed without a byte"),
	RATE("reset", reset, "RST instead of an answer"),
	RATE("hang", hang, "never answered; /health stays 200"),
	RATE("wrong-schema", wrong_schema, "200, JSON that breaks the schema"),
	{"status-mix", KIND_MIX, AT(status_mix), 0, 0, NULL, "CODE:SHARE,...", "these at once, as a proxy would", true},
	LIVE_LIST("always-fail", always_fail, "500 for ever for this domain"),
	LIVE_LIST("hang-domain", hang_domain, "never answered for this domain"),
	LIVE_LIST("hang-once", hang_once, "never answered at the first attempt seen here"),
	LIVE_LIST("context-domain", context_domain, "400, prompt too long, for this domain"),
	HEADING("Answers that differ"),
	LIVE_FLAG("ignore-schema", ignore_schema, "free text, whatever response_format says"),
	LIVE_FLAG("constant-answer", constant_answer, "the same answer to everything"),
	LIVE_FLAG("content-in-reasoning", content_in_reasoning, "content null, the answer in the reasoning field"),
	CHOICE("reasoning-field", reasoning_field, "reasoning", "reasoning|reasoning_content", "its name"),
	LIVE_FLAG("think-text", think_text, "<think>...</think> before the JSON"),
	CHOICE("error-body", error_body, "new", "new|old|text|empty", "shape of error answers"),
	HEADING("A server that fails"),
	LIVE_INT("max-queued", max_queued, -1, MOST, "-1", "N", "503 when N wait; -1 = no limit"),
	LIVE_INT("health-latency", health_latency, 0, HOUR_MS, "0", "MS", "/health answers this late"),
	LIVE_INT("health-latency-under-load", health_latency_under_load, 0, HOUR_MS, "0", "MS", "the same while a request is in flight"),
	LIVE_INT("health-status", health_status, 200, 599, "200", "CODE", "of /health and /ping"),
	CHOICE("metrics", metrics, "new", "new|old|none|frozen", "names in /metrics, or 404, or values that stand still"),
	LIVE_FLAG("freeze", freeze, "a hung engine: nothing advances, metrics stand still, /health stays 200"),
	LIVE_FLAG("ignore-disconnect", ignore_disconnect, "go on computing for a client that has left"),
	INT("load-time", load_time, 0, HOUR_MS, "0", "MS", "bound but not listening, then ready"),
	LIVE_INT("away-after", away_after, -1, HOUR_MS, "-1", "MS", "from ready, or from the POST that sets it; -1 = never"),
	LIVE_INT("away-for", away_for, 1, HOUR_MS, "6000", "MS", "stops listening, resets its connections, comes back"),
	LIVE_INT("exit-after", exit_after, 0, MOST, "0", "N", "exit after N chat requests have ended; 0 = never"),
	LIVE_LIST("exit-on", exit_on, "poison: exits half-way through a request for this domain"),
	LIVE_INT("exit-code", exit_code, 0, 255, "0", "CODE", "of both exits (a dead vLLM exits 0)"),
	LIVE_FLAG("sleeping", sleeping, "/is_sleeping says true, /health 200, requests wait until POST /wake_up"),
	LIVE_FLAG("reject-duplicate-ids", reject_duplicate_ids, "400 for a request id that was seen before"),
	HEADING("A process like vllm's (`vllm-sim serve MODEL` switches on the first three)"),
	FLAG("phase-log", phase_log, "the lines of a start, over --load-time, progress bars with carriage returns"),
	INT("children", children, 0, 32, "0", "N", "1 = EngineCore, 2 = and a Worker, 3 = and a resource tracker, more = more workers"),
	FLAG("vllm-manners", vllm_manners, "SIGTERM waits for the clients of open requests; while the model loads it is swallowed"),
	INT("shutdown-timeout", shutdown_timeout, 0, 3600, "0", "SECONDS", "grace for running requests after SIGTERM; new ones are 500 meanwhile"),
	FLAG("ignore-sigterm", ignore_sigterm, "SIGTERM and SIGINT do nothing, to the children neither"),
	FIXED_CHOICE("fail-start", fail_start, "none", SIM_LOAD_FAILURES, "the start fails: lines and exit status of the real one"),
	TEXT("fail-start-once", fail_start_once, NULL, "FILE", "only while FILE does not exist, which it then does"),
	FIXED_CHOICE("load-hang-at", load_hang_at, "none", SIM_LOAD_PHASES, "the start stands still there for ever"),
	TEXT("gpus", gpus, NULL, "DIR", "of fake-nvidia-smi: the memory is held there (default: $SIM_GPUS)"),
	REAL("gpu-memory-utilization", gpu_memory_utilization, 0.01, 1, "0.9", "SHARE", "of the memory of a GPU that is held"),
	INT("tensor-parallel-size", tensor_parallel_size, 1, 16, "1", "N", "so many workers, each on its GPU of CUDA_VISIBLE_DEVICES"),
	INT("worker-outlives", worker_outlives, -1, HOUR_MS, "5000", "MS", "a worker whose engine was killed lives on; -1 = for ever"),
};

static void *place_of(const struct sim_options *options, const struct option *option)
{
	return (char *)(uintptr_t)options + option->place;
}

static const struct option *option_find(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const char *known = table[i].name;
		if (known && strlen(known) == length && memcmp(known, name, length) == 0)
			return &table[i];
	}
	return NULL;
}

static bool is_choice(const char *words, const char *text)
{
	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strcspn(at, "|") == strlen(text) && memcmp(at, text, strlen(text)) == 0)
			return true;
	}
	return false;
}

static bool is_mix(const char *text)
{
	while (*text) {
		char *end;
		long code = strtol(text, &end, 10);
		if (code < 400 || code > 599 || *end != ':')
			return false;
		double share = strtod(end + 1, &end);
		if (!(share >= 0 && share <= 1) || (*end && *end != ','))
			return false;
		text = end + (*end == ',');
	}
	return true;
}

static bool set_text(struct sim_options *options, const struct option *option, const char *text, struct error *err)
{
	if (option->kind == KIND_CHOICE && !is_choice(option->argument, text))
		return error_set(err, ERROR_CONFIG, "%s: \"%s\" is none of %s", option->name, text, option->argument);
	if (option->kind == KIND_MIX && !is_mix(text))
		return error_set(err, ERROR_CONFIG, "%s: expected 429:0.05,502:0.01, not \"%s\"", option->name, text);
	char **place = place_of(options, option);
	free(*place);
	*place = memory_copy(text);
	return true;
}

static bool set_number(struct sim_options *options, const struct option *option, double value, struct error *err)
{
	bool whole = option->kind == KIND_REAL || value == floor(value);
	if (!(value >= option->min && value <= option->max) || !whole)
		return error_set(err, ERROR_CONFIG, "%s: %g is not %s from %g to %g", option->name, value,
				 option->kind == KIND_INT ? "a whole number" : "a number", option->min, option->max);
	if (option->kind == KIND_INT)
		*(int64_t *)place_of(options, option) = (int64_t)value;
	else
		*(double *)place_of(options, option) = value;
	return true;
}

static bool add_lines(json_t *set, const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return error_set(err, ERROR_CONFIG, "%s: %s", path, strerror(errno));
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	while (getline(&line, &capacity, file) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line)
			json_object_set_new(set, line, json_true());
	}
	fclose(file);
	return true;
}

static bool add_member(json_t *set, const char *text, struct error *err)
{
	if (*text == '@')
		return add_lines(set, text + 1, err);
	if (json_object_set_new(set, text, json_true()) != 0)
		return error_set(err, ERROR_CONFIG, "a member of a list is not UTF-8");
	return true;
}

static bool set_from_text(struct sim_options *options, const struct option *option, const char *text, struct error *err)
{
	double number;
	switch (option->kind) {
	case KIND_TEXT:
	case KIND_CHOICE:
	case KIND_MIX:
		return set_text(options, option, text, err);
	case KIND_INT:
	case KIND_REAL:
		if (!text_to_double(text, &number))
			return error_set(err, ERROR_CONFIG, "%s: expected a number, not \"%s\"", option->name, text);
		return set_number(options, option, number, err);
	case KIND_LIST:
		return add_member(*(json_t **)place_of(options, option), text, err);
	case KIND_FLAG:
	case KIND_HEADING:
		break;
	}
	return error_set(err, ERROR_CONFIG, "%s takes no value", option->name);
}

void sim_options_init(struct sim_options *options)
{
	*options = (struct sim_options){0};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (table[i].kind == KIND_LIST)
			*(json_t **)place_of(options, &table[i]) = json_object();
		if (table[i].start)
			set_from_text(options, &table[i], table[i].start, NULL);
	}
}

void sim_options_release(struct sim_options *options)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		enum kind kind = table[i].kind;
		if (kind == KIND_TEXT || kind == KIND_CHOICE || kind == KIND_MIX)
			free(*(char **)place_of(options, &table[i]));
		if (kind == KIND_LIST)
			json_decref(*(json_t **)place_of(options, &table[i]));
	}
	*options = (struct sim_options){0};
}

/* One argument, and the next one when it holds the value; false with an error, else *used says how many it took. */
static bool parse_one(struct sim_options *options, char **arguments, int *used, struct error *err)
{
	const char *argument = arguments[0];
	size_t length = strcspn(argument, "=");
	const struct option *option =
		text_starts(argument, "--") && length > 2 ? option_find(argument + 2, length - 2) : NULL;
	if (!option)
		return error_set(err, ERROR_CONFIG, "unknown option %s; --help lists them", argument);
	const char *value = argument[length] ? argument + length + 1 : NULL;
	*used = 1;
	if (option->kind == KIND_FLAG && !value) {
		*(bool *)place_of(options, option) = true;
		return true;
	}
	if (option->kind != KIND_FLAG && !value) {
		value = arguments[1];
		*used = 2;
	}
	if (!value)
		return error_set(err, ERROR_CONFIG, "--%s needs %s", option->name, option->argument);
	return set_from_text(options, option, value, err);
}

bool sim_options_parse(struct sim_options *options, int argc, char **argv, bool *help, struct error *err)
{
	*help = false;
	for (int i = 1, used = 1; i < argc; i += used) {
		if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
			*help = true;
			return true;
		}
		if (!parse_one(options, &argv[i], &used, err))
			return false;
	}
	if (json_object_size(options->models) == 0)
		json_object_set_new(options->models, "sim", json_true());
	return true;
}

void sim_options_help(FILE *out)
{
	fprintf(out, "vllm-sim - speaks like `vllm serve` 0.32, thinks by a table, fails on command\n");
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct option *option = &table[i];
		if (option->kind == KIND_HEADING) {
			fprintf(out, "\n%s\n", option->help);
			continue;
		}
		AUTO_FREE char *left =
			memory_format("--%s %s", option->name, option->argument ? option->argument : "");
		fprintf(out, "  %-42s %s", left, option->help);
		if (option->start && *option->start && !(option->kind == KIND_REAL && option->max <= 1 && option->live))
			fprintf(out, " (%s)", option->start);
		fputc('\n', out);
	}
}

static json_t *value_of(const struct sim_options *options, const struct option *option)
{
	const void *place = place_of(options, option);
	switch (option->kind) {
	case KIND_TEXT:
	case KIND_CHOICE:
	case KIND_MIX:
		return json_text_or_null(*(char *const *)place);
	case KIND_INT:
		return json_integer(*(const int64_t *)place);
	case KIND_REAL:
		return json_real(*(const double *)place);
	case KIND_FLAG:
		return json_boolean(*(const bool *)place);
	case KIND_LIST:
	case KIND_HEADING:
		break;
	}
	json_t *list = json_array();
	const char *member;
	json_t *ignored;
	json_object_foreach(*(json_t *const *)place, member, ignored)
		json_array_append_new(list, json_string(member));
	return list;
}

json_t *sim_options_faults(const struct sim_options *options)
{
	json_t *object = json_object();
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].live)
			json_object_set_new(object, table[i].name, value_of(options, &table[i]));
	return object;
}

/* A list is replaced: [] or null empties it. */
static bool set_list(struct sim_options *options, const struct option *option, json_t *value, struct error *err)
{
	AUTO_JSON json_t *set = json_object();
	size_t i;
	json_t *member;
	if (json_is_string(value) && !add_member(set, json_string_value(value), err))
		return false;
	json_array_foreach(value, i, member)
		if (!json_is_string(member) || !add_member(set, json_string_value(member), err))
			return error_set(err, ERROR_INPUT, "%s: expected a list of domains", option->name);
	json_t **place = place_of(options, option);
	json_decref(*place);
	*place = TAKE(set);
	return true;
}

static bool set_from_json(struct sim_options *options, const struct option *option, json_t *value, struct error *err)
{
	switch (option->kind) {
	case KIND_TEXT:
	case KIND_CHOICE:
	case KIND_MIX:
		if (json_is_string(value) || json_is_null(value))
			return set_text(options, option, json_is_null(value) ? "" : json_string_value(value), err);
		break;
	case KIND_INT:
	case KIND_REAL:
		if (json_is_number(value))
			return set_number(options, option, json_number_value(value), err);
		break;
	case KIND_FLAG:
		if (!json_is_boolean(value))
			break;
		*(bool *)place_of(options, option) = json_is_true(value);
		return true;
	case KIND_LIST:
		if (json_is_string(value) || json_is_array(value) || json_is_null(value))
			return set_list(options, option, value, err);
		break;
	case KIND_HEADING:
		break;
	}
	return error_set(err, ERROR_INPUT, "%s: the value has the wrong type", option->name);
}

static bool set_all(struct sim_options *options, json_t *object, struct error *err)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		const struct option *option = option_find(name, strlen(name));
		if (!option || !option->live)
			return error_set(err, ERROR_INPUT, "%s: no such failure, or not one to switch while serving", name);
		if (!set_from_json(options, option, value, err))
			return false;
	}
	return true;
}

bool sim_options_set_faults(struct sim_options *options, json_t *object, struct error *err)
{
	if (!json_is_object(object))
		return error_set(err, ERROR_INPUT, "expected an object");
	AUTO_JSON json_t *before = sim_options_faults(options);
	if (set_all(options, object, err))
		return true;
	set_all(options, before, NULL);
	return false;
}

bool sim_options_lists(const json_t *set, const char *domain)
{
	return json_object_get(set, domain) != NULL;
}
