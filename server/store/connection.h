/* connection.h - one SQLite connection, its pragmas, its prepared statements
 *
 * Used by the writer and by each reader; one thread at a time. Every statement
 * of sql/ is prepared at open, so a mistake in one is found at once and not when
 * it is first needed.
 *
 * Trouble is remembered beside the error, because what the writer does next
 * depends on the kind of failure and not on the sentence for people.
 */
#ifndef MEKIKI_SERVER_STORE_CONNECTION_H
#define MEKIKI_SERVER_STORE_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sql.h"

enum trouble {
	TROUBLE_NONE,
	TROUBLE_WAIT,  /* the disk is full or somebody else holds the file: the same again later */
	TROUBLE_FATAL  /* the disk failed: what the page cache holds is unknown, so nothing may go on */
};

struct connection {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	enum trouble trouble; /* the worst since it was last cleared */
};

/* ERROR_CONFIG, and the file as it was, when it is newer or not ours. `synchronous` is "FULL" but for tests that show what happens otherwise. */
bool connection_open_writer(struct connection *connection, const char *path, const char *vfs, const char *synchronous,
                            struct error *err);
bool connection_open_reader(struct connection *connection, const char *path, const char *vfs, struct error *err);
bool connection_prepare(struct connection *connection, bool writer, struct error *err);
/* The text of a "-- text" part, for statements that are put together. */
const char *connection_text(enum sql which);
void connection_close(struct connection *connection);

/* Runs SQL that gives no rows. */
bool connection_run(struct connection *connection, const char *sql, struct error *err);
/* A statement of sql/ without values or rows. */
bool connection_command(struct connection *connection, enum sql which, struct error *err);
/* Fills in err from the connection's last error and notes the trouble; returns false. */
bool connection_fail(struct connection *connection, const char *what, struct error *err);

/* The one place that begins and ends transactions: body inside BEGIN IMMEDIATE ... COMMIT, undone when it or the
 * commit fails. */
typedef bool connection_body(struct connection *connection, void *arg, struct error *err);
bool connection_transaction(struct connection *connection, connection_body *body, void *arg, struct error *err);

/* Brings the schema to the newest version, a transaction per version. */
bool connection_migrate(struct connection *connection, struct error *err);

#endif
