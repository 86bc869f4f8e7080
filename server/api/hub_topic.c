#include <stdlib.h>
#include <string.h>

#include "api/figures.h"
#include "api/hub_parts.h"
#include "api/shape.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"
#include "engine/engine.h"
#include "jobs/jobs.h"

/* At most: progress twice a second, the rest once, matrices every two seconds (server/api/README.md). */
static const int64_t pauses_ms[3][FEED_COUNT] = {
	[TOPIC_RUNS] = {1000, 0},
	[TOPIC_WORKERS] = {1000, 0},
	[TOPIC_RUN] = {500, 2000},
};

/* Runs told of at once to somebody who begins to listen. */
enum { RUNS_AT_FIRST = 20 };

bool hub_topic_name(const char *name, size_t length, enum topic_kind *kind, int64_t *run)
{
	char text[RUN_ID_SIZE + 8];
	if (length >= sizeof(text))
		return false;
	memcpy(text, name, length);
	text[length] = '\0';
	*run = 0;
	if (text_equal(text, "runs"))
		*kind = TOPIC_RUNS;
	else if (text_equal(text, "workers"))
		*kind = TOPIC_WORKERS;
	else if (text_starts(text, "run:") && run_id_parse(text + 4, run))
		*kind = TOPIC_RUN;
	else
		return false;
	return true;
}

void hub_topic_mark(struct topic *topic, unsigned feed)
{
	topic->feeds[feed].dirty = true;
}

void hub_topic_run_changed(struct topic *topic, int64_t run)
{
	topic->feeds[FEED_MAIN].dirty = true;
	for (size_t i = 0; i < topic->changed_count; i++)
		if (topic->changed[i] == run)
			return;
	VECTOR_ADD(topic->changed, topic->changed_count, topic->changed_capacity) = run;
}

static void tell_newest_runs(struct hub *hub, struct topic *topic)
{
	struct run_record runs[RUNS_AT_FIRST] = {0};
	struct error ignored = {0};
	int count = run_list(hub->api->reader, 0, RUNS_AT_FIRST, runs, &ignored);
	for (int i = count - 1; i >= 0; i--) {
		hub_topic_run_changed(topic, runs[i].id);
		run_record_release(&runs[i]);
	}
}

struct topic *hub_topic_join(struct hub *hub, enum topic_kind kind, int64_t run)
{
	for (struct topic *topic = hub->topics; topic; topic = topic->next)
		if (topic->kind == kind && topic->run == run) {
			topic->streams++;
			return topic;
		}
	struct topic *topic = NEW(struct topic);
	*topic = (struct topic){.next = hub->topics, .kind = kind, .run = run, .streams = 1, .version = -1};
	hub->topics = topic;
	topic->feeds[FEED_MAIN].dirty = true;
	topic->feeds[FEED_CONFUSION].dirty = kind == TOPIC_RUN;
	if (kind == TOPIC_RUNS)
		tell_newest_runs(hub, topic);
	return topic;
}

void hub_topic_leave(struct hub *hub, struct topic *topic)
{
	topic->streams--;
	hub_topic_sweep(hub);
}

void hub_topic_sweep(struct hub *hub)
{
	for (struct topic **place = &hub->topics; *place;) {
		struct topic *topic = *place;
		if (topic->streams > 0 || topic->on_errand) {
			place = &topic->next;
			continue;
		}
		*place = topic->next;
		for (int i = 0; i < FEED_COUNT; i++)
			free(topic->feeds[i].frame);
		free(topic->changed);
		free(topic);
	}
}

/* ---- frames --------------------------------------------------------------------------- */

static void add_frame(struct text *out, const char *event, json_t *json)
{
	AUTO_FREE char *data = json_text(json);
	text_addf(out, "event: %s\ndata: ", event);
	text_add(out, data);
	text_add(out, "\n\n");
}

/* Takes the frame; nothing is news that says the same. */
static void show(struct feed *feed, char *frame)
{
	if (feed->frame && text_equal(feed->frame, frame)) {
		free(frame);
		return;
	}
	free(feed->frame);
	feed->frame = frame;
	feed->number++;
}

static void show_json(struct feed *feed, const char *event, json_t *json)
{
	struct text out;
	text_init(&out, 0);
	add_frame(&out, event, json);
	show(feed, text_take(&out));
}

static void render_workers(struct topic *topic, const struct snapshot *snapshot)
{
	AUTO_JSON json_t *json = shape_workers(snapshot);
	show_json(&topic->feeds[FEED_MAIN], "workers", json);
}

