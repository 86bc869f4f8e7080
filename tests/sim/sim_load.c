#include "sim_load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "sim_gpus.h"
#include "sim_life.h"
#include "sim_server.h"

enum speaker { RAW, API, ENGINE, BAR }; /* BAR: no prefix, and the line ends in \r */
enum deed { SAY, BIND, SPAWN, HOLD };

/* Words in braces are filled in: {model} {version} {len} {url} {pid}. */
static const struct step {
	double at; /* share of the load time */
	const char *phase;
	enum speaker speaker;
	enum deed deed;
	const char *text;
} steps[] = {
	{0.00, "import", RAW, SAY, "INFO {time} [__init__.py:216] Automatically detected platform cuda."},
	{0.30, "config", API, SAY, "INFO {time} [utils.py:299] "},
	{0.30, "config", API, SAY, "INFO {time} [utils.py:299]        █     █     █▄   ▄█"},
	{0.30, "config", API, SAY, "INFO {time} [utils.py:299]  ▄▄ ▄█ █     █     █ ▀▄▀ █  version {version}"},
	{0.30, "config", API, SAY, "INFO {time} [utils.py:299]   █▄█▀ █     █     █     █  model   {model}"},
	{0.30, "config", API, SAY, "INFO {time} [utils.py:233] non-default args: {'model': '{model}', 'max_model_len': {len}}"},
	{0.38, "config", API, SAY, "INFO {time} [model.py:547] Resolved architecture: Qwen3ForCausalLM"},
	{0.40, "config", API, SAY, "INFO {time} [model.py:1510] Using max model len {len}"},
	{0.42, "config", API, BIND, NULL},
	{0.45, "engine", API, SPAWN, NULL},
	{0.50, "engine", ENGINE, SAY, "INFO {time} [core.py:94] Initializing a V1 LLM engine (v{version}) with config: model='{model}', dtype=torch.bfloat16, max_seq_len={len}"},
	{0.58, "engine", ENGINE, HOLD, NULL},
	{0.60, "weights", ENGINE, SAY, "INFO {time} [gpu_model_runner.py:2602] Starting to load model {model}..."},
	{0.61, "weights", BAR, SAY, "Loading safetensors checkpoint shards:   0% Completed | 0/3 [00:00<?, ?it/s]"},
	{0.64, "weights", BAR, SAY, "Loading safetensors checkpoint shards:  33% Completed | 1/3 [00:00<00:01,  1.52it/s]"},
	{0.67, "weights", BAR, SAY, "Loading safetensors checkpoint shards:  67% Completed | 2/3 [00:01<00:00,  1.49it/s]"},
	{0.70, "weights", RAW, SAY, "Loading safetensors checkpoint shards: 100% Completed | 3/3 [00:01<00:00,  1.61it/s]"},
	{0.70, "weights", ENGINE, SAY, "INFO {time} [default_loader.py:267] Loading weights took 1.93 seconds"},
	{0.71, "weights", ENGINE, SAY, "INFO {time} [gpu_model_runner.py:2653] Model loading took 3.42 GiB and 2.41 seconds"},
	{0.72, "compile", ENGINE, SAY, "INFO {time} [backends.py:548] Using cache directory: /data/.cache/vllm/torch_compile_cache/0a1b2c3d/rank_0_0/backbone for vLLM's torch.compile"},
	{0.76, "compile", ENGINE, SAY, "INFO {time} [backends.py:559] Dynamo bytecode transform time: 7.50 s"},
	{0.80, "compile", ENGINE, SAY, "INFO {time} [backends.py:218] Compiling a graph for dynamic shape takes 13.51 s"},
	{0.82, "compile", ENGINE, SAY, "INFO {time} [monitor.py:34] torch.compile takes 21.01 s in total"},
	{0.86, "kv", ENGINE, SAY, "INFO {time} [gpu_worker.py:298] Available KV cache memory: 12.30 GiB"},
	{0.87, "kv", ENGINE, SAY, "INFO {time} [kv_cache_utils.py:1087] GPU KV cache size: 613,024 tokens"},
	{0.87, "kv", ENGINE, SAY, "INFO {time} [kv_cache_utils.py:1091] Maximum concurrency for {len} tokens per request: 4.68x"},
	{0.90, "graphs", BAR, SAY, "Capturing CUDA graphs (decode, FULL):   0%|          | 0/67 [00:00<?, ?it/s]"},
	{0.93, "graphs", BAR, SAY, "Capturing CUDA graphs (decode, FULL):  49%|████▉     | 33/67 [00:01<00:01, 25.03it/s]"},
	{0.96, "graphs", RAW, SAY, "Capturing CUDA graphs (decode, FULL): 100%|██████████| 67/67 [00:02<00:00, 25.11it/s]"},
	{0.97, "graphs", ENGINE, SAY, "INFO {time} [gpu_model_runner.py:3480] Graph capturing finished in 3 secs, took 0.48 GiB"},
	{0.98, "graphs", ENGINE, SAY, "INFO {time} [core.py:210] init engine (profile, create kv cache, warmup model) took 34.11 seconds"},
	{1.00, "serve", API, SAY, "INFO {time} [api_server.py:1912] Starting vLLM server on {url}"},
	{1.00, "serve", API, SAY, "INFO {time} [launcher.py:34] Available routes are:"},
	{1.00, "serve", API, SAY, "INFO {time} [launcher.py:42] Route: /v1/chat/completions, Methods: POST"},
	{1.00, "serve", RAW, SAY, "INFO:     Started server process [{pid}]"},
	{1.00, "serve", RAW, SAY, "INFO:     Waiting for application startup."},
	{1.00, "serve", RAW, SAY, "INFO:     Application startup complete."},
};

