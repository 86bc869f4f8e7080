/* api.h - people and programs come in: REST, server-sent events, the dashboard
 *
 * One thread with its own loop drives libmicrohttpd (architecture.md, threads)
 * and never blocks: what may take long happens on a job thread, what changes
 * something is posted to the store's writer or the engine, and the answer comes
 * back through the loop's mailbox. server/api/routes.c is the table of all paths.
 */
#ifndef MEKIKI_API_API_H
#define MEKIKI_API_API_H

#include "base/error.h"
#include "config/config.h"

struct store;
struct engine;
struct jobs;
struct api;

struct api_options {              /* everything outlives the api */
	const struct config *config;
	struct store *store;
	struct engine *engine;
	struct jobs *jobs;
	const char *datasets;     /* directory of the bytes of datasets */
	const char *data_dir;     /* uploads are collected in its "uploads" */
};

/* Binds and starts serving; sets the engine's one watcher. NULL with err: ERROR_CONFIG (address), ERROR_IO (port taken). */
struct api *api_new(const struct api_options *options, struct error *err);
/* Ends the streams, waits for what was asked of others, closes. Before the engine, the jobs and the store. */
void api_free(struct api *api);

int api_port(const struct api *api);        /* the real one, when port 0 was configured */
const char *api_url(const struct api *api); /* "http://127.0.0.1:8580", borrowed */

/* What the composition root says when it is ready; both are made once, by the main thread.
 * A one-time token becomes the printed link, good for one login within 15 minutes; free(). */
char *api_login_link(struct api *api, struct error *err);
/* runtime.json in the data directory: URL, pid, and an admin token for the command line of the
 * same user (0600, replaced atomically). An older server's token is revoked. */
bool api_runtime_write(struct api *api, struct error *err);
void api_runtime_remove(struct api *api); /* at a clean end; before api_free() */

#endif
