/* Tokens, sessions and settings: secrets go in, hashes stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access.h"
#include "store/reader.h"
#include "store_fixture.h"

struct call {
	struct token_record token;
	const char *token_secret, *session_secret;
	int64_t now, expires;
};

static bool insert_token(struct writer *writer, void *arg, struct error *err)
{
	struct call *call = arg;
	return token_insert(writer, &call->token, call->token_secret, err);
}

static bool create_session(struct writer *writer, void *arg, struct error *err)
{
	struct call *call = arg;
	return session_create(writer, call->token_secret, call->session_secret, call->now, call->expires, err);
}

static bool delete_session(struct writer *writer, void *arg, struct error *err)
{
	return session_delete(writer, arg, err);
}

static bool take_back(struct writer *writer, void *arg, struct error *err)
{
	return token_revoke(writer, *(int64_t *)arg, err);
}

static int64_t add_token(struct fixture *f, const char *secret, bool once, int64_t expires)
{
	struct call call = {.token = {.person = (char *)"ann", .role = ROLE_ADMIN, .once = once, .created_ms = 1, .expires_ms = expires},
			    .token_secret = secret};
	assert_true(store_write_wait(f->store, insert_token, &call, &f->err));
	return call.token.id;
}

static bool log_in(struct fixture *f, const char *token, const char *session, int64_t now, int64_t expires)
{
	struct call call = {.token_secret = token, .session_secret = session, .now = now, .expires = expires};
	error_clear(&f->err);
	return store_write_wait(f->store, create_session, &call, &f->err);
}

static bool session_holds(struct fixture *f, const char *session, int64_t now)
{
	struct token_record token = {0};
	error_clear(&f->err);
	bool holds = session_check(f->reader, session, now, &token, &f->err);
	if (holds) {
		assert_string_equal(token.person, "ann");
		assert_int_equal(token.role, ROLE_ADMIN);
	} else {
		assert_int_equal(f->err.code, ERROR_UNAUTHENTICATED);
	}
	token_record_release(&token);
	return holds;
}

static void test_a_token_makes_sessions_until_it_expires(void **state)
{
	struct fixture *f = *state;
	add_token(f, "secret", false, 1000);
	assert_true(log_in(f, "secret", "s1", 10, 500));
	assert_true(log_in(f, "secret", "s2", 20, 5000));
	assert_false(log_in(f, "wrong", "s3", 20, 500));
	assert_int_equal(f->err.code, ERROR_UNAUTHENTICATED);
	assert_true(session_holds(f, "s1", 499));
	assert_false(session_holds(f, "s1", 500));
	assert_true(session_holds(f, "s2", 999));
	assert_false(session_holds(f, "s2", 1000)); /* the token's own end */
	assert_false(session_holds(f, "s3", 30));
	assert_false(log_in(f, "secret", "s4", 1000, 5000));
}

static void test_a_login_link_works_once(void **state)
{
	struct fixture *f = *state;
	add_token(f, "link", true, 100);
	assert_true(log_in(f, "link", "s1", 10, 5000));
	assert_false(log_in(f, "link", "s2", 20, 5000));
	assert_non_null(strstr(f->err.text, "used already"));
	assert_true(session_holds(f, "s1", 4000)); /* longer than the link itself */
	struct token_record tokens[4];
	assert_int_equal(token_list(f->reader, tokens, 4, &f->err), 0);
}

static void test_sessions_survive_a_restart(void **state)
{
	struct fixture *f = *state;
	add_token(f, "secret", false, 0);
	assert_true(log_in(f, "secret", "s1", 10, 0));
	fixture_reopen(f);
	assert_true(session_holds(f, "s1", 1000000));
	assert_true(store_write_wait(f->store, delete_session, (char *)"s1", &f->err));
	assert_false(session_holds(f, "s1", 20));
}

static void test_revoking_a_token_ends_its_sessions(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_token(f, "secret", false, 0);
	assert_true(log_in(f, "secret", "s1", 10, 0));
	struct token_record token;
	assert_int_equal(token_list(f->reader, &token, 1, &f->err), 1);
	assert_int_equal(token.last_used_ms, 10);
	token_record_release(&token);
	assert_true(store_write_wait(f->store, take_back, &id, &f->err));
	assert_false(session_holds(f, "s1", 20));
	assert_false(token_check(f->reader, "secret", 20, &token, &f->err));
	assert_false(store_write_wait(f->store, take_back, &id, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

static int fail_on_secret(void *arg, int columns, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < columns; i++)
		*(bool *)arg |= values[i] && strstr(values[i], "secret");
	return 0;
}

static void test_no_secret_is_stored(void **state)
{
	struct fixture *f = *state;
	add_token(f, "secret-of-token", false, 0);
	assert_true(log_in(f, "secret-of-token", "secret-of-session", 10, 0));
	bool found = false;
	sqlite3_exec(f->reader->connection.db, "SELECT * FROM token, session", fail_on_secret, &found, NULL);
	assert_false(found);
}

static bool write_name(struct writer *writer, void *arg, struct error *err)
{
	return setting_write(writer, "name", arg, err);
}

static void test_a_setting_is_what_was_written_last(void **state)
{
	struct fixture *f = *state;
	assert_null(setting_read(f->reader, "name"));
	assert_true(store_write_wait(f->store, write_name, (char *)"one", &f->err));
	assert_true(store_write_wait(f->store, write_name, (char *)"two", &f->err));
	AUTO_FREE char *value = setting_read(f->reader, "name");
	assert_string_equal(value, "two");
	assert_true(store_write_wait(f->store, write_name, NULL, &f->err));
	assert_null(setting_read(f->reader, "name"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_token_makes_sessions_until_it_expires),
		TEST(test_a_login_link_works_once),
		TEST(test_sessions_survive_a_restart),
		TEST(test_revoking_a_token_ends_its_sessions),
		TEST(test_no_secret_is_stored),
		TEST(test_a_setting_is_what_was_written_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
