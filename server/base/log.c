#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/vector.h"
#include "base/text.h"

static const char *const names[] = {"debug", "info", "warning", "error"};

/* Set once by log_init() before any thread starts, read-only afterwards. */
static enum log_level least_level = LOG_INFO;
static bool as_json = false;

void log_init(enum log_level least, bool json)
{
	least_level = least;
	as_json = json;
}

bool log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_equal_fold(name, names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

/* A line stays a line, and a terminal stays itself, whatever a stranger sent. */
static void escape_controls(struct text *line, const char *message)
{
	for (const char *p = message; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c == 0x7F)
			text_addf(line, "\\x%02x", c);
		else
			text_add_char(line, *p);
	}
}

static void add_plain(struct text *line, const char *when, enum log_level level, const char *module,
                      const char *message)
{
	text_addf(line, "%s %s %s ", when, names[level], module);
	escape_controls(line, message);
}

static void add_json(struct text *line, const char *when, enum log_level level, const char *module,
                     const char *message)
{
	AUTO_JSON json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "time", when, "level", names[level], "module",
	                                     module, "message", json_text_or_null(message));
	AUTO_FREE char *text = json_text(object);
	text_add(line, text);
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
	if (level < least_level)
		return;
	va_list args;
	va_start(args, format);
	char message[2048];
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	AUTO_TEXT struct text line;
	text_init(&line, 16384);
	char when[CLOCK_TEXT_SIZE];
	clock_format(clock_wall_ms(), when);
	(as_json ? add_json : add_plain)(&line, when, level, module, message);
	text_add_char(&line, '\n');
	ssize_t ignored = write(STDERR_FILENO, line.data, line.length);
	(void)ignored; /* there is nowhere left to say that stderr is gone */
}