static void render_changed_run(struct hub *hub, const struct snapshot *snapshot, int64_t run, struct text *out)
{
	struct run_record record = {0};
	struct error ignored = {0};
	char etag[SHAPE_ETAG_SIZE];
	if (!run_read(hub->api->reader, run, &record, &ignored))
		return;
	/* The state is the store's: the snapshot may still show the one before. */
	enum run_state state = record.state;
	const struct progress *live = run_state_is_live(state) ? snapshot_run(snapshot, run) : NULL;
	shape_run_etag(state, live ? live->version : record.active_ms, etag);
	AUTO_JSON json_t *json = json_pack("{s:o, s:s, s:s}", "id", shape_run_id(run), "state", run_state_name(state), "etag", etag);
	add_frame(out, "runs.changed", json);
	run_record_release(&record);
}

static void render_runs(struct hub *hub, struct topic *topic, const struct snapshot *snapshot)
{
	struct text out;
	text_init(&out, 0);
	for (size_t i = 0; i < topic->changed_count; i++)
		render_changed_run(hub, snapshot, topic->changed[i], &out);
	topic->changed_count = 0;
	if (out.length)
		show(&topic->feeds[FEED_MAIN], text_take(&out));
	else
		text_release(&out);
}

/* ---- figures, worked out by a job ------------------------------------------------------ */

struct errand {
	struct hub *hub;
	int64_t run;
	bool wants_progress; /* the run is not live: its progress comes from the store */
	json_t *progress, *confusion;
};

static void errand_is_back(void *arg)
{
	struct errand *errand = arg;
	struct hub *hub = errand->hub;
	hub->api->steps--;
	for (struct topic *topic = hub->topics; topic; topic = topic->next) {
		if (topic->kind != TOPIC_RUN || topic->run != errand->run)
			continue;
		topic->on_errand = false;
		if (errand->progress)
			show_json(&topic->feeds[FEED_MAIN], "run.progress", errand->progress);
		if (errand->confusion)
			show_json(&topic->feeds[FEED_CONFUSION], "run.confusion", errand->confusion);
	}
	json_decref(errand->progress);
	json_decref(errand->confusion);
	free(errand);
	hub_topic_sweep(hub);
	hub_pump_soon(hub);
}

static void run_errand(struct job *job, void *arg)
{
	struct errand *errand = arg;
	struct reader *reader = job_reader(job);
	struct error ignored = {0};
	if (errand->wants_progress)
		errand->progress = figures_progress(reader, errand->run, &ignored);
	errand->confusion = figures_confusion(reader, errand->run, NULL, &ignored);
	loop_post(errand->hub->api->loop, errand_is_back, errand);
}

static void send_errand(struct hub *hub, struct topic *topic, bool wants_progress)
{
	struct errand *errand = NEW(struct errand);
	*errand = (struct errand){.hub = hub, .run = topic->run, .wants_progress = wants_progress};
	topic->on_errand = true;
	topic->feeds[FEED_CONFUSION].dirty = false;
	if (wants_progress)
		topic->feeds[FEED_MAIN].dirty = false;
	hub->api->steps++;
	jobs_submit(hub->api->jobs, 0, run_errand, errand);
}

static void render_run(struct hub *hub, struct topic *topic, const struct snapshot *snapshot, bool main_due, bool figures_due)
{
	const struct progress *live = snapshot_run(snapshot, topic->run);
	if (main_due)
		topic->live = live != NULL;
	if (live && live->version != topic->version) {
		topic->version = live->version;
		topic->feeds[FEED_CONFUSION].dirty = true;
	}
	if (live && main_due) {
		AUTO_JSON json_t *json = shape_progress_live(live, snapshot);
		show_json(&topic->feeds[FEED_MAIN], "run.progress", json);
		topic->feeds[FEED_MAIN].dirty = false;
	}
	bool stored = !live && main_due;
	if (!topic->on_errand && (stored || (figures_due && topic->feeds[FEED_CONFUSION].dirty)))
		send_errand(hub, topic, stored);
}

int64_t hub_topic_render(struct hub *hub, struct topic *topic, const struct snapshot *snapshot, int64_t now_ms)
{
	bool due[FEED_COUNT];
	for (int i = 0; i < FEED_COUNT; i++) {
		struct feed *feed = &topic->feeds[i];
		due[i] = feed->dirty && now_ms >= feed->next_ms;
		if (due[i])
			feed->next_ms = now_ms + pauses_ms[topic->kind][i];
	}
	if (topic->kind == TOPIC_RUN) {
		render_run(hub, topic, snapshot, due[FEED_MAIN], due[FEED_CONFUSION]);
	} else if (due[FEED_MAIN]) {
		topic->feeds[FEED_MAIN].dirty = false;
		if (topic->kind == TOPIC_WORKERS)
			render_workers(topic, snapshot);
		else
			render_runs(hub, topic, snapshot);
	}
	int64_t next = INT64_MAX;
	for (int i = 0; i < FEED_COUNT; i++) {
		const struct feed *feed = &topic->feeds[i];
		if (feed->dirty && !topic->on_errand && feed->next_ms < next)
			next = feed->next_ms;
	}
	return next;
}
