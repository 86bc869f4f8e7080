#include "cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/settings.h"
#include "io/runtime.h"
#include "model/run.h"

enum { CALL_TIMEOUT_MS = 60000 };

static void forget(struct client *client)
{
	free(client->data_dir);
	free(client->url);
	free(client->token);
	client->data_dir = client->url = client->token = NULL;
	client->pid = 0;
}

void client_release(struct client *client)
{
	forget(client);
	fetch_free(client->fetch);
	client->fetch = NULL;
}

static bool find_given(struct client *client, const char *url, struct error *err)
{
	const char *token = getenv("MEKIKI_TOKEN");
	if (!token || !*token)
		return error_set(err, ERROR_CONFIG, "MEKIKI_TOKEN is not set; the server at %s asks for a token "
		                                    "(mekiki token create on its machine makes one)", url);
	client->url = memory_copy(url);
	client->token = memory_copy(token);
	while (text_ends(client->url, "/"))
		client->url[strlen(client->url) - 1] = '\0';
	return true;
}

static bool find_data_dir(struct client *client, struct error *err)
{
	if (client->data_dir_option && !client->config_file) {
		client->data_dir = memory_copy(client->data_dir_option);
		return true;
	}
	struct config *config = settings_load(client->config_file, client->data_dir_option, NULL, CONFIG_ERROR);
	if (!config)
		return error_set(err, ERROR_CONFIG, "the configuration has errors");
	client->data_dir = memory_copy(config->server.data_dir);
	config_free(config);
	return true;
}

bool client_find(struct client *client, struct error *err)
{
	forget(client);
	if (!client->fetch)
		client->fetch = fetch_new();
	const char *url = client->url_option ? client->url_option : getenv("MEKIKI_URL");
	if (url && *url)
		return find_given(client, url, err);
	if (!find_data_dir(client, err))
		return false;
	struct runtime runtime;
	if (!runtime_read(client->data_dir, &runtime, err)) {
		if (err->code == ERROR_NOT_FOUND)
			error_set(err, ERROR_NOT_FOUND, "no server is running on %s; mekiki serve starts one", client->data_dir);
		return false;
	}
	client->url = TAKE(runtime.url);
	client->token = TAKE(runtime.token);
	client->pid = runtime.pid;
	runtime_release(&runtime);
	return true;
}

bool client_connect(struct client *client, struct error *err)
{
	if (!client_find(client, err))
		return false;
	AUTO_JSON json_t *me = client_get(client, "/me", err);
	if (!me && (err->code == ERROR_NETWORK || err->code == ERROR_TIMEOUT))
		error_prefix(err, "no server answers");
	return me != NULL;
}

static enum error_code code_of(const char *name)
{
	for (int code = ERROR_NONE + 1; name && code < ERROR_COUNT; code++)
		if (text_equal(error_name((enum error_code)code), name))
			return (enum error_code)code;
	return ERROR_INTERNAL;
}

