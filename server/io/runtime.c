#include "io/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"

enum { RUNTIME_LIMIT = 64 * 1024 };

static char *path_of(const char *data_dir)
{
	return memory_format("%s/runtime.json", data_dir);
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool write_file(const char *path, const char *content, struct error *err)
{
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t length = strlen(content);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length || fsync(fd) != 0)
		return error_set(err, ERROR_IO, "cannot write %s: %s", path, strerror(errno));
	return true;
}

bool runtime_write(const char *data_dir, const struct runtime *runtime, struct error *err)
{
	AUTO_JSON json_t *json = json_pack("{s:s, s:s, s:I}", "url", runtime->url, "token", runtime->token, "pid",
	                                   (json_int_t)runtime->pid);
	AUTO_FREE char *content = json_text(json);
	AUTO_FREE char *path = path_of(data_dir);
	AUTO_FREE char *beside = memory_format("%s.%d", path, (int)getpid());
	unlink(beside);
	if (!write_file(beside, content, err))
		return false;
	if (rename(beside, path) != 0)
		return error_set(err, ERROR_IO, "cannot rename %s: %s", beside, strerror(errno));
	return true;
}

static bool check_owner(int fd, const char *path, struct error *err)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return error_set(err, ERROR_IO, "cannot read %s: %s", path, strerror(errno));
	if (status.st_uid != geteuid())
		return error_set(err, ERROR_FORBIDDEN, "%s belongs to another user; give --url and MEKIKI_TOKEN", path);
	if (status.st_mode & 077)
		return error_set(err, ERROR_FORBIDDEN,
		                 "%s can be read by others, so its token is no secret any more; restart the server", path);
	return true;
}

/* Keys that we do not know are a newer server's. */
static bool parse(const char *bytes, size_t length, const char *path, struct runtime *out, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(bytes, length, err);
	if (!json)
		return error_prefix(err, "%s", path);
	const char *url = json_string_value(json_object_get(json, "url"));
	const char *token = json_string_value(json_object_get(json, "token"));
	if (!url || !token)
		return error_set(err, ERROR_INPUT, "%s: \"url\" or \"token\" is missing", path);
	out->url = memory_copy(url);
	out->token = memory_copy(token);
	out->pid = json_integer_value(json_object_get(json, "pid"));
	return true;
}

bool runtime_read(const char *data_dir, struct runtime *out, struct error *err)
{
	*out = (struct runtime){0};
	AUTO_FREE char *path = path_of(data_dir);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "cannot read %s: %s", path,
		                 strerror(errno));
	if (!check_owner(fd, path, err))
		return false;
	AUTO_FREE char *bytes = memory_new(RUNTIME_LIMIT);
	ssize_t length = read(fd, bytes, RUNTIME_LIMIT);
	if (length < 0)
		return error_set(err, ERROR_IO, "cannot read %s: %s", path, strerror(errno));
	return parse(bytes, (size_t)length, path, out, err);
}

void runtime_remove(const char *data_dir)
{
	AUTO_FREE char *path = path_of(data_dir);
	unlink(path);
}

void runtime_release(struct runtime *runtime)
{
	free(runtime->url);
	if (runtime->token)
		explicit_bzero(runtime->token, strlen(runtime->token));
	free(runtime->token);
	*runtime = (struct runtime){0};
}
