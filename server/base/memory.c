#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_abort(void *memory)
{
	if (memory)
		return memory;
	static const char last_words[] = "mekiki: out of memory; every committed result is safe\n";
	ssize_t ignored = write(STDERR_FILENO, last_words, sizeof(last_words) - 1);
	(void)ignored;
	abort();
}

void *memory_new(size_t size)
{
	return or_abort(calloc(1, size ? size : 1));
}

void *memory_array(size_t count, size_t size)
{
	return or_abort(calloc(count ? count : 1, size ? size : 1));
}

void *memory_grow(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return or_abort(NULL);
	size_t bytes = count * size;
	return or_abort(realloc(old, bytes ? bytes : 1));
}

char *memory_copy(const char *text)
{
	return text ? memory_copy_n(text, strlen(text)) : NULL;
}

char *memory_copy_n(const void *bytes, size_t length)
{
	char *copy = memory_new(length + 1);
	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

char *memory_format(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *out = NULL;
	if (vasprintf(&out, format, args) < 0)
		out = NULL;
	va_end(args);
	return or_abort(out);
}
