#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/reader.h"
#include "io/url.h"

enum { IN_FLIGHT_UNKNOWN = 8 }; /* design: start near 1.5 x max_num_seqs if known, else 8 */

/* One worker while it is finished. */
struct finish {
	struct reader *reader;
	struct config_worker *worker;
	const struct given *given;
	size_t index;
};

static void problem(const struct finish *finish, const yaml_node_t *node, const char *leaf, const char *text)
{
	AUTO_FREE char *key = memory_format("workers[%zu]%s%s", finish->index, *leaf ? "." : "", leaf);
	struct config_place place = node ? yaml_place(node) : finish->reader->places[finish->index];
	problems_add(finish->reader->values.problems, CONFIG_ERROR, place, key, "%s", text);
}

static void cut_end(char *text, const char *end)
{
	if (text_ends(text, end))
		text[strlen(text) - strlen(end)] = '\0';
}

/* Why the URL cannot be a worker's, or NULL. */
static const char *url_fault(const struct url *url)
{
	if (!text_equal(url->scheme, "http") && !text_equal(url->scheme, "https"))
		return "expected a URL that begins with http:// or https://";
	if (url->user)
		return "a secret must not stand in a URL; use api_key_file, api_key_env or headers_file";
	if (url->query || url->fragment)
		return "the URL must end with its path, without ? or #";
	return NULL;
}

static const char *url_base(const char *text, char **base)
{
	struct url url;
	const char *fault = url_parse(text, &url) ? url_fault(&url) : "expected a URL such as \"http://127.0.0.1:8000\"";
	if (!fault) {
		*base = TAKE(url.text);
		cut_end(*base, "/");
		cut_end(*base, "/v1");
		cut_end(*base, "/");
	}
	url_release(&url);
	return fault;
}

static void finish_url(const struct finish *finish)
{
	const yaml_node_t *url = reader_node(finish->given, "workers[].url");
	const char *port = reader_text(finish->given, "workers[].port");
	struct config_worker *worker = finish->worker;
	if (url && port) {
		problem(finish, reader_node(finish->given, "workers[].port"), "port", "give either url or port, not both");
	} else if (port) {
		worker->url = memory_format("http://127.0.0.1:%s", port);
	} else if (worker->kind == WORKER_LOCAL) {
		problem(finish, url, url ? "url" : "port", "a local worker needs a port, and no url");
	} else if (!url && worker->kind == WORKER_EXTERNAL) {
		problem(finish, NULL, "", "a worker needs a url, or a port of this machine");
	} else if (worker->url) {
		char *base = NULL;
		const char *wrong = url_base(worker->url, &base);
		if (wrong)
			problem(finish, url, "url", wrong);
		else {
			free(worker->url);
			worker->url = base;
		}
	}
	if (!worker->url)
		worker->url = memory_copy("");
}

static void finish_kind(const struct finish *finish)
{
	static const char *const sentences[WORKER_KIND_COUNT] = {
		[WORKER_REMOTE] = "workers of type remote are not built yet: start vLLM and the tunnel yourself and use type: external with its port",
		[WORKER_SLURM] = "workers of type slurm are not built yet: submit the job yourself and use type: external with its url",
	};
	if (sentences[finish->worker->kind])
		problem(finish, reader_node(finish->given, "workers[].type"), "type", sentences[finish->worker->kind]);
}

static void finish_id(const struct finish *finish)
{
	const yaml_node_t *node = reader_node(finish->given, "workers[].id");
	struct config_worker *worker = finish->worker;
	if (!node)
		problem(finish, NULL, "id", "is missing; expected a text or number that no other worker has");
	for (size_t i = 0; node && worker->id && i < finish->index; i++) {
		const struct config_worker *other = &finish->reader->config->workers[i];
		if (!text_equal(other->id, worker->id))
			continue;
		AUTO_FREE char *text = memory_format("\"%s\" is already the id of the worker on line %d", worker->id,
		                                     other->line);
		problem(finish, node, "id", text);
		return;
	}
}

static void finish_twin(const struct finish *finish)
{
	const struct config_worker *worker = finish->worker;
	for (size_t i = 0; *worker->url && i < finish->index; i++) {
		const struct config_worker *other = &finish->reader->config->workers[i];
		if (!other->url || !text_equal(other->url, worker->url))
			continue;
		AUTO_FREE char *key = memory_format("workers[%zu]", finish->index);
		problems_add(finish->reader->values.problems, CONFIG_WARNING, finish->reader->places[finish->index], key,
		             "is the same endpoint as the worker on line %d, which will get twice the requests",
		             other->line);
		return;
	}
}

static void trim(char *text)
{
	size_t length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
}

