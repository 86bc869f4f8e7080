/* The store on a real SQLite file in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "store/dataset.h"
#include "store/access.h"
#include "store/event.h"
#include "store/faults.h"
#include "store/lock.h"
#include "store/reader.h"
#include "store/result.h"
#include "store/run.h"
#include "store_fixture.h"
#include "vfs_powerloss.h"

static void test_pragmas_are_what_they_should_be(void **state)
{
	struct fixture *f = *state;
	static const char *const expected[][2] = {
		{"page_size", "8192"},     {"journal_mode", "wal"},         {"synchronous", "2"},  {"mmap_size", "0"},
		{"foreign_keys", "1"},     {"wal_autocheckpoint", "0"},     {"user_version", "2"},
	};
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		fixture_expect_pragma(f, expected[i][0], expected[i][1]);
}

static void test_a_run_keeps_what_it_was_given(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 3);
	struct run_record record;
	assert_true(run_read(f->reader, run, &record, &f->err));
	assert_int_equal(record.total, 3);
	assert_int_equal(record.state, RUN_QUEUED);
	assert_string_equal(record.created_by, "tester");
	run_record_release(&record);
	struct run_item item;
	assert_true(run_item_read(f->reader, run, 2, &item, &f->err));
	assert_string_equal(item.item.key, "item2.example");
	assert_int_equal(item.row, 2);
	item_release(&item.item);
	assert_false(run_item_read(f->reader, run, 4, &item, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

static void test_a_second_result_is_counted_and_not_stored(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 3), seq = 0;
	assert_int_equal(fixture_verdict(f, run, 1, true, &seq), RESULT_ACCEPTED);
	assert_int_equal(seq, 1);
	assert_int_equal(fixture_verdict(f, run, 1, true, &seq), RESULT_DUPLICATE_SAME);
	assert_int_equal(fixture_verdict(f, run, 1, false, &seq), RESULT_DUPLICATE_DIFFERENT);
	assert_int_equal(fixture_verdict(f, run, 2, false, &seq), RESULT_ACCEPTED);
	assert_int_equal(seq, 2);
	struct result_counts counts;
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.done, 2);
	assert_int_equal(counts.duplicates, 2);
	assert_int_equal(counts.version, 2);
	struct result_tally_row rows[4];
	assert_int_equal(result_tally_rows(f->reader, run, 0, 4, rows, &f->err), 2);
	assert_int_equal(rows[0].verdict, BINARY_PHISHING);
	assert_int_equal(rows[0].label, BINARY_PHISHING);
	assert_int_equal(rows[1].verdict, BINARY_BENIGN);
}

static void expect_pending(struct fixture *f, int64_t run, int64_t count)
{
	uint32_t *pending;
	assert_int_equal(run_pending(f->reader, run, &pending, &f->err), count);
	for (int64_t i = 1; i < count; i++)
		assert_true(pending[i] > pending[i - 1]);
	free(pending);
}

static void test_what_has_no_result_is_pending(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 20), seq;
	expect_pending(f, run, 20);
	for (int n = 2; n <= 20; n += 2)
		fixture_verdict(f, run, n, true, &seq);
	expect_pending(f, run, 10);
	fixture_reopen(f);
	expect_pending(f, run, 10);
	for (int n = 1; n <= 20; n += 2)
		fixture_verdict(f, run, n, true, &seq);
	fixture_reopen(f);
	expect_pending(f, run, 0);
	uint32_t *pending;
	assert_int_equal(run_pending(f->reader, 99, &pending, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}


/* ---- opening ------------------------------------------------------------------------------------------------ */

static void expect_not_opened(struct fixture *f, enum error_code code, const char *part)
{
	error_clear(&f->err);
	assert_null(store_open(&f->options, &f->err));
	assert_int_equal(f->err.code, code);
	if (!strstr(f->err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, part);
}

static void test_network_file_systems_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct store_faults faults = {.filesystem = 0x6969};
	f->options.faults = &faults;
	expect_not_opened(f, ERROR_CONFIG, "(NFS)");
	faults.filesystem = 0x0BD00BD0;
	expect_not_opened(f, ERROR_CONFIG, "(Lustre)");
	faults.filesystem = (long)0xFFFFFFFFFF534D42; /* as a signed field gives it */
	expect_not_opened(f, ERROR_CONFIG, "(CIFS)");
	f->options.allow_network_filesystem = true;
	f->store = store_open(&f->options, &f->err);
	assert_non_null(f->store);
}

