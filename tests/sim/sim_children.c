#include "sim_children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "sim_gpus.h"
#include "sim_title.h"

enum { ORPHAN_SECONDS = 600 }; /* what a failed test leaves behind ends by itself */

static const struct timespec millisecond = {.tv_nsec = 1000000};
static int64_t outlives_ms; /* of a worker, set before the fork */

static void leave_later(int number)
{
	(void)number;
	alarm(ORPHAN_SECONDS);
}

static void leave_soon(int number)
{
	(void)number;
	struct itimerval when = {.it_value = {outlives_ms / 1000, outlives_ms % 1000 * 1000 + 1}};
	if (outlives_ms >= 0)
		setitimer(ITIMER_REAL, &when, NULL);
	else
		alarm(ORPHAN_SECONDS);
}

/* What a fresh child has of its parent: the three standard files and the two named ones. */
static void begin_child(const char *title, int keep, int keep_too, void (*parent_died)(int), bool deaf)
{
	for (int fd = 3; fd < 256; fd++)
		if (fd != keep && fd != keep_too)
			close(fd);
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (deaf) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
	}
	if (parent_died) {
		signal(SIGUSR1, parent_died);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
	}
	sim_title_set(title);
}

static _Noreturn void be_worker(int number, int lifeline, const struct sim_options *options)
{
	char title[32];
	if (options->tensor_parallel_size > 1)
		snprintf(title, sizeof(title), "VLLM::Worker_TP%d", number);
	else
		snprintf(title, sizeof(title), "VLLM::Worker");
	begin_child(title, lifeline, -1, leave_soon, options->ignore_sigterm);
	for (;;)
		pause();
}

/* Tells the API server by one byte: S a worker was stopped, C it goes on. */
static _Noreturn void be_engine(struct sim_children *children, const struct sim_options *options)
{
	begin_child("VLLM::EngineCore", children->news, children->lifeline, leave_later, options->ignore_sigterm);
	for (int i = 0; i < children->worker_count; i++) {
		pid_t pid = fork();
		if (pid == 0)
			be_worker(i, children->lifeline, options);
		children->workers[i] = pid;
	}
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WUNTRACED | WCONTINUED);
		if (pid < 0 && children->worker_count == 0)
			pause();
		else if (pid > 0 && (WIFSTOPPED(status) || WIFCONTINUED(status)))
			(void)!write(children->news, WIFSTOPPED(status) ? "S" : "C", 1);
		else if (pid > 0)
			_exit(1); /* the executor's monitor: a worker died */
	}
}

static _Noreturn void be_tracker(int lifeline)
{
	char byte;
	begin_child("python3 -B -c from multiprocessing.resource_tracker import main;main(5)", lifeline, -1, NULL, true); /* deaf, as Python's */
	while (read(lifeline, &byte, 1) > 0)
		;
	_exit(0);
}

static void start_tracker(struct sim_children *children)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	if (fork() == 0) {
		close(ends[1]);
		be_tracker(ends[0]);
	}
	close(ends[0]);
	children->lifeline = ends[1];
}

static void start_engine(struct sim_children *children, const struct sim_options *options)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return;
	children->engine = fork();
	if (children->engine == 0) {
		children->news = ends[1];
		be_engine(children, options);
	}
	close(ends[1]);
	children->news = ends[0];
	/* Until its workers are born: then their pids are known here. */
	for (int i = 0; i < children->worker_count; i++)
		for (int tries = 0; children->workers[i] == 0 && tries < 5000; tries++)
			nanosleep(&millisecond, NULL);
}

void sim_children_start(struct sim_children *children, const struct sim_options *options)
{
	int64_t count = options->children;
	*children = (struct sim_children){.news = -1, .lifeline = -1};
	if (count <= 0)
		return;
	outlives_ms = options->worker_outlives < 0 ? -1 : (int64_t)((double)options->worker_outlives * options->time_scale);
	children->worker_count = (int)(count >= 2 ? options->tensor_parallel_size : 0);
	if (count > 3 && children->worker_count < count - 2)
		children->worker_count = (int)count - 2;
	children->workers = mmap(NULL, SIM_WORKERS_MOST * sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	if (count >= 3)
		start_tracker(children);
	start_engine(children, options);
}

static void read_news(struct sim_children *children)
{
	char byte;
	while (children->news >= 0 && read(children->news, &byte, 1) > 0)
		children->worker_stopped = byte == 'S';
}

bool sim_children_look(struct sim_children *children)
{
	read_news(children);
	int status;
	while (children->engine > 0 && waitpid(children->engine, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
		if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
			children->engine_stopped = WIFSTOPPED(status);
			continue;
		}
		children->engine = 0;
		return true;
	}
	return false;
}

void sim_children_kill(struct sim_children *children)
{
	if (children->engine > 0) {
		kill(children->engine, SIGKILL);
		for (int i = 0; i < children->worker_count; i++)
			if (children->workers[i] > 0)
				kill(children->workers[i], SIGKILL);
		waitpid(children->engine, NULL, 0);
		for (int i = 0; i < children->worker_count; i++)
			for (int tries = 0; sim_gpus_start_of(children->workers[i]) >= 0 && tries < 2000; tries++)
				nanosleep(&millisecond, NULL);
	}
	children->engine = 0;
}

void sim_children_release(struct sim_children *children)
{
	sim_children_kill(children);
	if (children->news >= 0)
		close(children->news);
	if (children->lifeline >= 0)
		close(children->lifeline);
	if (children->workers)
		munmap((void *)(uintptr_t)children->workers, SIM_WORKERS_MOST * sizeof(pid_t));
	*children = (struct sim_children){.news = -1, .lifeline = -1};
}
