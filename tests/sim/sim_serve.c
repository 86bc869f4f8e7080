#include "sim_serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

struct arguments {
	char **items;
	int count, capacity;
};

/* What vLLM takes and this does not need; with one value, or with none. */
static const char *const valued[] = {
	"dtype", "quantization", "tokenizer", "revision", "max-num-batched-tokens", "kv-cache-dtype", "swap-space", "download-dir",
	"load-format", "guided-decoding-backend", "structured-outputs-config", "reasoning-parser", "tool-call-parser", "chat-template",
	"pipeline-parallel-size", "data-parallel-size", "block-size", "uvicorn-log-level", "generation-config", "limit-mm-per-prompt",
	"hf-overrides", "compilation-config", "tokenizer-mode", "config-format", "max-logprobs", "cpu-offload-gb", "api-server-count",
	"max-num-queued-reqs", "default-chat-template-kwargs", "attention-backend",
};
static const char *const plain[] = {
	"enforce-eager", "trust-remote-code", "enable-prefix-caching", "no-enable-prefix-caching", "disable-log-requests",
	"enable-log-requests", "disable-log-stats", "enable-auto-tool-choice", "enable-chunked-prefill", "no-enable-chunked-prefill",
	"enable-server-load-tracking", "enable-sleep-mode", "async-scheduling", "no-async-scheduling", "language-model-only",
	"disable-uvicorn-access-log", "enable-expert-parallel",
};
static const char *const short_names[][2] = {{"-tp", "--tensor-parallel-size"}, {"-O", "--compilation-config"}};

static void add(struct arguments *out, const char *text)
{
	VECTOR_ADD(out->items, out->count, out->capacity) = memory_copy(text);
}

static bool is_one_of(const char *const *names, size_t count, const char *argument)
{
	size_t length = strcspn(argument, "=");
	for (size_t i = 0; i < count; i++)
		if (length == strlen(names[i]) + 2 && memcmp(argument + 2, names[i], length - 2) == 0)
			return true;
	return false;
}

static const char *long_name(const char *argument)
{
	for (size_t i = 0; i < COUNT_OF(short_names); i++)
		if (strcmp(argument, short_names[i][0]) == 0)
			return short_names[i][1];
	return argument;
}

/* --served-model-name A B: all words up to the next option. How many were taken. */
static int take_names(struct arguments *out, char **at)
{
	int used = 1;
	for (; at[used] && at[used][0] != '-'; used++) {
		add(out, "--model");
		add(out, at[used]);
	}
	return used;
}

static void translate(struct arguments *out, char **argv, bool *named)
{
	for (int i = 0, used = 1; argv[i]; i += used) {
		const char *argument = long_name(argv[i]);
		used = 1;
		if (strcmp(argument, "--served-model-name") == 0) {
			used = take_names(out, &argv[i]);
			*named = true;
		} else if (text_starts(argument, "--served-model-name=")) {
			add(out, "--model");
			add(out, strchr(argument, '=') + 1);
			*named = true;
		} else if (text_starts(argument, "--") && is_one_of(valued, COUNT_OF(valued), argument)) {
			used = strchr(argument, '=') || !argv[i + 1] ? 1 : 2;
		} else if (!text_starts(argument, "--") || !is_one_of(plain, COUNT_OF(plain), argument)) {
			add(out, argument);
		}
	}
}

static void add_words(struct arguments *out, const char *words)
{
	for (const char *at = words ? words + strspn(words, " ") : ""; *at; at += strspn(at, " ")) {
		AUTO_FREE char *word = memory_copy_n(at, strcspn(at, " "));
		add(out, word);
		at += strlen(word);
	}
}

char **sim_serve_arguments(int argc, char **argv, const char *more, int *count, struct error *err)
{
	static const char *const defaults[] = {"--phase-log", "--vllm-manners", "--children", "3", "--port", "8000"};
	struct arguments out = {0};
	bool named = false;
	if (argc < 3 || argv[2][0] == '-') {
		error_set(err, ERROR_CONFIG, "serve: the model comes first: vllm-sim serve MODEL ...");
		return NULL;
	}
	add(&out, argv[0]);
	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		add(&out, defaults[i]);
	add(&out, "--root");
	add(&out, argv[2]);
	translate(&out, &argv[3], &named);
	if (!named) {
		add(&out, "--model");
		add(&out, argv[2]);
	}
	add_words(&out, more);
	*count = out.count;
	VECTOR_ADD(out.items, out.count, out.capacity) = NULL;
	return out.items;
}
