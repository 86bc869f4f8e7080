/* spawn.h - a server of one's own, when none answers
 *
 * It gets a session of its own, so that it survives the terminal, and logs to
 * logs/server.log in the data directory.
 */
#ifndef MEKIKI_CLI_SPAWN_H
#define MEKIKI_CLI_SPAWN_H

#include "cli/client.h"

/* Starts it, waits until it answers, says so on stderr. The client is connected then. */
bool spawn_server(struct client *client, struct error *err);

#endif
