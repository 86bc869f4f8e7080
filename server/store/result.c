#include "store/result.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "model/item.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

/* Names in the store; NULL where there is nothing to say. */
static const char *none_if_empty(const char *name)
{
	return name && *name ? name : NULL;
}

/* *seq = 0 when there is a result already. */
static bool insert(struct connection *connection, const struct result *result, int64_t *seq, struct error *err)
{
	const struct outcome *outcome = result->outcome;
	const struct verdict *verdict = &outcome->verdict;
	bool judged = outcome->failure == FAILURE_NONE;
	AUTO(statement_end) sqlite3_stmt *s = statement_start(
		connection, SQL_RESULT_INSERT,
		VALUES(integer(result->run), integer(result->n), text(none_if_empty(failure_name(outcome->failure))),
		       integer_or_null(judged ? verdict->is_phishing : -1, -1), real(judged ? verdict->confidence : (double)NAN),
		       text(judged ? none_if_empty(risk_name(verdict->risk)) : NULL),
		       text(judged ? none_if_empty(decision_source_name(verdict->source)) : NULL),
		       text(result->worker ? result->worker : ""), integer(result->attempts), integer(outcome->elapsed_ms),
		       integer(result->evaluated_ms), integer_or_null(outcome->prompt_tokens, -1),
		       integer_or_null(outcome->completion_tokens, -1), integer(outcome->from_text),
		       integer(outcome->http_status), text(outcome->detail)));
	bool ok;
	*seq = 0;
	while (statement_next(connection, s, &ok, err))
		*seq = sqlite3_column_int64(s, 0);
	return ok;
}

static bool insert_texts(struct writer *writer, const struct result *result, struct error *err)
{
	const struct outcome *outcome = result->outcome;
	bool judged = outcome->failure == FAILURE_NONE;
	const char *const texts[LARGE_FIELDS] = {
		[LARGE_REASONING] = judged ? outcome->verdict.reasoning : NULL,
		[LARGE_RISK_FACTORS] = judged ? outcome->verdict.risk_factors : NULL,
		[LARGE_DETECTED_BRANDS] = judged ? outcome->verdict.detected_brands : NULL,
		[LARGE_FINISH_REASON] = outcome->finish_reason,
		[LARGE_MODEL] = outcome->model,
		[LARGE_PROMPT] = outcome->prompt,
		[LARGE_RAW] = outcome->raw,
	};
	return large_write(writer->large, &writer->connection, result->run, result->n, texts, err);
}

/* Does the late answer say what the accepted one says? */
static bool compare(struct connection *connection, const struct result *result, bool *same, struct error *err)
{
	const struct outcome *outcome = result->outcome;
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_RESULT_EXISTING, VALUES(integer(result->run), integer(result->n)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_STORE, "a duplicate result without a first one") : false;
	const char *failure = (const char *)sqlite3_column_text(s, 0);
	enum binary verdict = column_binary(s, 1);
	*same = outcome->failure == FAILURE_NONE
			? verdict == (outcome->verdict.is_phishing ? BINARY_PHISHING : BINARY_BENIGN)
			: text_equal(failure, failure_name(outcome->failure));
	return true;
}

static bool count_duplicate(struct writer *writer, const struct result *result, enum result_fate *fate, struct error *err)
{
	bool same = false;
	if (!compare(&writer->connection, result, &same, err))
		return false;
	*fate = same ? RESULT_DUPLICATE_SAME : RESULT_DUPLICATE_DIFFERENT;
	return statement_run(&writer->connection, SQL_RESULT_DUPLICATE,
			     VALUES(integer(result->run), integer(same), integer(!same)), err);
}

bool result_insert(struct writer *writer, const struct result *result, enum result_fate *fate, int64_t *seq,
                   struct error *err)
{
	struct connection *connection = &writer->connection;
	if (!insert(connection, result, seq, err))
		return error_prefix(err, "run %lld, position %lld", (long long)result->run, (long long)result->n);
	if (*seq == 0)
		return count_duplicate(writer, result, fate, err);
	*fate = RESULT_ACCEPTED;
	writer->news = true;
	return statement_run(connection, SQL_RESULT_ADVANCE, VALUES(integer(result->run)), err) &&
	       insert_texts(writer, result, err);
}

