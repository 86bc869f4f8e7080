/* sim_routes.h - the paths, in one table, and the shapes of error answers */
#ifndef MEKIKI_SIM_ROUTES_H
#define MEKIKI_SIM_ROUTES_H

#include "sim_connection.h"
#include "sim_request.h"

void sim_routes_handle(struct sim_connection *connection, const struct sim_http_request *request);

/* Answers with the problem in the shape --error-body asks for. `more` as in sim_connection_reply(). */
void sim_routes_problem(struct sim_connection *connection, const struct sim_problem *problem, const char *more);

#endif
