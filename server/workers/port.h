/* port.h - whose port is it?
 *
 * A plain bind() is the only pre-flight that sees everything: with SO_REUSEADDR
 * it succeeds beside a server that is bound and does not listen yet, which vLLM
 * is for as long as it loads (facts: llm-servers A3). Only connections that linger
 * after the end of the one before excuse a failure.
 */
#ifndef MEKIKI_WORKERS_PORT_H
#define MEKIKI_WORKERS_PORT_H

#include "base/error.h"
#include "workers/proc.h"

/* ERROR_CONFLICT names the owner where the system tells. */
bool port_is_free(int port, struct error *err);
/* Does a process of the list listen there? */
bool port_is_held_by(int port, const struct process_list *tree);

#endif
