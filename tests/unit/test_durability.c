/* What was acknowledged is there, whatever happens to the process, the power and the disk.
 *
 * The store runs in a child process, which says over a pipe what `done` told it.
 * The child dies; the parent opens what is left on the disk and looks for
 * everything it was told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "store/event.h"
#include "store/faults.h"
#include "store/view.h"
#include "store_fixture.h"
#include "vfs_powerloss.h"

enum { TOTAL = 4000, DEADLINE_MS = 60000 };

/* ---- the child: evaluates everything that is pending as fast as it can --------------------------------------- */

struct told {
	int64_t n, seq, phishing;
};

struct child_write {
	struct fixture_result result; /* first: it is what fixture_insert() takes */
	struct outcome outcome;
	int pipe;
};

static void tell_parent(void *arg, bool ok, const struct error *err)
{
	(void)err;
	struct child_write *write_ = arg;
	struct told told = {write_->result.result.n, write_->result.seq, write_->outcome.verdict.is_phishing};
	if (ok && write(write_->pipe, &told, sizeof(told)) != sizeof(told))
		_exit(3);
	free(write_);
}

static void queue_result(struct store *store, int64_t run, int64_t n, int pipe)
{
	struct child_write *write_ = NEW(struct child_write);
	outcome_init(&write_->outcome);
	write_->outcome.verdict = (struct verdict){.is_phishing = n % 3 == 0, .confidence = 0.5, .risk = RISK_LOW,
						   .source = DECIDED_BY_LLM, .reasoning = (char *)"as the number says"};
	write_->result.result = (struct result){.run = run, .n = n, .outcome = &write_->outcome, .worker = "0", .attempts = 1};
	write_->pipe = pipe;
	store_write(store, fixture_insert, tell_parent, write_);
}

struct child {
	pid_t pid;
	int pipe;
	int errors; /* its stderr */
};

struct plan {
	const char *synchronous; /* NULL = as shipped */
	bool power;              /* on the shim */
	int fail_after;          /* syncs fail once this many results are queued; 0 = never */
	int cut_after;           /* a random part of what is unsynced survives; 0 = never */
	unsigned seed;
};

static bool nothing(struct writer *writer, void *arg, struct error *err)
{
	(void)writer, (void)arg, (void)err;
	return true;
}

_Noreturn static void child_main(struct fixture *f, int64_t run, const struct plan *plan, int pipe)
{
	struct store_faults faults = {.synchronous = plan->synchronous};
	f->options.faults = &faults;
	f->options.vfs = plan->power ? powerloss_install() : NULL;
	fixture_open(f);
	if (run == 0)
		run = fixture_run(f, TOTAL);
	uint32_t *pending;
	int64_t count = run_pending(f->reader, run, &pending, &f->err);
	for (int64_t i = 0; i < count; i++) {
		queue_result(f->store, run, pending[i], pipe);
		if (plan->fail_after && i == plan->fail_after)
			powerloss_fail_syncs(1);
		if (plan->cut_after && i == plan->cut_after)
			powerloss_cut(plan->seed);
		/* A commit every few results: many chances to be cut inside one. */
		if (i % 8 == 7 && !store_write_wait(f->store, nothing, NULL, &f->err))
			_exit(4);
	}
	fixture_close(f);
	_exit(0);
}

static struct child start(struct fixture *f, int64_t run, const struct plan *plan)
{
	int ends[2], errors[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(errors), 0);
	struct child child = {.pid = fork(), .pipe = ends[0], .errors = errors[0]};
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		dup2(errors[1], STDERR_FILENO);
		child_main(f, run, plan, ends[1]);
	}
	close(ends[1]);
	close(errors[1]);
	return child;
}

/* The next thing it was told; false at the child's end. */
static bool hear(const struct child *child, struct told *out)
{
	struct pollfd wait = {.fd = child->pipe, .events = POLLIN};
	if (poll(&wait, 1, DEADLINE_MS) <= 0)
		fail_msg("the child says nothing");
	return read(child->pipe, out, sizeof(*out)) == sizeof(*out);
}

/* Hears `most` acknowledgements, kills, and hears what was still in the pipe. told[n] is what was said of n. */
static int hear_and_kill(struct child *child, int most, struct told *told)
{
	int count = 0;
	struct told one;
	while (count < most && hear(child, &one)) {
		told[one.n] = one;
		count++;
	}
	kill(child->pid, SIGKILL);
	for (; hear(child, &one); count++)
		told[one.n] = one;
	int status;
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	close(child->pipe);
	close(child->errors);
	return count;
}

