/* record.c - what the engine writes, and what comes back committed
 *
 * A record is made on the engine's thread, applied on the store's writer, and
 * comes back to the engine's loop after the commit. Only then does it count.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/core.h"

struct record {
	struct engine *engine;
	struct live *live;        /* NULL for what belongs to no live run */
	int64_t run, n;
	int attempt, worker;
	const char *worker_id;    /* the configuration's: outlives us */
	struct outcome outcome;
	enum result_fate fate;
	int64_t seq, at_ms, active_ms;
	enum run_state to;
	char *text, *person;      /* owned */
	struct event event;
	bool ok;
	struct error err;
	struct owner_record owner;
	fleet_written *written;
	void *written_arg;
	void (*committed)(struct record *record);
	engine_reply *reply;
	void *arg;
};

static void record_free(struct record *record)
{
	outcome_release(&record->outcome);
	event_release(&record->event);
	owner_record_release(&record->owner);
	free(record->text);
	free(record->person);
	free(record);
}

static void come_back(void *arg)
{
	struct record *record = arg;
	struct engine *engine = record->engine;
	engine->outstanding--;
	if (!record->ok)
		log_error("engine", "a write was refused: %s", record->err.text);
	if (record->committed)
		record->committed(record);
	if (record->reply)
		record->reply(record->arg, record->ok, record->ok ? NULL : &record->err);
	record_free(record);
	show_soon(engine);
	live_advance(engine);
	dispatch_pump(engine);
	if (engine->stopping && engine->fleet_over && engine->outstanding == 0)
		loop_stop(engine->loop);
}

/* On the writer's thread. The engine's loop lives until every write has come back (engine_free). */
static void done(void *arg, bool ok, const struct error *err)
{
	struct record *record = arg;
	record->ok = ok;
	if (!ok)
		record->err = *err;
	bool posted = loop_post(record->engine->loop, come_back, record);
	assert(posted);
	(void)posted;
}

static void write_out(struct record *record, store_apply *apply)
{
	record->engine->outstanding++;
	store_write(record->engine->store, apply, done, record);
}

static struct record *record_of(struct live *live, const struct attempt *attempt, struct outcome *outcome)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = live->engine,
	                          .live = live,
	                          .run = live->record.id,
	                          .n = attempt->pick.n,
	                          .attempt = attempt->pick.attempt,
	                          .worker = attempt->worker,
	                          .worker_id = fleet_worker(live->engine->fleet, attempt->worker)->config->id,
	                          .at_ms = clock_wall_ms(),
	                          .outcome = *outcome};
	outcome_init(outcome); /* moved */
	return record;
}

/* --- results ------------------------------------------------------------------------------------ */

static bool apply_result(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	struct result result = {.run = record->run,
	                        .n = record->n,
	                        .outcome = &record->outcome,
	                        .worker = record->worker_id,
	                        .attempts = record->attempt,
	                        .evaluated_ms = record->at_ms};
	return result_insert(writer, &result, &record->fate, &record->seq, err);
}

static void count_result(struct live *live, const struct record *record)
{
	struct engine *engine = live->engine;
	int64_t now = clock_mono_ms();
	live->counts.done++;
	if (record->seq > live->counts.version)
		live->counts.version = record->seq;
	if (record->outcome.failure == FAILURE_NONE)
		live->counts.verdicts++;
	else
		live->counts.no_verdict++;
	live->counts.by_failure[record->outcome.failure]++;
	live->counts.from_text += record->outcome.from_text;
	rate_add(&live->rate, now, 1);
	if (record->worker < 0)
		return; /* quarantined: nobody's */
	live->done_by[record->worker]++;
	engine->done[record->worker]++;
	rate_add(&engine->rates[record->worker], now, 1);
}

static void result_committed(struct record *record)
{
	struct live *live = record->live;
	live->writes--;
	if (!record->ok) {
		struct error err = {0};
		if (!live_event(live, RUN_EVENT_CANNOT, record->err.text, NULL, NULL, NULL, &err))
			log_error("engine", "%s", err.text);
		return;
	}
	if (record->fate == RESULT_ACCEPTED)
		count_result(live, record);
	else
		live->counts.duplicates++;
}

void record_result(struct live *live, const struct attempt *attempt, struct outcome *outcome)
{
	struct record *record = record_of(live, attempt, outcome);
	record->committed = result_committed;
	live->writes++;
	write_out(record, apply_result);
}

void record_quarantine(struct live *live, uint32_t n)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = live->engine,
	                          .live = live,
	                          .run = live->record.id,
	                          .n = n,
	                          .attempt = SCHED_DEATHS_QUARANTINE,
	                          .worker = -1,
	                          .worker_id = "",
	                          .at_ms = clock_wall_ms(),
	                          .committed = result_committed};
	outcome_init(&record->outcome);
	record->outcome.failure = FAILURE_QUARANTINED;
	record->outcome.detail = memory_copy("three workers died while they worked at this item");
	record->outcome.started_ms = record->at_ms;
	AUTO_FREE char *data = memory_format("{\"n\":%" PRIu32 "}", n);
	record_event(live->engine, EVENT_ITEM_QUARANTINED, live->record.id, data);
	live->writes++;
	write_out(record, apply_result);
}

static bool apply_attempt(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return attempt_insert(writer, record->run, record->n, record->attempt, record->worker_id, &record->outcome, err);
}

static void attempt_committed(struct record *record)
{
	record->live->writes--;
}

void record_attempt(struct live *live, const struct attempt *attempt, struct outcome *outcome)
{
	struct record *record = record_of(live, attempt, outcome);
	record->committed = attempt_committed;
	live->writes++;
	write_out(record, apply_attempt);
}

