/* sim_answer.h - what the simulated model writes
 *
 * With a schema the answer is built by walking it, property by property in its
 * order, as a grammar would: the names of mekiki's own schema get the opinion,
 * any other name gets the simplest value of its type. Without one the model
 * chats, and puts the JSON into a fence.
 *
 * Pure.
 */
#ifndef MEKIKI_SIM_ANSWER_H
#define MEKIKI_SIM_ANSWER_H

#include <jansson.h>

#include "sim_opinion.h"

/* All return texts to free(). Without a schema: mekiki's own answer (json_object). */
char *sim_answer_json(const json_t *schema, const char *domain, const struct sim_opinion *opinion);
char *sim_answer_fenced(const char *domain, const struct sim_opinion *opinion); /* without a schema */
char *sim_answer_prose(const char *domain, const struct sim_opinion *opinion);  /* no JSON anywhere */

/* JSON as a grammar would never make it; `variant` chooses what is wrong. */
char *sim_answer_broken_schema(const char *domain, const struct sim_opinion *opinion, unsigned variant);
/* Not JSON: the text with its end torn off in the middle of a string. */
char *sim_answer_malformed(const char *text);

#endif
