#include "store/run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/event.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

void run_record_release(struct run_record *run)
{
	free(run->name);
	free(run->cause);
	free(run->request);
	free(run->fingerprint);
	free(run->model);
	free(run->created_by);
	free(run->workers);
	*run = (struct run_record){0};
}

static const char *or_empty(const char *string)
{
	return string ? string : "";
}

static bool insert_run(struct connection *connection, struct run_record *run, int64_t count, struct error *err)
{
	run->total = count;
	if (!statement_run(connection, SQL_RUN_INSERT,
			   VALUES(text(or_empty(run->name)), integer(run->dataset), text(run_state_name(run->state)),
				  text(or_empty(run->cause)), text(or_empty(run->request)), text(or_empty(run->fingerprint)),
				  text(run->model), text(no_verdict_policy_name(run->policy)), integer(run->shuffled),
				  integer(count), integer(run->created_ms), integer(run->started_ms), integer(run->finished_ms),
				  integer(run->active_ms), text(or_empty(run->created_by)), text(run->workers)),
			   err))
		return false;
	run->id = sqlite3_last_insert_rowid(connection->db);
	return statement_run(connection, SQL_RUN_COUNTER_INSERT, VALUES(integer(run->id)), err);
}

bool run_insert(struct writer *writer, struct run_record *run, const int64_t *items, int64_t count, struct error *err)
{
	struct connection *connection = &writer->connection;
	if (!insert_run(connection, run, count, err))
		return false;
	for (int64_t i = 0; i < count; i++)
		if (!statement_run(connection, SQL_RUN_ITEM_INSERT, VALUES(integer(run->id), integer(i + 1), integer(items[i])),
				   err))
			return false;
	struct event event = {.kind = EVENT_RUN_CREATED, .run = run->id, .person = run->created_by, .at_ms = run->created_ms};
	return event_append(writer, &event, err);
}

/* Appends an event whose data is `data`, which is used up. */
static bool append(struct writer *writer, struct event event, json_t *data, struct error *err)
{
	AUTO_JSON json_t *owned = data;
	AUTO_FREE char *text = json_text(owned);
	event.data = text;
	return event_append(writer, &event, err);
}

bool run_set_state(struct writer *writer, int64_t run, enum run_state to, const char *cause, const char *person,
                   int64_t now_ms, int64_t active_ms, struct error *err)
{
	struct connection *connection = &writer->connection;
	AUTO_FREE char *from = NULL;
	{
		AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_RUN_STATE, VALUES(integer(run)));
		bool ok;
		if (!statement_next(connection, s, &ok, err))
			return ok ? error_set(err, ERROR_NOT_FOUND, "there is no run r-%04lld", (long long)run) : false;
		from = column_copy(s, 0);
	}
	bool ended = to == RUN_FINISHED || to == RUN_STOPPED || to == RUN_FAILED;
	if (!statement_run(connection, SQL_RUN_SET_STATE,
			   VALUES(integer(run), text(run_state_name(to)), text(or_empty(cause)), integer(active_ms),
				  integer(to == RUN_RUNNING), integer(now_ms), integer(ended)),
			   err))
		return false;
	struct event event = {.kind = EVENT_RUN_STATE, .run = run, .person = (char *)person, .at_ms = now_ms};
	return append(writer, event,
		      json_pack("{s:s, s:s, s:o}", "from", from, "to", run_state_name(to), "cause",
				json_text_or_null(or_empty(cause))),
		      err);
}

bool run_set_workers(struct writer *writer, int64_t run, const char *workers_json, const char *person, struct error *err)
{
	if (!statement_run(&writer->connection, SQL_RUN_SET_WORKERS, VALUES(integer(run), text(workers_json)), err))
		return false;
	if (sqlite3_changes(writer->connection.db) == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no run r-%04lld", (long long)run);
	json_t *workers = workers_json ? json_loads(workers_json, 0, NULL) : NULL;
	struct event event = {.kind = EVENT_RUN_WORKERS, .run = run, .person = (char *)person};
	return append(writer, event, json_pack("{s:o}", "workers", workers ? workers : json_null()), err);
}

bool run_set_model(struct writer *writer, int64_t run, const char *model, struct error *err)
{
	return statement_run(&writer->connection, SQL_RUN_SET_MODEL, VALUES(integer(run), text(model)), err);
}

static bool read_run(sqlite3_stmt *s, struct run_record *out, struct error *err)
{
	*out = (struct run_record){
		.id = sqlite3_column_int64(s, 0),
		.name = column_copy(s, 1),
		.dataset = sqlite3_column_int64(s, 2),
		.cause = column_copy(s, 4),
		.request = column_copy(s, 5),
		.fingerprint = column_copy(s, 6),
		.model = column_copy(s, 7),
		.shuffled = sqlite3_column_int(s, 9),
		.total = sqlite3_column_int64(s, 10),
		.created_ms = sqlite3_column_int64(s, 11),
		.started_ms = sqlite3_column_int64(s, 12),
		.finished_ms = sqlite3_column_int64(s, 13),
		.active_ms = sqlite3_column_int64(s, 14),
		.created_by = column_copy(s, 15),
		.workers = column_copy(s, 16),
	};
	const char *state = (const char *)sqlite3_column_text(s, 3), *policy = (const char *)sqlite3_column_text(s, 8);
	if (run_state_parse(state, &out->state) && no_verdict_policy_parse(policy, &out->policy))
		return true;
	error_set(err, ERROR_STORE, "run %lld has the unknown state \"%s\" or policy \"%s\"", (long long)out->id, state, policy);
	run_record_release(out);
	return false;
}

static int read_runs(struct connection *connection, sqlite3_stmt *s, int limit, struct run_record *out, struct error *err)
{
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(connection, s, &ok, err)) {
		ok = read_run(s, &out[count], err);
		if (!ok)
			break;
		count++;
	}
	if (ok)
		return count;
	while (count > 0)
		run_record_release(&out[--count]);
	return -1;
}

