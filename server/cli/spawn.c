#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/interrupt.h"

enum { START_MS = 60000, LOOK_MS = 100, TAIL_BYTES = 2000 };

extern char **environ;

/* mkdir -p, private. */
static bool make_directory(const char *path, struct error *err)
{
	AUTO_FREE char *partial = memory_copy(path);
	for (char *slash = partial + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(partial, 0700);
	}
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return error_set(err, ERROR_IO, "cannot make %s: %s", path, strerror(errno));
}

static pid_t launch(const struct client *client, const char *log, struct error *err)
{
	const char *argv[8] = {"mekiki", "serve", "--data-dir", client->data_dir};
	if (client->config_file) {
		argv[4] = "--config";
		argv[5] = client->config_file;
	}
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	pid_t pid = -1;
	int wrong = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (wrong)
		error_set(err, ERROR_IO, "cannot start a server: %s", strerror(wrong));
	return wrong ? -1 : pid;
}

/* What a server that gave up said last: its last lines from `from` on. */
static char *last_words(const char *log, off_t from)
{
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	char *bytes = memory_new(TAIL_BYTES + 1);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t start = end - from > TAIL_BYTES ? end - TAIL_BYTES : from;
	ssize_t length = fd < 0 ? 0 : pread(fd, bytes, TAIL_BYTES, start);
	bytes[length > 0 ? length : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return bytes;
}

static bool wait_for_it(struct client *client, pid_t pid, const char *log, off_t from, struct error *err)
{
	int64_t deadline = clock_mono_ms() + START_MS;
	while (clock_mono_ms() < deadline && interrupt_absent()) {
		struct error ignored = {0};
		int status;
		if (client_connect(client, &ignored) && client->pid == pid)
			return true;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			AUTO_FREE char *words = last_words(log, from);
			return error_set(err, ERROR_NETWORK, "the server that was started ended at once:\n%s", words);
		}
		interrupt_sleep(LOOK_MS);
	}
	return error_set(err, ERROR_TIMEOUT, "the server that was started (pid %d) does not answer; its log is %s",
	                 (int)pid, log);
}

bool spawn_server(struct client *client, struct error *err)
{
	AUTO_FREE char *logs = memory_format("%s/logs", client->data_dir);
	AUTO_FREE char *log = memory_format("%s/server.log", logs);
	if (!make_directory(client->data_dir, err) || !make_directory(logs, err))
		return false;
	struct stat status;
	off_t from = stat(log, &status) == 0 ? status.st_size : 0;
	pid_t pid = launch(client, log, err);
	/* client_find() forgets the directory, which is the same afterwards. */
	if (pid < 0 || !wait_for_it(client, pid, log, from, err))
		return false;
	fprintf(stderr, "no server was running; started one (pid %d) on %s\n  log: %s\n  stop it: kill %d\n", (int)pid,
	        client->url, log, (int)pid);
	return true;
}
