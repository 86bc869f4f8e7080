#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "config/config.h"
#include "config/options.h"

#define CONFIG(field) offsetof(struct config, field)
#define WORKER(field) offsetof(struct config_worker, field)

#define REPLACED(name, kind, sentence) {.key = (name), .type = (kind), .status = OPTION_REPLACED, .help = (sentence)}
#define NOT_BUILT(name, kind, sentence) {.key = (name), .type = (kind), .status = OPTION_NOT_BUILT, .help = (sentence)}

const struct option_section option_sections[] = {
	{"server", "Where mekiki listens, and where it keeps everything."},
	{"workers[]", "The places that answer requests: one entry per vLLM endpoint."},
	{"vllm", "What the workers run."},
	{"evaluation", "How one item is evaluated."},
	{"health_check", "When a worker counts as down."},
	{"recovery", "When a worker that mekiki started is started again."},
	{"sampling", "Which rows a run takes when it does not say."},
	{"logging", "The log, on standard error."},
	{"limits", "What strangers may send and hold."},
};
const size_t option_section_count = COUNT_OF(option_sections);

const struct option options[] = {
	{"server.listen", OPTION_ADDRESS, CONFIG(server.host), 0, 65535, "127.0.0.1:8580", NULL, NULL,
	 "address and port of the page and the API; port 0 picks a free one; [::1]:8580 for IPv6", 0, NULL},
	{"server.data_dir", OPTION_PATH, CONFIG(server.data_dir), 0, 0, NULL, NULL, NULL,
	 "database, datasets, logs and runtime.json; without it $XDG_DATA_HOME/mekiki or ~/.local/share/mekiki", 0, NULL},
	{"server.allowed_hosts", OPTION_TEXTS, CONFIG(server.allowed_hosts), 0, 0, "[]", NULL, NULL,
	 "names besides localhost under which browsers may reach the server", 0, NULL},
	{"server.web_dir", OPTION_PATH, CONFIG(server.web_dir), 0, 0, NULL, NULL, NULL,
	 "serve the page's files from this directory, for those who work on them", 0, NULL},
	{"server.keep_workers", OPTION_BOOL, CONFIG(server.keep_workers), 0, 0, "false", NULL, NULL,
	 "leave local workers running when the server is stopped; its next start finds them again", 0, NULL},
	{"server.network_file_system", OPTION_BOOL, CONFIG(server.network_file_system), 0, 0, "false", NULL, NULL,
	 "allow data_dir on NFS, Lustre and the like, where locks and crashes may damage the database", 0, NULL},

	{"workers[].id", OPTION_ID, WORKER(id), 1, 64, NULL, NULL, NULL, "name of the worker, text or number, unique", 0, NULL},
	{"workers[].type", OPTION_CHOICE, WORKER(kind), 0, 0, "external", "external|local|remote|slurm|fake", NULL,
	 "external: an endpoint that somebody else runs; local: a process that mekiki starts here; fake: none, for evaluator: fake", 0, NULL},
	{"workers[].url", OPTION_URL, WORKER(url), 0, 0, NULL, NULL, NULL,
	 "the endpoint, with or without /v1, as \"http://127.0.0.1:8000\"", 0, NULL},
	{"workers[].port", OPTION_INT, WORKER(port), 1, 65535, NULL, NULL, NULL,
	 "of a local worker; else short for url: \"http://127.0.0.1:PORT\"", 0, NULL},
	{"workers[].model", OPTION_TEXT, WORKER(model), 0, 0, NULL, NULL, NULL,
	 "model the endpoint must list; without it vllm.model", 0, NULL},
	{"workers[].api_key_file", OPTION_PATH, SIZE_MAX, 0, 0, NULL, NULL, NULL,
	 "file whose first line is the endpoint's API key", 0, NULL},
	{"workers[].api_key_env", OPTION_TEXT, SIZE_MAX, 0, 0, NULL, NULL, NULL,
	 "environment variable that holds the endpoint's API key", 0, NULL},
	{"workers[].headers_file", OPTION_PATH, SIZE_MAX, 0, 0, NULL, NULL, NULL,
	 "file with further request headers, one \"Name: value\" per line", 0, NULL},
	{"workers[].max_in_flight", OPTION_INT, WORKER(max_in_flight), 1, 4096, NULL, NULL, "requests",
	 "requests at a time; without it 1.5 x vllm.max_num_seqs, else 8", 0, NULL},
	{"workers[].connection_reuse", OPTION_CHOICE, WORKER(reuse), 0, 0, "auto", "auto|never|always", NULL,
	 "keep connections open between requests; auto: for https only, because vLLM closes idle ones after 5 seconds", 0,
	 NULL},

	{"workers[].gpu", OPTION_TEXT, WORKER(gpu), 0, 0, NULL, NULL, NULL,
	 "GPU of a local worker: an index, several as \"0,1\"; two on one GPU are started one after another", 0, NULL},
	{"workers[].command", OPTION_TEXTS, WORKER(command), 0, 0, NULL, NULL, NULL,
	 "program and arguments of a local worker, run without a shell, {model} {port} {gpu} {nonce} replaced; without it vllm serve", 0,
	 NULL},
	{"workers[].args", OPTION_TEXTS, WORKER(args), 0, 0, NULL, NULL, NULL, "further arguments of a local worker's command", 0,
	 NULL},
	{"workers[].env", OPTION_TEXTS, WORKER(env), 0, 0, NULL, NULL, NULL,
	 "further environment of a local worker, each \"NAME=value\"", 0, NULL},
	{"workers[].start", OPTION_CHOICE, WORKER(start), 0, 0, "run", "run|server|manual", NULL,
	 "when mekiki starts the worker: with the first run that uses it, with the server, or when a person says so", 0, NULL},
	{"workers[].start_timeout", OPTION_SECONDS, WORKER(start_timeout_ms), 0.1, 86400, "900", NULL, "seconds",
	 "a start has failed when its log stands still for so long", 0, NULL},
	{"workers[].stop_timeout", OPTION_SECONDS, WORKER(stop_timeout_ms), 0.1, 3600, "30", NULL, "seconds",
	 "time for a clean end before what is left of it is killed", 0, NULL},
	{"workers[].start_cmd", OPTION_TEXT, WORKER(start_cmd), 0, 0, NULL, NULL, NULL,
	 "shell command that starts an external worker", 0, NULL},
	{"workers[].stop_cmd", OPTION_TEXT, WORKER(stop_cmd), 0, 0, NULL, NULL, NULL,
	 "shell command that stops an external worker; run only for what start_cmd has started", 0, NULL},
	{"workers[].command_timeout", OPTION_SECONDS, WORKER(command_timeout_ms), 0.1, 86400, "120", NULL, "seconds",
	 "time limit of start_cmd and stop_cmd; what the command has started stays", 0, NULL},
	{"workers[].stop_on_complete", OPTION_BOOL, WORKER(stop_on_complete), 0, 0, "false", NULL, NULL,
	 "stop the worker when its run is over and no other waits, if mekiki started it", 0, NULL},
	{"workers[].idle_timeout", OPTION_SECONDS, WORKER(idle_timeout_ms), 0, 604800, "0", NULL, "seconds",
	 "stop the worker after so long without a run, if mekiki started it; 0 = never", 0, NULL},
	{"workers[].allowed_hours", OPTION_HOURS, WORKER(allowed_hours), 0, 0, NULL, NULL, NULL,
	 "the worker is started only within these hours, and stopped when they end", 0, NULL},

	{"vllm.model", OPTION_TEXT, CONFIG(vllm.model), 0, 0, NULL, NULL, NULL,
	 "model that workers must list unless they name their own; without it, whatever they serve", 0, NULL},
	{"vllm.max_num_seqs", OPTION_INT, CONFIG(vllm.max_num_seqs), 1, 65536, NULL, NULL, "sequences",
	 "--max-num-seqs of the workers, if known: sets the requests at a time", 0, NULL},
	{"vllm.max_model_len", OPTION_INT, CONFIG(vllm.max_model_len), 1, 1e9, NULL, NULL, "tokens",
	 "--max-model-len of local workers; that of others is read from /v1/models", 0, NULL},
	{"vllm.gpu_memory_utilization", OPTION_NUMBER, CONFIG(vllm.gpu_memory), 0.01, 1, NULL, NULL, NULL,
	 "--gpu-memory-utilization of local workers", 0, NULL},
	{"vllm.dtype", OPTION_TEXT, CONFIG(vllm.dtype), 0, 0, NULL, NULL, NULL, "--dtype of local workers", 0, NULL},

	{"evaluation.evaluator", OPTION_CHOICE, CONFIG(evaluation.evaluator), 0, 0, "chat", "chat|fake", NULL,
	 "chat: ask the model; fake: read the verdict from columns or a hash, for rehearsals", 0, NULL},
	{"evaluation.timeout_per_domain", OPTION_SECONDS, CONFIG(evaluation.timeout_ms), 0.05, 86400, "60", NULL, "seconds",
	 "deadline of one attempt", 0, NULL},
	{"evaluation.attempts", OPTION_INT, CONFIG(evaluation.attempts), 1, 20, "3", NULL, "attempts",
	 "tries per item before its failure is its result", 0, NULL},
	{"evaluation.backoff", OPTION_SECONDS_LIST, CONFIG(evaluation.backoff), 0, 3600, "[1, 5, 10]", NULL, "seconds",
	 "pauses before the second, third, ... attempt; the last repeats", 0, NULL},
	{"evaluation.system_prompt", OPTION_TEXT, CONFIG(evaluation.system_prompt), 0, 0, NULL, NULL, NULL,
	 "template of the system message; {{column}} stands for a cell of the row", 0, NULL},
	{"evaluation.system_prompt_file", OPTION_PATH, SIZE_MAX, 0, 0, NULL, NULL, NULL, "the same from a file", 0, NULL},
	{"evaluation.user_prompt", OPTION_TEXT, CONFIG(evaluation.user_prompt), 0, 0, NULL, NULL, NULL,
	 "template of the user message", 0, NULL},
	{"evaluation.user_prompt_file", OPTION_PATH, SIZE_MAX, 0, 0, NULL, NULL, NULL, "the same from a file", 0, NULL},
	{"evaluation.temperature", OPTION_NUMBER, CONFIG(evaluation.temperature), 0, 2, "0", NULL, NULL,
	 "0 = the most probable answer", 0, NULL},
	{"evaluation.top_p", OPTION_NUMBER, CONFIG(evaluation.top_p), 0.01, 1, "1", NULL, NULL,
	 "share of the probability that is sampled from", 0, NULL},
	{"evaluation.max_tokens", OPTION_INT, CONFIG(evaluation.max_tokens), 1, 1000000, "1024", NULL, "tokens",
	 "longest answer; a thinking model needs more", 0, NULL},
	{"evaluation.enable_thinking", OPTION_SWITCH, CONFIG(evaluation.thinking), 0, 0, NULL, NULL, NULL,
	 "sent as chat_template_kwargs.enable_thinking; not sent when not set", 0, NULL},
	{"evaluation.language", OPTION_CHOICE, CONFIG(evaluation.language), 0, 0, "en", "en|ja", NULL,
	 "language of the reasoning", 0, NULL},
	{"evaluation.no_verdict", OPTION_CHOICE, CONFIG(evaluation.no_verdict), 0, 0, "exclude", "exclude|stage1|benign", NULL,
	 "how items without a verdict count in the final figures", 0, NULL},

	{"health_check.interval", OPTION_SECONDS, CONFIG(health.interval_ms), 0.1, 3600, "5", NULL, "seconds",
	 "time between two probes of a worker", 0, NULL},
	{"health_check.timeout", OPTION_SECONDS, CONFIG(health.timeout_ms), 0.1, 3600, "10", NULL, "seconds",
	 "deadline of one probe", 0, NULL},
	{"health_check.max_failures", OPTION_INT, CONFIG(health.max_failures), 1, 100, "3", NULL, "probes",
	 "failures in a row that mean down", 0, NULL},

	{"recovery.restarts", OPTION_INT, CONFIG(recovery.restarts), 0, 32, "3", NULL, "restarts",
	 "within recovery.window, then it needs a person", 0, NULL},
	{"recovery.window", OPTION_SECONDS, CONFIG(recovery.window_ms), 0.1, 604800, "1800", NULL, "seconds",
	 "restarts older than this are forgotten", 0, NULL},
	{"recovery.delay", OPTION_SECONDS_LIST, CONFIG(recovery.delay), 0, 86400, "[5, 20, 60]", NULL, "seconds",
	 "pauses before the first, second, ... restart; the last repeats", 0, NULL},
	{"recovery.forgive", OPTION_SECONDS, CONFIG(recovery.forgive_ms), 0.1, 604800, "600", NULL, "seconds",
	 "after so long in good health all restarts are forgotten", 0, NULL},
	{"recovery.wait", OPTION_SECONDS, CONFIG(recovery.wait_ms), 0.1, 86400, "30", NULL, "seconds",
	 "between two looks at what is nobody's fault, such as a GPU or a port in use", 0, NULL},
	{"retry.vllm_restarts", OPTION_INT, CONFIG(recovery.restarts), 0, 32, NULL, NULL, "restarts",
	 "the original's name of recovery.restarts", 0, NULL},

	{"shared_server.on_foreign_use", OPTION_CHOICE, CONFIG(shared.on_foreign_use), 0, 0, "warn", "warn|pause|drain", NULL,
	 "when somebody else uses a GPU of a local worker: say so; give the worker no items; finish its items and stop it until they are gone", 0, NULL},
	{"shared_server.gpu_memory_threshold_mb", OPTION_INT, CONFIG(shared.threshold_mib), 0, 1e7, "1000", NULL, "MiB",
	 "GPU memory that others may hold without counting as users", 0, NULL},
	{"shared_server.back_after", OPTION_SECONDS, CONFIG(shared.back_after_ms), 0, 86400, "60", NULL, "seconds",
	 "others must have left the GPU for so long before the worker comes back", 0, NULL},
	{"shared_server.interval", OPTION_SECONDS, CONFIG(shared.interval_ms), 0.1, 3600, "5", NULL, "seconds",
	 "between two looks at the GPUs; rarer, up to 60, while nvidia-smi fails", 0, NULL},
	{"shared_server.timeout", OPTION_SECONDS, CONFIG(shared.timeout_ms), 0.1, 3600, "10", NULL, "seconds",
	 "deadline of nvidia-smi; then the GPUs are unknown", 0, NULL},
	{"shared_server.nvidia_smi", OPTION_TEXT, CONFIG(shared.nvidia_smi), 0, 0, "nvidia-smi", NULL, NULL,
	 "the program, or another that speaks like it", 0, NULL},

	{"sampling.n_sample", OPTION_COUNT_OR_ALL, CONFIG(sampling.count), 1, 1e9, "ALL", NULL, "items",
	 "items to take, or ALL", 0, NULL},
	{"sampling.random_state", OPTION_INT, CONFIG(sampling.seed), 0, 4294967295.0, "42", NULL, NULL,
	 "seed of samples and shuffles", 0, NULL},
	{"sampling.shuffle", OPTION_BOOL, CONFIG(sampling.shuffle), 0, 0, "false", NULL, NULL,
	 "random order, so that figures are representative while the run goes on", 0, NULL},

	{"logging.level", OPTION_CHOICE, CONFIG(logging.level), 0, 0, "info", "debug|info|warning|error", NULL,
	 "the least that is logged", 0, NULL},
	{"logging.format", OPTION_CHOICE, CONFIG(logging.format), 0, 0, "text", "text|json", NULL,
	 "one line of text, or one JSON object, per fact", 0, NULL},

	{"limits.upload_bytes", OPTION_BYTES, CONFIG(limits.upload_bytes), 1024, 1e12, "2G", NULL, "bytes",
	 "largest dataset", 0, NULL},
	{"limits.sse_clients", OPTION_INT, CONFIG(limits.sse_clients), 1, 100000, "128", NULL, "streams",
	 "live streams; at most half of limits.connections, so that pages keep answering", 0, NULL},
	{"limits.connections", OPTION_INT, CONFIG(limits.connections), 8, 100000, "512", NULL, "connections",
	 "open connections", 0, NULL},

	/* Keys of the original system, and of what is not there yet. */
	REPLACED("num_workers", OPTION_INT, "has no effect; the workers of a run are chosen when it is launched (--workers, --add-gpu)"),
	{"workers[].api_key", OPTION_ANY, 0, 0, 0, NULL, NULL, NULL,
	 "a secret must not stand in this file, which is copied and committed; use api_key_file or api_key_env",
	 OPTION_REFUSED, NULL},
	REPLACED("workers[].speed_weight", OPTION_NUMBER, "has no effect; all workers pull from one queue as fast as they are"),
	NOT_BUILT("workers[].ssh", OPTION_ANY, "workers on other hosts over ssh are not built yet; open the tunnel yourself and give its port"),
	NOT_BUILT("workers[].tmux", OPTION_ANY, "workers in tmux sessions are not built yet; start them yourself"),
	NOT_BUILT("workers[].slurm", OPTION_ANY, "workers as Slurm jobs are not built yet; submit the job yourself and give its url"),
	REPLACED("evaluation.checkpoint_interval", OPTION_INT, "has no effect; every result is saved when it is done"),
	REPLACED("evaluation.retry_count", OPTION_INT, "has no effect; use evaluation.attempts"),
	REPLACED("retry.request_retries", OPTION_INT, "has no effect; requests that fail by the connection go to another worker, without limit"),
	REPLACED("retry.request_delay", OPTION_NUMBER, "has no effect; use evaluation.backoff"),
	REPLACED("retry.domain_retries", OPTION_INT, "has no effect; use evaluation.attempts (retries + 1)"),
	REPLACED("retry.domain_delay", OPTION_NUMBER, "has no effect; use evaluation.backoff"),
	REPLACED("retry.vllm_restart_delay", OPTION_NUMBER, "has no effect; use recovery.delay"),
	{"failover.enabled", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "cannot be switched off; items of a lost worker go to the others at once", OPTION_REPLACED, "true"},
	{"failover.redistribute_on_failure", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "cannot be switched off; items of a lost worker go to the others at once", OPTION_REPLACED, "true"},
	{"failover.min_workers", OPTION_INT, 0, 0, 0, NULL, NULL, NULL,
	 "has no effect; a run goes on with one worker and waits when there is none", OPTION_REPLACED, "1"},
	{"shared_server.enabled", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "cannot be switched off; GPUs of local workers are looked at, and on_foreign_use says what follows", OPTION_REPLACED, "true"},
	{"shared_server.check_gpu_usage_before_start", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "cannot be switched off; what others use is a warning of the plan", OPTION_REPLACED, "true"},
	{"shared_server.warn_if_other_users", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "cannot be switched off; what others use is a warning of the plan", OPTION_REPLACED, "true"},
	{"shared_server.require_confirmation", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "has no effect; a run always asks for its warnings, and -y acknowledges them", OPTION_REPLACED, "true"},
	{"logging.separate_worker_logs", OPTION_BOOL, 0, 0, 0, NULL, NULL, NULL,
	 "has no effect; each local worker writes a log of its own, logs/worker-ID.log in the data directory", OPTION_REPLACED, "true"},
	REPLACED("logging.log_dir", OPTION_TEXT, "has no effect; the log goes to standard error"),
};
const size_t option_count = COUNT_OF(options);

