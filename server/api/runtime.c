/* What the composition root says when the server is ready: the login link for a person, runtime.json for programs. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/auth.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "io/runtime.h"

enum { LINK_MINUTES = 15 };

struct grant {
	struct token_record token;
	const char *secret;
	int64_t replaces; /* id of a token to revoke, 0 = none */
};

static bool write_grant(struct writer *writer, void *arg, struct error *err)
{
	struct grant *grant = arg;
	struct error ignored = {0};
	if (grant->replaces && !token_revoke(writer, grant->replaces, &ignored) && ignored.code != ERROR_NOT_FOUND) {
		*err = ignored;
		return false;
	}
	if (!token_insert(writer, &grant->token, grant->secret, err))
		return false;
	if (grant->token.once)
		return true;
	AUTO_FREE char *id = memory_format("%lld", (long long)grant->token.id);
	return setting_write(writer, "runtime_token", id, err);
}

static char *user_name(void)
{
	const struct passwd *user = getpwuid(getuid());
	return memory_copy(user && user->pw_name && *user->pw_name ? user->pw_name : "admin");
}

static bool make_token(struct api *api, struct grant *grant, int64_t expires_ms, struct error *err)
{
	grant->token.person = user_name();
	grant->token.role = ROLE_ADMIN;
	grant->token.created_ms = clock_wall_ms();
	grant->token.expires_ms = expires_ms;
	bool ok = store_write_wait(api->store, write_grant, grant, err);
	free(TAKE(grant->token.person));
	return ok;
}

char *api_login_link(struct api *api, struct error *err)
{
	AUTO_FREE char *secret = digest_secret(AUTH_SECRET_BYTES);
	struct grant grant = {.token.once = true, .secret = secret};
	if (!make_token(api, &grant, clock_wall_ms() + LINK_MINUTES * 60 * 1000LL, err))
		return NULL;
	return memory_format("%s/login#token=%s", api->url, secret);
}

static int64_t older_token(struct api *api)
{
	/* The HTTP thread has the api's own reader by now. */
	struct error ignored = {0};
	struct reader *reader = reader_open(api->store, &ignored);
	if (!reader)
		return 0;
	AUTO_FREE char *text = setting_read(reader, "runtime_token");
	reader_close(reader);
	int64_t id = 0;
	return text && text_to_int(text, 1, INT64_MAX, &id) ? id : 0;
}

bool api_runtime_write(struct api *api, struct error *err)
{
	AUTO_FREE char *secret = digest_secret(AUTH_SECRET_BYTES);
	struct grant grant = {.secret = secret, .replaces = older_token(api)};
	if (!make_token(api, &grant, 0, err))
		return false;
	api->token = grant.token.id;
	const struct runtime runtime = {.url = api->url, .token = secret, .pid = getpid()};
	return runtime_write(api->data_dir, &runtime, err);
}

static bool revoke_token(struct writer *writer, void *arg, struct error *err)
{
	const int64_t *token = arg;
	return token_revoke(writer, *token, err);
}

void api_runtime_remove(struct api *api)
{
	runtime_remove(api->data_dir);
	struct error ignored = {0};
	if (api->token)
		store_write_wait(api->store, revoke_token, &api->token, &ignored);
	api->token = 0;
}
