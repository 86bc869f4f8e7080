/* context.h - what every handler may use
 *
 * Made by api_new(), private to server/api. Everything is fixed before the
 * thread starts; `reader`, `daemon` and `hub` belong to the HTTP thread.
 */
#ifndef MEKIKI_SERVER_API_CONTEXT_H
#define MEKIKI_SERVER_API_CONTEXT_H

#include "api/api.h"
#include "io/loop.h"
#include "store/store.h"

struct daemon;
struct hub;
struct windows;

struct api {
	const struct config *config;
	struct store *store;
	struct engine *engine;
	struct jobs *jobs;
	char *datasets, *uploads, *data_dir;

	struct loop *loop;
	struct daemon *daemon;
	struct reader *reader; /* for small reads on the HTTP thread */
	struct hub *hub;       /* the streams */
	struct windows *windows; /* pages of frozen views */

	char *cookie;          /* "mekiki_" and the instance's name, which is the data directory's */
	char *url, *name;      /* "http://127.0.0.1:8580", "hostname:8580" */
	char build[16];        /* of the pages and the program: changes with them */
	int port;
	int64_t started_ms;    /* wall clock */
	int64_t token;         /* id of the command line's token, 0 = none */
	bool stopping;         /* HTTP thread: streams end, nothing new begins */
	int steps;             /* HTTP thread: requests and streams that others work on */
	int downloads;         /* HTTP thread: exports under way */
	struct loop_timer *ending;
	int64_t linger_until_ms;
};

#endif