static bool is_header_safe(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static char *key_from_file(const struct finish *finish, const yaml_node_t *node)
{
	AUTO_FREE char *key = memory_format("workers[%zu].api_key_file", finish->index);
	AUTO_FREE char *path = value_path(finish->reader->values.directory, yaml_text(node));
	char *secret = file_read(finish->reader, node, key, path, true);
	if (secret)
		secret[strcspn(secret, "\r\n")] = '\0';
	return secret;
}

static void finish_key(const struct finish *finish)
{
	const yaml_node_t *file = reader_node(finish->given, "workers[].api_key_file");
	const yaml_node_t *env = reader_node(finish->given, "workers[].api_key_env");
	const yaml_node_t *node = env ? env : file;
	const char *leaf = env ? "api_key_env" : "api_key_file";
	if (!node || !yaml_is_scalar(node))
		return;
	if (file && env) {
		problem(finish, env, "api_key_env", "give either api_key_file or api_key_env, not both");
		return;
	}
	AUTO_FREE char *secret = env ? memory_copy(getenv(yaml_text(env))) : key_from_file(finish, file);
	if (!secret && env) {
		AUTO_FREE char *text = memory_format("the environment variable %.80s is not set", yaml_text(env));
		problem(finish, env, leaf, text);
	}
	if (!secret)
		return;
	trim(secret);
	if (!*secret || !is_header_safe(secret))
		problem(finish, node, leaf, "expected a key on one line, found an empty line or control characters");
	else
		finish->worker->api_key = TAKE(secret);
}

static bool is_header(const char *line)
{
	size_t name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
	return name > 0 && line[name] == ':' && line[name + 1] && is_header_safe(line);
}

static void finish_headers(const struct finish *finish)
{
	const yaml_node_t *node = reader_node(finish->given, "workers[].headers_file");
	if (!node || !yaml_is_scalar(node))
		return;
	AUTO_FREE char *key = memory_format("workers[%zu].headers_file", finish->index);
	AUTO_FREE char *path = value_path(finish->reader->values.directory, yaml_text(node));
	AUTO_FREE char *content = file_read(finish->reader, node, key, path, true);
	struct config_texts *headers = &finish->worker->headers;
	int number = 0;
	for (char *rest = content, *line; (line = strsep(&rest, "\n"));) {
		number++;
		trim(line);
		if (!*line || *line == '#')
			continue;
		if (!is_header(line)) {
			problems_add(finish->reader->values.problems, CONFIG_ERROR, yaml_place(node), key,
			             "line %d of %s: expected \"Name: value\"", number, path);
			return;
		}
		headers->items = memory_grow(headers->items, headers->count + 1, sizeof(*headers->items));
		headers->items[headers->count++] = memory_copy(line);
	}
}

static void finish_defaults(const struct finish *finish)
{
	const struct config *config = finish->reader->config;
	struct config_worker *worker = finish->worker;
	if (!worker->model && config->vllm.model)
		worker->model = memory_copy(config->vllm.model);
	if (worker->max_in_flight)
		return;
	int64_t batch = config->vllm.max_num_seqs;
	worker->max_in_flight = batch ? (int64_t)fmin(4096, (double)batch * 1.5 + 0.5) : IN_FLIGHT_UNKNOWN;
}

static void refuse(const struct finish *finish, const char *key, const char *text)
{
	const yaml_node_t *node = reader_node(finish->given, key);
	if (node)
		problem(finish, node, key + sizeof("workers[].") - 1, text);
}

/* Keys that mean nothing for a kind: said, because a key without effect misleads. */
static void finish_start(const struct finish *finish)
{
	const struct config_worker *worker = finish->worker;
	if (worker->kind == WORKER_LOCAL) {
		refuse(finish, "workers[].start_cmd", "is for external workers; a local one has a command (a list)");
		refuse(finish, "workers[].stop_cmd", "is for external workers; a local one is ended by signals");
	} else {
		refuse(finish, "workers[].command", "is for local workers; an external one has a start_cmd");
		refuse(finish, "workers[].args", "is for local workers");
		refuse(finish, "workers[].env", "is for local workers");
	}
	if (worker->stop_cmd && !worker->start_cmd)
		refuse(finish, "workers[].stop_cmd", "needs a start_cmd: mekiki stops only what it has started");
	for (size_t i = 0; i < worker->env.count; i++)
		if (strcspn(worker->env.items[i], "=") == 0 || !strchr(worker->env.items[i], '='))
			problem(finish, reader_node(finish->given, "workers[].env"), "env", "expected entries such as \"NAME=value\"");
	if (worker->kind == WORKER_LOCAL && !worker->command.count && !worker->model)
		problem(finish, NULL, "model", "a local worker needs a model (here or in vllm), or a command");
}

void worker_finish_all(struct reader *reader)
{
	for (size_t i = 0; i < reader->config->worker_count; i++) {
		struct finish finish = {reader, &reader->config->workers[i], &reader->workers[i], i};
		if (finish.given->unusable)
			continue;
		finish_id(&finish);
		finish_kind(&finish);
		finish_url(&finish);
		finish_twin(&finish);
		finish_key(&finish);
		finish_headers(&finish);
		finish_defaults(&finish);
		finish_start(&finish);
	}
}