bool run_read(struct reader *reader, int64_t run, struct run_record *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_RUN_READ, VALUES(integer(run)));
	int count = read_runs(&reader->connection, s, 1, out, err);
	return count == 1 || (count == 0 && error_set(err, ERROR_NOT_FOUND, "there is no run r-%04lld", (long long)run));
}

int run_list(struct reader *reader, int64_t before, int limit, struct run_record *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(&reader->connection, SQL_RUN_LIST, VALUES(integer(before), integer(limit)));
	return read_runs(&reader->connection, s, limit, out, err);
}

int run_list_live(struct reader *reader, struct run_record *out, int limit, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_RUN_LIST_LIVE, VALUES(integer(limit)));
	return read_runs(&reader->connection, s, limit, out, err);
}

/* A bit per position that has a result; NULL with err. */
static uint8_t *read_done(struct connection *connection, int64_t run, int64_t total, int64_t *done, struct error *err)
{
	AUTO_FREE uint8_t *bits = memory_array((size_t)total / 8 + 1, 1);
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_RUN_DONE, VALUES(integer(run)));
	bool ok;
	*done = 0;
	while (statement_next(connection, s, &ok, err)) {
		int64_t n = sqlite3_column_int64(s, 0);
		if (n < 1 || n > total) {
			error_set(err, ERROR_STORE, "run %lld has a result at position %lld of %lld", (long long)run, (long long)n,
				  (long long)total);
			return NULL;
		}
		bits[n / 8] |= (uint8_t)(1u << (n % 8));
		++*done;
	}
	return ok ? TAKE(bits) : NULL;
}

int64_t run_pending(struct reader *reader, int64_t run, uint32_t **out, struct error *err)
{
	struct connection *connection = &reader->connection;
	int64_t total, done;
	*out = NULL;
	if (!statement_integer(connection, SQL_RUN_TOTAL, VALUES(integer(run)), &total, err))
		return -1;
	AUTO_FREE uint8_t *bits = read_done(connection, run, total, &done, err);
	if (!bits)
		return -1;
	uint32_t *pending = memory_array((size_t)(total - done) + 1, sizeof(*pending));
	int64_t count = 0;
	for (int64_t n = 1; n <= total; n++)
		if (!(bits[n / 8] & 1u << (n % 8)))
			pending[count++] = (uint32_t)n;
	*out = pending;
	return count;
}

int64_t run_selection(struct reader *reader, int64_t run, int64_t **out, struct error *err)
{
	struct connection *connection = &reader->connection;
	int64_t total, count = 0;
	*out = NULL;
	if (!statement_integer(connection, SQL_RUN_TOTAL, VALUES(integer(run)), &total, err))
		return -1;
	AUTO_FREE int64_t *items = memory_array((size_t)total + 1, sizeof(*items));
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_RUN_SELECTION, VALUES(integer(run)));
	bool ok = true;
	while (count < total && statement_next(connection, s, &ok, err))
		items[count++] = sqlite3_column_int64(s, 1);
	if (!ok)
		return -1;
	*out = TAKE(items);
	return count;
}

bool run_item_read(struct reader *reader, int64_t run, int64_t n, struct run_item *out, struct error *err)
{
	struct connection *connection = &reader->connection;
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_RUN_ITEM_READ, VALUES(integer(run), integer(n)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_NOT_FOUND, "run %lld has no position %lld", (long long)run, (long long)n) : false;
	*out = (struct run_item){
		.item = column_item(s, 0),
		.row = sqlite3_column_int64(s, 8),
		.row_offset = sqlite3_column_int64(s, 9),
		.row_length = sqlite3_column_int64(s, 10),
	};
	return true;
}
