/* Exports are pulled: when the library wants bytes and none are left, the connection sleeps, a job produces the next
 * piece with a short transaction of its own, and the connection wakes. A client that does not read holds one piece
 * and no thread; one that goes away ends the export at its next piece. */
#include "jobs/export.h"

#include <stdlib.h>
#include <string.h>

#include "api/daemon.h"
#include "api/handlers.h"
#include "api/request.h"
#include "base/log.h"
#include "base/memory.h"

/* A piece is some 500 rows: long enough that the two switches between threads do not matter. */
enum { PIECE_BYTES = 256 * 1024, BLOCK_BYTES = 64 * 1024 };
/* Each has a reader of the database with its cache, three descriptors and a piece. */
enum { DOWNLOADS = 16 };

struct download {
	struct api *api;
	struct MHD_Connection *connection;
	struct export *export; /* the job's while one is at work */
	char *piece;
	size_t length, at;
	bool over, failed;
	struct error error;
};

/* HTTP thread. */
static void piece_is_there(void *arg)
{
	struct download *download = arg;
	download->api->steps--;
	daemon_resume(download->api->daemon, download->connection);
}

/* Job thread. */
static void produce(struct job *job, void *arg)
{
	struct download *download = arg;
	download->at = download->length = 0;
	bool ok = !job_cancelled(job) &&
	          export_read(download->export, download->piece, PIECE_BYTES, &download->length, &download->error);
	download->failed = !ok;
	download->over = ok && download->length == 0;
	loop_post(download->api->loop, piece_is_there, download);
}

static ssize_t read_download(void *arg, uint64_t position, char *buffer, size_t room)
{
	(void)position;
	struct download *download = arg;
	size_t length = download->length - download->at;
	if (length) {
		length = length < room ? length : room;
		memcpy(buffer, download->piece + download->at, length);
		download->at += length;
		return (ssize_t)length;
	}
	if (download->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (download->failed || download->api->stopping) {
		/* Cut, so that nobody takes what came for the whole. */
		if (download->error.code)
			log_error("http", "export: %s", download->error.text);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	download->api->steps++;
	MHD_suspend_connection(download->connection);
	jobs_submit(download->api->jobs, 0, produce, download);
	return 0;
}

static void free_download(void *arg)
{
	struct download *download = arg;
	download->api->downloads--;
	export_free(download->export);
	free(download->piece);
	free(download);
}

static struct export *open_export(struct request *request, enum export_format format, struct error *err)
{
	struct export_options options = {
		.format = format,
		.profile = text_equal(query_text(&request->query, "profile"), "excel") ? CSV_EXCEL : CSV_RAW,
		.datasets = request->api->datasets,
	};
	if (!request_run_id(request, &options.run, err))
		return NULL;
	options.view = TAKE(request->view);
	return export_new(request->api->store, &options, err);
}

/* Job thread: opening reads the run and the head of the file. */
static bool open_download(struct request *request, enum export_format format, struct error *err)
{
	struct download *download = request->state;
	download->export = open_export(request, format, err);
	if (!download->export)
		return false;
	download->piece = memory_new(PIECE_BYTES);
	request->answer.disposition = memory_format("attachment; filename=\"%s\"", export_file_name(download->export));
	request->answer.no_store = true;
	request->answer.response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_download,
	                                                             TAKE(request->state), free_download);
	request->free_state = NULL;
	return true;
}

static bool open_csv(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	request->answer.content_type = "text/csv; charset=utf-8";
	return open_download(request, EXPORT_CSV, err);
}

static bool open_jsonl(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	request->answer.content_type = "application/x-ndjson";
	return open_download(request, EXPORT_JSONL, err);
}

static bool begin(struct request *request, route_handler *open, struct error *err)
{
	struct api *api = request->api;
	if (api->downloads >= DOWNLOADS) {
		request->answer.retry_after_s = 5;
		return error_set(err, ERROR_BUSY, "%d exports are under way, which is the most", DOWNLOADS);
	}
	struct download *download = NEW(struct download);
	*download = (struct download){.api = api, .connection = request->connection};
	api->downloads++;
	request->state = download;
	request->free_state = free_download;
	request_on_job(request, open);
	return true;
}

bool api_export_csv(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	return begin(request, open_csv, err);
}

bool api_export_jsonl(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	return begin(request, open_jsonl, err);
}
