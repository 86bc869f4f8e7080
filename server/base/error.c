#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *title;
	enum error_class class;
} errors[ERROR_COUNT] = {
	[ERROR_NONE] = {"none", "No error", ERROR_CLASS_BUG},
	[ERROR_CONFIG] = {"config", "The configuration is wrong", ERROR_CLASS_NEVER},
	[ERROR_INPUT] = {"bad-input", "The input is wrong", ERROR_CLASS_NEVER},
	[ERROR_TOO_LARGE] = {"too-large", "Larger than allowed", ERROR_CLASS_NEVER},
	[ERROR_NOT_FOUND] = {"not-found", "Not found", ERROR_CLASS_NEVER},
	[ERROR_CONFLICT] = {"conflict", "Not possible in this state", ERROR_CLASS_NEVER},
	[ERROR_CHANGED] = {"changed", "Changed in the meantime", ERROR_CLASS_NEVER},
	[ERROR_UNACKNOWLEDGED] = {"unacknowledged", "Warnings must be acknowledged", ERROR_CLASS_NEVER},
	[ERROR_UNAUTHENTICATED] = {"unauthenticated", "A session or a token is needed", ERROR_CLASS_NEVER},
	[ERROR_FORBIDDEN] = {"forbidden", "Not allowed", ERROR_CLASS_NEVER},
	[ERROR_BUSY] = {"busy", "Busy, try again soon", ERROR_CLASS_AGAIN},
	[ERROR_TIMEOUT] = {"timeout", "Took too long", ERROR_CLASS_AGAIN},
	[ERROR_NETWORK] = {"network", "The network failed", ERROR_CLASS_AGAIN},
	[ERROR_IO] = {"io", "A file could not be read or written", ERROR_CLASS_NEVER},
	[ERROR_DISK_FULL] = {"disk-full", "The disk is full", ERROR_CLASS_AGAIN},
	[ERROR_STORE] = {"store", "The database failed", ERROR_CLASS_BUG},
	[ERROR_UNSUPPORTED] = {"unsupported", "Not built yet", ERROR_CLASS_NEVER},
	[ERROR_INTERNAL] = {"internal", "A defect of mekiki", ERROR_CLASS_BUG},
};

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
	if (!err)
		return false;
	err->code = code;
	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
	if (!err)
		return false;
	char old[sizeof(err->text)];
	memcpy(old, err->text, sizeof(old));
	va_list args;
	va_start(args, format);
	int used = vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof(err->text))
		snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", old);
	return false;
}

void error_clear(struct error *err)
{
	if (!err)
		return;
	err->code = ERROR_NONE;
	err->text[0] = '\0';
}

const char *error_name(enum error_code code)
{
	return errors[code < ERROR_COUNT ? code : ERROR_INTERNAL].name;
}

const char *error_title(enum error_code code)
{
	return errors[code < ERROR_COUNT ? code : ERROR_INTERNAL].title;
}

enum error_class error_class(enum error_code code)
{
	return errors[code < ERROR_COUNT ? code : ERROR_INTERNAL].class;
}
