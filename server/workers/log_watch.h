/* log_watch.h - the tail of a worker's log while it is written
 *
 * The file is append-only and written by the worker itself, so that it goes on
 * when we die (a pipe of ours would end it with EPIPE). It is looked at four
 * times a second; one look reads a bounded piece. The engine's thread.
 */
#ifndef MEKIKI_WORKERS_LOG_WATCH_H
#define MEKIKI_WORKERS_LOG_WATCH_H

#include "io/loop.h"
#include "workers/log_lines.h"

struct log_watch;

/* `moved` is called after a look that read something. */
struct log_watch *log_watch_new(struct loop *loop, const char *path, loop_call *moved, void *arg);
void log_watch_free(struct log_watch *watch);
/* From the file's present end, or `back` bytes before it; forgets the lines of before. */
void log_watch_begin(struct log_watch *watch, int64_t back);
/* Everything that is there now; at the end of a process. */
void log_watch_catch_up(struct log_watch *watch);
void log_watch_stop(struct log_watch *watch);
const struct log_lines *log_watch_lines(const struct log_watch *watch);

#endif