static void run_sql(struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db;
	snprintf(path, sizeof(path), "%s/mekiki.db", f->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	fixture_open(f);
	fixture_close(f);
	run_sql(f, "PRAGMA user_version=99");
	expect_not_opened(f, ERROR_CONFIG, "newer mekiki");
}

static void test_a_database_of_another_program_is_not_touched(void **state)
{
	struct fixture *f = *state;
	run_sql(f, "CREATE TABLE theirs (x)");
	expect_not_opened(f, ERROR_CONFIG, "another program");
}

static void test_a_file_that_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];
	snprintf(path, sizeof(path), "%s/mekiki.db", f->directory);
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 5000; i++)
		fputs("not a database ", file);
	fclose(file);
	expect_not_opened(f, ERROR_CONFIG, "not a database");
}

static void test_a_missing_directory_is_named(void **state)
{
	struct fixture *f = *state;
	f->options.directory = "/nonexistent/mekiki";
	expect_not_opened(f, ERROR_IO, "/nonexistent/mekiki");
}

static void test_a_second_holder_of_the_lock_is_refused_and_told_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct lock *lock = lock_take(f->directory, &f->err);
	assert_non_null(lock);
	assert_null(lock_take(f->directory, &f->err));
	assert_int_equal(f->err.code, ERROR_CONFLICT);
	char pid[32];
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(f->err.text, pid));
	lock_release(lock);
	lock = lock_take(f->directory, &f->err);
	assert_non_null(lock);
	lock_release(lock);
}

static void test_readers_cannot_write(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(sqlite3_exec(f->reader->connection.db, "DELETE FROM event", NULL, NULL, NULL) & 0xff, SQLITE_READONLY);
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

static bool write_setting(struct writer *writer, void *arg, struct error *err)
{
	return setting_write(writer, arg, "written", err);
}

static bool write_and_say_no(struct writer *writer, void *arg, struct error *err)
{
	struct event event = {.kind = EVENT_SERVER_STARTED};
	return setting_write(writer, arg, "written", err) && event_append(writer, &event, err) &&
	       error_set(err, ERROR_CONFLICT, "no");
}

/* Holds the writer until it is let go, so that a test decides what queues up meanwhile. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool reached, open;
	struct writer *writer;
};

static bool wait_at_gate(struct writer *writer, void *arg, struct error *err)
{
	(void)err;
	struct gate *gate = arg;
	LOCK_SCOPE(&gate->mutex);
	gate->writer = writer;
	gate->reached = true;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	return true;
}

static void close_gate(struct fixture *f, struct gate *gate)
{
	pthread_mutex_init(&gate->mutex, NULL);
	pthread_cond_init(&gate->changed, NULL);
	gate->reached = gate->open = false;
	store_write(f->store, wait_at_gate, NULL, gate);
	LOCK_SCOPE(&gate->mutex);
	while (!gate->reached)
		pthread_cond_wait(&gate->changed, &gate->mutex);
}

static void open_gate(struct gate *gate)
{
	LOCK_SCOPE(&gate->mutex);
	gate->open = true;
	pthread_cond_broadcast(&gate->changed);
}

struct outcomes {
	int ok, failed;
};

static void count_outcome(void *arg, bool ok, const struct error *err)
{
	struct outcomes *outcomes = arg;
	if (ok)
		outcomes->ok++;
	else
		outcomes->failed += err->code == ERROR_CONFLICT;
}

struct named {
	char key[32];
	struct outcomes *outcomes;
};

static void count_named(void *arg, bool ok, const struct error *err)
{
	count_outcome(((struct named *)arg)->outcomes, ok, err);
}

static void test_a_write_that_fails_undoes_only_itself(void **state)
{
	struct fixture *f = *state;
	static struct gate gate;
	struct outcomes outcomes = {0};
	struct named names[9];
	close_gate(f, &gate); /* so that all nine are one transaction */
	for (int i = 0; i < 9; i++) {
		names[i].outcomes = &outcomes;
		snprintf(names[i].key, sizeof(names[i].key), "key%d", i);
		store_write(f->store, i == 4 ? write_and_say_no : write_setting, count_named, &names[i]);
	}
	open_gate(&gate);
	int64_t events = event_last(f->reader);
	assert_true(store_write_wait(f->store, write_setting, (char *)"last", &f->err));
	assert_int_equal(outcomes.ok, 8);
	assert_int_equal(outcomes.failed, 1);
	for (int i = 0; i < 9; i++) {
		AUTO_FREE char *value = setting_read(f->reader, names[i].key);
		assert_true(i == 4 ? value == NULL : value != NULL);
	}
	assert_int_equal(event_last(f->reader), events);
}

