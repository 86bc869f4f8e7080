/* Processes of our own: found, watched, ended as whole trees; strangers are never touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/classes.h"
#include "workers/port.h"
#include "workers/proc.h"
#include "workers/tree_end.h"

enum { PATIENCE_MS = 20000, TICK_MS = 10 };

struct world {
	char directory[64];
	struct loop *loop;
	struct loop_timer *watch;
	int64_t end_ms;
	bool (*until)(struct world *world);
	struct config *config;
	struct backend *backend;
	struct owner_record owner;   /* as it was last written */
	int owned, forgotten;
	bool spawned_before_intent;
	int dones, ends;
	struct backend_end end;
	char text[800];
	bool tree_over, tree_good;
	char *ready_file;
};

/* --- a loop that runs until something holds ----------------------------------------------------- */

static void look(void *arg)
{
	struct world *world = arg;
	if (world->until(world) || clock_mono_ms() > world->end_ms)
		uv_stop(loop_uv(world->loop));
}

static void run_until(struct world *world, bool (*until)(struct world *world))
{
	world->until = until;
	world->end_ms = clock_mono_ms() + PATIENCE_MS;
	loop_timer_set(world->watch, TICK_MS, TICK_MS);
	loop_run(world->loop);
	loop_timer_stop(world->watch);
	assert_true(until(world));
}

static bool is_done(struct world *world)
{
	return world->dones > 0;
}

static bool has_ended(struct world *world)
{
	return world->ends > 0;
}

static bool is_tree_over(struct world *world)
{
	return world->tree_over;
}

static bool is_ready(struct world *world)
{
	return access(world->ready_file, F_OK) == 0;
}

/* --- programs ----------------------------------------------------------------------------------- */

extern char **environ;

static struct process start_shell(const char *script, const char *nonce)
{
	AUTO_FREE char *entry = memory_format("MEKIKI_NONCE=%s", nonce);
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
	char *envp[] = {entry, (char *)"PATH=/usr/bin:/bin", NULL};
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3); /* whatever a failed test leaves holds nothing of ours */
	pid_t pid;
	assert_int_equal(posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, envp), 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	struct process process;
	assert_true(proc_read(pid, &process));
	return process;
}

static void on_tree(void *arg, bool good, const char *text)
{
	struct world *world = arg;
	world->tree_over = true;
	world->tree_good = good;
	snprintf(world->text, sizeof(world->text), "%s", text);
}

static void expect_ready(struct world *world)
{
	run_until(world, is_ready);
	unlink(world->ready_file);
}

static char *script_of(struct world *world, const char *format)
{
	struct text out;
	text_init(&out, 0);
	for (const char *at = format; *at;)
		if (text_starts(at, "READY")) {
			text_addf(&out, ": > %s", world->ready_file);
			at += 5;
		} else {
			text_add_char(&out, *at++);
		}
	return text_take(&out);
}

static void end_tree(struct world *world, const struct process *root, const char *nonce, int64_t term_ms)
{
	struct tree_end_order order = {.root = root, .nonce = nonce, .term_ms = term_ms, .group_ms = 200, .kill_ms = 5000};
	world->tree_over = false;
	tree_end_begin(world->loop, &order, on_tree, world);
	run_until(world, is_tree_over);
}

static void test_the_name_of_a_process_may_hold_anything(void **state)
{
	(void)state;
	struct process process;
	assert_true(proc_parse("14687 (VLLM::) Eng (x) S 1 14687 14600 0 -1 4 0 0 0 0 1 2 3 4 20 0 1 0 987654 1 2", &process));
	assert_int_equal(process.pid, 14687);
	assert_string_equal(process.name, "VLLM::) Eng (x");
	assert_int_equal(process.parent, 1);
	assert_int_equal(process.session, 14600);
	assert_int_equal(process.start_ticks, 987654);
	assert_int_equal(process.state, 'S');
	assert_false(proc_parse("", &process));
	assert_false(proc_parse("1 (x", &process));
}

static void test_the_whole_tree_ends_and_a_stranger_does_not(void **state)
{
	struct world *world = *state;
	AUTO_FREE char *script = script_of(world, "sleep 300 & (trap '' TERM; sleep 301 & READY; while :; do wait; sleep 0.1; done) & wait");
	struct process root = start_shell(script, "mekiki-t-1"), stranger = start_shell("sleep 302 & wait", "mekiki-t-2");
	expect_ready(world);
	end_tree(world, &root, "mekiki-t-1", 500);
	assert_true(world->tree_good);
	assert_non_null(strstr(world->text, "gone"));
	assert_true(proc_is_alive(&stranger));
	end_tree(world, &stranger, "mekiki-t-2", 0);
	assert_true(world->tree_good);
	waitpid((pid_t)root.pid, NULL, WNOHANG);
	waitpid((pid_t)stranger.pid, NULL, WNOHANG);
}

