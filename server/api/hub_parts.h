/* hub_parts.h - what the three files of the hub share: topics, their feeds, streams
 *
 * hub_topic.c renders what topics say, hub_stream.c writes it to one client,
 * hub.c decides when. HTTP thread.
 */
#ifndef MEKIKI_SERVER_API_HUB_PARTS_H
#define MEKIKI_SERVER_API_HUB_PARTS_H

#include <uv.h>

#include "api/context.h"
#include "api/hub.h"
#include "base/text.h"
#include "model/event.h"

/* One kind of snapshot of a topic: its newest frame, and when the next may be made. */
struct feed {
	char *frame;     /* owned: "event: ...\ndata: ...\n\n"; NULL = none yet */
	int64_t number;  /* grows with each frame that differs from the one before */
	int64_t next_ms; /* monotonic: not before */
	bool dirty;      /* something it tells of has changed */
};

enum topic_kind { TOPIC_RUNS, TOPIC_WORKERS, TOPIC_RUN };
enum { FEED_MAIN, FEED_CONFUSION, FEED_COUNT }; /* the second only of runs */

struct topic {
	struct topic *next;
	enum topic_kind kind;
	int64_t run;        /* of TOPIC_RUN */
	int streams;        /* listening; 0 = to be forgotten */
	struct feed feeds[FEED_COUNT];
	bool on_errand;     /* a job works out its figures */
	bool live;          /* the run was among the engine's when it was last told of */
	int64_t version;    /* of the run, as last told */
	int64_t *changed;   /* of TOPIC_RUNS: runs to tell of */
	size_t changed_count, changed_capacity;
};

enum { STREAM_TOPICS = 16 };

struct stream {
	struct stream *next, *prev;
	struct hub *hub;
	struct MHD_Connection *connection;
	struct {
		struct topic *topic;
		int64_t sent[FEED_COUNT];
	} topics[STREAM_TOPICS];
	int topic_count;
	int64_t cursor;     /* id of the last durable event that was sent or passed by */
	char *session, *bearer; /* owned: what let it in, looked at again now and then */
	bool greeted, beat, resync, suspended, over;
	struct text out;    /* not yet taken by the library, from `at` on */
	size_t at;
};

struct hub {
	struct api *api;
	struct topic *topics;
	struct stream *streams;
	int stream_count;
	int64_t last_event;   /* highest committed that we heard of */
	int64_t seen_event;   /* up to here `changed` was filled from */
	int64_t seen_snapshot; /* number */
	bool ended;
	unsigned beats;
	uv_async_t bell;
	struct loop_timer *pump, *heartbeat;
};

/* hub_topic.c */
bool hub_topic_name(const char *name, size_t length, enum topic_kind *kind, int64_t *run);
struct topic *hub_topic_join(struct hub *hub, enum topic_kind kind, int64_t run);
void hub_topic_leave(struct hub *hub, struct topic *topic);
void hub_topic_mark(struct topic *topic, unsigned feed);
void hub_topic_run_changed(struct topic *topic, int64_t run);
/* Renders what is dirty and due. The next moment at which something is due, INT64_MAX = none. */
int64_t hub_topic_render(struct hub *hub, struct topic *topic, const struct snapshot *snapshot, int64_t now_ms);
/* What is gone with its last stream; topics on an errand stay until it is back. */
void hub_topic_sweep(struct hub *hub);

/* hub_stream.c */
struct stream *hub_stream_new(struct hub *hub, struct request *request, const char *topics, int64_t after, struct error *err);
/* Something for it, or to end it: resumes when it sleeps. */
void hub_stream_wake(struct stream *stream);
bool hub_stream_has_news(const struct stream *stream);

/* hub.c */
void hub_pump_soon(struct hub *hub);

#endif
