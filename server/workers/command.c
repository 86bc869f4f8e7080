/* command.c - an external worker with a start_cmd: somebody else's way of starting it
 *
 * The command runs detached, through /bin/sh, with its output in the worker's log.
 * That it returned says little (vllm.sh starts vLLM in the background), that it
 * does not return says as little (an ssh whose remote end kept its output): ready
 * is what answers probes. At the time limit only the shell that we started is
 * killed. stop_cmd runs only for what start_cmd has started.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/classes.h"
#include "workers/launch.h"
#include "workers/log_watch.h"
#include "workers/proc.h"

struct command {
	struct backend_options options;
	char *log_path;
	struct log_watch *log;
	struct process shell;
	int pidfd;
	uv_poll_t *poll;          /* while the command runs */
	struct loop_timer *limit; /* of the command, then of the readiness */
	struct loop_timer *later;
	bool started;             /* start_cmd has run to its good end: stop_cmd may undo it */
	bool stopping;
	backend_done *done;
	void *arg;
	struct backend_end end;
	char *text;
};

static struct command *command_of(struct backend *backend)
{
	return (struct command *)backend;
}

static void tell_done(void *arg)
{
	struct command *command = arg;
	backend_done *done = command->done;
	command->done = NULL;
	done(command->arg, &command->end);
}

static void answer(struct command *command, struct backend_end end, char *text)
{
	free(command->text);
	command->text = text;
	command->end = end;
	command->end.text = text;
	loop_timer_set(command->later, 0, 0);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void unwatch(struct command *command)
{
	if (command->poll) {
		uv_poll_stop(command->poll);
		uv_close((uv_handle_t *)command->poll, poll_closed);
		close(command->pidfd);
	}
	command->poll = NULL;
	log_watch_catch_up(command->log);
	log_watch_stop(command->log);
}

static void never_ready(void *arg)
{
	struct command *command = arg;
	char text[160];
	snprintf(text, sizeof(text), "start_cmd ended, but no probe was answered within %.0f s",
	         (double)command->options.worker->start_timeout_ms / 1000);
	struct backend_end end = {.cause = CAUSE_START_TIMEOUT, .text = text, .spends_attempt = true};
	command->options.listener.ended(command->options.listener.arg, &end);
}

static void on_limit(void *arg)
{
	struct command *command = arg;
	if (command->poll)
		proc_signal(&command->shell, SIGKILL); /* the end is seen by on_exit_seen() */
	else
		never_ready(command);
}

static void finish(struct command *command, bool good, char *text)
{
	const struct log_lines *lines = log_watch_lines(command->log);
	const char *last = lines->count ? log_lines_at(lines, lines->count - 1) : "";
	AUTO_FREE char *how = text;
	loop_timer_stop(command->limit);
	if (command->stopping)
		command->started = false;
	else if (good)
		command->started = true;
	if (good && !command->stopping)
		loop_timer_set(command->limit, command->options.worker->start_timeout_ms, 0);
	struct backend_end end = {.good = good || command->stopping, .cause = CAUSE_EXITED, .spends_attempt = true};
	answer(command, end, memory_format("%s%s%.300s", how, *last ? "; its last line: " : "", last));
}

static void on_exit_seen(uv_poll_t *poll, int failed, int events)
{
	(void)failed, (void)events;
	struct command *command = poll->data;
	int status = 0;
	waitpid((pid_t)command->shell.pid, &status, WNOHANG);
	unwatch(command);
	const char *name = command->stopping ? "stop_cmd" : "start_cmd";
	if (WIFSIGNALED(status)) /* ours, at the limit: readiness decides */
		finish(command, true, memory_format("%s did not return within its time limit", name));
	else
		finish(command, WEXITSTATUS(status) == 0, memory_format("%s ended with status %d", name, WEXITSTATUS(status)));
}

static void run(struct command *command, const char *text)
{
	struct error err = {0};
	struct launch launch;
	pid_t pid = 0;
	launch_init_shell(&launch, command->options.worker, text);
	log_watch_begin(command->log, 0);
	bool good = launch_spawn(&launch, command->log_path, &pid, &err);
	launch_release(&launch);
	if (!good) {
		log_watch_stop(command->log);
		answer(command, (struct backend_end){.cause = CAUSE_NO_COMMAND, .permanent = true, .spends_attempt = true}, memory_copy(err.text));
		return;
	}
	proc_read(pid, &command->shell);
	command->pidfd = proc_open(&command->shell);
	command->poll = NEW(uv_poll_t);
	command->poll->data = command;
	uv_poll_init(loop_uv(command->options.loop), command->poll, command->pidfd);
	uv_poll_start(command->poll, UV_READABLE, on_exit_seen);
	loop_timer_set(command->limit, command->options.worker->command_timeout_ms, 0);
}

static void begin_call(struct command *command, backend_done *done, void *arg)
{
	command->done = done;
	command->arg = arg;
}

static void command_check(struct backend *backend, backend_done *done, void *arg)
{
	begin_call(command_of(backend), done, arg);
	answer(command_of(backend), (struct backend_end){.good = true}, NULL);
}

static void command_start(struct backend *backend, backend_done *done, void *arg)
{
	struct command *command = command_of(backend);
	begin_call(command, done, arg);
	command->stopping = false;
	run(command, command->options.worker->start_cmd);
}

static void command_ready(struct backend *backend)
{
	loop_timer_stop(command_of(backend)->limit);
}

static void command_stop(struct backend *backend, backend_done *done, void *arg)
{
	struct command *command = command_of(backend);
	const char *text = command->options.worker->stop_cmd;
	begin_call(command, done, arg);
	loop_timer_stop(command->limit);
	if (command->started && text) {
		command->stopping = true;
		run(command, text);
		return;
	}
	answer(command, (struct backend_end){.good = true},
	       memory_copy(text ? "mekiki did not start it, so stop_cmd was not run" : "no stop_cmd is configured: left as it is"));
}

static void on_moved(void *arg)
{
	(void)arg; /* read for its last lines only */
}

static const struct log_lines *command_lines(const struct backend *backend)
{
	return log_watch_lines(((const struct command *)backend)->log);
}

static struct backend *command_new(const struct backend_options *options)
{
	struct command *command = NEW(struct command);
	*command = (struct command){.options = *options, .pidfd = -1};
	command->log_path = memory_format("%s/worker-%s.log", options->logs, options->worker->id);
	mkdir(options->logs, 0700); /* whether it worked is seen when the log is opened */
	command->log = log_watch_new(options->loop, command->log_path, on_moved, command);
	command->limit = loop_timer_new(options->loop, on_limit, command);
	command->later = loop_timer_new(options->loop, tell_done, command);
	return (struct backend *)command;
}

static void command_free(struct backend *backend)
{
	struct command *command = command_of(backend);
	if (!command)
		return;
	unwatch(command);
	log_watch_free(command->log);
	loop_timer_free(command->limit);
	loop_timer_free(command->later);
	free(command->log_path);
	free(command->text);
	free(command);
}

const struct backend_class backend_command = {.name = "command",
                                              .new = command_new,
                                              .free = command_free,
                                              .check = command_check,
                                              .start = command_start,
                                              .ready = command_ready,
                                              .stop = command_stop,
                                              .lines = command_lines};