const struct option *option_find(const char *key)
{
	for (size_t i = 0; i < option_count; i++)
		if (text_equal(options[i].key, key))
			return &options[i];
	return NULL;
}

size_t option_index(const struct option *option)
{
	return (size_t)(option - options);
}

bool option_in_section(const struct option *option, const char *section)
{
	size_t length = strlen(section);
	if (length == 0)
		return !strchr(option->key, '.');
	return strncmp(option->key, section, length) == 0 && option->key[length] == '.';
}

bool option_is_section(const char *name)
{
	for (size_t i = 0; i < option_count; i++)
		if (*name && option_in_section(&options[i], name))
			return true;
	return false;
}

const char *option_leaf(const struct option *option)
{
	const char *dot = strchr(option->key, '.');
	return dot ? dot + 1 : option->key;
}

/* A short key may differ by one letter, a long one by three. */
static int tolerance(const char *key)
{
	size_t length = strlen(key);
	return length < 4 ? 1 : length < 7 ? 2 : 3;
}

/* Among the names of the top level: keys, and sections as they are written. */
static const char *nearest_at_top(const char *name, int *best)
{
	static const char *const names[] = {"server", "workers", "vllm", "evaluation", "health_check", "sampling",
	                                    "logging", "limits", "recovery", "retry", "failover", "shared_server"};
	const char *found = NULL;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		int distance = text_distance(name, names[i]);
		if (distance < *best) {
			*best = distance;
			found = names[i];
		}
	}
	return found;
}

