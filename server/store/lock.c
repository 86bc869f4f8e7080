#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"

struct lock {
	int fd;
};

/* The pid in the file, 0 = not readable. */
static long read_holder(int fd)
{
	char text[32] = {0};
	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

static void write_holder(int fd)
{
	/* Only for the message of the next one; the lock does not depend on it. */
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
}

struct lock *lock_take(const char *directory, struct error *err)
{
	AUTO_FREE char *path = memory_format("%s/lock", directory);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			error_set(err, ERROR_CONFLICT,
				  "%s: another mekiki (process %ld) works in this data directory; stop it, or use another one "
				  "(server.data_dir)",
				  path, read_holder(fd));
		else
			error_set(err, ERROR_IO, "%s: cannot lock: %s", path, strerror(errno));
		close(fd);
		return NULL;
	}
	write_holder(fd);
	struct lock *lock = NEW(struct lock);
	lock->fd = fd;
	return lock;
}

void lock_release(struct lock *lock)
{
	if (!lock)
		return;
	/* The file stays: removing it would let two processes lock two files of one name. */
	close(lock->fd);
	free(lock);
}
