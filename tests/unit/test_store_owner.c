/* Ownership of processes: written before the spawn, completed after it, found again after our death. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "store/owner.h"
#include "store_fixture.h"

static bool write_owner(struct writer *writer, void *arg, struct error *err)
{
	return owner_write(writer, arg, err);
}

static bool forget_owner(struct writer *writer, void *arg, struct error *err)
{
	return owner_forget(writer, arg, err);
}

static void put(struct fixture *f, const char *worker, const char *nonce, int64_t pid)
{
	struct owner_record owner = {.worker = (char *)worker,
	                             .nonce = (char *)nonce,
	                             .pid = pid,
	                             .start_ticks = pid * 10,
	                             .boot_id = pid ? (char *)"boot" : NULL,
	                             .port = 8002,
	                             .gpu = (char *)"1",
	                             .started_ms = 5,
	                             .data = (char *)"{\"x\":1}"};
	assert_true(store_write_wait(f->store, write_owner, &owner, &f->err));
}

static void test_an_intent_is_there_after_a_restart_and_is_completed_in_place(void **state)
{
	struct fixture *f = *state;
	struct owner_record found[4];
	put(f, "2", "abc", 0);
	fixture_reopen(f);
	assert_int_equal(owner_list(f->reader, found, 4, &f->err), 1);
	assert_string_equal(found[0].nonce, "abc");
	assert_int_equal(found[0].pid, 0);
	assert_null(found[0].boot_id);
	owner_record_release(&found[0]);
	put(f, "2", "abc", 77);
	assert_int_equal(owner_list(f->reader, found, 4, &f->err), 1);
	assert_int_equal(found[0].pid, 77);
	assert_int_equal(found[0].start_ticks, 770);
	assert_int_equal(found[0].port, 8002);
	assert_string_equal(found[0].boot_id, "boot");
	assert_string_equal(found[0].gpu, "1");
	assert_string_equal(found[0].data, "{\"x\":1}");
	owner_record_release(&found[0]);
}

static void test_forgetting_one_worker_leaves_the_others(void **state)
{
	struct fixture *f = *state;
	struct owner_record found[4];
	put(f, "a", "n1", 1);
	put(f, "b", "n2", 2);
	assert_true(store_write_wait(f->store, forget_owner, (void *)"a", &f->err));
	assert_true(store_write_wait(f->store, forget_owner, (void *)"a", &f->err)); /* nothing left to forget is fine */
	assert_int_equal(owner_list(f->reader, found, 4, &f->err), 1);
	assert_string_equal(found[0].worker, "b");
	owner_record_release(&found[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_intent_is_there_after_a_restart_and_is_completed_in_place, fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(test_forgetting_one_worker_leaves_the_others, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