static bool suggestible(const struct option *option)
{
	return option->status == OPTION_WORKS;
}

static const char *nearest_in_section(const char *section, const char *leaf, int *best)
{
	const char *found = NULL;
	for (size_t i = 0; i < option_count; i++) {
		if (!option_in_section(&options[i], section) || !suggestible(&options[i]))
			continue;
		int distance = text_distance(leaf, option_leaf(&options[i]));
		if (distance < *best) {
			*best = distance;
			found = option_leaf(&options[i]);
		}
	}
	return found;
}

const char *option_nearest(const char *section, const char *leaf)
{
	int best = tolerance(leaf) + 1;
	if (!*section) {
		const char *top = nearest_at_top(leaf, &best);
		if (top)
			return top;
	}
	const char *found = nearest_in_section(section, leaf, &best);
	if (found)
		return found;
	/* The right name in the wrong section. */
	for (size_t i = 0; i < option_count; i++)
		if (suggestible(&options[i]) && text_equal(option_leaf(&options[i]), leaf))
			return options[i].key;
	return NULL;
}

static char *expected_choice(const char *choices)
{
	struct text out;
	text_init(&out, 0);
	for (const char *at = choices; *at;) {
		size_t length = strcspn(at, "|");
		bool last = !at[length];
		if (out.length)
			text_add(&out, last ? " or " : ", ");
		text_add_bytes(&out, at, length);
		at += length + (last ? 0 : 1);
	}
	return text_take(&out);
}

