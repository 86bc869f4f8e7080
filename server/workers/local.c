/* local.c - a worker that is a process of ours on this machine: vLLM, or any command
 *
 * Its life: intent written and committed, spawned in a session of its own, watched
 * by a pidfd (which works for a process that an earlier mekiki started, too) and by
 * its log. Whatever ends it without our asking is a failure, also with status 0:
 * vLLM exits so when its engine has died. What it leaves behind is killed before
 * the end is told, because an orphaned engine holds the GPU.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/classes.h"
#include "workers/launch.h"
#include "workers/log_watch.h"
#include "workers/port.h"
#include "workers/tree_end.h"

enum {
	CHECK_EVERY_MS = 200,   /* of the start's deadline */
	LOAD_TERM_MS = 3000,    /* a vLLM that loads does not hear TERM (facts A2) */
	GROUP_MS = 5000,
	KILL_MS = 30000,        /* beyond it a process is stuck in the driver */
	HARD_CAP = 4,           /* x start_timeout, however much the log moves */
	LOOK_BACK = 1 << 18     /* bytes of the log, when it is found again */
};

enum ending { NOT_ENDING, ENDING_STOP, ENDING_DEATH, ENDING_GONE };

struct local {
	struct backend_options options;
	char *log_path;
	struct owner_record owner;
	struct process root;
	bool up, child, ready, names_nonce;
	int pidfd;
	uv_poll_t *poll;
	struct log_watch *log;
	int64_t started_ms, moved_ms; /* monotonic */
	struct loop_timer *deadline, *later;
	backend_done *done;           /* of the call under way */
	void *arg;
	struct tree_end *tree;
	enum ending ending;
	struct backend_end end;       /* what will be told */
	char *text;                   /* behind end.text */
};

static struct local *local_of(struct backend *backend)
{
	return (struct local *)backend;
}

static void set_end(struct local *local, struct backend_end end, char *text)
{
	free(local->text);
	local->text = text;
	local->end = end;
	local->end.text = text;
}

static void tell_done(void *arg)
{
	struct local *local = arg;
	backend_done *done = local->done;
	local->done = NULL;
	done(local->arg, &local->end);
}

/* The call under way ends, soon. Takes the text. */
static void answer(struct local *local, struct backend_end end, char *text)
{
	set_end(local, end, text);
	loop_timer_set(local->later, 0, 0);
}

static void begin_call(struct local *local, backend_done *done, void *arg)
{
	local->done = done;
	local->arg = arg;
}

static void own(struct local *local, const struct owner_record *owner, backend_written *written)
{
	local->options.listener.own(local->options.listener.arg, owner, written, local);
}

/* --- watching --------------------------------------------------------------------------------- */

