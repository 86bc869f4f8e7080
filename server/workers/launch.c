#include "workers/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "workers/log_lines.h"

struct list {
	char **items;
	size_t count, capacity;
};

static void add(struct list *list, char *text)
{
	VECTOR_ADD(list->items, list->count, list->capacity) = text;
}

static char **finish(struct list *list)
{
	add(list, NULL);
	return list->items;
}

struct words {
	const char *model, *gpu, *nonce;
	int64_t port;
	bool nonce_used;
};

static bool replace(const char **at, const char *name, const char *value, struct text *out)
{
	if (!text_starts(*at, name))
		return false;
	text_add(out, value ? value : "");
	*at += strlen(name);
	return true;
}

static char *filled_in(const char *pattern, struct words *words)
{
	struct text out;
	text_init(&out, 0);
	AUTO_FREE char *port = memory_format("%" PRId64, words->port);
	for (const char *at = pattern; *at;) {
		if (replace(&at, "{nonce}", words->nonce, &out))
			words->nonce_used = true;
		else if (!replace(&at, "{model}", words->model, &out) && !replace(&at, "{port}", port, &out) &&
		         !replace(&at, "{gpu}", words->gpu, &out))
			text_add_char(&out, *at++);
	}
	return text_take(&out);
}

static void add_number(struct list *list, const char *flag, int64_t value)
{
	if (!value)
		return;
	add(list, memory_copy(flag));
	add(list, memory_format("%" PRId64, value));
}

/* The real name first: answers carry the first, whichever was asked for. */
static void add_vllm(struct list *list, const struct config *config, struct words *words)
{
	static const char *const pattern[] = {"vllm",   "serve",   "{model}", "--host", "127.0.0.1",
	                                      "--port", "{port}", "--served-model-name", "{model}", "{nonce}"};
	for (size_t i = 0; i < COUNT_OF(pattern); i++)
		add(list, filled_in(pattern[i], words));
	add_number(list, "--max-model-len", config->vllm.max_model_len);
	add_number(list, "--max-num-seqs", config->vllm.max_num_seqs);
	if (config->vllm.gpu_memory > 0) {
		add(list, memory_copy("--gpu-memory-utilization"));
		add(list, memory_format("%g", config->vllm.gpu_memory));
	}
	if (config->vllm.dtype) {
		add(list, memory_copy("--dtype"));
		add(list, memory_copy(config->vllm.dtype));
	}
}

static bool is_name_of(const char *entry, const char *other)
{
	size_t length = strcspn(other, "=");
	return strncmp(entry, other, length) == 0 && entry[length] == '=';
}

static void set(struct list *list, char *entry)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_name_of(list->items[i], entry)) {
			free(list->items[i]);
			list->items[i] = entry;
			return;
		}
	add(list, entry);
}

static char **make_environ(const struct config_worker *worker, const struct words *words)
{
	struct list list = {0};
	for (char **entry = environ; *entry; entry++)
		if (!text_starts(*entry, "MEKIKI_TOKEN="))
			add(&list, memory_copy(*entry));
	/* vLLM gives itself up after 600 s by default; whether it is stuck is ours to judge. */
	set(&list, memory_format("VLLM_ENGINE_READY_TIMEOUT_S=%" PRId64, worker->start_timeout_ms / 1000 * 4 + 60));
	if (worker->gpu) {
		set(&list, memory_copy("CUDA_DEVICE_ORDER=PCI_BUS_ID"));
		set(&list, memory_format("CUDA_VISIBLE_DEVICES=%s", worker->gpu));
	}
	for (size_t i = 0; i < worker->env.count; i++)
		set(&list, memory_copy(worker->env.items[i]));
	/* Without it setproctitle overwrites the environment in /proc, and the nonce with it. */
	set(&list, memory_copy("SPT_NOENV=1"));
	set(&list, memory_format("MEKIKI_WORKER_ID=%s", worker->id));
	set(&list, memory_format("MEKIKI_NONCE=%s", words->nonce));
	return finish(&list);
}

void launch_init(struct launch *launch, const struct config *config, const struct config_worker *worker, const char *nonce)
{
	struct words words = {.model = worker->model, .gpu = worker->gpu, .nonce = nonce, .port = worker->port};
	struct list list = {0};
	for (size_t i = 0; i < worker->command.count; i++)
		add(&list, filled_in(worker->command.items[i], &words));
	if (!worker->command.count)
		add_vllm(&list, config, &words);
	for (size_t i = 0; i < worker->args.count; i++)
		add(&list, filled_in(worker->args.items[i], &words));
	*launch = (struct launch){
		.argv = finish(&list), .environ = make_environ(worker, &words), .names_nonce = words.nonce_used};
}

void launch_init_shell(struct launch *launch, const struct config_worker *worker, const char *text)
{
	struct list list = {0};
	add(&list, memory_copy("/bin/sh"));
	add(&list, memory_copy("-c"));
	add(&list, memory_copy(text));
	*launch = (struct launch){.argv = finish(&list), .environ = make_environ(worker, &(struct words){.nonce = "none"})};
}

static void free_all(char **items)
{
	for (char **item = items; item && *item; item++)
		free(*item);
	free(items);
}

void launch_release(struct launch *launch)
{
	free_all(launch->argv);
	free_all(launch->environ);
	*launch = (struct launch){0};
}

char *launch_text(const struct launch *launch)
{
	struct text out;
	text_init(&out, 2000);
	for (char **word = launch->argv; *word; word++)
		text_addf(&out, "%s%s", word == launch->argv ? "" : " ", *word);
	return text_take(&out);
}

static int spawn(const struct launch *launch, int log, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
	                         POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int failed = posix_spawnp(pid, launch->argv[0], &actions, &attributes, launch->argv, launch->environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

bool launch_spawn(const struct launch *launch, const char *log_path, pid_t *pid, struct error *err)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return error_set(err, ERROR_IO, "the log %s cannot be written: %s", log_path, strerror(errno));
	AUTO_FREE char *text = launch_text(launch);
	AUTO_FREE char *line = memory_format(LOG_START_MARK "%s\n", text);
	ssize_t written = write(log, line, strlen(line));
	int failed = written < 0 ? errno : spawn(launch, log, pid);
	close(log);
	return !failed || error_set(err, ERROR_CONFIG, "\"%.200s\" cannot be run: %s", launch->argv[0], strerror(failed));
}
