/* owners.c - whose process is it: /proc, nothing else */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "gpu/gpu.h"

enum { ANCESTORS_MOST = 64 };

struct facts {
	int64_t parent, session, start;
};

/* The name in between may hold spaces and brackets, so fields are counted from the last ")". */
static bool facts_of(int64_t pid, struct facts *out)
{
	char path[64], line[1024];
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
	if (file)
		fclose(file);
	line[length] = '\0';
	const char *at = strrchr(line, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at && field == 3)
			out->parent = strtoll(at + 1, NULL, 10);
		if (at && field == 5)
			out->session = strtoll(at + 1, NULL, 10);
	}
	if (at)
		out->start = strtoll(at + 1, NULL, 10);
	return at != NULL;
}

static char *user_of(int64_t pid)
{
	char path[64], buffer[4096];
	struct stat status;
	struct passwd entry, *found = NULL;
	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	if (stat(path, &status) != 0)
		return NULL; /* hidepid, another namespace, or gone: never guess */
	if (getpwuid_r(status.st_uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		return memory_copy(entry.pw_name);
	return memory_format("uid %u", (unsigned)status.st_uid);
}

/* By its ancestors, or, when those are dead, by its session: an engine that outlived its API server is still ours. */
static bool is_ours_or_below(int64_t pid, gpu_is_ours *is_ours, void *arg)
{
	struct facts it = {0}, leader = {0};
	if (!is_ours || !facts_of(pid, &it))
		return false;
	facts_of(it.session, &leader);
	if (it.session > 1 && is_ours(arg, it.session, leader.start))
		return true;
	for (int depth = 0; pid > 1 && depth < ANCESTORS_MOST && facts_of(pid, &it); depth++) {
		if (is_ours(arg, pid, it.start))
			return true;
		pid = it.parent;
	}
	return false;
}

void gpu_owners(struct gpu_list *list, gpu_is_ours *is_ours, void *arg)
{
	for (int i = 0; i < list->count; i++)
		for (int j = 0; j < list->gpus[i].process_count; j++) {
			struct gpu_process *process = &list->gpus[i].processes[j];
			struct facts facts = {0};
			process->start_ticks = facts_of(process->pid, &facts) ? facts.start : 0;
			free(process->user);
			process->user = user_of(process->pid);
			process->ours = is_ours_or_below(process->pid, is_ours, arg);
		}
}
