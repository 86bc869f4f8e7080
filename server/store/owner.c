#include "store/owner.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/reader.h"
#include "store/statement.h"
#include "store/writer.h"

void owner_record_release(struct owner_record *owner)
{
	free(owner->worker);
	free(owner->nonce);
	free(owner->boot_id);
	free(owner->gpu);
	free(owner->data);
	*owner = (struct owner_record){0};
}

void owner_record_copy(struct owner_record *out, const struct owner_record *owner)
{
	*out = *owner;
	out->worker = memory_copy(owner->worker);
	out->nonce = memory_copy(owner->nonce);
	out->boot_id = memory_copy(owner->boot_id);
	out->gpu = memory_copy(owner->gpu);
	out->data = memory_copy(owner->data);
}

bool owner_write(struct writer *writer, const struct owner_record *owner, struct error *err)
{
	return statement_run(&writer->connection, SQL_OWNER_WRITE,
			     VALUES(text(owner->worker), text(owner->nonce), integer(owner->pid), integer(owner->start_ticks),
				    text(owner->boot_id), integer(owner->port), text(owner->gpu), integer(owner->started_ms),
				    text(owner->data)),
			     err);
}

bool owner_forget(struct writer *writer, const char *worker, struct error *err)
{
	return statement_run(&writer->connection, SQL_OWNER_FORGET, VALUES(text(worker)), err);
}

static void read_owner(sqlite3_stmt *s, struct owner_record *out)
{
	*out = (struct owner_record){
		.worker = column_copy(s, 0),
		.nonce = column_copy(s, 1),
		.pid = sqlite3_column_int64(s, 2),
		.start_ticks = sqlite3_column_int64(s, 3),
		.boot_id = column_copy(s, 4),
		.port = sqlite3_column_int(s, 5),
		.gpu = column_copy(s, 6),
		.started_ms = sqlite3_column_int64(s, 7),
		.data = column_copy(s, 8),
	};
}

int owner_list(struct reader *reader, struct owner_record *out, int limit, struct error *err)
{
	struct connection *connection = &reader->connection;
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_OWNER_LIST, VALUES(integer(limit)));
	int count = 0;
	bool ok = true;
	while (count < limit && statement_next(connection, s, &ok, err))
		read_owner(s, &out[count++]);
	if (ok)
		return count;
	while (count > 0)
		owner_record_release(&out[--count]);
	return -1;
}