/* How many of what was told are not there as they were told. */
static int count_lost(struct fixture *f, int64_t run, const struct told *told)
{
	struct told *found = memory_array(TOTAL + 1, sizeof(*found));
	struct result_tally_row rows[256];
	int64_t after = 0;
	for (int count; (count = result_tally_rows(f->reader, run, after, 256, rows, &f->err)) > 0;)
		for (int i = 0; i < count; i++) {
			found[rows[i].n] = (struct told){rows[i].n, rows[i].seq, rows[i].verdict};
			after = rows[i].seq;
		}
	int lost = 0;
	for (int n = 1; n <= TOTAL; n++)
		lost += told[n].n && memcmp(&told[n], &found[n], sizeof(told[n])) != 0;
	free(found);
	return lost;
}

/* The store after it, on the real disk. */
static void open_after(struct fixture *f)
{
	f->options.vfs = NULL;
	f->options.faults = NULL;
	fixture_open(f);
	fixture_expect_pragma(f, "integrity_check", "ok");
}

static int64_t make_run(struct fixture *f)
{
	fixture_open(f);
	int64_t run = fixture_run(f, TOTAL);
	fixture_close(f);
	return run;
}

/* ---- processes that die ------------------------------------------------------------------------------------- */

static void test_kill_nine_twenty_times_loses_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t run = make_run(f);
	struct told *told = memory_array(TOTAL + 1, sizeof(*told));
	unsigned seed = 1;
	int heard = 0;
	for (int round = 0; round < 20; round++) {
		struct child child = start(f, run, &(struct plan){0});
		heard += hear_and_kill(&child, rand_r(&seed) % 150, told);
		open_after(f);
		assert_int_equal(count_lost(f, run, told), 0);
		uint32_t *pending;
		struct result_counts counts;
		assert_true(result_counts_read(f->reader, run, &counts, &f->err));
		assert_int_equal(run_pending(f->reader, run, &pending, &f->err), TOTAL - counts.done);
		assert_int_equal(counts.version, counts.done);
		assert_true(counts.done >= heard);
		free(pending);
		fixture_close(f);
	}
	assert_true(heard > 200);
	free(told);
}

/* ---- power that goes ---------------------------------------------------------------------------------------- */

static int lose_power(struct fixture *f, const struct plan *plan, int most)
{
	struct told *told = memory_array(TOTAL + 1, sizeof(*told));
	struct child child = start(f, 0, plan);
	int heard = hear_and_kill(&child, most, told);
	assert_true(heard > 0);
	open_after(f);
	int lost = count_lost(f, 1, told);
	free(told);
	return lost;
}

static void test_the_power_takes_nothing_that_was_acknowledged(void **state)
{
	assert_int_equal(lose_power(*state, &(struct plan){.power = true}, 500), 0);
}

static void test_a_cut_in_the_middle_of_many_checkpoints_takes_nothing(void **state)
{
	assert_int_equal(lose_power(*state, &(struct plan){.power = true}, TOTAL - 100), 0);
}

static void test_without_fsync_the_power_takes_what_was_acknowledged(void **state)
{
	/* That the two tests above can fail: the same with a store that does not sync. */
	assert_true(lose_power(*state, &(struct plan){.power = true, .synchronous = "OFF"}, 500) > 0);
}

static void test_with_synchronous_normal_the_power_takes_what_was_acknowledged(void **state)
{
	assert_true(lose_power(*state, &(struct plan){.power = true, .synchronous = "NORMAL"}, 500) > 0);
}

static void test_blocks_that_reach_the_disk_in_any_order_damage_nothing(void **state)
{
	struct fixture *f = *state;
	for (unsigned seed = 1; seed <= 5; seed++) {
		int64_t run = make_run(f);
		struct told *told = memory_array(TOTAL + 1, sizeof(*told));
		struct child child =
			start(f, run, &(struct plan){.power = true, .cut_after = 100 * (int)seed + 3, .seed = seed});
		assert_true(hear_and_kill(&child, TOTAL, told) > 0);
		open_after(f);
		assert_int_equal(count_lost(f, run, told), 0);
		fixture_close(f);
		free(told);
	}
}

/* ---- disks that fail ---------------------------------------------------------------------------------------- */

