#include "workers/port.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"

enum { TCP_STATE_LISTEN = 0x0a, INODES_MAX = 16 };

/* What the tables of the kernel say about a port. */
struct use {
	uint64_t listening[INODES_MAX]; /* inodes of sockets that listen */
	int count;
	bool lingers;                   /* connections of an earlier server */
};

static void read_table(const char *path, int port, struct use *use)
{
	FILE *file = fopen(path, "re");
	char line[512];
	for (bool header = true; file && fgets(line, sizeof(line), file); header = false) {
		unsigned local, state;
		uint64_t inode;
		if (header || sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %" SCNu64, &local, &state,
		                     &inode) != 3 || local != (unsigned)port)
			continue;
		if (state != TCP_STATE_LISTEN)
			use->lingers = true;
		else if (use->count < INODES_MAX)
			use->listening[use->count++] = inode;
	}
	if (file)
		fclose(file);
}

static struct use look(int port)
{
	struct use use = {0};
	read_table("/proc/net/tcp", port, &use);
	read_table("/proc/net/tcp6", port, &use);
	return use;
}

static bool bind_plainly(int port, bool reuse)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0)
		return true; /* says nothing about the port */
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_ANY)}};
	bool bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	int why = errno;
	close(fd);
	errno = why;
	return bound;
}

static bool has_socket(int64_t pid, const struct use *use)
{
	char path[64], target[64], wanted[64];
	snprintf(path, sizeof(path), "/proc/%lld/fd", (long long)pid);
	DIR *directory = opendir(path);
	bool found = false;
	for (struct dirent *entry; directory && !found && (entry = readdir(directory));) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		for (int i = 0; i < use->count && !found; i++) {
			snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", use->listening[i]);
			found = text_equal(target, wanted);
		}
	}
	if (directory)
		closedir(directory);
	return found;
}

static int64_t owner_of(const struct use *use)
{
	DIR *directory = opendir("/proc");
	int64_t owner = 0;
	for (struct dirent *entry; directory && !owner && (entry = readdir(directory));)
		if (isdigit((unsigned char)entry->d_name[0]) && has_socket(strtoll(entry->d_name, NULL, 10), use))
			owner = strtoll(entry->d_name, NULL, 10);
	if (directory)
		closedir(directory);
	return owner;
}

static bool taken(int port, const struct use *use, struct error *err)
{
	int64_t owner = use->count ? owner_of(use) : 0;
	if (!owner)
		return error_set(err, ERROR_CONFLICT, "port %d is taken by a process that the system does not name%s", port,
		                 use->count ? "" : "; it does not listen yet");
	AUTO_FREE char *command = proc_command(owner);
	return error_set(err, ERROR_CONFLICT, "port %d is taken by process %lld (%.200s)", port, (long long)owner, command);
}

bool port_is_free(int port, struct error *err)
{
	if (bind_plainly(port, false))
		return true;
	int why = errno;
	struct use use = look(port);
	if (why == EADDRINUSE)
		return (!use.count && use.lingers && bind_plainly(port, true)) || taken(port, &use, err);
	return error_set(err, ERROR_CONFIG, "port %d cannot be used: %s", port, strerror(why));
}

bool port_is_held_by(int port, const struct process_list *tree)
{
	struct use use = look(port);
	for (size_t i = 0; use.count && i < tree->count; i++)
		if (has_socket(tree->items[i].pid, &use))
			return true;
	return false;
}
