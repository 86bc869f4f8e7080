/* access.h (store) - tokens and sessions, hashed; who may do what
 *
 * Secrets are never stored: only their SHA-256. Sessions belong to a token and
 * survive a restart. A one-time token makes one session and is then used up.
 */
#ifndef MEKIKI_STORE_ACCESS_H
#define MEKIKI_STORE_ACCESS_H

#include "store/store.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_ADMIN };
const char *role_name(enum role role);
bool role_parse(const char *name, enum role *out);

struct token_record {
	int64_t id;
	char *person;      /* owned */
	enum role role;
	bool once;
	int64_t created_ms, expires_ms, last_used_ms; /* 0 = never; last used: when it last made a session */
};
void token_record_release(struct token_record *token);

/* Stores the hash of `secret`; sets token->id. */
bool token_insert(struct writer *writer, struct token_record *token, const char *secret, struct error *err);
bool token_revoke(struct writer *writer, int64_t id, struct error *err); /* and its sessions; ERROR_NOT_FOUND */
/* Valid now (not expired, not used up)? ERROR_UNAUTHENTICATED otherwise. */
bool token_check(struct reader *reader, const char *secret, int64_t now_ms, struct token_record *out, struct error *err);
/* Newest first, without one-time tokens that are used up. Returns the count, -1 with err. */
int token_list(struct reader *reader, struct token_record *out, int limit, struct error *err);

/* Exchanges a token for a session: uses up a one-time token in the same transaction. */
bool session_create(struct writer *writer, const char *token_secret, const char *session_secret, int64_t now_ms,
                    int64_t expires_ms, struct error *err);
bool session_delete(struct writer *writer, const char *session_secret, struct error *err);
bool session_check(struct reader *reader, const char *session_secret, int64_t now_ms, struct token_record *out, struct error *err);

/* Small facts that must survive: the instance's name, settings made on the page. NULL = none; free(). */
bool setting_write(struct writer *writer, const char *key, const char *value, struct error *err);
char *setting_read(struct reader *reader, const char *key);

#endif
