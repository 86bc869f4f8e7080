#include <stdlib.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"

enum { TOKENS = 200 };

bool api_token_list(struct request *request, struct reader *reader, struct error *err)
{
	struct token_record tokens[TOKENS] = {0};
	int count = token_list(reader, tokens, TOKENS, err);
	if (count < 0)
		return false;
	json_t *items = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, shape_token(&tokens[i]));
		token_record_release(&tokens[i]);
	}
	request->answer.json = json_pack("{s:o}", "items", items);
	return true;
}

struct new_token {
	struct token_record record;
	char *secret;
};

static void free_token(void *state)
{
	struct new_token *token = state;
	token_record_release(&token->record);
	free(token->secret);
	free(token);
}

static bool write_token(struct writer *writer, void *arg, struct error *err)
{
	struct request *request = arg;
	struct new_token *token = request->state;
	return token_insert(writer, &token->record, token->secret, err);
}

static bool give_token(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	struct new_token *token = request->state;
	request->answer.status = 201;
	request->answer.no_store = true;
	request->answer.json = shape_token(&token->record);
	json_object_set_new(request->answer.json, "token", json_string(token->secret));
	return true;
}

bool api_token_create(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	enum role role;
	if (!role_parse(request_body_text(request, "role"), &role) || role == ROLE_NONE)
		return error_set(err, ERROR_INPUT, "\"role\": \"%.40s\" is none; there are admin and viewer",
		                 request_body_text(request, "role"));
	json_t *days = json_object_get(request->json, "days");
	struct new_token *token = NEW(struct new_token);
	int64_t now_ms = clock_wall_ms();
	token->secret = digest_secret(AUTH_SECRET_BYTES);
	token->record = (struct token_record){
		.person = memory_copy(request_body_text(request, "person")),
		.role = role,
		.created_ms = now_ms,
		.expires_ms = json_is_integer(days) ? now_ms + json_integer_value(days) * 24 * 3600 * 1000 : 0,
	};
	request->state = token;
	request->free_state = free_token;
	request_on_store(request, write_token, give_token);
	return true;
}

static bool revoke_token(struct writer *writer, void *arg, struct error *err)
{
	struct request *request = arg;
	const int64_t *id = request->state;
	return token_revoke(writer, *id, err);
}

static bool say_nothing(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.status = 204;
	return true;
}

bool api_token_delete(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	int64_t *id = NEW(int64_t);
	request->state = id;
	request->free_state = free;
	if (!request_number(request, 0, id, err))
		return false;
	request_on_store(request, revoke_token, say_nothing);
	return true;
}
