#include "api/figures.h"

#include <pthread.h>
#include <string.h>

#include "api/shape.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "jobs/analysis.h"

/* A page shows one run, a comparison two; eight tallies are a few hundred bytes each. */
enum { KEPT = 8, KEYS_KEPT = 1024 };

static struct {
	pthread_mutex_t lock;
	struct {
		int64_t run;
		struct analysis *analysis; /* NULL = free, or taken out */
	} kept[KEPT];
	int next; /* the place to use up next */
} shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct analysis *take_out(int64_t run)
{
	LOCK_SCOPE(&shelf.lock);
	for (int i = 0; i < KEPT; i++)
		if (shelf.kept[i].analysis && shelf.kept[i].run == run)
			return TAKE(shelf.kept[i].analysis);
	return NULL;
}

/* Returns what must make room. */
static struct analysis *put_back(int64_t run, struct analysis *analysis)
{
	LOCK_SCOPE(&shelf.lock);
	int place = -1;
	for (int i = 0; i < KEPT; i++) {
		if (shelf.kept[i].analysis && shelf.kept[i].run == run)
			return analysis; /* somebody else was faster */
		if (!shelf.kept[i].analysis)
			place = i;
	}
	if (place < 0) {
		place = shelf.next;
		shelf.next = (shelf.next + 1) % KEPT;
	}
	struct analysis *old = shelf.kept[place].analysis;
	shelf.kept[place].run = run;
	shelf.kept[place].analysis = analysis;
	return old;
}

json_t *figures_confusion(struct reader *reader, int64_t run, const enum no_verdict_policy *policy, struct error *err)
{
	struct analysis *analysis = take_out(run);
	if (!analysis)
		analysis = analysis_new(run);
	if (!analysis_update(analysis, reader, err)) {
		analysis_free(analysis);
		return NULL;
	}
	json_t *json = analysis_json(analysis, policy ? *policy : analysis_policy(analysis));
	analysis_free(put_back(run, analysis));
	return json;
}

/* ---- key figures: those of a run that is over stand still ------------------------------ */

/* A place for each run modulo the table: a list of hundreds costs its first reader some seconds, the next nothing. */
static struct {
	pthread_mutex_t lock;
	struct {
		int64_t run, version;
		enum run_state state;
		json_t *json; /* never handed out, only copies of it: its reference count is the lock's */
	} kept[KEYS_KEPT];
} keys = {.lock = PTHREAD_MUTEX_INITIALIZER};

static json_t *known_key(const struct run_record *run, int64_t version)
{
	LOCK_SCOPE(&keys.lock);
	size_t i = (size_t)run->id % KEYS_KEPT;
	bool same = keys.kept[i].json && keys.kept[i].run == run->id && keys.kept[i].version == version &&
	            keys.kept[i].state == run->state;
	return same ? json_deep_copy(keys.kept[i].json) : NULL;
}

static void keep_key(const struct run_record *run, int64_t version, const json_t *json)
{
	LOCK_SCOPE(&keys.lock);
	size_t i = (size_t)run->id % KEYS_KEPT;
	json_decref(keys.kept[i].json);
	keys.kept[i].json = json_deep_copy(json);
	keys.kept[i].run = run->id;
	keys.kept[i].version = version;
	keys.kept[i].state = run->state;
}

static json_t *key_of(json_t *confusion)
{
	json_t *final = json_array_get(json_object_get(confusion, "matrices"), 1); /* final, handed */
	json_t *metrics = json_object_get(final, "metrics");
	return json_pack("{s:O, s:O, s:O, s:O, s:O}", "policy", json_object_get(confusion, "policy"), "partial",
	                 json_object_get(confusion, "partial"), "representative",
	                 json_object_get(confusion, "representative"), "recall", json_object_get(metrics, "recall"),
	                 "precision", json_object_get(metrics, "precision"));
}

json_t *figures_key(struct reader *reader, const struct run_record *run, int64_t version, struct error *err)
{
	if (version == 0)
		return json_null();
	json_t *json = known_key(run, version);
	if (json)
		return json;
	AUTO_JSON json_t *confusion = figures_confusion(reader, run->id, NULL, err);
	if (!confusion)
		return NULL;
	json = key_of(confusion);
	if (!run_state_is_live(run->state))
		keep_key(run, version, json);
	return json;
}

void figures_forget(void)
{
	for (int i = 0; i < KEYS_KEPT; i++) {
		LOCK_SCOPE(&keys.lock);
		json_decref(TAKE(keys.kept[i].json));
	}
	for (int i = 0; i < KEPT; i++) {
		LOCK_SCOPE(&shelf.lock);
		analysis_free(TAKE(shelf.kept[i].analysis));
	}
}

static json_t *by_worker(struct reader *reader, int64_t run)
{
	struct error ignored = {0};
	AUTO_FREE char *text = result_counts_by_worker(reader, run, &ignored);
	return shape_parsed(text);
}

json_t *figures_progress(struct reader *reader, int64_t run, struct error *err)
{
	struct run_record record = {0};
	struct result_counts counts = {0};
	reader_begin(reader);
	bool ok = run_read(reader, run, &record, err) && result_counts_read(reader, run, &counts, err);
	AUTO_JSON json_t *workers = ok ? by_worker(reader, run) : NULL;
	reader_end(reader);
	json_t *json = ok ? shape_progress_stored(&record, &counts, workers, clock_wall_ms()) : NULL;
	run_record_release(&record);
	return json;
}