char *option_expected(const struct option *option)
{
	switch (option->type) {
	case OPTION_TEXT:
	case OPTION_URL:
		return memory_copy("a text");
	case OPTION_PATH:
		return memory_copy("a path");
	case OPTION_ADDRESS:
		return memory_copy("host:port, such as 127.0.0.1:8580");
	case OPTION_INT:
		if (option->max > option->min)
			return memory_format("a whole number%s%s from %.15g to %.15g", option->unit ? " of " : "",
			                     option->unit ? option->unit : "", option->min, option->max);
		return memory_copy("a whole number");
	case OPTION_BYTES:
		return memory_format("a size from %.15g to %.15g bytes, such as 512M or 2G", option->min, option->max);
	case OPTION_SECONDS:
		return memory_format("seconds from %.15g to %.15g", option->min, option->max);
	case OPTION_SECONDS_LIST:
		return memory_format("a list of 1 to 8 numbers of seconds from %.15g to %.15g", option->min, option->max);
	case OPTION_NUMBER:
		if (option->max > option->min)
			return memory_format("a number from %.15g to %.15g", option->min, option->max);
		return memory_copy("a number");
	case OPTION_BOOL:
	case OPTION_SWITCH:
		return memory_copy("true or false");
	case OPTION_CHOICE:
		return expected_choice(option->choices);
	case OPTION_COUNT_OR_ALL:
		return memory_copy("a whole number of at least 1, or ALL");
	case OPTION_TEXTS:
		return memory_copy("a text or a list of texts");
	case OPTION_HOURS:
		return memory_copy("hours of the day, such as 22:00-07:00");
	case OPTION_ID:
		return memory_copy("a text of 1 to 64 letters, digits, . _ or -");
	case OPTION_ANY:
		break;
	}
	return memory_copy("a value");
}
