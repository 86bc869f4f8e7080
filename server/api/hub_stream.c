#include <stdlib.h>
#include <string.h>

#include "api/daemon.h"
#include "api/hub_parts.h"
#include "api/shape.h"
#include "base/json.h"
#include "base/memory.h"
#include "store/event.h"

/* Durable events are read in pages; whoever is further behind than REPLAY fetches anew instead. OUT bounds what is
 * rendered ahead for a client that does not read: one page of events or one set of snapshots. */
enum { BLOCK_BYTES = 16 * 1024, OUT_BYTES = 64 * 1024, EVENT_PAGE = 50, REPLAY = 5000 };

static bool concerns(const struct stream *stream, const struct event *event)
{
	if (!event->run && !event->worker)
		return true;
	for (int i = 0; i < stream->topic_count; i++) {
		const struct topic *topic = stream->topics[i].topic;
		if (event->worker && topic->kind != TOPIC_RUNS)
			return true;
		if (event->run && (topic->kind == TOPIC_RUNS || topic->run == event->run))
			return true;
	}
	return false;
}

static void add_event(struct stream *stream, const struct event *event)
{
	AUTO_JSON json_t *json = shape_event(event);
	AUTO_FREE char *data = json_text(json);
	text_addf(&stream->out, "id: %lld\nevent: event\ndata: ", (long long)event->id);
	text_add(&stream->out, data);
	text_add(&stream->out, "\n\n");
}

static void add_events(struct stream *stream)
{
	struct event events[EVENT_PAGE] = {0};
	struct error ignored = {0};
	while (stream->cursor < stream->hub->last_event && stream->out.length < OUT_BYTES) {
		int count = event_list(stream->hub->api->reader, 0, stream->cursor, EVENT_PAGE, events, &ignored);
		for (int i = 0; i < count; i++) {
			if (concerns(stream, &events[i]))
				add_event(stream, &events[i]);
			stream->cursor = events[i].id;
			event_release(&events[i]);
		}
		if (count < EVENT_PAGE)
			break;
	}
}

static void add_snapshots(struct stream *stream)
{
	for (int i = 0; i < stream->topic_count; i++)
		for (int kind = 0; kind < FEED_COUNT; kind++) {
			const struct feed *feed = &stream->topics[i].topic->feeds[kind];
			int64_t *sent = &stream->topics[i].sent[kind];
			if (*sent == feed->number || !feed->frame)
				continue;
			/* Of the list of runs each frame tells of other runs: one missed means to look again. */
			if (stream->topics[i].topic->kind == TOPIC_RUNS && *sent && feed->number > *sent + 1)
				text_add(&stream->out, "event: resync\ndata: {\"topics\":[\"runs\"]}\n\n");
			text_add(&stream->out, feed->frame);
			*sent = feed->number;
		}
}

static void add_greeting(struct stream *stream)
{
	struct api *api = stream->hub->api;
	AUTO_JSON json_t *json = json_pack("{s:o, s:s, s:I}", "server_start", json_time(api->started_ms), "build", api->build,
	                                   "seq", (json_int_t)stream->cursor);
	AUTO_FREE char *data = json_text(json);
	text_addf(&stream->out, "retry: 2000\n\nevent: hello\ndata: %s\n\n", data);
	stream->greeted = true;
}

static void add_resync(struct stream *stream)
{
	text_add(&stream->out, "event: resync\ndata: {\"topics\":[");
	for (int i = 0; i < stream->topic_count; i++) {
		static const char *const names[] = {"runs", "workers", "run:"};
		char id[RUN_ID_SIZE];
		const struct topic *topic = stream->topics[i].topic;
		text_addf(&stream->out, "%s\"%s%s\"", i ? "," : "", names[topic->kind],
		          topic->kind == TOPIC_RUN ? run_id_format(topic->run, id) : "");
	}
	text_add(&stream->out, "]}\n\n");
	stream->resync = false;
}