/* RFC 9457 becomes an error again. */
static bool refused(const struct fetch_answer *answer, struct error *err)
{
	AUTO_JSON json_t *problem = json_parse(answer->body.data, answer->body.length, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	const char *title = json_string_value(json_object_get(problem, "title"));
	const char *code = json_string_value(json_object_get(problem, "code"));
	if (!problem || !code)
		return error_set(err, ERROR_NETWORK, "the answer has status %d and is not mekiki's", answer->status);
	return error_set(err, code_of(code), "%s", detail && *detail ? detail : title ? title : code);
}

static bool keep_going(void *arg, int64_t sent, int64_t received)
{
	const struct client *client = arg;
	(void)sent;
	(void)received;
	return !client->go_on || client->go_on();
}

/* The request's URL and headers; release both. */
struct call {
	char *url, *authorization;
	const char *headers[4];
};

static void call_init(struct call *call, const struct client *client, const char *path, const char *content_type)
{
	call->url = memory_format("%s/api/v1%s", client->url, path);
	call->authorization = memory_format("Authorization: Bearer %s", client->token);
	call->headers[0] = call->authorization;
	call->headers[1] = "Accept: application/json, */*";
	call->headers[2] = content_type;
	call->headers[3] = NULL;
}

static void call_release(struct call *call)
{
	free(call->url);
	explicit_bzero(call->authorization, strlen(call->authorization));
	free(call->authorization);
}

static bool take_answer(const struct fetch_answer *answer, json_t **out, struct error *err)
{
	if (answer->status < 200 || answer->status >= 300)
		return refused(answer, err);
	if (answer->status == 204 || !answer->body.length)
		return true;
	*out = json_parse(answer->body.data, answer->body.length, err);
	return *out || error_prefix(err, "the answer of the server");
}

bool client_call(struct client *client, const char *method, const char *path, json_t *body, json_t **out,
                 struct error *err)
{
	AUTO(call_release) struct call call;
	call_init(&call, client, path, body ? "Content-Type: application/json" : NULL);
	AUTO_FREE char *text = body ? json_text(body) : NULL;
	struct fetch_request request = {
		.method = method, .url = call.url, .headers = call.headers, .body = text,
		.body_length = text ? strlen(text) : 0, .timeout_ms = CALL_TIMEOUT_MS, .progress = keep_going, .arg = client,
	};
	AUTO(fetch_answer_release) struct fetch_answer answer;
	*out = NULL;
	return fetch_call(client->fetch, &request, &answer, err) && take_answer(&answer, out, err);
}

json_t *client_get(struct client *client, const char *path, struct error *err)
{
	json_t *out = NULL;
	if (client_call(client, "GET", path, NULL, &out, err) && !out)
		error_set(err, ERROR_NETWORK, "the server answered with nothing");
	return out;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static const char *type_of(const char *path)
{
	return text_ends(path, ".txt") || text_ends(path, ".list") ? "Content-Type: text/plain" : "Content-Type: text/csv";
}

json_t *client_upload(struct client *client, const char *path, const char *name, struct error *err)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set(err, ERROR_INPUT, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(err, ERROR_INPUT, "%s is not a file", path);
		return NULL;
	}
	AUTO_FREE char *escaped = fetch_escape(name);
	AUTO_FREE char *target = memory_format("/datasets?name=%s", escaped);
	AUTO(call_release) struct call call;
	call_init(&call, client, target, type_of(path));
	struct fetch_request request = {
		.method = "POST", .url = call.url, .headers = call.headers, .body_fd = fd, .body_size = status.st_size,
		.progress = keep_going, .arg = client,
	};
	if (!status.st_size) {
		request.body_fd = 0;
		request.body = "";
	}
	AUTO(fetch_answer_release) struct fetch_answer answer;
	json_t *out = NULL;
	if (!fetch_call(client->fetch, &request, &answer, err) || !take_answer(&answer, &out, err))
		return NULL;
	return out;
}

bool client_download(struct client *client, const char *path, int fd, struct error *err)
{
	AUTO(call_release) struct call call;
	call_init(&call, client, path, NULL);
	struct fetch_request request = {.method = "GET", .url = call.url, .headers = call.headers, .out_fd = fd,
	                                .progress = keep_going, .arg = client};
	AUTO(fetch_answer_release) struct fetch_answer answer;
	if (!fetch_call(client->fetch, &request, &answer, err))
		return false;
	return answer.status == 200 || refused(&answer, err);
}

static char *latest_run(struct client *client, struct error *err)
{
	AUTO_JSON json_t *list = client_get(client, "/runs?limit=1", err);
	const json_t *first = json_array_get(json_object_get(list, "items"), 0);
	const char *id = json_string_value(json_object_get(first, "id"));
	if (list && !id)
		error_set(err, ERROR_NOT_FOUND, "there is no run yet");
	return memory_copy(id);
}

char *client_run_id(struct client *client, const char *word, struct error *err)
{
	int64_t number;
	char id[RUN_ID_SIZE];
	if (text_equal(word, "latest"))
		return latest_run(client, err);
	if (text_to_int(word, 1, INT64_MAX, &number) || run_id_parse(word, &number))
		return memory_copy(run_id_format(number, id));
	error_set(err, ERROR_INPUT, "expected a run such as r-0001, or \"latest\", found \"%s\"", word);
	return NULL;
}

static int exit_of(const struct client *client, enum error_code code)
{
	if (code == ERROR_NETWORK || code == ERROR_TIMEOUT || (code == ERROR_NOT_FOUND && !client->url))
		return CLI_NO_SERVER;
	return code == ERROR_CONFIG ? CLI_USAGE : CLI_FAILED;
}

int client_fail(const struct client *client, const char *command, const struct error *err)
{
	fprintf(stderr, "mekiki %s: %s\n", command, err->text);
	return exit_of(client, err->code);
}
