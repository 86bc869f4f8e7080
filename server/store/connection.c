#define SQL_TEXTS
#include "store/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/vector.h"

/* "meki": a file of another program is never touched. */
enum { APPLICATION_ID = 0x6d656b69 };

/* Set one by one and read back, because SQLite ignores what it does not know and
 * builds differ in their defaults. Order matters: the page size is fixed by the
 * first page, and journal_mode=WAL writes it. */
struct pragma {
	const char *name, *value, *expected;
};

static const struct pragma writer_pragmas[] = {
	{"page_size", "8192", "8192"},
	/* EXTRA while the file is made with a rollback journal: it also syncs the
	 * directory when the journal goes. A journal that came back with the power
	 * would be rolled back, and everything after it with it. */
	{"synchronous", "EXTRA", "3"},
	{"journal_mode", "WAL", "wal"},
	{"mmap_size", "0", "0"},
	{"wal_autocheckpoint", "0", "0"}, /* the writer thread checkpoints itself, and looks at what comes of it */
	{"journal_size_limit", "67108864", "67108864"},
	{"foreign_keys", "ON", "1"},
	{"temp_store", "MEMORY", "2"},
	{"trusted_schema", "OFF", "0"},
	{"cache_size", "-8192", "-8192"}, /* KiB */
};

static const struct pragma reader_pragmas[] = {
	{"query_only", "ON", "1"},
	{"mmap_size", "0", "0"},
	{"wal_autocheckpoint", "0", "0"},
	{"temp_store", "FILE", "1"}, /* a reader may sort millions of rows */
	{"trusted_schema", "OFF", "0"},
	{"cache_size", "-2048", "-2048"},
};

/* An operator's sqlite3 shell may hold the write lock for a moment. */
enum { BUSY_MS = 5000 };