static void fill(struct stream *stream)
{
	text_clear(&stream->out);
	stream->at = 0;
	if (!stream->greeted)
		add_greeting(stream);
	if (stream->resync)
		add_resync(stream);
	add_events(stream);
	add_snapshots(stream);
	if (stream->beat && !stream->out.length)
		text_add(&stream->out, ": hb\n\n");
	stream->beat = false;
}

bool hub_stream_has_news(const struct stream *stream)
{
	if (stream->cursor < stream->hub->last_event || stream->resync)
		return true;
	for (int i = 0; i < stream->topic_count; i++)
		for (int kind = 0; kind < FEED_COUNT; kind++)
			if (stream->topics[i].topic->feeds[kind].number != stream->topics[i].sent[kind])
				return true;
	return false;
}

static ssize_t read_stream(void *arg, uint64_t position, char *buffer, size_t room)
{
	(void)position;
	struct stream *stream = arg;
	if (stream->at == stream->out.length) {
		if (stream->hub->ended || stream->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		fill(stream);
	}
	size_t length = stream->out.length - stream->at;
	if (length == 0) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	if (length > room)
		length = room;
	memcpy(buffer, stream->out.data + stream->at, length);
	stream->at += length;
	return (ssize_t)length;
}

void hub_stream_wake(struct stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	daemon_resume(stream->hub->api->daemon, stream->connection);
}

static void free_stream(void *arg)
{
	struct stream *stream = arg;
	struct hub *hub = stream->hub;
	if (stream->next)
		stream->next->prev = stream->prev;
	if (stream->prev)
		stream->prev->next = stream->next;
	else
		hub->streams = stream->next;
	hub->stream_count--;
	for (int i = 0; i < stream->topic_count; i++)
		hub_topic_leave(hub, stream->topics[i].topic);
	text_release(&stream->out);
	free(stream->session);
	free(stream->bearer);
	free(stream);
}

static bool join(struct stream *stream, const char *name, size_t length, struct error *err)
{
	enum topic_kind kind;
	int64_t run;
	if (!hub_topic_name(name, length, &kind, &run))
		return error_set(err, ERROR_INPUT, "topics: \"%.*s\" is none; there are runs, workers and run:r-0001",
		                 (int)(length > 60 ? 60 : length), name);
	for (int i = 0; i < stream->topic_count; i++)
		if (stream->topics[i].topic->kind == kind && stream->topics[i].topic->run == run)
			return true;
	if (stream->topic_count == STREAM_TOPICS)
		return error_set(err, ERROR_INPUT, "topics: at most %d in one stream", STREAM_TOPICS);
	struct run_record record = {0};
	if (run && !run_read(stream->hub->api->reader, run, &record, err))
		return false;
	run_record_release(&record);
	stream->topics[stream->topic_count++].topic = hub_topic_join(stream->hub, kind, run);
	return true;
}

static bool join_all(struct stream *stream, const char *topics, struct error *err)
{
	for (const char *at = topics; at && *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		if (!join(stream, at, length, err))
			return false;
		at += length;
	}
	return true;
}

static void place_cursor(struct stream *stream, int64_t after)
{
	int64_t last = stream->hub->last_event;
	bool lost = after > last || (after >= 0 && last - after > REPLAY);
	stream->resync = lost;
	stream->cursor = after < 0 || lost ? last : after;
}

struct stream *hub_stream_new(struct hub *hub, struct request *request, const char *topics, int64_t after, struct error *err)
{
	struct stream *stream = NEW(struct stream);
	*stream = (struct stream){.next = hub->streams, .hub = hub, .connection = request->connection};
	text_init(&stream->out, 0);
	stream->session = memory_copy(request->session);
	stream->bearer = memory_copy(request->bearer);
	if (hub->streams)
		hub->streams->prev = stream;
	hub->streams = stream;
	hub->stream_count++;
	place_cursor(stream, after);
	if (!join_all(stream, topics, err)) {
		free_stream(stream);
		return NULL;
	}
	request->answer.response =
	        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, free_stream);
	return stream;
}
