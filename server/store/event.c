#include "store/event.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/run.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

bool event_append(struct writer *writer, struct event *event, struct error *err)
{
	if (event->at_ms == 0)
		event->at_ms = clock_wall_ms();
	if (!statement_run(&writer->connection, SQL_EVENT_APPEND,
			   VALUES(integer(event->at_ms), text(event_kind_name(event->kind)), integer_or_null(event->run, 0),
				  text(event->worker), text(event->person), text(event->data)),
			   err))
		return false;
	event->id = sqlite3_last_insert_rowid(writer->connection.db);
	writer->last_event = event->id;
	writer->news = true;
	return true;
}

static void read_event(sqlite3_stmt *s, struct event *out)
{
	*out = (struct event){
		.id = sqlite3_column_int64(s, 0),
		.at_ms = sqlite3_column_int64(s, 1),
		.run = sqlite3_column_int64(s, 3),
		.worker = column_copy(s, 4),
		.person = column_copy(s, 5),
		.data = column_copy(s, 6),
	};
	const char *kind = (const char *)sqlite3_column_text(s, 2);
	if (!event_kind_parse(kind, &out->kind))
		log_warning("store", "event %lld has the unknown kind \"%s\"", (long long)out->id, kind);
}

static int read_events(struct connection *connection, sqlite3_stmt *s, int limit, struct event *out, struct error *err)
{
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(connection, s, &ok, err))
		read_event(s, &out[count++]);
	if (ok)
		return count;
	while (count > 0)
		event_release(&out[--count]);
	return -1;
}

/* Ids of the run's first and last event; the last is open while it is live. */
static bool read_span(struct connection *connection, int64_t run, int64_t *first, int64_t *last, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_EVENT_SPAN, VALUES(integer(run)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok;
	*first = sqlite3_column_int64(s, 0);
	*last = sqlite3_column_int64(s, 1);
	enum run_state state;
	const char *name = (const char *)sqlite3_column_text(s, 2);
	if (name && run_state_parse(name, &state) && run_state_is_live(state))
		*last = INT64_MAX;
	return true;
}

int event_list(struct reader *reader, int64_t run, int64_t after, int limit, struct event *out, struct error *err)
{
	struct connection *connection = &reader->connection;
	if (run == 0) {
		AUTO(statement_end) sqlite3_stmt *s =
			statement_start(connection, SQL_EVENT_LIST, VALUES(integer(after), integer(limit)));
		return read_events(connection, s, limit, out, err);
	}
	int64_t first = 0, last = 0;
	if (!read_span(connection, run, &first, &last, err))
		return -1;
	if (first == 0)
		return 0;
	if (after < first - 1)
		after = first - 1; /* nothing of this run is older */
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_EVENT_LIST_RUN,
				VALUES(integer(after), integer(run), integer(first), integer(last), integer(limit)));
	return read_events(connection, s, limit, out, err);
}

int64_t event_last(struct reader *reader)
{
	int64_t last = 0;
	statement_integer(&reader->connection, SQL_EVENT_LAST, 0, NULL, &last, NULL);
	return last;
}
