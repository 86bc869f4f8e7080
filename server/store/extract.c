#include "store/extract.h"

#include <stdlib.h>

#include "base/digest.h"
#include "store/reader.h"
#include "store/statement.h"

bool extract_positions(struct reader *reader, int64_t run, uint32_t **n_of_item, int64_t *items, struct error *err)
{
	struct connection *connection = &reader->connection;
	if (!statement_integer(connection, SQL_EXTRACT_ITEMS, VALUES(integer(run)), items, err))
		return false;
	AUTO_FREE uint32_t *positions = memory_array((size_t)*items + 1, sizeof(*positions));
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_EXTRACT_POSITIONS, VALUES(integer(run)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		int64_t item = sqlite3_column_int64(s, 1);
		if (item > 0 && item <= *items)
			positions[item] = (uint32_t)sqlite3_column_int64(s, 0);
	}
	*n_of_item = ok ? TAKE(positions) : NULL;
	return ok;
}

bool extract_selection_hash(struct reader *reader, int64_t run, char out[65], struct error *err)
{
	struct connection *connection = &reader->connection;
	struct digest *digest = digest_new();
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_EXTRACT_KEYS, VALUES(integer(run), integer(ITEM_LABEL_CONFLICT)));
	bool ok;
	while (statement_next(connection, s, &ok, err)) {
		digest_add(digest, sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0));
		digest_add(digest, "\n", 1);
	}
	digest_hex(digest, out);
	digest_free(digest);
	return ok;
}

bool extract_version(struct reader *reader, int64_t run, int64_t *version, struct error *err)
{
	return statement_integer(&reader->connection, SQL_EXTRACT_VERSION, VALUES(integer(run)), version, err);
}

/* Names that this version does not know are shown as nothing: the rest of the row is still true. */
static void read_row(sqlite3_stmt *s, struct extract_result *out)
{
	const char *failure = (const char *)sqlite3_column_text(s, 1), *risk = (const char *)sqlite3_column_text(s, 4),
		   *source = (const char *)sqlite3_column_text(s, 5);
	*out = (struct extract_result){
		.done = true,
		.seq = sqlite3_column_int64(s, 0),
		.verdict = column_binary(s, 2),
		.confidence = column_real(s, 3),
		.worker = column_copy(s, 6),
		.attempts = sqlite3_column_int(s, 7),
		.elapsed_ms = sqlite3_column_int64(s, 8),
		.evaluated_ms = sqlite3_column_int64(s, 9),
		.prompt_tokens = column_integer(s, 10, -1),
		.completion_tokens = column_integer(s, 11, -1),
		.detail = column_copy(s, 12),
	};
	if (failure)
		failure_parse(failure, &out->failure);
	if (risk)
		risk_parse(risk, &out->risk);
	if (source)
		decision_source_parse(source, &out->source);
}

static bool read_texts(struct reader *reader, int64_t run, int64_t n, struct extract_result *out, struct error *err)
{
	char *texts[LARGE_FIELDS];
	if (!large_read(reader->large, &reader->connection, run, n, texts, err))
		return false;
	out->reasoning = TAKE(texts[LARGE_REASONING]);
	out->risk_factors = TAKE(texts[LARGE_RISK_FACTORS]);
	out->detected_brands = TAKE(texts[LARGE_DETECTED_BRANDS]);
	out->finish_reason = TAKE(texts[LARGE_FINISH_REASON]);
	out->model = TAKE(texts[LARGE_MODEL]);
	for (int i = 0; i < LARGE_FIELDS; i++)
		free(texts[i]);
	return true;
}

bool extract_result_read(struct reader *reader, int64_t run, int64_t n, int64_t version, struct extract_result *out,
                         struct error *err)
{
	struct connection *connection = &reader->connection;
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_EXTRACT_RESULT, VALUES(integer(run), integer(n), integer(version)));
	bool ok;
	*out = (struct extract_result){.verdict = BINARY_UNKNOWN};
	if (!statement_next(connection, s, &ok, err))
		return ok;
	read_row(s, out);
	if (read_texts(reader, run, n, out, err))
		return true;
	extract_result_release(out);
	return false;
}

void extract_result_release(struct extract_result *result)
{
	char *texts[] = {result->worker,          result->detail,        result->reasoning, result->risk_factors,
			 result->detected_brands, result->finish_reason, result->model};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		free(texts[i]);
	*result = (struct extract_result){.verdict = BINARY_UNKNOWN};
}
