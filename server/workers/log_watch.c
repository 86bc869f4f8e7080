#include "workers/log_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { LOOK_EVERY_MS = 250, PIECE = 1 << 15, PIECES_PER_LOOK = 4, PIECES_AT_THE_END = 64 };

struct log_watch {
	char *path;
	int64_t offset;
	struct log_lines lines;
	struct loop_timer *timer;
	loop_call *moved;
	void *arg;
};

static bool read_pieces(struct log_watch *watch, int pieces)
{
	static char piece[PIECE]; /* the engine's thread only */
	bool moved = false;
	int fd = open(watch->path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size < watch->offset)
		watch->offset = 0; /* rotated: copied and truncated */
	for (ssize_t got; fd >= 0 && pieces-- > 0 && (got = pread(fd, piece, PIECE, watch->offset)) > 0; moved = true) {
		log_lines_add(&watch->lines, piece, (size_t)got);
		watch->offset += got;
	}
	if (fd >= 0)
		close(fd);
	return moved;
}

static void look(void *arg)
{
	struct log_watch *watch = arg;
	if (read_pieces(watch, PIECES_PER_LOOK))
		watch->moved(watch->arg);
}

struct log_watch *log_watch_new(struct loop *loop, const char *path, loop_call *moved, void *arg)
{
	struct log_watch *watch = NEW(struct log_watch);
	watch->path = memory_copy(path);
	watch->moved = moved;
	watch->arg = arg;
	log_lines_init(&watch->lines);
	watch->timer = loop_timer_new(loop, look, watch);
	return watch;
}

void log_watch_free(struct log_watch *watch)
{
	if (!watch)
		return;
	loop_timer_free(watch->timer);
	log_lines_release(&watch->lines);
	free(watch->path);
	free(watch);
}

void log_watch_begin(struct log_watch *watch, int64_t back)
{
	struct stat status = {0};
	log_lines_release(&watch->lines);
	watch->offset = stat(watch->path, &status) == 0 && status.st_size > back ? status.st_size - back : 0;
	loop_timer_set(watch->timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
}

void log_watch_catch_up(struct log_watch *watch)
{
	read_pieces(watch, PIECES_AT_THE_END);
}

void log_watch_stop(struct log_watch *watch)
{
	loop_timer_stop(watch->timer);
}

const struct log_lines *log_watch_lines(const struct log_watch *watch)
{
	return &watch->lines;
}
