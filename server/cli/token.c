#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/field.h"

struct token {
	const char *words[2]; /* "create", "PERSON" */
	const char *role;
	int64_t days;
};

static bool list(struct client *client, struct error *err)
{
	AUTO_JSON json_t *answer = client_get(client, "/tokens", err);
	const json_t *items = json_is_array(answer) ? answer : json_object_get(answer, "items");
	size_t index;
	json_t *token;
	if (!answer)
		return false;
	if (client->json) {
		field_print(answer);
		return true;
	}
	json_array_foreach(items, index, token)
		printf("%4lld  %-16s %-7s expires %-25.25s last used %s\n",
		       (long long)json_integer_value(json_object_get(token, "id")), field_text(token, "person"),
		       field_text(token, "role"), field_text(token, "expires"), *field_text(token, "last_used") ? field_text(token, "last_used") : "never");
	return true;
}

/* The secret alone on stdout, so that it can go into a file. */
static bool create(struct client *client, const struct token *token, struct error *err)
{
	AUTO_JSON json_t *body = json_pack("{s:s, s:s, s:I}", "person", token->words[1], "role", token->role, "days",
	                                   (json_int_t)token->days);
	AUTO_JSON json_t *answer = NULL;
	if (!client_call(client, "POST", "/tokens", body, &answer, err))
		return false;
	if (client->json) {
		field_print(answer);
		return true;
	}
	printf("%s\n", field_text(answer, "token"));
	fprintf(stderr, "a token for %s (%s), valid until %s; it is shown only now\n", token->words[1], token->role,
	        field_text(answer, "expires"));
	return true;
}

static bool revoke(struct client *client, const char *word, struct error *err)
{
	int64_t id;
	if (!text_to_int(word, 1, INT64_MAX, &id))
		return error_set(err, ERROR_CONFIG, "expected the number of a token (mekiki token list), found \"%s\"", word);
	AUTO_FREE char *path = memory_format("/tokens/%lld", (long long)id);
	AUTO_JSON json_t *answer = NULL;
	return client_call(client, "DELETE", path, NULL, &answer, err);
}

static bool act(struct client *client, const struct token *token, struct error *err)
{
	const char *what = token->words[0];
	bool named = token->words[1] != NULL;
	bool known = text_equal(what, "list") ? !named : named && (text_equal(what, "create") || text_equal(what, "revoke"));
	if (!known)
		return error_set(err, ERROR_CONFIG, "usage: mekiki token list | create PERSON | revoke ID");
	if (!client_connect(client, err))
		return false;
	if (!named)
		return list(client, err);
	return text_equal(what, "create") ? create(client, token, err) : revoke(client, token->words[1], err);
}

int cli_token(int argc, char **argv)
{
	struct token token = {.words = {"list"}, .role = "viewer", .days = 30};
	AUTO_CLIENT struct client client = {0};
	const struct arg options[] = {
		{"role", 0, ARG_TEXT, &token.role, "ROLE", "viewer (the default) or admin", 0, 0},
		{"days", 0, ARG_INT, &token.days, "N", "how long it is valid; 30 without it", 1, 3650},
		CLIENT_ARGS(&client),
	};
	const struct args args = {"token", "list | create PERSON | revoke ID [options]",
	                          "Tokens are passwords for programs and people; each has a person's name.", options,
	                          COUNT_OF(options), token.words, 0, 2};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	return act(&client, &token, &err) ? CLI_FINE : client_fail(&client, "token", &err);
}