static void test_a_failed_sync_ends_the_process_and_says_why(void **state)
{
	struct fixture *f = *state;
	struct told *told = memory_array(TOTAL + 1, sizeof(*told));
	struct child child = start(f, 0, &(struct plan){.power = true, .fail_after = 300});
	struct told one;
	while (hear(&child, &one))
		told[one.n] = one;
	int status;
	waitpid(child.pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	char message[4096] = "";
	assert_true(read(child.errors, message, sizeof(message) - 1) > 0);
	assert_non_null(strstr(message, "must not be repeated"));
	open_after(f);
	assert_int_equal(count_lost(f, 1, told), 0);
	close(child.pipe);
	close(child.errors);
	free(told);
}

/* ---- disks that are full ------------------------------------------------------------------------------------ */

struct full {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int64_t order[TOTAL]; /* of `done` */
	int count, failed, blocked, unblocked;
	char why[256];
};

struct full_write {
	struct fixture_result result; /* first: it is what fixture_insert() takes */
	struct full *full;
	struct outcome outcome;
};

static void full_done(void *arg, bool ok, const struct error *err)
{
	(void)err;
	struct full_write *write_ = arg;
	struct full *full = write_->full;
	LOCK_SCOPE(&full->mutex);
	full->order[full->count++] = write_->result.result.n;
	full->failed += !ok;
	pthread_cond_broadcast(&full->changed);
	free(write_->outcome.raw);
	free(write_);
}

static void full_watch(void *arg, const struct store_notice *notice)
{
	struct full *full = arg;
	LOCK_SCOPE(&full->mutex);
	if (notice->blocked) {
		full->blocked++;
		snprintf(full->why, sizeof(full->why), "%s", notice->why);
	} else if (full->blocked > full->unblocked) {
		full->unblocked++;
	}
	pthread_cond_broadcast(&full->changed);
}

static void queue_large(struct fixture *f, struct full *full, int64_t run, int64_t n)
{
	struct full_write *write_ = NEW(struct full_write);
	outcome_init(&write_->outcome);
	write_->full = full;
	write_->outcome.raw = memory_array(20001, 1);
	unsigned seed = (unsigned)n;
	for (int i = 0; i < 20000; i++)
		write_->outcome.raw[i] = (char)('!' + rand_r(&seed) % 90);
	write_->result.result = (struct result){.run = run, .n = n, .outcome = &write_->outcome, .worker = "0", .attempts = 1};
	store_write(f->store, fixture_insert, full_done, write_);
}

static void wait_for(struct full *full, const int *number, int least)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_MS / 1000;
	LOCK_SCOPE(&full->mutex);
	while (*number < least)
		if (pthread_cond_timedwait(&full->changed, &full->mutex, &until) != 0)
			fail_msg("waited too long for %d, is %d", least, *number);
}

static void test_a_full_disk_delays_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	static struct full full = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	f->options.vfs = powerloss_install();
	f->store = store_open(&f->options, &f->err);
	assert_non_null(f->store);
	store_watch(f->store, full_watch, &full);
	f->reader = reader_open(f->store, &f->err);
	int64_t run = fixture_run(f, 200);
	powerloss_room(powerloss_used() + 200000);
	for (int n = 1; n <= 100; n++)
		queue_large(f, &full, run, n);
	wait_for(&full, &full.blocked, 1);
	for (int n = 101; n <= 200; n++)
		queue_large(f, &full, run, n);
	powerloss_room(0);
	wait_for(&full, &full.count, 200);
	wait_for(&full, &full.unblocked, 1);
	assert_int_equal(full.failed, 0);
	assert_int_equal(full.blocked, 1); /* said once, not at every try */
	assert_true(strlen(full.why) > 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(full.order[i], i + 1);
	struct result_counts counts;
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.done, 200);
	assert_int_equal(counts.version, 200);
	assert_int_equal(counts.duplicates, 0);
	struct view_detail detail; /* the dictionary of the texts was rolled back, too, and made again */
	for (int n = 1; n <= 200; n += 199) {
		assert_true(view_detail_read(f->reader, run, n, &detail, &f->err));
		assert_int_equal(strlen(detail.raw), 20000);
		view_detail_release(&detail);
	}
}

static void test_closing_on_a_full_disk_says_what_was_not_written(void **state)
{
	struct fixture *f = *state;
	static struct full full = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	f->options.vfs = powerloss_install();
	f->store = store_open(&f->options, &f->err);
	store_watch(f->store, full_watch, &full);
	f->reader = reader_open(f->store, &f->err);
	int64_t run = fixture_run(f, 50);
	powerloss_room(powerloss_used() + 100000);
	for (int n = 1; n <= 50; n++)
		queue_large(f, &full, run, n);
	wait_for(&full, &full.blocked, 1);
	fixture_close(f);
	powerloss_room(0);
	assert_int_equal(full.count, 50);
	assert_true(full.failed > 0);
	int64_t written = 50 - full.failed;
	f->options.vfs = NULL;
	fixture_open(f);
	struct result_counts counts;
	assert_true(result_counts_read(f->reader, run, &counts, &f->err));
	assert_int_equal(counts.done, written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_directory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kill_nine_twenty_times_loses_nothing),
		TEST(test_the_power_takes_nothing_that_was_acknowledged),
		TEST(test_a_cut_in_the_middle_of_many_checkpoints_takes_nothing),
		TEST(test_without_fsync_the_power_takes_what_was_acknowledged),
		TEST(test_with_synchronous_normal_the_power_takes_what_was_acknowledged),
		TEST(test_blocks_that_reach_the_disk_in_any_order_damage_nothing),
		TEST(test_a_failed_sync_ends_the_process_and_says_why),
		TEST(test_a_full_disk_delays_and_loses_nothing),
		TEST(test_closing_on_a_full_disk_says_what_was_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
