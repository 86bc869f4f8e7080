#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/reader.h"

enum { FILE_LIMIT = 1 << 20 };

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Whoever can read a key can spend its quota: others should not be able to. */
static void check_mode(struct reader *reader, FILE *file, struct config_place place, const char *key, const char *path)
{
	struct stat status;
	if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077))
		problems_add(reader->values.problems, CONFIG_WARNING, place, key,
		             "%s can be read by others; chmod 600 it", path);
}

char *file_read(struct reader *reader, const yaml_node_t *node, const char *key, const char *path, bool secret)
{
	struct config_problems *problems = reader->values.problems;
	struct config_place place = yaml_place(node);
	AUTO(file_close) FILE *file = fopen(path, "re");
	if (!file) {
		problems_add(problems, CONFIG_ERROR, place, key, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	if (secret)
		check_mode(reader, file, place, key, path);
	struct text out;
	text_init(&out, FILE_LIMIT);
	char block[4096];
	size_t length;
	while (!out.overflow && (length = fread(block, 1, sizeof(block), file)) > 0)
		text_add_bytes(&out, block, length);
	const char *wrong = ferror(file)                            ? strerror(errno)
	                    : out.overflow                          ? "larger than 1 MiB"
	                    : strlen(out.data) != out.length        ? "holds NUL bytes"
	                    : !text_is_utf8(out.data, out.length)   ? "not UTF-8"
	                    : !out.length                           ? "empty"
	                                                            : NULL;
	if (!wrong)
		return text_take(&out);
	problems_add(problems, CONFIG_ERROR, place, key, "cannot use %s: %s", path, wrong);
	text_release(&out);
	return NULL;
}
