/* plan.h - what a run would do, for people to agree to */
#ifndef MEKIKI_CLI_PLAN_H
#define MEKIKI_CLI_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void plan_print(const json_t *plan, FILE *out);

/* The codes of its warnings: what -y acknowledges. New reference. */
json_t *plan_codes(const json_t *plan);

/* Asks on a terminal; elsewhere says what -y would acknowledge. False = do not start. */
bool plan_ask(const json_t *plan);

#endif