bool attempt_insert(struct writer *writer, int64_t run, int64_t n, int k, const char *worker,
                    const struct outcome *outcome, struct error *err)
{
	return statement_run(&writer->connection, SQL_ATTEMPT_INSERT,
			     VALUES(integer(run), integer(n), integer(k), text(worker ? worker : ""),
				    text(failure_name(outcome->failure)), text(outcome->detail), integer(outcome->http_status),
				    integer(outcome->started_ms), integer(outcome->elapsed_ms)),
			     err);
}

int64_t result_forget_failures(struct writer *writer, int64_t run, struct error *err)
{
	struct connection *connection = &writer->connection;
	if (!statement_run(connection, SQL_FORGET_KEEP, VALUES(integer(run)), err) ||
	    !statement_run(connection, SQL_FORGET_TEXTS, VALUES(integer(run)), err) ||
	    !statement_run(connection, SQL_FORGET_RESULTS, VALUES(integer(run)), err))
		return -1;
	int64_t count = sqlite3_changes64(connection->db);
	writer->news |= count > 0;
	return count == 0 || statement_run(connection, SQL_RESULT_ADVANCE, VALUES(integer(run)), err) ? count : -1;
}

static bool read_counter(struct connection *connection, int64_t run, struct result_counts *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_COUNTS_COUNTER, VALUES(integer(run)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_NOT_FOUND, "there is no run r-%04lld", (long long)run) : false;
	out->version = sqlite3_column_int64(s, 0);
	out->duplicates = sqlite3_column_int64(s, 1);
	out->attempts_failed = sqlite3_column_int64(s, 2);
	out->retried = sqlite3_column_int64(s, 3);
	return true;
}

static bool read_kinds(struct connection *connection, int64_t run, struct result_counts *out, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_COUNTS_BY_FAILURE, VALUES(integer(run)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		int64_t count = sqlite3_column_int64(s, 1);
		enum failure failure = FAILURE_NONE;
		if (name && !failure_parse(name, &failure))
			return error_set(err, ERROR_STORE, "run %lld has results of the unknown kind \"%s\"", (long long)run, name);
		out->by_failure[failure] += count;
		out->from_text += sqlite3_column_int64(s, 2);
		out->done += count;
		*(failure == FAILURE_NONE ? &out->verdicts : &out->no_verdict) += count;
	}
	return ok;
}

bool result_counts_read(struct reader *reader, int64_t run, struct result_counts *out, struct error *err)
{
	*out = (struct result_counts){0};
	reader_begin(reader); /* both statements see the same version */
	bool ok = read_counter(&reader->connection, run, out, err) && read_kinds(&reader->connection, run, out, err);
	reader_end(reader);
	return ok;
}

char *result_counts_by_worker(struct reader *reader, int64_t run, struct error *err)
{
	AUTO_JSON json_t *counts = json_object();
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(&reader->connection, SQL_COUNTS_BY_WORKER, VALUES(integer(run)));
	bool ok;
	while (statement_next(&reader->connection, s, &ok, err))
		json_object_set_new(counts, (const char *)sqlite3_column_text(s, 0), json_integer(sqlite3_column_int64(s, 1)));
	return ok ? json_text(counts) : NULL;
}

int result_tally_rows(struct reader *reader, int64_t run, int64_t after, int limit, struct result_tally_row *out,
                      struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_TALLY_ROWS,
							      VALUES(integer(run), integer(after), integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		out[count++] = (struct result_tally_row){
			.seq = sqlite3_column_int64(s, 0),
			.n = sqlite3_column_int64(s, 1),
			.label = (signed char)column_binary(s, 2),
			.stage1 = (signed char)column_binary(s, 3),
			.verdict = (signed char)column_binary(s, 4),
			.conflict = (sqlite3_column_int64(s, 5) & ITEM_LABEL_CONFLICT) != 0,
		};
	return ok ? count : -1;
}
