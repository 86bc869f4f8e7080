#include "workers/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum { ENVIRON_MAX = 1 << 18, FIELD_PARENT = 4, FIELD_SESSION = 6, FIELD_START = 22 };

void proc_list_release(struct process_list *list)
{
	free(list->items);
	*list = (struct process_list){0};
}

/* At most `limit` bytes with a NUL behind them; NULL = cannot be read. */
static char *slurp(int64_t pid, const char *file, size_t limit, size_t *length)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	char *bytes = memory_new(limit + 1);
	*length = 0;
	for (ssize_t got; *length < limit && (got = read(fd, bytes + *length, limit - *length)) > 0;)
		*length += (size_t)got;
	close(fd);
	return bytes;
}

/* The numbers behind the name: field 3 is the state. */
static int64_t field(const char *from_state, int number)
{
	const char *at = from_state;
	for (int i = 3; i < number && at; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoll(at, NULL, 10) : 0;
}

bool proc_parse(const char *line, struct process *out)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return false;
	*out = (struct process){.pid = strtoll(line, NULL, 10), .state = close[2]};
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(close - open - 1), open + 1);
	out->parent = field(close + 2, FIELD_PARENT);
	out->session = field(close + 2, FIELD_SESSION);
	out->start_ticks = field(close + 2, FIELD_START);
	return out->pid > 0;
}

bool proc_read(int64_t pid, struct process *out)
{
	size_t length;
	AUTO_FREE char *line = slurp(pid, "stat", 1024, &length);
	return line && proc_parse(line, out);
}

bool proc_is_alive(const struct process *process)
{
	struct process now;
	return proc_read(process->pid, &now) && now.start_ticks == process->start_ticks && now.state != 'Z' &&
	       now.state != 'X';
}

int proc_open(const struct process *process)
{
	int fd = pidfd_open((pid_t)process->pid, 0);
	struct process now;
	/* Opened first, compared then: what the descriptor means can no longer change. */
	if (fd >= 0 && (!proc_read(process->pid, &now) || now.start_ticks != process->start_ticks)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool proc_signal(const struct process *process, int number)
{
	int fd = proc_open(process);
	if (fd < 0)
		return false;
	bool sent = pidfd_send_signal(fd, number, NULL, 0) == 0;
	close(fd);
	return sent;
}

bool proc_carries(int64_t pid, const char *entry)
{
	size_t length, wanted = strlen(entry);
	AUTO_FREE char *bytes = slurp(pid, "environ", ENVIRON_MAX, &length);
	if (!bytes)
		return false;
	for (const char *at = bytes; at < bytes + length; at += strlen(at) + 1)
		if (strncmp(at, entry, wanted) == 0 && at[wanted] == '\0')
			return true;
	return false;
}

char *proc_boot_id(void)
{
	char line[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (got > 0)
		line[strcspn(line, "\n")] = '\0';
	return memory_copy(line);
}

char *proc_command(int64_t pid)
{
	size_t length;
	AUTO_FREE char *bytes = slurp(pid, "cmdline", 300, &length);
	for (size_t i = 0; bytes && i + 1 < length; i++)
		if (!bytes[i])
			bytes[i] = ' ';
	return memory_copy(bytes ? bytes : "");
}

static bool holds(const struct process_list *list, const struct process *process)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].pid == process->pid && list->items[i].start_ticks == process->start_ticks)
			return true;
	return false;
}

static void add(struct process_list *list, const struct process *process)
{
	if (!holds(list, process))
		VECTOR_ADD(list->items, list->count, list->capacity) = *process;
}

static bool is_mine(int64_t pid)
{
	char path[32];
	struct stat status;
	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	return stat(path, &status) == 0 && status.st_uid == geteuid();
}

/* Everything that runs, in one look. */
static void read_all(struct process_list *out)
{
	DIR *directory = opendir("/proc");
	struct process process;
	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (isdigit((unsigned char)entry->d_name[0]) && proc_read(strtoll(entry->d_name, NULL, 10), &process))
			VECTOR_ADD(out->items, out->count, out->capacity) = process;
	if (directory)
		closedir(directory);
}

static bool descends(const struct process_list *tree, const struct process *process)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->items[i].pid == process->parent && process->start_ticks >= tree->items[i].start_ticks)
			return true;
	return false;
}

static bool belongs(const struct process_list *tree, const struct process *root, const char *entry,
                    const struct process *process)
{
	if (root && process->start_ticks < root->start_ticks)
		return false; /* older than all of it */
	if (root && process->session == root->pid)
		return true;
	return descends(tree, process) ||
	       (process->state != 'Z' && is_mine(process->pid) && proc_carries(process->pid, entry));
}

void proc_collect(struct process_list *list, const struct process *root, const char *nonce)
{
	struct process_list all = {0};
	AUTO_FREE char *entry = memory_format("MEKIKI_NONCE=%s", nonce);
	read_all(&all);
	if (root && proc_is_alive(root))
		add(list, root);
	/* A parent may be listed after its child: until nothing is added. */
	for (size_t before = list->count + 1; before != list->count;) {
		before = list->count;
		for (size_t i = 0; i < all.count; i++)
			if (all.items[i].pid != getpid() && !holds(list, &all.items[i]) && belongs(list, root, entry, &all.items[i]))
				add(list, &all.items[i]);
	}
	proc_list_release(&all);
}

size_t proc_count_alive(const struct process_list *list)
{
	size_t alive = 0;
	for (size_t i = 0; i < list->count; i++)
		alive += proc_is_alive(&list->items[i]);
	return alive;
}

void proc_reap(const struct process_list *list)
{
	struct process now;
	for (size_t i = 0; i < list->count; i++) {
		const struct process *process = &list->items[i];
		if (proc_read(process->pid, &now) && now.start_ticks == process->start_ticks && now.state == 'Z' &&
		    now.parent == getpid())
			waitpid((pid_t)process->pid, NULL, WNOHANG);
	}
}

void proc_adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void proc_reap_orphans(int64_t *seen)
{
	siginfo_t dead = {0};
	if (waitid(P_ALL, 0, &dead, WEXITED | WNOWAIT | WNOHANG) != 0)
		dead.si_pid = 0;
	if (dead.si_pid && dead.si_pid == *seen) {
		waitpid(dead.si_pid, NULL, WNOHANG);
		dead.si_pid = 0;
		waitid(P_ALL, 0, &dead, WEXITED | WNOWAIT | WNOHANG);
	}
	*seen = dead.si_pid;
}