static void test_what_queued_up_shares_one_sync(void **state)
{
	struct fixture *f = *state;
	static struct gate gate;
	f->options.vfs = powerloss_install();
	fixture_open(f);
	struct outcomes outcomes = {0};
	struct named named = {.key = "shared", .outcomes = &outcomes};
	close_gate(f, &gate);
	for (int i = 0; i < 100; i++)
		store_write(f->store, write_setting, count_named, &named);
	int before = powerloss_syncs();
	open_gate(&gate);
	assert_true(store_write_wait(f->store, write_setting, (char *)"last", &f->err));
	assert_int_equal(outcomes.ok, 100);
	assert_true(powerloss_syncs() - before <= 6); /* the gate's commit, the hundred, the last; one of them begins the WAL */
	assert_true(powerloss_syncs() > before);
}

static void test_closing_commits_what_is_queued(void **state)
{
	struct fixture *f = *state;
	struct outcomes outcomes = {0};
	struct named names[50];
	for (int i = 0; i < 50; i++) {
		names[i].outcomes = &outcomes;
		snprintf(names[i].key, sizeof(names[i].key), "key%d", i);
		store_write(f->store, write_setting, count_named, &names[i]);
	}
	fixture_reopen(f);
	assert_int_equal(outcomes.ok, 50);
	AUTO_FREE char *value = setting_read(f->reader, "key49");
	assert_string_equal(value, "written");
}

struct order {
	int next, bulk, normal; /* in which place each came */
};

static bool note_bulk(struct writer *writer, void *arg, struct error *err)
{
	(void)writer, (void)err;
	struct order *order = arg;
	order->bulk = ++order->next;
	return true;
}

static bool note_normal(struct writer *writer, void *arg, struct error *err)
{
	(void)writer, (void)err;
	struct order *order = arg;
	order->normal = ++order->next;
	return true;
}

static void test_bulk_writes_yield_to_the_others(void **state)
{
	struct fixture *f = *state;
	static struct gate gate;
	struct order order = {0};
	close_gate(f, &gate);
	writer_queue(gate.writer, true, note_bulk, NULL, &order); /* first, and without waiting for it */
	for (int i = 0; i < 10; i++)
		store_write(f->store, note_normal, NULL, &order);
	open_gate(&gate);
	assert_true(store_write_bulk(f->store, wait_at_gate, &gate, &f->err)); /* it is open: nothing to wait for */
	assert_int_equal(order.normal, 10);
	assert_int_equal(order.bulk, 11);
}

/* ---- versions, events ---------------------------------------------------------------------------------------- */

static bool insert_failure(struct writer *writer, void *arg, struct error *err)
{
	struct outcome outcome;
	outcome_init(&outcome);
	outcome.failure = FAILURE_CONNECTION;
	outcome.detail = (char *)"refused";
	struct result result = {.run = *(int64_t *)arg, .n = 2, .outcome = &outcome, .worker = "1", .attempts = 3};
	enum result_fate fate;
	int64_t seq;
	return result_insert(writer, &result, &fate, &seq, err);
}

static bool forget(struct writer *writer, void *arg, struct error *err)
{
	return result_forget_failures(writer, *(int64_t *)arg, err) == 1;
}

static void test_forgotten_failures_are_pending_again_and_the_version_moves_on(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 3), seq;
	fixture_verdict(f, run, 1, true, &seq);
	assert_true(store_write_wait(f->store, insert_failure, &run, &f->err));
	struct result_counts counts;
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.by_failure[FAILURE_CONNECTION], 1);
	assert_int_equal(counts.no_verdict, 1);
	assert_int_equal(counts.version, 2);
	assert_true(store_write_wait(f->store, forget, &run, &f->err));
	expect_pending(f, run, 2);
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.done, 1);
	assert_int_equal(counts.version, 3);
	assert_int_equal(counts.attempts_failed, 1);
	fixture_verdict(f, run, 2, true, &seq);
	assert_int_equal(seq, 4);
	AUTO_FREE char *by_worker = result_counts_by_worker(f->reader, run, &f->err);
	assert_string_equal(by_worker, "{\"0\":2}");
}

static void test_a_result_outside_the_selection_is_refused(void **state)
{
	struct fixture *f = *state;
	int64_t run = fixture_run(f, 1);
	assert_false(store_write_wait(f->store, insert_failure, &run, &f->err));
	assert_int_equal(f->err.code, ERROR_CONFLICT);
	assert_non_null(strstr(f->err.text, "position 2"));
}

