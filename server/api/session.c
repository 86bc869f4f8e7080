#include <stdlib.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"

struct login {
	char *secret; /* of the new session */
};

static void free_login(void *state)
{
	struct login *login = state;
	free(login->secret);
	free(login);
}

static bool write_session(struct writer *writer, void *arg, struct error *err)
{
	struct request *request = arg;
	struct login *login = request->state;
	int64_t now_ms = clock_wall_ms();
	return session_create(writer, request_body_text(request, "token"), login->secret, now_ms, now_ms + auth_session_ms,
	                      err);
}

static bool give_cookie(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	struct login *login = request->state;
	request->answer.status = 204;
	request->answer.no_store = true;
	request->answer.cookie = auth_cookie(request->api, login->secret, auth_session_ms / 1000);
	return true;
}

bool api_session_create(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	struct login *login = NEW(struct login);
	login->secret = digest_secret(AUTH_SECRET_BYTES);
	request->state = login;
	request->free_state = free_login;
	request_on_store(request, write_session, give_cookie);
	return true;
}

static bool drop_session(struct writer *writer, void *arg, struct error *err)
{
	struct request *request = arg;
	return session_delete(writer, request->session, err);
}

static bool take_cookie(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.status = 204;
	request->answer.cookie = auth_cookie(request->api, "", 0);
	return true;
}

bool api_session_delete(struct request *request, struct reader *reader, struct error *err)
{
	if (!request->session)
		return take_cookie(request, reader, err);
	request_on_store(request, drop_session, take_cookie);
	return true;
}

bool api_session_me(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.json = json_pack("{s:s, s:s, s:s}", "person", request->person, "role", role_name(request->role),
	                                 "via", request->session ? "session" : "token");
	return true;
}
