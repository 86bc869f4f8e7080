#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/assets.h"
#include "api/context.h"
#include "api/daemon.h"
#include "api/figures.h"
#include "api/hub.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "jobs/window.h"
#include "store/access.h"

/* How long an end waits for clients to take their last bytes; nothing is suspended by then. What others still work on is waited for without limit:
 * they answer through our loop. */
enum { LINGER_MS = 1000, LOOK_MS = 10 };
/* Sixteen views of a million rows. */
enum { WINDOW_BYTES = 64 * 1024 * 1024 };

/* ---- names ---------------------------------------------------------------------------- */

struct naming {
	const char *key, *value;
};

static bool write_setting(struct writer *writer, void *arg, struct error *err)
{
	const struct naming *naming = arg;
	return setting_write(writer, naming->key, naming->value, err);
}

/* The cookie's name tells two servers on one host apart, and is the same after a restart. */
static bool name_cookie(struct api *api, struct error *err)
{
	AUTO_FREE char *instance = setting_read(api->reader, "instance");
	if (!instance) {
		AUTO_FREE char *random = digest_secret(16);
		char hex[DIGEST_HEX];
		digest_of(random, strlen(random), hex);
		instance = memory_copy_n(hex, 8);
		struct naming naming = {"instance", instance};
		if (!store_write_wait(api->store, write_setting, &naming, err))
			return false;
	}
	api->cookie = memory_format("mekiki_%s", instance);
	return true;
}

static void name_server(struct api *api)
{
	char host[65] = "localhost";
	gethostname(host, sizeof(host) - 1);
	api->name = memory_format("%s:%d", host, api->port);
	const char *address = api->config->server.host;
	if (text_equal(address, "0.0.0.0") || text_equal(address, "::"))
		address = "127.0.0.1";
	api->url = memory_format(strchr(address, ':') ? "http://[%s]:%d" : "http://%s:%d", address, api->port);
}

/* Changes with the program and with every page: whoever sees another one reloads. */
static void name_build(struct api *api)
{
	char hex[DIGEST_HEX];
	struct digest *digest = digest_new();
	digest_add(digest, MEKIKI_VERSION, sizeof(MEKIKI_VERSION));
	for (size_t i = 0; i < asset_count; i++)
		digest_add(digest, asset_table[i].etag, strlen(asset_table[i].etag));
	digest_hex(digest, hex);
	digest_free(digest);
	snprintf(api->build, sizeof(api->build), "%.12s", hex);
}

static bool make_uploads(struct api *api, const char *data_dir, struct error *err)
{
	api->uploads = memory_format("%s/uploads", data_dir);
	if (mkdir(api->uploads, 0700) != 0 && errno != EEXIST)
		return error_set(err, ERROR_IO, "cannot make the directory %s: %s", api->uploads, strerror(errno));
	/* What was being collected when a server died is nobody's any more. */
	DIR *directory = opendir(api->uploads);
	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (text_starts(entry->d_name, "upload-"))
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	return true;
}

/* ---- life ----------------------------------------------------------------------------- */

static bool start(struct api *api, struct error *err)
{
	api->reader = reader_open(api->store, err);
	if (!api->reader || !name_cookie(api, err))
		return false;
	api->loop = loop_new("http");
	api->daemon = daemon_new(api, err);
	if (!api->daemon)
		return false;
	name_server(api);
	name_build(api);
	api->hub = hub_new(api);
	api->windows = windows_new(WINDOW_BYTES);
	loop_start(api->loop);
	return true;
}

static void release(struct api *api)
{
	loop_free(api->loop);
	daemon_free(api->daemon);
	hub_free(api->hub);
	if (api->reader)
		reader_close(api->reader);
	free(api->datasets);
	free(api->uploads);
	free(api->data_dir);
	free(api->cookie);
	free(api->url);
	free(api->name);
	windows_free(api->windows);
	figures_forget();
	free(api);
}

struct api *api_new(const struct api_options *options, struct error *err)
{
	struct api *api = NEW(struct api);
	api->config = options->config;
	api->store = options->store;
	api->engine = options->engine;
	api->jobs = options->jobs;
	api->datasets = memory_copy(options->datasets);
	api->data_dir = memory_copy(options->data_dir);
	api->started_ms = clock_wall_ms();
	if (make_uploads(api, options->data_dir, err) && start(api, err))
		return api;
	release(api);
	return NULL;
}

static void end_now(struct api *api)
{
	loop_timer_free(api->ending);
	daemon_stop(api->daemon);
	hub_stop(api->hub);
	loop_stop(api->loop);
}

static void look_whether_over(void *arg)
{
	struct api *api = arg;
	bool lingered = clock_mono_ms() >= api->linger_until_ms;
	if (api->steps == 0 && (lingered || !daemon_connections(api->daemon)))
		end_now(api);
}

static void begin_to_end(void *arg)
{
	struct api *api = arg;
	api->stopping = true;
	api->linger_until_ms = clock_mono_ms() + LINGER_MS;
	daemon_quiesce(api->daemon);
	hub_end_streams(api->hub);
	daemon_close_idle(api->daemon);
	api->ending = loop_timer_new(api->loop, look_whether_over, api);
	loop_timer_set(api->ending, 0, LOOK_MS);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	loop_post(api->loop, begin_to_end, api);
	loop_join(api->loop);
	release(api);
}

int api_port(const struct api *api)
{
	return api->port;
}

const char *api_url(const struct api *api)
{
	return api->url;
}
