/* client.h - the server as the command line sees it: where it is, and JSON both ways
 *
 * Found by --url or MEKIKI_URL with MEKIKI_TOKEN, else by runtime.json in the
 * data directory. A server that was restarted has a new place: client_find()
 * again.
 */
#ifndef MEKIKI_CLI_CLIENT_H
#define MEKIKI_CLI_CLIENT_H

#include <jansson.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/args.h"
#include "io/fetch.h"

struct client {
	/* from the options, borrowed */
	const char *url_option, *config_file, *data_dir_option;
	bool json; /* print what the API answered */
	/* once found */
	char *data_dir; /* owned, NULL when the URL was given */
	char *url, *token;
	int64_t pid;    /* of the server, 0 = unknown */
	struct fetch *fetch;
	/* Asked while calls last; false ends them. May be NULL. */
	bool (*go_on)(void);
};

/* The options of every client command. */
#define CLIENT_ARGS(client)                                                                                     \
	{"url", 0, ARG_TEXT, &(client)->url_option, "URL", "the server, with its token in MEKIKI_TOKEN", 0, 0}, \
	{"config", 'c', ARG_TEXT, &(client)->config_file, "FILE", "configuration whose data_dir tells the server", 0, 0}, \
	{"data-dir", 'd', ARG_TEXT, &(client)->data_dir_option, "DIR", "instead of the configuration's data_dir", 0, 0}, \
	{"json", 0, ARG_FLAG, &(client)->json, NULL, "print JSON", 0, 0}

/* Where the server is said to be; ERROR_NOT_FOUND when nothing says so, ERROR_CONFIG, ERROR_FORBIDDEN. */
bool client_find(struct client *client, struct error *err);
/* The same, and it answers; else ERROR_NETWORK. */
bool client_connect(struct client *client, struct error *err);
void client_release(struct client *client);

/* Path below /api/v1, "/runs?limit=1". The answer's JSON (NULL for 204) is a new reference. A problem
 * document becomes an error with its code and detail. `body` may be NULL. */
bool client_call(struct client *client, const char *method, const char *path, json_t *body, json_t **out,
                 struct error *err);
json_t *client_get(struct client *client, const char *path, struct error *err);

/* Sends a file as a dataset; `name` is its name there. New reference, or NULL. */
json_t *client_upload(struct client *client, const char *path, const char *name, struct error *err);
/* Writes a body to a descriptor. */
bool client_download(struct client *client, const char *path, int fd, struct error *err);

/* "latest", "r-0001", "1": the run's id as the API writes it, free(); NULL with err. */
char *client_run_id(struct client *client, const char *word, struct error *err);

/* Says the error on stderr; the exit code for it. */
int client_fail(const struct client *client, const char *command, const struct error *err);

#define AUTO_CLIENT AUTO(client_release)

#endif
