/* sim_ledger.h - what the server says it saw
 *
 * One JSON line when a request comes and one when it ends, each appended by one
 * write() before a byte of the answer leaves: whatever a client has seen is in
 * the file, even when this process is killed.
 */
#ifndef MEKIKI_SIM_LEDGER_H
#define MEKIKI_SIM_LEDGER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

struct sim_ledger;

/* `path` NULL gives a ledger that writes nothing. ERROR_IO names the file. */
struct sim_ledger *sim_ledger_open(const char *path, const char *name, struct error *err);
void sim_ledger_close(struct sim_ledger *ledger);

/* Takes the object over; puts time (wall clock, ms), sim (when named) and event in front of its members. */
void sim_ledger_write(struct sim_ledger *ledger, const char *event, json_t *members);

#endif
