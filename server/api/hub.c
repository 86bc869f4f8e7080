#include "api/hub.h"

#include <pthread.h>
#include <stdlib.h>

#include "api/auth.h"
#include "api/hub_parts.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "model/snapshot.h"
#include "store/event.h"

enum { HEARTBEAT_MS = 5000, BEATS_PER_LOOK = 2, EVENT_PAGE = 100 };

/* Engine and store live longer than the API and keep ringing: what they ring is never freed, only disconnected.
 * uv_async_send() takes no lock and coalesces, so nobody waits for us. */
static struct {
	pthread_mutex_t lock;
	uv_async_t *bell; /* NULL = nobody listens */
	int64_t last_event;
} door = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void ring(int64_t last_event)
{
	LOCK_SCOPE(&door.lock);
	if (last_event > door.last_event)
		door.last_event = last_event;
	if (door.bell)
		uv_async_send(door.bell);
}

static void engine_rings(void *arg)
{
	(void)arg;
	ring(0);
}

static void store_rings(void *arg, const struct store_notice *notice)
{
	(void)arg;
	ring(notice->last_event);
}

static int64_t heard(void)
{
	LOCK_SCOPE(&door.lock);
	return door.last_event;
}

/* ---- the pump ------------------------------------------------------------------------- */

static void note_event(struct hub *hub, const struct event *event)
{
	for (struct topic *topic = hub->topics; topic && event->run; topic = topic->next) {
		if (topic->kind == TOPIC_RUNS)
			hub_topic_run_changed(topic, event->run);
		if (topic->kind == TOPIC_RUN && topic->run == event->run) {
			hub_topic_mark(topic, FEED_MAIN);
			hub_topic_mark(topic, FEED_CONFUSION);
		}
	}
}

static void note_events(struct hub *hub)
{
	struct event events[EVENT_PAGE] = {0};
	struct error ignored = {0};
	int count = EVENT_PAGE;
	while (hub->topics && hub->seen_event < hub->last_event && count == EVENT_PAGE) {
		count = event_list(hub->api->reader, 0, hub->seen_event, EVENT_PAGE, events, &ignored);
		for (int i = 0; i < count; i++) {
			note_event(hub, &events[i]);
			hub->seen_event = events[i].id;
			event_release(&events[i]);
		}
	}
	if (!hub->topics)
		hub->seen_event = hub->last_event;
}

static void pump(void *arg)
{
	struct hub *hub = arg;
	note_events(hub);
	struct snapshot *snapshot = engine_snapshot(hub->api->engine);
	int64_t now_ms = clock_mono_ms(), next = INT64_MAX;
	for (struct topic *topic = hub->topics; topic; topic = topic->next) {
		int64_t due = hub_topic_render(hub, topic, snapshot, now_ms);
		next = due < next ? due : next;
	}
	snapshot_release(snapshot);
	for (struct stream *stream = hub->streams; stream; stream = stream->next)
		if (hub_stream_has_news(stream))
			hub_stream_wake(stream);
	if (next != INT64_MAX)
		loop_timer_set(hub->pump, next > now_ms ? next - now_ms : 0, 0);
}

void hub_pump_soon(struct hub *hub)
{
	if (!hub->ended)
		loop_timer_set(hub->pump, 0, 0);
}

/* Something changed: which feeds say is cheaper to find out by rendering than by bookkeeping. */
static void on_bell(uv_async_t *bell)
{
	struct hub *hub = bell->data;
	int64_t last = heard();
	hub->last_event = last > hub->last_event ? last : hub->last_event;
	struct snapshot *snapshot = engine_snapshot(hub->api->engine);
	for (struct topic *topic = hub->topics; topic; topic = topic->next) {
		/* A run that has just left the engine is told of once more, from the store. */
		if (topic->kind == TOPIC_WORKERS || (topic->kind == TOPIC_RUN && (topic->live || snapshot_run(snapshot, topic->run))))
			hub_topic_mark(topic, FEED_MAIN);
		for (int i = 0; topic->kind == TOPIC_RUNS && i < snapshot->run_count; i++)
			if (snapshot->number != hub->seen_snapshot)
				hub_topic_run_changed(topic, snapshot->runs[i].run);
	}
	hub->seen_snapshot = snapshot->number;
	snapshot_release(snapshot);
	hub_pump_soon(hub);
}

static void on_heartbeat(void *arg)
{
	struct hub *hub = arg;
	bool look = ++hub->beats % BEATS_PER_LOOK == 0;
	for (struct stream *stream = hub->streams; stream; stream = stream->next) {
		if (look && !auth_is_valid(hub->api->reader, stream->session, stream->bearer))
			stream->over = true; /* logged out, revoked or expired meanwhile */
		stream->beat = true;
		hub_stream_wake(stream);
	}
}

/* ---- life ----------------------------------------------------------------------------- */

struct hub *hub_new(struct api *api)
{
	struct hub *hub = NEW(struct hub);
	hub->api = api;
	hub->last_event = hub->seen_event = event_last(api->reader);
	uv_async_init(loop_uv(api->loop), &hub->bell, on_bell);
	hub->bell.data = hub;
	hub->pump = loop_timer_new(api->loop, pump, hub);
	hub->heartbeat = loop_timer_new(api->loop, on_heartbeat, hub);
	loop_timer_set(hub->heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
	pthread_mutex_lock(&door.lock);
	door.bell = &hub->bell;
	door.last_event = hub->last_event;
	pthread_mutex_unlock(&door.lock);
	engine_watch(api->engine, engine_rings, NULL);
	store_watch(api->store, store_rings, NULL);
	return hub;
}

void hub_end_streams(struct hub *hub)
{
	hub->ended = true;
	for (struct stream *stream = hub->streams; stream; stream = stream->next)
		hub_stream_wake(stream);
}

void hub_stop(struct hub *hub)
{
	pthread_mutex_lock(&door.lock);
	door.bell = NULL;
	pthread_mutex_unlock(&door.lock);
	uv_close((uv_handle_t *)&hub->bell, NULL);
	loop_timer_free(hub->pump);
	loop_timer_free(hub->heartbeat);
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	hub_topic_sweep(hub);
	free(hub);
}

bool hub_stream(struct hub *hub, struct request *request, const char *topics, int64_t after, struct error *err)
{
	int64_t most = hub->api->config->limits.sse_clients;
	if (hub->stream_count >= most) {
		request->answer.retry_after_s = 5;
		return error_set(err, ERROR_BUSY, "%lld streams are open, which is the most (limits.sse_clients)",
		                 (long long)most);
	}
	if (!hub_stream_new(hub, request, topics, after, err))
		return false;
	request->answer.content_type = "text/event-stream";
	request->answer.no_store = true;
	hub_pump_soon(hub);
	return true;
}
