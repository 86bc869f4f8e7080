/* log.h - one line per fact on stderr
 *
 *   2026-11-24T19:04:05.123+09:00 info engine run r-0001 started
 *
 * Any thread; one write(2) per line, so lines never mix. Control characters in
 * what strangers sent are escaped. Secrets are never passed in.
 */
#ifndef MEKIKI_BASE_LOG_H
#define MEKIKI_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

void log_init(enum log_level least, bool json);
bool log_level_parse(const char *name, enum log_level *out);
void log_write(enum log_level level, const char *module, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(module, ...) log_write(LOG_DEBUG, module, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_INFO, module, __VA_ARGS__)
#define log_warning(module, ...) log_write(LOG_WARNING, module, __VA_ARGS__)
#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)

#endif
