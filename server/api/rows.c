#include "api/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/shape.h"
#include "base/json.h"
#include "base/memory.h"
#include "dataset/dataset.h"

struct rows {
	int fd;
};

struct rows *rows_open(const struct api *api, const struct dataset_record *dataset, struct error *err)
{
	AUTO_FREE char *path = memory_format("%s/%s", api->datasets, dataset->sha256);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error_set(err, ERROR_IO, "the bytes of the dataset \"%s\" cannot be read: %s: %s", dataset->name, path,
		          strerror(errno));
		return NULL;
	}
	struct rows *rows = NEW(struct rows);
	rows->fd = fd;
	return rows;
}

void rows_close(struct rows *rows)
{
	if (!rows)
		return;
	close(rows->fd);
	free(rows);
}

static json_t *cell(const struct csv_field *field)
{
	AUTO_FREE char *text = memory_copy_n(field->bytes, field->length);
	return json_text_or_null(text);
}

json_t *rows_cells(struct rows *rows, int64_t offset, int64_t length, struct error *err)
{
	if (length < 0 || length > CSV_RECORD_LIMIT) {
		error_set(err, ERROR_INTERNAL, "a row of %lld bytes", (long long)length);
		return NULL;
	}
	AUTO_FREE char *bytes = memory_new((size_t)length + 1);
	if (pread(rows->fd, bytes, (size_t)length, offset) != (ssize_t)length) {
		error_set(err, ERROR_IO, "the file of the dataset is shorter than it was when it was imported");
		return NULL;
	}
	struct dataset_cells cells;
	dataset_cells_init(&cells, bytes, (size_t)length);
	json_t *list = json_array();
	for (size_t i = 0; i < cells.count; i++)
		json_array_append_new(list, cell(&cells.fields[i]));
	dataset_cells_release(&cells);
	return list;
}

json_t *rows_cells_by_column(const struct api *api, const struct dataset_record *dataset, int64_t offset, int64_t length,
                             struct error *err)
{
	struct rows *rows = rows_open(api, dataset, err);
	AUTO_JSON json_t *list = rows ? rows_cells(rows, offset, length, err) : NULL;
	rows_close(rows);
	if (!list)
		return NULL;
	AUTO_JSON json_t *columns = shape_parsed(dataset->columns);
	json_t *json = json_object();
	size_t i;
	json_t *name;
	json_array_foreach(columns, i, name) {
		json_t *value = json_array_get(list, i);
		if (json_is_string(name))
			json_object_set(json, json_string_value(name), value ? value : json_null());
	}
	return json;
}