static enum trouble trouble_of(sqlite3 *db, int extended)
{
	int primary = extended & 0xff, system = sqlite3_system_errno(db);
	if (primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
		return TROUBLE_WAIT;
	if (primary != SQLITE_IOERR)
		return TROUBLE_NONE;
	if (extended == SQLITE_IOERR_SHMSIZE)
		return TROUBLE_WAIT; /* no room for the index of the WAL */
	/* After a failed fsync the kernel may have dropped the pages it could not
	 * write and report success next time: never asked again. */
	if (extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC)
		return TROUBLE_FATAL;
	return system == ENOSPC || system == EDQUOT ? TROUBLE_WAIT : TROUBLE_FATAL;
}

static enum error_code code_of(int extended, enum trouble trouble)
{
	switch (extended & 0xff) {
	case SQLITE_CONSTRAINT:
		return ERROR_CONFLICT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERROR_BUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return ERROR_IO;
	case SQLITE_NOTADB:
		return ERROR_CONFIG;
	default:
		return trouble == TROUBLE_WAIT ? ERROR_DISK_FULL : trouble == TROUBLE_FATAL ? ERROR_IO : ERROR_STORE;
	}
}

bool connection_fail(struct connection *connection, const char *what, struct error *err)
{
	int extended = sqlite3_extended_errcode(connection->db);
	enum trouble trouble = trouble_of(connection->db, extended);
	if (trouble > connection->trouble)
		connection->trouble = trouble;
	int system = (extended & 0xff) == SQLITE_IOERR || (extended & 0xff) == SQLITE_CANTOPEN
			     ? sqlite3_system_errno(connection->db)
			     : 0;
	return error_set(err, code_of(extended, trouble), "%.200s: %s%s%s (SQLite %d)", what, sqlite3_errmsg(connection->db),
			 system ? ": " : "", system ? strerror(system) : "", extended);
}

bool connection_run(struct connection *connection, const char *sql, struct error *err)
{
	if (sqlite3_exec(connection->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return connection_fail(connection, sql, err);
}

bool connection_command(struct connection *connection, enum sql which, struct error *err)
{
	sqlite3_stmt *statement = connection->statements[which];
	if (!statement) /* migrations come before anything can be prepared */
		return connection_run(connection, sql_statements[which].text, err);
	int rc = sqlite3_step(statement);
	bool ok = rc == SQLITE_DONE || connection_fail(connection, sql_statements[which].text, err);
	sqlite3_reset(statement);
	return ok;
}

/* First column of the first row, as text; free(). NULL = no row or, with err filled in, an error. */
static char *ask(struct connection *connection, const char *sql, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	char *answer = NULL;
	if (sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) != SQLITE_OK) {
		connection_fail(connection, sql, err);
		return NULL;
	}
	int rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		answer = memory_copy((const char *)sqlite3_column_text(statement, 0));
	else if (rc != SQLITE_DONE)
		connection_fail(connection, sql, err);
	sqlite3_finalize(statement);
	return answer;
}

static bool set_pragma(struct connection *connection, const struct pragma *pragma, struct error *err)
{
	AUTO_FREE char *set = memory_format("PRAGMA %s=%s", pragma->name, pragma->value);
	AUTO_FREE char *get = memory_format("PRAGMA %s", pragma->name);
	if (!connection_run(connection, set, err))
		return false;
	struct error failed = {0};
	AUTO_FREE char *answer = ask(connection, get, &failed);
	if (failed.code)
		return error_set(err, failed.code, "%s", failed.text);
	if (text_equal(answer, pragma->expected))
		return true;
	return error_set(err, ERROR_STORE, "PRAGMA %s=%s: SQLite %s answers \"%s\" where \"%s\" was expected", pragma->name,
			 pragma->value, sqlite3_libversion(), answer ? answer : "", pragma->expected);
}

static bool set_pragmas(struct connection *connection, const struct pragma *pragmas, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!set_pragma(connection, &pragmas[i], err))
			return false;
	return true;
}

static bool open_file(struct connection *connection, const char *path, const char *vfs, int flags, struct error *err)
{
	*connection = (struct connection){0};
	/* No mutex of SQLite's own: a connection belongs to one thread at a time. */
	if (sqlite3_open_v2(path, &connection->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) != SQLITE_OK)
		return connection_fail(connection, path, err);
	sqlite3_busy_timeout(connection->db, BUSY_MS);
	return true;
}

static bool read_number(struct connection *connection, const char *sql, int64_t *out, struct error *err)
{
	struct error failed = {0};
	AUTO_FREE char *answer = ask(connection, sql, &failed);
	if (answer && text_to_int(answer, INT64_MIN, INT64_MAX, out))
		return true;
	return failed.code ? error_set(err, failed.code, "%s", failed.text)
			   : error_set(err, ERROR_STORE, "%s: a number was expected", sql);
}

static int newest_version(void)
{
	return sql_migrations[COUNT_OF(sql_migrations) - 1].version;
}

/* Before anything is written. */
static bool check_file(struct connection *connection, const char *path, struct error *err)
{
	int64_t version, tables, application;
	if (!read_number(connection, "PRAGMA user_version", &version, err) ||
	    !read_number(connection, "PRAGMA application_id", &application, err) ||
	    !read_number(connection, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return error_prefix(err, "%s", path);
	if (tables > 0 && application != APPLICATION_ID)
		return error_set(err, ERROR_CONFIG, "%s: a database of another program; choose another data directory", path);
	if (version > newest_version())
		return error_set(err, ERROR_CONFIG,
				 "%s: schema %lld was made by a newer mekiki, this one knows up to %d; install the newer version", path,
				 (long long)version, newest_version());
	return true;
}

bool connection_open_writer(struct connection *connection, const char *path, const char *vfs, const char *synchronous,
                            struct error *err)
{
	const struct pragma durable = {"synchronous", synchronous,
				       strcmp(synchronous, "FULL") == 0 ? "2" : strcmp(synchronous, "OFF") == 0 ? "0" : "1"};
	return open_file(connection, path, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) &&
	       check_file(connection, path, err) && set_pragmas(connection, writer_pragmas, COUNT_OF(writer_pragmas), err) &&
	       set_pragma(connection, &durable, err);
}

bool connection_open_reader(struct connection *connection, const char *path, const char *vfs, struct error *err)
{
	return open_file(connection, path, vfs, SQLITE_OPEN_READONLY, err) &&
	       set_pragmas(connection, reader_pragmas, COUNT_OF(reader_pragmas), err);
}

bool connection_prepare(struct connection *connection, bool writer, struct error *err)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		if (sql_statements[i].kind == SQL_TEXT || (!writer && sql_statements[i].kind != SQL_READ))
			continue;
		if (sqlite3_prepare_v3(connection->db, sql_statements[i].text, -1, SQLITE_PREPARE_PERSISTENT,
				       &connection->statements[i], NULL) != SQLITE_OK)
			return connection_fail(connection, sql_statements[i].name, err);
	}
	return true;
}

const char *connection_text(enum sql which)
{
	return sql_statements[which].text;
}

void connection_close(struct connection *connection)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(connection->statements[i]);
	sqlite3_close(connection->db);
	*connection = (struct connection){0};
}

bool connection_transaction(struct connection *connection, connection_body *body, void *arg, struct error *err)
{
	if (!connection_command(connection, SQL_BEGIN, err))
		return false;
	if (body(connection, arg, err) && connection_command(connection, SQL_COMMIT, err))
		return true;
	/* Some failures have rolled back already. */
	if (!sqlite3_get_autocommit(connection->db))
		connection_command(connection, SQL_ROLLBACK, NULL);
	return false;
}

static bool migrate_to(struct connection *connection, void *arg, struct error *err)
{
	const int *version = arg;
	for (size_t i = 0; i < COUNT_OF(sql_migrations); i++)
		if (sql_migrations[i].version == *version && !connection_run(connection, sql_migrations[i].text, err))
			return error_prefix(err, "migration %d", *version);
	AUTO_FREE char *mark = memory_format("PRAGMA user_version=%d; PRAGMA application_id=%d", *version, APPLICATION_ID);
	return connection_run(connection, mark, err);
}

bool connection_migrate(struct connection *connection, struct error *err)
{
	int64_t version;
	if (!read_number(connection, "PRAGMA user_version", &version, err))
		return false;
	for (int next = (int)version + 1; next <= newest_version(); next++)
		if (!connection_transaction(connection, migrate_to, &next, err))
			return false;
	return true;
}
