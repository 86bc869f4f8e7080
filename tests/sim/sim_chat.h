/* sim_chat.h - POST /v1/chat/completions, from the body to the end of the answer
 *
 * A chat is one request in the batch. It belongs to its connection until the
 * client leaves; with --ignore-disconnect it then runs on for nobody.
 */
#ifndef MEKIKI_SIM_CHAT_H
#define MEKIKI_SIM_CHAT_H

#include "sim_connection.h"

struct sim_chat;

void sim_chat_start(struct sim_connection *connection, const struct sim_http_request *http);
/* The batch has finished this job. */
void sim_chat_finish(struct sim_job *job);
/* The connection is gone: the request is aborted, unless --ignore-disconnect. */
void sim_chat_client_left(struct sim_chat *chat);
/* The engine died: whoever waits gets its 500. */
void sim_chat_fail_all(struct sim_server *server);
/* Ends a chat without a word: the server goes away. */
void sim_chat_drop(struct sim_job *job);

#endif
