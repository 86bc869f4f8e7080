/* follow.h - looking at a run until it ends
 *
 * Only looking: Ctrl-C and a lost terminal leave the run as it is, and a server
 * that restarts is found again.
 */
#ifndef MEKIKI_CLI_FOLLOW_H
#define MEKIKI_CLI_FOLLOW_H

#include "cli/client.h"

/* patience_s: give up (CLI_WAITING) after the run has waited for a worker this long; 0 = never. */
int follow_run(struct client *client, const char *command, const char *id, int64_t patience_s);

#endif
