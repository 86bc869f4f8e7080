#include "sim_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"

struct sim_ledger {
	int file; /* -1 = none */
	char *name;
};

struct sim_ledger *sim_ledger_open(const char *path, const char *name, struct error *err)
{
	int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	if (path && file < 0) {
		error_set(err, ERROR_IO, "ledger %s: %s", path, strerror(errno));
		return NULL;
	}
	struct sim_ledger *ledger = NEW(struct sim_ledger);
	ledger->file = file;
	ledger->name = memory_copy(name);
	return ledger;
}

void sim_ledger_close(struct sim_ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->file >= 0)
		close(ledger->file);
	free(ledger->name);
	free(ledger);
}

void sim_ledger_write(struct sim_ledger *ledger, const char *event, json_t *members)
{
	AUTO_JSON json_t *rest = members;
	if (ledger->file < 0)
		return;
	AUTO_JSON json_t *line = json_pack("{s:I, s:s}", "time", (json_int_t)clock_wall_ms(), "event", event);
	if (ledger->name && *ledger->name)
		json_object_set_new(line, "sim", json_text_or_null(ledger->name));
	json_object_update(line, rest);
	AUTO_FREE char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));
	AUTO_FREE char *whole = memory_format("%s\n", text);
	if (write(ledger->file, whole, strlen(whole)) != (ssize_t)strlen(whole))
		log_error("ledger", "a line was not written: %s", strerror(errno));
}