static void test_what_left_the_session_is_found_by_its_nonce(void **state)
{
	struct world *world = *state;
	AUTO_FREE char *script = script_of(world, "setsid sh -c 'READY; sleep 303; :' & sleep 304; :");
	struct process root = start_shell(script, "mekiki-t-3");
	expect_ready(world);
	struct process_list list = {0};
	proc_collect(&list, NULL, "mekiki-t-3");
	assert_true(list.count >= 3);
	assert_true(proc_signal(&root, SIGKILL));
	waitpid((pid_t)root.pid, NULL, 0);
	end_tree(world, NULL, "mekiki-t-3", 0);
	assert_true(world->tree_good);
	assert_int_equal(proc_count_alive(&list), 0);
	proc_list_release(&list);
}

static void test_a_reused_pid_gets_no_signal(void **state)
{
	(void)state;
	struct process stranger = start_shell("exec sleep 305", "none"), claimed = stranger;
	claimed.start_ticks--; /* who had that pid before */
	assert_false(proc_signal(&claimed, SIGKILL));
	assert_false(proc_is_alive(&claimed));
	assert_true(proc_is_alive(&stranger));
	assert_true(proc_signal(&stranger, SIGKILL));
	waitpid((pid_t)stranger.pid, NULL, 0);
}

/* --- ports --------------------------------------------------------------------------------------- */

static int bind_any(bool reuse, int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	getsockname(fd, (struct sockaddr *)&address, &length);
	*port = ntohs(address.sin_port);
	return fd;
}

