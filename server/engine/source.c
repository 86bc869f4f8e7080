#include "engine/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/csv.h"

static bool read_columns(struct source *source, const struct dataset_record *dataset, struct error *err)
{
	AUTO_JSON json_t *columns = json_parse(dataset->columns, strlen(dataset->columns), err);
	AUTO_JSON json_t *meanings =
		dataset->meanings ? json_parse(dataset->meanings, strlen(dataset->meanings), err) : json_object();
	if (!columns || !meanings)
		return error_prefix(err, "columns of dataset %s", dataset->name);
	source->column_count = (int)json_array_size(columns);
	source->columns = memory_array((size_t)source->column_count, sizeof(*source->columns));
	source->is_label = memory_array((size_t)source->column_count, sizeof(*source->is_label));
	for (int i = 0; i < source->column_count; i++) {
		const char *name = json_string_value(json_array_get(columns, (size_t)i));
		source->columns[i] = memory_copy(name ? name : "");
		source->is_label[i] =
			text_equal(json_string_value(json_object_get(meanings, source->columns[i])), "label");
	}
	return true;
}

struct source *source_open(const char *directory, const struct dataset_record *dataset, struct error *err)
{
	AUTO_FREE char *path = memory_format("%s/%s", directory, dataset->sha256);
	struct source *source = NEW(struct source);
	source->is_list = dataset->is_list;
	source->file = open(path, O_RDONLY | O_CLOEXEC);
	if (source->file < 0)
		error_set(err, ERROR_IO, "%s: the bytes of dataset \"%s\" cannot be opened: %s", path, dataset->name,
		          strerror(errno));
	else if (read_columns(source, dataset, err))
		return source;
	source_free(source);
	return NULL;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	if (source->file >= 0)
		close(source->file);
	for (int i = 0; i < source->column_count; i++)
		free(source->columns[i]);
	free(source->columns);
	free(source->is_label);
	free(source);
}

bool source_check(const struct source *source, const struct dataset_record *dataset, struct error *err)
{
	enum { PIECE = 1 << 20 };
	AUTO_FREE char *bytes = memory_new(PIECE);
	char found[DIGEST_HEX];
	struct digest *digest = digest_new();
	ssize_t got;
	for (off_t at = 0; (got = pread(source->file, bytes, PIECE, at)) > 0; at += got)
		digest_add(digest, bytes, (size_t)got);
	digest_hex(digest, found);
	digest_free(digest);
	if (got < 0)
		return error_set(err, ERROR_IO, "the bytes of dataset \"%s\" cannot be read: %s", dataset->name, strerror(errno));
	return text_equal(found, dataset->sha256) ||
	       error_set(err, ERROR_CHANGED,
	                 "the bytes of dataset \"%s\" have changed since it was imported (their SHA-256 is now %.16s...); "
	                 "upload the file again and make a new run",
	                 dataset->name, found);
}

static bool read_bytes(const struct source *source, int64_t offset, char *bytes, size_t length, struct error *err)
{
	size_t have = 0;
	while (have < length) {
		ssize_t got = pread(source->file, bytes + have, length - have, (off_t)offset + (off_t)have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(err, ERROR_IO, "the dataset's file ends early or cannot be read: %s",
			                 got < 0 ? strerror(errno) : "end of file");
		have += (size_t)got;
	}
	return true;
}

static bool split(const char *bytes, size_t length, struct cells *out, struct error *err)
{
	struct csv_reader *reader = csv_reader_new();
	csv_reader_feed(reader, bytes, length);
	csv_reader_finish(reader);
	struct csv_record record;
	bool good = csv_reader_next(reader, &record) == CSV_RECORD && record.fault == CSV_GOOD;
	if (good) {
		out->count = (int)record.count;
		out->texts = memory_array(record.count, sizeof(*out->texts));
		for (size_t i = 0; i < record.count; i++) {
			csv_field_decode(&record.fields[i]);
			out->texts[i] = memory_copy_n(record.fields[i].bytes, record.fields[i].length);
		}
	}
	csv_reader_free(reader);
	return good || error_set(err, ERROR_IO, "the dataset's file has changed: no record where one was imported");
}

bool source_cells(const struct source *source, int64_t offset, int64_t length, struct cells *out, struct error *err)
{
	*out = (struct cells){0};
	AUTO_FREE char *bytes = memory_new((size_t)length + 1);
	if (!read_bytes(source, offset, bytes, (size_t)length, err))
		return false;
	if (!source->is_list)
		return split(bytes, (size_t)length, out, err);
	out->count = 1;
	out->texts = memory_array(1, sizeof(*out->texts));
	out->texts[0] = TAKE(bytes);
	return true;
}

void cells_release(struct cells *cells)
{
	for (int i = 0; i < cells->count; i++)
		free(cells->texts[i]);
	free(cells->texts);
	*cells = (struct cells){0};
}