static bool change_state(struct writer *writer, void *arg, struct error *err)
{
	int64_t run = *(int64_t *)arg;
	struct event worker = {.kind = EVENT_WORKER_STATE, .worker = (char *)"0"};
	return run_set_state(writer, run, RUN_RUNNING, "", "ann", 100, 0, err) && event_append(writer, &worker, err) &&
	       run_set_state(writer, run, RUN_PAUSED, "", "ann", 150, 50, err) &&
	       run_set_state(writer, run, RUN_RUNNING, "", "ann", 200, 50, err) &&
	       run_set_state(writer, run, RUN_FINISHED, "", NULL, 300, 150, err) &&
	       (worker.at_ms = 0, event_append(writer, &worker, err));
}

static void remember_notice(void *arg, const struct store_notice *notice)
{
	*(struct store_notice *)arg = *notice;
}

static void test_a_change_of_state_is_an_event_and_keeps_the_times(void **state)
{
	struct fixture *f = *state;
	static struct store_notice notice;
	store_watch(f->store, remember_notice, &notice);
	int64_t run = fixture_run(f, 1);
	assert_true(store_write_wait(f->store, change_state, &run, &f->err));
	struct run_record record;
	assert_true(run_read(f->reader, run, &record, &f->err));
	assert_int_equal(record.started_ms, 100);
	assert_int_equal(record.finished_ms, 300);
	assert_int_equal(record.active_ms, 150);
	run_record_release(&record);
	struct event events[16];
	/* created, running, the worker, paused, running, finished; not what came later, nor the dataset */
	assert_int_equal(event_list(f->reader, run, 0, 16, events, &f->err), 6);
	assert_int_equal(events[0].kind, EVENT_RUN_CREATED);
	assert_string_equal(events[1].data, "{\"from\":\"queued\",\"to\":\"running\",\"cause\":\"\"}");
	assert_string_equal(events[2].worker, "0");
	for (int i = 1; i < 6; i++)
		assert_true(events[i].id > events[i - 1].id);
	int64_t third = events[2].id;
	for (int i = 0; i < 6; i++)
		event_release(&events[i]);
	assert_int_equal(event_list(f->reader, run, third, 16, events, &f->err), 3);
	for (int i = 0; i < 3; i++)
		event_release(&events[i]);
	/* Watchers hear after `done`: the next write is behind that. */
	assert_false(store_write_wait(f->store, change_state, &(int64_t){99}, &f->err));
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
	store_unwatch(f->store, &notice);
	assert_int_equal(event_last(f->reader), notice.last_event);
	assert_false(notice.blocked);
}

static void test_live_runs_are_found_again_oldest_first(void **state)
{
	struct fixture *f = *state;
	int64_t first = fixture_run(f, 1), second = fixture_run(f, 1), third = fixture_run(f, 1);
	assert_true(store_write_wait(f->store, change_state, &second, &f->err));
	fixture_reopen(f);
	struct run_record runs[4];
	assert_int_equal(run_list_live(f->reader, runs, 4, &f->err), 2);
	assert_int_equal(runs[0].id, first);
	assert_int_equal(runs[1].id, third);
	run_record_release(&runs[0]);
	run_record_release(&runs[1]);
	assert_int_equal(run_list(f->reader, third, 1, runs, &f->err), 1);
	assert_int_equal(runs[0].id, second);
	run_record_release(&runs[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, fixture_setup_directory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pragmas_are_what_they_should_be),
		TEST(test_a_run_keeps_what_it_was_given),
		TEST(test_a_second_result_is_counted_and_not_stored),
		TEST(test_what_has_no_result_is_pending),
		TEST_CLOSED(test_network_file_systems_are_refused_by_name),
		TEST_CLOSED(test_a_newer_schema_is_refused),
		TEST_CLOSED(test_a_database_of_another_program_is_not_touched),
		TEST_CLOSED(test_a_file_that_is_no_database_is_refused),
		TEST_CLOSED(test_a_missing_directory_is_named),
		TEST_CLOSED(test_a_second_holder_of_the_lock_is_refused_and_told_who_has_it),
		TEST(test_readers_cannot_write),
		TEST(test_a_write_that_fails_undoes_only_itself),
		TEST_CLOSED(test_what_queued_up_shares_one_sync),
		TEST(test_closing_commits_what_is_queued),
		TEST(test_bulk_writes_yield_to_the_others),
		TEST(test_forgotten_failures_are_pending_again_and_the_version_moves_on),
		TEST(test_a_result_outside_the_selection_is_refused),
		TEST(test_a_change_of_state_is_an_event_and_keeps_the_times),
		TEST(test_live_runs_are_found_again_oldest_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
