#include "api/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/assets.h"
#include "api/respond.h"
#include "base/cleanup.h"
#include "base/memory.h"

enum { DISK_BYTES = 16 * 1024 * 1024 };

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},   {".json", "application/json"},
		{".svg", "image/svg+xml"},             {".png", "image/png"},
		{".ico", "image/x-icon"},              {".webmanifest", "application/manifest+json"},
		{".txt", "text/plain; charset=utf-8"}, {".woff2", "font/woff2"},
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (text_ends(path, types[i][0]))
			return types[i][1];
	return NULL;
}

bool page_path(const char *path, char out[PAGE_PATH_SIZE])
{
	const char *last = strrchr(path, '/');
	size_t first = strcspn(path + 1, "/");
	const char *second = path + 1 + first;
	const char *third = *second ? strchr(second + 1, '/') : NULL;
	int length;
	if (text_equal(path, "/"))
		length = snprintf(out, PAGE_PATH_SIZE, "/index.html");
	else if (text_equal(path, "/runs/new"))
		length = snprintf(out, PAGE_PATH_SIZE, "/new-run.html");
	else if (last && strchr(last, '.') && !strchr(path, '%'))
		length = snprintf(out, PAGE_PATH_SIZE, "%s", path);
	else if (path[1 + first] == '\0' || path[2 + first] == '\0') /* /runs, /login */
		length = snprintf(out, PAGE_PATH_SIZE, "/%.*s.html", (int)first, path + 1);
	else if (third && third[1]) /* /runs/r-0001/results: a page of its own */
		length = snprintf(out, PAGE_PATH_SIZE, "/%.*s.html", (int)strcspn(third + 1, "/"), third + 1);
	else /* /runs/r-0001: the page of one run */
		length = snprintf(out, PAGE_PATH_SIZE, "/%.*s.html", (int)(first - (path[first] == 's')), path + 1);
	return length > 0 && length < PAGE_PATH_SIZE && !strstr(out, "..") && !strstr(out, "//");
}

/* ---- from disk: read anew each time, so that a reload shows the change ------------- */

static char *read_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct stat status;
	char *bytes = NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= DISK_BYTES) {
		bytes = memory_new((size_t)status.st_size + 1);
		ssize_t got = read(fd, bytes, (size_t)status.st_size);
		*length = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return bytes;
}

static bool serve_from_disk(struct request *request, const char *path)
{
	const char *directory = request->api->config->server.web_dir;
	const char *type = type_of(path);
	if (!directory || !type || text_starts(path, "/node_modules/"))
		return false;
	AUTO_FREE char *file = memory_format("%s%s", directory, path);
	request->answer.bytes = read_file(file, &request->answer.length);
	request->answer.content_type = type;
	return request->answer.bytes != NULL;
}

/* ---- from the binary ------------------------------------------------------------- */

static bool accepts_gzip(const struct request *request)
{
	const char *accepted = request_header(request, "Accept-Encoding");
	const char *at = accepted ? strstr(accepted, "gzip") : NULL;
	return at && !text_starts(at, "gzip;q=0,") && !text_equal(at, "gzip;q=0");
}

static void serve_asset(struct request *request, const struct asset *asset)
{
	bool packed = asset->gz && accepts_gzip(request);
	char etag[48];
	snprintf(etag, sizeof(etag), "\"%s%s\"", asset->etag, packed ? "-gz" : "");
	bool known = respond_etag_matches(request_header(request, "If-None-Match"), etag);
	const void *bytes = packed ? asset->gz : asset->plain;
	size_t length = packed ? asset->gz_length : asset->plain_length;
	/* The library's parameter is not const, but with PERSISTENT it only reads. */
	union {
		const void *constant;
		void *plain;
	} buffer = {known ? "" : bytes};
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(known ? 0 : length, buffer.plain, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "ETag", etag);
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (packed && !known)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	request->answer.content_type = asset->content_type;
	request->answer.response = response;
	request->answer.status = known ? 304 : 200;
}

bool page_serve(struct request *request, struct error *err)
{
	char path[PAGE_PATH_SIZE];
	if (!page_path(request->path, path))
		return error_set(err, ERROR_NOT_FOUND, "there is no such page");
	if (serve_from_disk(request, path))
		return true;
	const struct asset *asset = asset_find(path);
	if (!asset && text_equal(request->path, "/")) {
		request->answer.status = 302;
		request->answer.location = memory_copy("/runs");
		return true;
	}
	if (!asset)
		return error_set(err, ERROR_NOT_FOUND, "there is no such page: %.100s", request->path);
	serve_asset(request, asset);
	return true;
}
