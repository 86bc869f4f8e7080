/* owners.c - whose process is it: /proc, nothing else */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "gpu/gpu.h"

enum { ANCESTORS_MOST = 64 };

/* Parent and start time; the name in between may hold spaces and brackets, so from the last ")". */
static bool stat_of(int64_t pid, int64_t *parent, int64_t *start)
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
			*parent = strtoll(at + 1, NULL, 10);
	}
	if (at)
		*start = strtoll(at + 1, NULL, 10);
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

static bool is_ours_or_below(int64_t pid, gpu_is_ours *is_ours, void *arg)
{
	int64_t parent = 0, start = 0;
	for (int depth = 0; is_ours && pid > 1 && depth < ANCESTORS_MOST; depth++) {
		if (!stat_of(pid, &parent, &start))
			return false;
		if (is_ours(arg, pid, start))
			return true;
		pid = parent;
	}
	return false;
}

void gpu_owners(struct gpu_list *list, gpu_is_ours *is_ours, void *arg)
{
	for (int i = 0; i < list->count; i++)
		for (int j = 0; j < list->gpus[i].process_count; j++) {
			struct gpu_process *process = &list->gpus[i].processes[j];
			int64_t parent;
			stat_of(process->pid, &parent, &process->start_ticks);
			free(process->user);
			process->user = user_of(process->pid);
			process->ours = is_ours_or_below(process->pid, is_ours, arg);
		}
}