static void test_a_port_that_is_bound_and_does_not_listen_is_taken(void **state)
{
	(void)state;
	struct error err = {0};
	int port, fd = bind_any(true, &port);
	assert_false(port_is_free(port, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	listen(fd, 1);
	assert_false(port_is_free(port, &err));
	AUTO_FREE char *me = memory_format("process %d", getpid());
	assert_non_null(strstr(err.text, me)); /* whose it is */
	struct process_list list = {0};
	assert_false(port_is_held_by(port, &list));
	list.items = NEW(struct process);
	list.count = 1;
	assert_true(proc_read(getpid(), &list.items[0]));
	assert_true(port_is_held_by(port, &list));
	proc_list_release(&list);
	close(fd);
	assert_true(port_is_free(port, &err));
}

static void test_connections_that_linger_do_not_keep_a_port(void **state)
{
	(void)state;
	struct error err = {0};
	int port, fd = bind_any(true, &port);
	listen(fd, 1);
	int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(connect(out, (struct sockaddr *)&address, sizeof(address)), 0);
	int in = accept(fd, NULL, NULL);
	close(in); /* the server closes first: TIME_WAIT is on its side */
	close(out);
	close(fd);
	assert_true(port_is_free(port, &err));
}

/* --- the backend ---------------------------------------------------------------------------------- */

static void keep_end(struct world *world, const struct backend_end *end)
{
	world->end = *end;
	snprintf(world->text, sizeof(world->text), "%s", end->text ? end->text : "");
}

static void on_done(void *arg, const struct backend_end *end)
{
	struct world *world = arg;
	world->dones++;
	keep_end(world, end);
}

static void on_phase(void *arg, const char *phase, double progress)
{
	(void)arg, (void)phase, (void)progress;
}

static void on_ended(void *arg, const struct backend_end *end)
{
	struct world *world = arg;
	world->ends++;
	keep_end(world, end);
}

static void on_own(void *arg, const struct owner_record *owner, backend_written *written, void *written_arg)
{
	struct world *world = arg;
	owner_record_release(&world->owner);
	if (!owner) {
		world->forgotten++;
		return;
	}
	if (world->owned++ == 0)
		world->spawned_before_intent = owner->pid != 0;
	owner_record_copy(&world->owner, owner);
	if (written)
		written(written_arg, true);
}

static struct backend *make(struct world *world, const char *yaml)
{
	struct config_problems problems;
	config_free(world->config);
	if (!config_parse("test.yaml", yaml, strlen(yaml), &world->config, &problems))
		fail_msg("%s", problems.items[0].text);
	config_problems_release(&problems);
	struct backend_options options = {.loop = world->loop,
	                                  .config = world->config,
	                                  .worker = &world->config->workers[0],
	                                  .logs = world->directory,
	                                  .listener = {on_phase, on_ended, on_own, world}};
	world->dones = world->ends = 0;
	return world->backend = backend_local.new(&options);
}

static struct backend *make_shell(struct world *world, const char *script, const char *more)
{
	AUTO_FREE char *filled = script_of(world, script);
	AUTO_FREE char *yaml =
		memory_format("workers:\n  - id: w\n    type: local\n    port: 9\n    stop_timeout: 0.5\n%s"
	                      "    command: [/bin/sh, -c, %s]\n", more, filled);
	return make(world, yaml);
}

static void start(struct world *world)
{
	world->dones = 0;
	backend_local.start(world->backend, on_done, world);
	run_until(world, is_done);
}

static void stop(struct world *world)
{
	world->dones = 0;
	backend_local.stop(world->backend, on_done, world);
	run_until(world, is_done);
	backend_local.free(world->backend);
}

static void test_intent_comes_before_the_spawn_and_the_whole_life_is_told(void **state)
{
	struct world *world = *state;
	make_shell(world, "'echo hello; READY; sleep 310 & wait'", "");
	start(world);
	assert_true(world->end.good);
	assert_false(world->spawned_before_intent);
	assert_int_equal(world->owned, 2);
	assert_true(world->owner.pid > 0 && world->owner.start_ticks > 0 && world->owner.boot_id);
	assert_true(proc_carries(world->owner.pid, "SPT_NOENV=1"));
	AUTO_FREE char *entry = memory_format("MEKIKI_NONCE=%s", world->owner.nonce);
	assert_true(proc_carries(world->owner.pid, entry));
	struct process root;
	assert_true(proc_read(world->owner.pid, &root));
	assert_int_equal(root.session, root.pid);
	expect_ready(world);
	stop(world);
	assert_true(world->end.good);
	assert_int_equal(world->forgotten, 1);
	assert_int_equal(world->ends, 0); /* a stop that was asked for is no failure */
	assert_false(proc_is_alive(&root));
}

static void test_an_end_with_status_0_is_a_failure(void **state)
{
	struct world *world = *state;
	make_shell(world, "'echo engine died; exit 0'", "");
	start(world);
	if (!world->ends && world->end.good)
		run_until(world, has_ended);
	assert_false(world->end.good);
	assert_int_equal(world->end.cause, CAUSE_EXITED);
	assert_true(world->end.spends_attempt);
	assert_non_null(strstr(world->text, "status 0"));
	assert_non_null(strstr(world->text, "engine died"));
	backend_local.free(world->backend);
}

static void test_what_a_killed_root_leaves_is_gone_when_its_end_is_told(void **state)
{
	struct world *world = *state;
	make_shell(world, "'(trap \"\" TERM HUP; sleep 311; sleep 312) & READY; wait'", "");
	start(world);
	expect_ready(world);
	backend_local.ready(world->backend);
	struct process_list tree = {0};
	struct process root;
	assert_true(proc_read(world->owner.pid, &root));
	proc_collect(&tree, &root, world->owner.nonce);
	assert_true(tree.count >= 2);
	assert_true(proc_signal(&root, SIGKILL));
	run_until(world, has_ended);
	assert_int_equal(world->end.cause, CAUSE_KILLED);
	assert_int_equal(proc_count_alive(&tree), 0);
	assert_int_equal(world->forgotten, 1);
	proc_list_release(&tree);
	backend_local.free(world->backend);
}

static void test_the_log_says_why_a_start_failed(void **state)
{
	struct world *world = *state;
	make_shell(world, "'echo ValueError: No available memory for the cache blocks.; echo RuntimeError: Engine core initialization failed; exit 1'", "");
	start(world);
	if (!world->ends && world->end.good)
		run_until(world, has_ended);
	assert_int_equal(world->end.cause, CAUSE_KV_TOO_SMALL);
	assert_true(world->end.permanent);
	assert_non_null(strstr(world->text, "No available memory"));
	backend_local.free(world->backend);
}

static void test_a_start_whose_log_stands_still_is_ended(void **state)
{
	struct world *world = *state;
	make_shell(world, "'trap \"\" TERM; echo loading; sleep 313; sleep 314'", "    start_timeout: 0.5\n");
	start(world);
	run_until(world, has_ended);
	assert_int_equal(world->end.cause, CAUSE_START_TIMEOUT);
	assert_true(world->end.once);
	assert_non_null(strstr(world->text, "loading"));
	backend_local.free(world->backend);
}

static void test_a_program_that_is_not_there_needs_a_person(void **state)
{
	struct world *world = *state;
	make(world, "workers:\n  - {id: w, type: local, port: 9, command: [/nonexistent/vllm, serve]}\n");
	start(world);
	assert_false(world->end.good);
	assert_int_equal(world->end.cause, CAUSE_NO_COMMAND);
	assert_true(world->end.permanent);
	assert_non_null(strstr(world->text, "/nonexistent/vllm"));
	assert_int_equal(world->forgotten, 1);
	backend_local.free(world->backend);
}

/* Our own death: the backend goes, the process stays, the next one gets the record. */
static void test_a_process_is_found_again_after_our_death(void **state)
{
	struct world *world = *state;
	struct owner_record owner;
	static const char script[] = "'READY; sleep 315 & wait'";
	make_shell(world, script, "");
	start(world);
	expect_ready(world);
	owner_record_copy(&owner, &world->owner);
	backend_local.free(world->backend);
	struct process root;
	assert_true(proc_read(owner.pid, &root));
	assert_true(proc_is_alive(&root));
	make_shell(world, script, "");
	backend_local.attach(world->backend, &owner, on_done, world);
	run_until(world, is_done);
	assert_true(world->end.good);
	stop(world);
	assert_false(proc_is_alive(&root));
	waitpid((pid_t)root.pid, NULL, WNOHANG);
	owner_record_release(&owner);
}

static void test_a_spawn_that_was_never_written_down_is_found_by_its_nonce(void **state)
{
	struct world *world = *state;
	AUTO_FREE char *script = script_of(world, "READY; sleep 316 & wait");
	struct process root = start_shell(script, "mekiki-w-lost");
	expect_ready(world);
	struct owner_record owner = {.worker = (char *)"w", .nonce = (char *)"mekiki-w-lost", .port = 9};
	make_shell(world, "x", "");
	backend_local.attach(world->backend, &owner, on_done, world);
	run_until(world, is_done);
	assert_true(world->end.good);
	assert_int_equal(world->owner.pid, root.pid); /* written down now */
	stop(world);
	assert_false(proc_is_alive(&root));
	waitpid((pid_t)root.pid, NULL, WNOHANG);
}

static void test_neither_another_boot_nor_a_reused_pid_is_ours(void **state)
{
	struct world *world = *state;
	struct process stranger = start_shell("exec sleep 317", "somebody-else");
	AUTO_FREE char *boot_id = proc_boot_id();
	struct owner_record records[] = {
		{.worker = (char *)"w", .nonce = (char *)"mekiki-w-old", .pid = stranger.pid, .start_ticks = stranger.start_ticks,
	         .boot_id = (char *)"another-boot", .port = 9},
		{.worker = (char *)"w", .nonce = (char *)"mekiki-w-old", .pid = stranger.pid, .start_ticks = stranger.start_ticks - 7,
	         .boot_id = boot_id, .port = 9},
	};
	for (size_t i = 0; i < 2; i++) {
		make_shell(world, "x", "");
		backend_local.attach(world->backend, &records[i], on_done, world);
		run_until(world, is_done);
		assert_false(world->end.good);
		assert_int_equal(world->forgotten, (int)i + 1);
		backend_local.free(world->backend);
		assert_true(proc_is_alive(&stranger));
	}
	proc_signal(&stranger, SIGKILL);
	waitpid((pid_t)stranger.pid, NULL, 0);
}

/* --- set-up ----------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info, (void)kind, (void)place;
	return remove(path);
}

static int set_up(void **state)
{
	struct world *world = NEW(struct world);
	snprintf(world->directory, sizeof(world->directory), "/tmp/mekiki-local-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	world->ready_file = memory_format("%s/ready", world->directory);
	world->loop = loop_new("test");
	world->watch = loop_timer_new(world->loop, look, world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	loop_timer_free(world->watch);
	loop_free(world->loop);
	config_free(world->config);
	owner_record_release(&world->owner);
	nftw(world->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(world->ready_file);
	free(world);
	return 0;
}

#define LOCAL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	proc_adopt_orphans();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_name_of_a_process_may_hold_anything),
		LOCAL_TEST(test_the_whole_tree_ends_and_a_stranger_does_not),
		LOCAL_TEST(test_what_left_the_session_is_found_by_its_nonce),
		LOCAL_TEST(test_a_reused_pid_gets_no_signal),
		LOCAL_TEST(test_a_port_that_is_bound_and_does_not_listen_is_taken),
		LOCAL_TEST(test_connections_that_linger_do_not_keep_a_port),
		LOCAL_TEST(test_intent_comes_before_the_spawn_and_the_whole_life_is_told),
		LOCAL_TEST(test_an_end_with_status_0_is_a_failure),
		LOCAL_TEST(test_what_a_killed_root_leaves_is_gone_when_its_end_is_told),
		LOCAL_TEST(test_the_log_says_why_a_start_failed),
		LOCAL_TEST(test_a_start_whose_log_stands_still_is_ended),
		LOCAL_TEST(test_a_program_that_is_not_there_needs_a_person),
		LOCAL_TEST(test_a_process_is_found_again_after_our_death),
		LOCAL_TEST(test_a_spawn_that_was_never_written_down_is_found_by_its_nonce),
		LOCAL_TEST(test_neither_another_boot_nor_a_reused_pid_is_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
