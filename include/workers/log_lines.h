/* log_lines.h - what a worker's log says about its start
 *
 * Bytes in; out come the last lines, the phase of the start, and the line that
 * tells why it failed. Progress bars end their lines with "\r": a line that ended
 * so is replaced by the next one. Both tables are in the .c; the patterns are
 * vLLM's, others are simply not found.
 *
 * Pure.
 */
#ifndef MEKIKI_WORKERS_LOG_LINES_H
#define MEKIKI_WORKERS_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/worker.h"

enum { LOG_LINES_KEPT = 200, LOG_LINE_MAX = 2000 /* bytes; the rest of a line is dropped */ };

/* Written before each start; the log is appended to for ever. */
#define LOG_START_MARK "=== mekiki starts: "

struct log_failure {
	const char *needle, *also;  /* both are in the line; also NULL = one is enough */
	enum worker_cause cause;
	bool permanent;             /* starting again changes nothing */
	bool once;                  /* permanent when the start before failed with it, too */
	bool nobodys;               /* nobody's fault: waits, spends no attempt */
};

struct log_lines {
	char *lines[LOG_LINES_KEPT];/* ring, owned */
	size_t first, count;
	char part[LOG_LINE_MAX + 1];/* of the line that has not ended */
	size_t part_length;
	bool replace;               /* the last line ended with "\r" */
	int64_t total;              /* lines that have ended */
	const char *phase;          /* NULL = none seen */
	double progress;            /* 0..1, never falls; -1 = unknown */
	const struct log_failure *failure; /* NULL = none seen */
	char *failure_line;         /* owned */
};

void log_lines_init(struct log_lines *log);
void log_lines_release(struct log_lines *log);
void log_lines_add(struct log_lines *log, const char *bytes, size_t length);
/* 0 = the oldest kept. */
const char *log_lines_at(const struct log_lines *log, size_t index);

#endif