static const char wrapper[] = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}";
static const char core_failed[] = "ERROR {time} [core.py:718] EngineCore failed to start.";

/* In front of its step. `by_engine`: the engine says it, and the API server wraps it. */
static const struct failure {
	const char *name, *phase;
	bool by_engine;
	int status; /* -1: SIGKILL */
	const char *text;
} failures[] = {
	{"args", "import", false, 2, "usage: vllm serve [model_tag] [options]\nvllm: error: unrecognized arguments: --no-such-flag"},
	{"model", "config", false, 1,
	 "OSError: {model} is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'"},
	{"port", "config", false, 1, "OSError: [Errno 98] Address already in use"},
	{"gpu_busy", "weights", true, 1,
	 "ValueError: Free memory on device cuda:0 (3.22/79.11 GiB) on startup is less than desired GPU memory utilization (0.9, 71.2 GiB). "
	 "Decrease GPU memory utilization or reduce GPU memory used by other processes."},
	{"memprof", "kv", true, 1,
	 "AssertionError: Error in memory profiling. Initial free memory 70.31 GiB, current free memory 74.92 GiB. "
	 "This happens when other processes sharing the same container release GPU memory while vLLM is profiling during initialization."},
	{"oom", "compile", true, 1,
	 "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU 0 has a total capacity of 79.11 GiB of which 512.00 MiB is free."},
	{"kv", "kv", true, 1,
	 "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine."},
	{"kv_len", "kv", true, 1,
	 "ValueError: To serve at least one request with the models's max seq len ({len}), (14.00 GiB KV cache is needed, which is larger than the "
	 "available KV cache memory (3.30 GiB). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."},
	{"zmq", "engine", true, 1, "zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:41235')"},
	{"uuid", "config", false, 1, "ValueError: invalid literal for int() with base 10: 'GPU-c6535f5a-0000-0000-0000-000000000000'"},
	{"cuda", "weights", true, 1, "torch.AcceleratorError: CUDA error: an illegal memory access was encountered"},
	{"silent", "weights", false, 1, NULL},
	{"killed", "weights", false, -1, NULL},
};

static void fill_in(const struct sim_server *server, const char *word, size_t length, struct text *out)
{
	const struct sim_options *options = server->options;
	char stamp[32];
	time_t now = time(NULL);
	struct tm local;
	if (strncmp(word, "time", length) == 0 && strftime(stamp, sizeof(stamp), "%m-%d %H:%M:%S", localtime_r(&now, &local)))
		text_add(out, stamp);
	else if (strncmp(word, "model", length) == 0)
		text_add(out, options->root ? options->root : sim_server_model(server));
	else if (strncmp(word, "version", length) == 0)
		text_add(out, options->version);
	else if (strncmp(word, "len", length) == 0)
		text_addf(out, "%lld", (long long)options->max_model_len);
	else if (strncmp(word, "url", length) == 0)
		text_addf(out, "http://%s:%d", options->host, server->port);
	else if (strncmp(word, "pid", length) == 0)
		text_addf(out, "%d", (int)getpid());
	else
		text_addf(out, "{%.*s}", (int)length, word);
}

static void say_line(const struct sim_server *server, enum speaker speaker, const char *text)
{
	AUTO_TEXT struct text line;
	text_init(&line, 0);
	if (speaker == API)
		text_addf(&line, "(APIServer pid=%d) ", (int)getpid());
	if (speaker == ENGINE)
		text_addf(&line, "(EngineCore pid=%d) ", server->children.engine > 0 ? (int)server->children.engine : (int)getpid());
	for (const char *at = text; *at;) {
		size_t length = *at == '{' ? strcspn(at + 1, "}{' ") : 0;
		if (length > 0 && at[1 + length] == '}') {
			fill_in(server, at + 1, length, &line);
			at += length + 2;
		} else {
			text_add_char(&line, *at++);
		}
	}
	text_add_char(&line, speaker == BAR ? '\r' : '\n');
	fputs(line.data, stdout);
	fflush(stdout);
}

