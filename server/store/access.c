#include "store/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

static const char *const role_names[] = {[ROLE_NONE] = "none", [ROLE_VIEWER] = "viewer", [ROLE_ADMIN] = "admin"};

const char *role_name(enum role role)
{
	return role_names[role];
}

bool role_parse(const char *name, enum role *out)
{
	for (size_t i = 0; i < COUNT_OF(role_names); i++)
		if (text_equal(name, role_names[i])) {
			*out = (enum role)i;
			return true;
		}
	return false;
}

void token_record_release(struct token_record *token)
{
	free(token->person);
	*token = (struct token_record){0};
}

static void hash(const char *secret, char out[DIGEST_HEX])
{
	digest_of(secret, strlen(secret), out);
}

bool token_insert(struct writer *writer, struct token_record *token, const char *secret, struct error *err)
{
	char hashed[DIGEST_HEX];
	hash(secret, hashed);
	if (!statement_run(&writer->connection, SQL_TOKEN_INSERT,
			   VALUES(text(hashed), text(token->person), text(role_name(token->role)), integer(token->once),
				  integer(token->created_ms), integer(token->expires_ms)),
			   err))
		return false;
	token->id = sqlite3_last_insert_rowid(writer->connection.db);
	return true;
}

bool token_revoke(struct writer *writer, int64_t id, struct error *err)
{
	struct connection *connection = &writer->connection;
	if (!statement_run(connection, SQL_TOKEN_SESSIONS_DELETE, VALUES(integer(id)), err) ||
	    !statement_run(connection, SQL_TOKEN_DELETE, VALUES(integer(id)), err))
		return false;
	return sqlite3_changes(connection->db) > 0 || error_set(err, ERROR_NOT_FOUND, "there is no token %lld", (long long)id);
}

/* id, person, role, once, created, expires, last used, used */
static void read_token(sqlite3_stmt *s, struct token_record *out)
{
	*out = (struct token_record){
		.id = sqlite3_column_int64(s, 0),
		.person = column_copy(s, 1),
		.once = sqlite3_column_int(s, 3),
		.created_ms = sqlite3_column_int64(s, 4),
		.expires_ms = sqlite3_column_int64(s, 5),
		.last_used_ms = sqlite3_column_int64(s, 6),
	};
	role_parse((const char *)sqlite3_column_text(s, 2), &out->role);
}

static bool over(int64_t expires_ms, int64_t now_ms)
{
	return expires_ms != 0 && expires_ms <= now_ms;
}

static bool check_token(struct connection *connection, const char *secret, int64_t now_ms, struct token_record *out,
                        struct error *err)
{
	char hashed[DIGEST_HEX];
	hash(secret, hashed);
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_TOKEN_BY_HASH, VALUES(text(hashed)));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok ? error_set(err, ERROR_UNAUTHENTICATED, "this token is not known here") : false;
	if (sqlite3_column_int(s, 3) && sqlite3_column_int(s, 7))
		return error_set(err, ERROR_UNAUTHENTICATED, "this login link was used already; ask for a new one");
	if (over(sqlite3_column_int64(s, 5), now_ms))
		return error_set(err, ERROR_UNAUTHENTICATED, "this token has expired");
	read_token(s, out);
	return true;
}

bool token_check(struct reader *reader, const char *secret, int64_t now_ms, struct token_record *out, struct error *err)
{
	return check_token(&reader->connection, secret, now_ms, out, err);
}

int token_list(struct reader *reader, struct token_record *out, int limit, struct error *err)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_TOKEN_LIST, VALUES(integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(&reader->connection, s, &ok, err))
		read_token(s, &out[count++]);
	if (ok)
		return count;
	while (count > 0)
		token_record_release(&out[--count]);
	return -1;
}

bool session_create(struct writer *writer, const char *token_secret, const char *session_secret, int64_t now_ms,
                    int64_t expires_ms, struct error *err)
{
	struct connection *connection = &writer->connection;
	AUTO(token_record_release) struct token_record token = {0};
	if (!check_token(connection, token_secret, now_ms, &token, err))
		return false;
	char hashed[DIGEST_HEX];
	hash(session_secret, hashed);
	return statement_run(connection, SQL_SESSION_EXPIRE, VALUES(integer(now_ms)), err) &&
	       statement_run(connection, SQL_TOKEN_USE, VALUES(integer(token.id), integer(now_ms)), err) &&
	       statement_run(connection, SQL_SESSION_INSERT,
			     VALUES(text(hashed), integer(token.id), integer(now_ms), integer(expires_ms)), err);
}

bool session_delete(struct writer *writer, const char *session_secret, struct error *err)
{
	char hashed[DIGEST_HEX];
	hash(session_secret, hashed);
	return statement_run(&writer->connection, SQL_SESSION_DELETE, VALUES(text(hashed)), err);
}

bool session_check(struct reader *reader, const char *session_secret, int64_t now_ms, struct token_record *out,
                   struct error *err)
{
	char hashed[DIGEST_HEX];
	hash(session_secret, hashed);
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_SESSION_READ, VALUES(text(hashed)));
	bool ok;
	if (!statement_next(&reader->connection, s, &ok, err))
		return ok ? error_set(err, ERROR_UNAUTHENTICATED, "this session is not known; log in again") : false;
	/* A one-time token lives as long as its link; its session has its own end. */
	bool once = sqlite3_column_int(s, 3);
	if (over(sqlite3_column_int64(s, 8), now_ms) || (!once && over(sqlite3_column_int64(s, 5), now_ms)))
		return error_set(err, ERROR_UNAUTHENTICATED, "this session has expired; log in again");
	read_token(s, out);
	return true;
}

bool setting_write(struct writer *writer, const char *key, const char *value, struct error *err)
{
	if (!value)
		return statement_run(&writer->connection, SQL_SETTING_DELETE, VALUES(text(key)), err);
	return statement_run(&writer->connection, SQL_SETTING_WRITE, VALUES(text(key), text(value)), err);
}

char *setting_read(struct reader *reader, const char *key)
{
	AUTO(statement_end) sqlite3_stmt *s = statement_start(&reader->connection, SQL_SETTING_READ, VALUES(text(key)));
	bool ok;
	return statement_next(&reader->connection, s, &ok, NULL) ? column_copy(s, 0) : NULL;
}