/* --- states ------------------------------------------------------------------------------------- */

static bool apply_state(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return run_set_state(writer, record->run, record->to, record->text, record->person, record->at_ms,
	                     record->active_ms, err);
}

static void state_committed(struct record *record)
{
	struct live *live = record->live;
	live->changes--;
	if (!record->ok)
		return;
	live->shown = record->to;
	free(live->cause);
	live->cause = TAKE(record->text);
	/* Who is told of the change now and asks how far the run is must not get a picture from before it. */
	show_now(live->engine);
}

void record_state(struct live *live, const char *cause, const char *person, engine_reply *reply, void *arg)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = live->engine,
	                          .live = live,
	                          .run = live->record.id,
	                          .to = live->state,
	                          .text = memory_copy(cause),
	                          .person = memory_copy(person),
	                          .at_ms = clock_wall_ms(),
	                          .active_ms = live_active_ms(live, clock_mono_ms()),
	                          .committed = state_committed,
	                          .reply = reply,
	                          .arg = arg};
	live->changes++;
	write_out(record, apply_state);
}

static bool apply_workers(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return run_set_workers(writer, record->run, record->text, record->person, err);
}

static void workers_committed(struct record *record)
{
	record->live->changes--;
}

void record_workers(struct live *live, const char *person, engine_reply *reply, void *arg)
{
	AUTO_JSON json_t *list = json_array();
	for (int i = 0; i < fleet_count(live->engine->fleet); i++)
		if (live->uses[i])
			json_array_append_new(list, json_string(fleet_worker(live->engine->fleet, i)->config->id));
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = live->engine,
	                          .live = live,
	                          .run = live->record.id,
	                          .text = json_text(list),
	                          .person = memory_copy(person),
	                          .committed = workers_committed,
	                          .reply = reply,
	                          .arg = arg};
	live->changes++;
	write_out(record, apply_workers);
}

static bool apply_model(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return run_set_model(writer, record->run, record->text, err);
}

void record_model(struct live *live)
{
	struct record *record = NEW(struct record);
	*record = (struct record){
		.engine = live->engine, .run = live->record.id, .text = memory_copy(live->record.model)};
	write_out(record, apply_model);
}

static bool apply_forget(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return result_forget_failures(writer, record->run, err) >= 0;
}

void record_forget_failures(struct engine *engine, int64_t run, engine_reply *reply, void *arg)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = engine, .run = run, .reply = reply, .arg = arg};
	write_out(record, apply_forget);
}

/* --- ownership ---------------------------------------------------------------------------------- */

static bool apply_owner(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return record->owner.nonce ? owner_write(writer, &record->owner, err) : owner_forget(writer, record->worker_id, err);
}

static void owner_committed(struct record *record)
{
	if (record->written)
		record->written(record->written_arg, record->ok);
}

void record_owner(struct engine *engine, int worker, const struct owner_record *owner, fleet_written *written, void *arg)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = engine,
	                          .worker_id = fleet_worker(engine->fleet, worker)->config->id,
	                          .written = written,
	                          .written_arg = arg,
	                          .committed = owner_committed};
	if (owner)
		owner_record_copy(&record->owner, owner);
	write_out(record, apply_owner);
}

/* --- events ------------------------------------------------------------------------------------- */

static bool apply_event(struct writer *writer, void *arg, struct error *err)
{
	struct record *record = arg;
	return event_append(writer, &record->event, err);
}

static void write_event(struct engine *engine, struct event event)
{
	struct record *record = NEW(struct record);
	*record = (struct record){.engine = engine, .event = event};
	record->event.at_ms = clock_wall_ms();
	write_out(record, apply_event);
}

void record_event(struct engine *engine, enum event_kind kind, int64_t run, const char *data_json)
{
	write_event(engine, (struct event){.kind = kind, .run = run, .data = memory_copy(data_json)});
}

/* The run that the worker serves at this moment, so that its events are in that run's list. */
static int64_t run_of(const struct engine *engine, int worker)
{
	for (struct live *live = engine->lives; live; live = live->next)
		if (live->opened && live->uses[worker] && live->state != RUN_QUEUED)
			return live->record.id;
	return 0;
}

void record_worker_fact(struct engine *engine, enum event_kind kind, int worker, const char *data_json)
{
	write_event(engine, (struct event){.kind = kind, .run = run_of(engine, worker), .data = memory_copy(data_json),
	                                   .worker = memory_copy(fleet_worker(engine->fleet, worker)->config->id)});
}

void record_worker_event(struct engine *engine, int worker, enum worker_state from, const char *person)
{
	const struct fleet_worker *it = fleet_worker(engine->fleet, worker);
	AUTO_JSON json_t *data = json_pack("{s:s, s:s, s:s, s:o, s:b, s:i, s:i}", "from", worker_state_name(from), "to",
	                                   worker_state_name(it->health.state), "cause", worker_cause_name(it->health.cause),
	                                   "text", json_text_or_null(it->text), "paused", it->paused, "failures",
	                                   it->health.failures, "max_failures", it->health.max_failures);
	if (it->has_backend)
		json_object_update_new(data, json_pack("{s:s, s:i, s:i, s:o, s:o}", "sentence", it->happened ? it->happened : "",
		                                       "attempt", it->attempt, "of", it->of, "next_at",
		                                       json_time(it->next_at_ms), "receipt", json_text_or_null(it->receipt)));
	write_event(engine, (struct event){.kind = EVENT_WORKER_STATE,
	                                   .run = run_of(engine, worker),
	                                   .worker = memory_copy(it->config->id),
	                                   .person = memory_copy(person),
	                                   .data = json_text(data)});
}
