/* worker_log.c - GET /workers/{w}/log: a bounded piece of what a worker wrote
 *
 * The cursor is the byte offset of a line: the file only grows, so that a piece
 * that was read once is the same for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/handlers.h"
#include "api/request.h"
#include "base/memory.h"

enum { PIECE_MAX = 1 << 20, LINE_SHOWN = 4000 };

/* Is the worker one of the configuration's? Its id is part of a path. */
static const struct config_worker *find(const struct request *request)
{
	const struct config *config = request->api->config;
	for (size_t i = 0; i < config->worker_count; i++)
		if (text_equal(config->workers[i].id, request->params[0]))
			return &config->workers[i];
	return NULL;
}

struct piece {
	char *bytes;
	int64_t from, size;
	size_t length;
};

static bool read_piece(const char *path, int64_t from, int64_t to, struct piece *piece, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 && errno == ENOENT)
		return true; /* it has written nothing yet */
	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set(err, ERROR_IO, "the log %s cannot be read: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	piece->size = status.st_size;
	if (to < 0 || to > piece->size)
		to = piece->size;
	piece->from = from >= 0 ? from : to > PIECE_MAX ? to - PIECE_MAX : 0;
	int64_t wanted = to - piece->from;
	wanted = wanted < 0 ? 0 : wanted > PIECE_MAX ? PIECE_MAX : wanted;
	piece->bytes = memory_new((size_t)wanted + 1);
	ssize_t got = pread(fd, piece->bytes, (size_t)wanted, piece->from);
	piece->length = got > 0 ? (size_t)got : 0;
	close(fd);
	return true;
}

/* Progress bars end their lines with \r. */
static size_t line_length(const char *bytes, size_t length, bool *ended)
{
	size_t i = 0;
	while (i < length && bytes[i] != '\n' && bytes[i] != '\r')
		i++;
	*ended = i < length;
	return i;
}

static void add_line(json_t *items, int64_t offset, const char *bytes, size_t length)
{
	AUTO_FREE char *text = memory_copy_n(bytes, length < LINE_SHOWN ? length : LINE_SHOWN);
	json_array_append_new(items, json_pack("{s:I, s:o}", "at", (json_int_t)offset, "text", json_text_or_null(text)));
}

/* All whole lines of the piece; when it began in the middle of one, the first is dropped. */
static json_t *lines_of(const struct piece *piece, bool middle, int64_t *next)
{
	json_t *items = json_array();
	size_t at = 0;
	*next = piece->from;
	for (bool ended = true; at < piece->length;) {
		size_t length = line_length(piece->bytes + at, piece->length - at, &ended);
		if (!ended)
			break; /* being written */
		if (length && !middle)
			add_line(items, piece->from + (int64_t)at, piece->bytes + at, length);
		middle = false;
		at += length + 1;
		*next = piece->from + (int64_t)at;
	}
	return items;
}

static void keep(json_t *items, size_t limit, bool last)
{
	while (json_array_size(items) > limit)
		json_array_remove(items, last ? 0 : json_array_size(items) - 1);
}

bool api_worker_log(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	const struct config_worker *worker = find(request);
	if (!worker)
		return error_set(err, ERROR_NOT_FOUND, "there is no worker \"%.60s\"; GET /api/v1/workers lists them",
		                 request->params[0]);
	bool forward = query_text(&request->query, "after") != NULL, backward = query_text(&request->query, "before") != NULL;
	if (forward && backward)
		return error_set(err, ERROR_INPUT, "give either after or before, not both");
	AUTO_FREE char *path = memory_format("%s/logs/worker-%s.log", request->api->data_dir, worker->id);
	struct piece piece = {0};
	if (!read_piece(path, forward ? query_int(&request->query, "after") : -1,
	                backward ? query_int(&request->query, "before") : -1, &piece, err))
		return false;
	int64_t next = 0;
	size_t limit = (size_t)query_int(&request->query, "limit");
	json_t *items = lines_of(&piece, !forward && piece.from > 0, &next);
	size_t count = json_array_size(items);
	if (forward && count > limit)
		next = json_integer_value(json_object_get(json_array_get(items, limit), "at"));
	keep(items, limit, !forward);
	json_t *first = json_object_get(json_array_get(items, 0), "at");
	json_t *previous = first ? json_incref(first) : json_integer(piece.from);
	request->answer.json = json_pack("{s:o, s:I, s:o, s:I}", "items", items, "next", (json_int_t)next, "previous", previous,
	                                 "size", (json_int_t)piece.size);
	free(piece.bytes);
	return true;
}