static void say(const struct sim_server *server, enum speaker speaker, const char *text)
{
	if (server->options->phase_log)
		say_line(server, speaker, text);
}

static void end_start(struct sim_server *server, int status)
{
	if (status >= 0) {
		sim_server_stop(server, status);
		return;
	}
	sim_children_kill(&server->children); /* the host's OOM killer takes them all */
	raise(SIGKILL);
}

static void fail(struct sim_server *server, const struct failure *failure, const char *text)
{
	if (failure->by_engine) {
		say_line(server, ENGINE, core_failed);
		say_line(server, ENGINE, "ERROR {time} [core.py:718] Traceback (most recent call last):");
	} else if (text && failure->status == 1) {
		say_line(server, API, "Traceback (most recent call last):");
	}
	if (text)
		say_line(server, failure->by_engine ? ENGINE : failure->status == 2 ? RAW : API, text);
	if (failure->by_engine)
		say_line(server, API, wrapper);
	end_start(server, failure->status);
}

static const struct failure *failure_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(failures); i++)
		if (strcmp(failures[i].name, name) == 0)
			return &failures[i];
	return NULL;
}

/* --fail-start-once: the mark is left by the start that fails. */
static bool due(const struct sim_options *options)
{
	if (!options->fail_start_once)
		return true;
	int fd = open(options->fail_start_once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool fails_here(struct sim_server *server, const struct step *step)
{
	const struct failure *failure = failure_named(server->options->fail_start);
	if (!failure || strcmp(failure->phase, step->phase) != 0 || !due(server->options))
		return false;
	fail(server, failure, failure->text);
	return true;
}

static bool bind_now(struct sim_server *server)
{
	struct error err = {0};
	if (server->listener || sim_server_bind(server, &err))
		return true;
	say_line(server, API, "Traceback (most recent call last):");
	fprintf(stdout, "(APIServer pid=%d) %s\n", (int)getpid(), "OSError: [Errno 98] Address already in use");
	fprintf(stderr, "vllm-sim: %s\n", err.text);
	sim_server_stop(server, 1);
	return false;
}

/* The memory of each GPU of ours must be free to the wanted share, or vllm refuses. */
static bool hold_now(struct sim_server *server)
{
	const struct sim_options *options = server->options;
	AUTO_FREE char *refusal = NULL;
	if (sim_gpus_hold(options, &server->children, &refusal))
		return true;
	fail(server, failure_named("gpu_busy"), refusal);
	return false;
}

/* False when the start is over. */
static bool do_step(struct sim_server *server, const struct step *step)
{
	switch (step->deed) {
	case SAY:
		say(server, step->speaker, step->text);
		return true;
	case BIND:
		return bind_now(server);
	case SPAWN:
		sim_children_start(&server->children, server->options);
		sim_life_watch_engine(server);
		return true;
	case HOLD:
		return hold_now(server);
	}
	return false;
}

static void on_step(uv_timer_t *timer)
{
	struct sim_server *server = timer->data;
	double load = (double)sim_server_scaled(server, server->options->load_time);
	while (server->load_step < COUNT_OF(steps)) {
		const struct step *step = &steps[server->load_step];
		uint64_t due_at = server->load_began + (uint64_t)(step->at * load);
		uv_update_time(&server->loop);
		if (due_at > uv_now(&server->loop)) {
			uv_timer_start(timer, on_step, due_at - uv_now(&server->loop), 0);
			return;
		}
		bool first = server->load_step == 0 || strcmp(steps[server->load_step - 1].phase, step->phase) != 0;
		if (first && fails_here(server, step))
			return;
		server->load_step++;
		if (!do_step(server, step))
			return;
		if (first && strcmp(server->options->load_hang_at, step->phase) == 0)
			return;
	}
	sim_server_up(server);
}

bool sim_load_begin(struct sim_server *server, struct error *err)
{
	const struct sim_options *options = server->options;
	if (!options->phase_log && !sim_server_bind(server, err))
		return false;
	if (!options->phase_log && options->load_time > 0) {
		printf("loading, bound to http://%s:%d\n", options->host, server->port);
		fflush(stdout);
	}
	server->load_began = uv_now(&server->loop);
	uv_timer_start(&server->phase_timer, on_step, 0, 0);
	return true;
}

void sim_load_engine_died(struct sim_server *server)
{
	say_line(server, API, wrapper);
	sim_server_stop(server, 1);
}

enum sim_load_term sim_load_on_term(const struct sim_server *server)
{
	double at = server->load_step < COUNT_OF(steps) ? steps[server->load_step].at : 1;
	return at <= 0.45 ? SIM_LOAD_DIES : at <= 0.6 ? SIM_LOAD_STALLS : SIM_LOAD_GOES_ON;
}