static void on_moved(void *arg)
{
	struct local *local = arg;
	const struct log_lines *lines = log_watch_lines(local->log);
	local->moved_ms = clock_mono_ms();
	if (!local->ready)
		local->options.listener.phase(local->options.listener.arg, lines->phase, lines->progress);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void unwatch(struct local *local)
{
	if (local->poll) {
		uv_poll_stop(local->poll);
		uv_close((uv_handle_t *)local->poll, poll_closed);
		close(local->pidfd);
	}
	local->poll = NULL;
	loop_timer_stop(local->deadline);
	log_watch_stop(local->log);
}

static void on_tree_end(void *arg, bool good, const char *text);

static void end_tree(struct local *local, enum ending ending, const struct process *root, int64_t term_ms)
{
	local->ending = ending;
	struct tree_end_order order = {.root = root,
	                               .nonce = local->owner.nonce,
	                               .term_ms = term_ms,
	                               .group_ms = GROUP_MS,
	                               .kill_ms = KILL_MS};
	local->tree = tree_end_begin(local->options.loop, &order, on_tree_end, local);
}

static char *how_it_ended(const struct local *local, int status, bool known)
{
	const char *when = local->ready ? "" : " while it started";
	if (!known)
		return memory_format("process %" PRId64 " ended%s", local->root.pid, when);
	if (WIFSIGNALED(status))
		return memory_format("process %" PRId64 " was killed by signal %d (%s)%s", local->root.pid, WTERMSIG(status),
		                     strsignal(WTERMSIG(status)), when);
	return memory_format("process %" PRId64 " ended with status %d%s", local->root.pid, WEXITSTATUS(status), when);
}

/* The log says why, else the status does. */
static void explain(struct local *local, int status, bool known)
{
	const struct log_lines *lines = log_watch_lines(local->log);
	AUTO_FREE char *how = how_it_ended(local, status, known);
	struct backend_end end = {.cause = CAUSE_EXITED, .spends_attempt = true};
	if (!local->ready && lines->failure) {
		end.cause = lines->failure->cause;
		end.permanent = lines->failure->permanent;
		end.once = lines->failure->once;
		end.spends_attempt = !lines->failure->nobodys;
		set_end(local, end, memory_format("%s: %.400s", how, lines->failure_line));
		return;
	}
	if (known && WIFSIGNALED(status))
		end.cause = CAUSE_KILLED;
	else if (known && !local->ready && WEXITSTATUS(status) == 2) { /* argparse */
		end.cause = CAUSE_BAD_ARGUMENTS;
		end.permanent = true;
	}
	const char *last = lines->count ? log_lines_at(lines, lines->count - 1) : "";
	set_end(local, end, memory_format("%s%s%.400s", how, *last ? "; its last line: " : "", last));
}

static void on_exit_seen(uv_poll_t *poll, int failed, int events)
{
	(void)failed, (void)events;
	struct local *local = poll->data;
	int status = 0;
	bool known = local->child && waitpid((pid_t)local->root.pid, &status, WNOHANG) == local->root.pid;
	unwatch(local);
	local->up = false;
	log_watch_catch_up(local->log);
	if (local->ending != NOT_ENDING)
		return; /* as it was told to */
	explain(local, status, known);
	loop_timer_stop(local->later); /* a start that was about to be told good: its answer is this end */
	end_tree(local, ENDING_DEATH, &local->root, 0);
}

static void check_deadline(void *arg)
{
	struct local *local = arg;
	int64_t now = clock_mono_ms(), limit = local->options.worker->start_timeout_ms;
	bool silent = now - local->moved_ms > limit;
	if (local->ready || local->ending != NOT_ENDING || (!silent && now - local->started_ms <= HARD_CAP * limit))
		return;
	const struct log_lines *lines = log_watch_lines(local->log);
	const char *last = lines->count ? log_lines_at(lines, lines->count - 1) : "";
	struct backend_end end = {.cause = CAUSE_START_TIMEOUT, .once = true, .spends_attempt = true};
	set_end(local, end,
	        memory_format(silent ? "no line in its log for %.0f s; the last: %.300s" : "not ready after %.0f s; the last line: %.300s",
	                      (double)(silent ? limit : now - local->started_ms) / 1000, last));
	end_tree(local, ENDING_DEATH, &local->root, LOAD_TERM_MS);
}

/* False when it is gone already. */
static bool watch(struct local *local)
{
	local->pidfd = proc_open(&local->root);
	if (local->pidfd < 0)
		return false;
	local->poll = NEW(uv_poll_t);
	local->poll->data = local;
	uv_poll_init(loop_uv(local->options.loop), local->poll, local->pidfd);
	uv_poll_start(local->poll, UV_READABLE, on_exit_seen);
	local->up = true;
	local->ready = false;
	local->ending = NOT_ENDING;
	local->started_ms = local->moved_ms = clock_mono_ms();
	loop_timer_set(local->deadline, CHECK_EVERY_MS, CHECK_EVERY_MS);
	return true;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void forget(struct local *local)
{
	owner_record_release(&local->owner);
	own(local, NULL, NULL);
}

static void on_tree_end(void *arg, bool good, const char *text)
{
	struct local *local = arg;
	enum ending ending = local->ending;
	local->tree = NULL;
	local->ending = NOT_ENDING;
	if (local->poll) /* gone, and its pidfd has not been looked at yet */
		unwatch(local);
	if (local->child)
		waitpid((pid_t)local->root.pid, NULL, WNOHANG);
	local->up = local->child = false;
	if (!good)
		set_end(local, (struct backend_end){.cause = CAUSE_UNKILLABLE, .permanent = true}, memory_copy(text));
	else if (ending == ENDING_STOP)
		set_end(local, (struct backend_end){.good = true}, memory_copy(text));
	if (good)
		forget(local);
	if (ending == ENDING_DEATH && !local->done)
		local->options.listener.ended(local->options.listener.arg, &local->end);
	else
		tell_done(local);
}

static void local_stop(struct backend *backend, backend_done *done, void *arg)
{
	struct local *local = local_of(backend);
	begin_call(local, done, arg);
	if (!local->up && !local->tree) {
		answer(local, (struct backend_end){.good = true}, memory_copy("it was not running"));
		return;
	}
	free(local->owner.data); /* whoever finds the record after our death goes on with the stop */
	local->owner.data = memory_copy("{\"stopping\":true}");
	own(local, &local->owner, NULL);
	if (local->tree)
		local->ending = ENDING_STOP; /* it is dying anyway */
	else
		end_tree(local, ENDING_STOP, &local->root, local->ready ? local->options.worker->stop_timeout_ms : LOAD_TERM_MS);
}

static void local_hurry(struct backend *backend)
{
	if (local_of(backend)->tree)
		tree_end_hurry(local_of(backend)->tree);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void local_check(struct backend *backend, backend_done *done, void *arg)
{
	struct local *local = local_of(backend);
	struct error err = {0};
	begin_call(local, done, arg);
	if (port_is_free((int)local->options.worker->port, &err))
		answer(local, (struct backend_end){.good = true}, NULL);
	else
		answer(local, (struct backend_end){.cause = CAUSE_PORT_TAKEN, .permanent = err.code == ERROR_CONFIG},
		       memory_copy(err.text));
}

static void complete_record(struct local *local)
{
	local->owner.pid = local->root.pid;
	local->owner.start_ticks = local->root.start_ticks;
	free(local->owner.boot_id);
	local->owner.boot_id = proc_boot_id();
	own(local, &local->owner, NULL);
}

static void spawn(struct local *local)
{
	struct error err = {0};
	struct launch launch;
	pid_t pid = 0;
	launch_init(&launch, local->options.config, local->options.worker, local->owner.nonce);
	local->names_nonce = launch.names_nonce;
	log_watch_begin(local->log, 0);
	bool good = launch_spawn(&launch, local->log_path, &pid, &err);
	launch_release(&launch);
	if (!good) {
		log_watch_stop(local->log);
		forget(local);
		answer(local, (struct backend_end){.cause = CAUSE_NO_COMMAND, .permanent = err.code == ERROR_CONFIG, .spends_attempt = true},
		       memory_copy(err.text));
		return;
	}
	local->child = true;
	proc_read(pid, &local->root); /* it is there until we have waited for it */
	local->root.session = pid;
	complete_record(local);
	watch(local);
	answer(local, (struct backend_end){.good = true}, NULL);
}

static void on_intent(void *arg, bool good)
{
	struct local *local = arg;
	if (good)
		spawn(local);
	else
		answer(local, (struct backend_end){.cause = CAUSE_EXITED, .spends_attempt = true},
		       memory_copy("what is about to be started cannot be written down, so it was not started"));
}

static void local_start(struct backend *backend, backend_done *done, void *arg)
{
	struct local *local = local_of(backend);
	const struct config_worker *worker = local->options.worker;
	begin_call(local, done, arg);
	AUTO_FREE char *secret = digest_secret(12);
	owner_record_release(&local->owner);
	local->owner = (struct owner_record){.worker = memory_copy(worker->id),
	                                     .nonce = memory_format("mekiki-%s-%s", worker->id, secret),
	                                     .port = (int)worker->port,
	                                     .gpu = memory_copy(worker->gpu),
	                                     .started_ms = clock_wall_ms()};
	own(local, &local->owner, on_intent);
}

static void local_ready(struct backend *backend)
{
	local_of(backend)->ready = true;
	loop_timer_stop(local_of(backend)->deadline);
}

/* --- found again ------------------------------------------------------------------------------ */

/* The spawn that was never written down: whoever carries the nonce and was born of none that does. */
static bool find_root(const char *nonce, struct process *out)
{
	struct process_list list = {0};
	proc_collect(&list, NULL, nonce);
	bool found = false;
	for (size_t i = 0; i < list.count && !found; i++) {
		bool born_inside = false;
		for (size_t j = 0; j < list.count; j++)
			born_inside = born_inside || list.items[j].pid == list.items[i].parent;
		found = !born_inside && proc_is_alive(&list.items[i]);
		*out = list.items[i];
	}
	proc_list_release(&list);
	return found;
}

static bool is_same_boot(const struct owner_record *owner)
{
	AUTO_FREE char *boot_id = proc_boot_id();
	return !owner->boot_id || text_equal(owner->boot_id, boot_id);
}

static bool find_again(struct local *local, const struct owner_record *owner)
{
	if (owner->pid && (!proc_read(owner->pid, &local->root) || local->root.start_ticks != owner->start_ticks))
		return false;
	if (!owner->pid && !find_root(owner->nonce, &local->root))
		return false;
	return proc_is_alive(&local->root);
}

static void local_attach(struct backend *backend, const struct owner_record *owner, backend_done *done, void *arg)
{
	struct local *local = local_of(backend);
	begin_call(local, done, arg);
	owner_record_release(&local->owner);
	owner_record_copy(&local->owner, owner);
	if (!is_same_boot(owner)) {
		forget(local);
		answer(local, (struct backend_end){.cause = CAUSE_EXITED, .spends_attempt = false},
		       memory_copy("the machine was started anew since"));
		return;
	}
	bool found = find_again(local, owner), stopping = owner->data && strstr(owner->data, "stopping");
	struct launch launch;
	launch_init(&launch, local->options.config, local->options.worker, owner->nonce);
	local->names_nonce = launch.names_nonce;
	launch_release(&launch);
	if (found && !stopping && watch(local)) {
		log_watch_begin(local->log, LOOK_BACK);
		complete_record(local);
		answer(local, (struct backend_end){.good = true}, NULL);
		return;
	}
	set_end(local, (struct backend_end){.cause = stopping ? CAUSE_REQUESTED : CAUSE_EXITED},
	        memory_copy(stopping ? "its stop was under way when mekiki ended" : "it ended while mekiki was away"));
	end_tree(local, ENDING_GONE, found ? &local->root : NULL, found ? local->options.worker->stop_timeout_ms : 0);
}

static bool is_served(char *const *models, const char *name)
{
	for (; models && *models; models++)
		if (text_equal(*models, name))
			return true;
	return false;
}

static bool local_is_ours(struct backend *backend, char *const *models, struct error *err)
{
	struct local *local = local_of(backend);
	const int port = (int)local->options.worker->port;
	if (!local->up)
		return error_set(err, ERROR_CONFLICT, "port %d answers, but nothing of ours runs", port);
	if (local->names_nonce)
		return is_served(models, local->owner.nonce) ||
		       error_set(err, ERROR_CONFLICT, "a server that mekiki did not start answers on port %d", port);
	struct process_list tree = {0};
	proc_collect(&tree, &local->root, local->owner.nonce);
	bool ours = port_is_held_by(port, &tree);
	proc_list_release(&tree);
	return ours || error_set(err, ERROR_CONFLICT, "none of our processes listens on port %d, yet it answers", port);
}

static const struct log_lines *local_lines(const struct backend *backend)
{
	return log_watch_lines(((const struct local *)backend)->log);
}

static struct backend *local_new(const struct backend_options *options)
{
	struct local *local = NEW(struct local);
	*local = (struct local){.options = *options, .pidfd = -1};
	local->log_path = memory_format("%s/worker-%s.log", options->logs, options->worker->id);
	mkdir(options->logs, 0700); /* whether it worked is seen when the log is opened */
	local->log = log_watch_new(options->loop, local->log_path, on_moved, local);
	local->deadline = loop_timer_new(options->loop, check_deadline, local);
	local->later = loop_timer_new(options->loop, tell_done, local);
	return (struct backend *)local;
}

static void local_free(struct backend *backend)
{
	struct local *local = local_of(backend);
	if (!local)
		return;
	unwatch(local);
	tree_end_cancel(local->tree);
	log_watch_free(local->log);
	loop_timer_free(local->deadline);
	loop_timer_free(local->later);
	owner_record_release(&local->owner);
	free(local->log_path);
	free(local->text);
	free(local);
}

const struct backend_class backend_local = {.name = "local",
                                            .new = local_new,
                                            .free = local_free,
                                            .check = local_check,
                                            .start = local_start,
                                            .ready = local_ready,
                                            .attach = local_attach,
                                            .stop = local_stop,
                                            .hurry = local_hurry,
                                            .is_ours = local_is_ours,
                                            .lines = local_lines};
