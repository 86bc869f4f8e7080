#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/reader.h"

enum { CONFIG_LIMIT = 1 << 20 };

static char *home_path(const char *variable, const char *below_home, const char *name)
{
	const char *base = getenv(variable);
	if (base && *base == '/')
		return memory_format("%s/%s", base, name);
	const char *home = getenv("HOME");
	return memory_format("%s/%s/%s", home ? home : "", below_home, name);
}

char *config_default_path(void)
{
	return home_path("XDG_CONFIG_HOME", ".config", "mekiki/mekiki.yaml");
}

char *config_default_data_dir(void)
{
	return home_path("XDG_DATA_HOME", ".local/share", "mekiki");
}

/* The directory of a file, absolute where the system can tell. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *directory = slash ? memory_copy_n(path, (size_t)(slash - path) + 1) : memory_copy(".");
	char resolved[PATH_MAX];
	return memory_copy(realpath(directory, resolved) ? resolved : directory);
}

static struct config *with_defaults(const char *directory)
{
	struct config *config = NEW(struct config);
	config->evaluation.thinking = SWITCH_UNSET;
	for (size_t i = 0; i < option_count; i++)
		if (!option_in_section(&options[i], "workers[]"))
			value_default(&options[i], directory, config);
	return config;
}

static void read_prompt(struct reader *reader, const char *key, const char *file_key, char **prompt)
{
	const yaml_node_t *text = reader_node(&reader->top, key);
	const yaml_node_t *file = reader_node(&reader->top, file_key);
	if (!file || !yaml_is_scalar(file))
		return;
	if (text) {
		problems_add(reader->values.problems, CONFIG_ERROR, yaml_place(file), file_key,
		             "give either %s or its file, not both", key);
		return;
	}
	AUTO_FREE char *path = value_path(reader->values.directory, yaml_text(file));
	*prompt = file_read(reader, file, file_key, path, false);
}

static void check_limits(struct reader *reader)
{
	const struct config *config = reader->config;
	if (config->limits.sse_clients * 2 <= config->limits.connections)
		return;
	const yaml_node_t *node = reader_node(&reader->top, "limits.sse_clients");
	if (!node)
		node = reader_node(&reader->top, "limits.connections");
	problems_add(reader->values.problems, CONFIG_ERROR, yaml_place(node), "limits.sse_clients",
	             "expected at most half of limits.connections (%lld), found %lld; else live streams can block the page",
	             (long long)config->limits.connections, (long long)config->limits.sse_clients);
}

static void lower_hosts(struct config *config)
{
	for (size_t i = 0; i < config->server.allowed_hosts.count; i++)
		for (char *c = config->server.allowed_hosts.items[i]; *c; c++)
			*c = (char)tolower((unsigned char)*c);
}

static void finish(struct reader *reader)
{
	struct config *config = reader->config;
	read_prompt(reader, "evaluation.system_prompt", "evaluation.system_prompt_file",
	            &config->evaluation.system_prompt);
	read_prompt(reader, "evaluation.user_prompt", "evaluation.user_prompt_file", &config->evaluation.user_prompt);
	check_limits(reader);
	lower_hosts(config);
	if (!config->server.data_dir)
		config->server.data_dir = config_default_data_dir();
	worker_finish_all(reader);
	if (!config->worker_count && !reader->values.problems->errors)
		problems_add(reader->values.problems, CONFIG_NOTE, (struct config_place){0}, "workers",
		             "no worker is configured; runs will wait for one");
}

static void parse(const char *name, const char *bytes, size_t length, struct config **out,
                  struct config_problems *problems)
{
	AUTO_FREE char *directory = directory_of(name);
	struct config *config = with_defaults(directory);
	struct yaml yaml;
	if (yaml_open(&yaml, bytes, length, problems)) {
		struct reader reader;
		reader_init(&reader, &yaml, directory, config, problems);
		reader_walk(&reader);
		finish(&reader);
		reader_release(&reader);
	}
	yaml_release(&yaml);
	*out = config;
}

static bool judge(struct config **out, struct config_problems *problems)
{
	problems_sort(problems);
	if (!problems->errors)
		return true;
	config_free(*out);
	*out = NULL;
	return false;
}

bool config_parse(const char *name, const char *bytes, size_t length, struct config **out,
                  struct config_problems *problems)
{
	*problems = (struct config_problems){.file = memory_copy(name)};
	parse(name, bytes, length, out, problems);
	(*out)->file = memory_copy(name);
	return judge(out, problems);
}

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* The file's text; a missing one is an error only when it was named. */
static char *slurp(const char *path, bool named, size_t *length, struct config_problems *problems)
{
	AUTO(file_close) FILE *file = fopen(path, "re");
	struct stat status = {0};
	bool directory = file && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode);
	if (!file && !named && errno == ENOENT) {
		problems_add(problems, CONFIG_NOTE, (struct config_place){0}, "",
		             "there is no such file; the defaults are used (mekiki config --annotated prints one)");
		return NULL;
	}
	if (!file || directory) {
		problems_add(problems, CONFIG_ERROR, (struct config_place){0}, "", "cannot be read: %s",
		             strerror(directory ? EISDIR : errno));
		return NULL;
	}
	char *bytes = memory_new(CONFIG_LIMIT + 1);
	*length = fread(bytes, 1, CONFIG_LIMIT + 1, file);
	if (!ferror(file) && *length <= CONFIG_LIMIT)
		return bytes;
	problems_add(problems, CONFIG_ERROR, (struct config_place){0}, "", "%s",
	             ferror(file) ? "cannot be read" : "is larger than 1 MiB, which no configuration is");
	free(bytes);
	return NULL;
}

bool config_load(const char *path, struct config **out, struct config_problems *problems)
{
	AUTO_FREE char *name = path ? memory_copy(path) : config_default_path();
	*problems = (struct config_problems){.file = memory_copy(name)};
	*out = NULL;
	size_t length = 0;
	AUTO_FREE char *bytes = slurp(name, path != NULL, &length, problems);
	if (problems->errors)
		return false;
	parse(name, bytes ? bytes : "", length, out, problems);
	if (bytes)
		(*out)->file = memory_copy(name);
	return judge(out, problems);
}

static void texts_release(struct config_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
}

/* Secrets do not stay in freed memory. */
static void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void worker_release(struct config_worker *worker)
{
	free(worker->id);
	free(worker->url);
	free(worker->model);
	free(worker->gpu);
	free(worker->start_cmd);
	free(worker->stop_cmd);
	texts_release(&worker->command);
	texts_release(&worker->args);
	texts_release(&worker->env);
	secret_free(worker->api_key);
	texts_release(&worker->headers);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->worker_count; i++)
		worker_release(&config->workers[i]);
	free(config->workers);
	texts_release(&config->server.allowed_hosts);
	free(config->file);
	free(config->server.host);
	free(config->server.data_dir);
	free(config->server.web_dir);
	free(config->vllm.model);
	free(config->vllm.dtype);
	free(config->shared.nvidia_smi);
	free(config->evaluation.system_prompt);
	free(config->evaluation.user_prompt);
	free(config);
}
