#include "sim_gpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* When the process began, in ticks since boot: field 22, counted from the last ")" because names may hold anything. */
int64_t sim_gpus_start_of(int64_t pid)
{
	char path[64], line[1024];
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
	if (file)
		fclose(file);
	line[length] = '\0';
	const char *at = strrchr(line, ')');
	if (at && (at[2] == 'Z' || at[2] == 'X')) /* dead, and nobody has asked for its status: its memory is free */
		return -1;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at + 1, NULL, 10) : -1;
}

static void add_holder(json_t *state, const char *directory, const char *name)
{
	AUTO_FREE char *path = memory_format("%s/hold/%s", directory, name);
	AUTO_JSON json_t *hold = json_load_file(path, 0, NULL);
	int64_t pid = json_integer_value(json_object_get(hold, "pid"));
	if (!hold || sim_gpus_start_of(pid) != json_integer_value(json_object_get(hold, "start")))
		return;
	json_array_append(json_object_get(state, "processes"), hold);
}

json_t *sim_gpus_read(const char *directory, struct error *err)
{
	AUTO_FREE char *path = memory_format("%s/gpus.json", directory);
	json_error_t problem;
	AUTO_JSON json_t *state = json_load_file(path, 0, &problem);
	if (!json_is_object(state)) {
		error_set(err, ERROR_IO, "%s:%d: %s", path, problem.line, problem.text);
		return NULL;
	}
	if (!json_is_array(json_object_get(state, "processes")))
		json_object_set_new(state, "processes", json_array());
	AUTO_FREE char *holds = memory_format("%s/hold", directory);
	DIR *dir = opendir(holds);
	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
		if (entry->d_name[0] != '.')
			add_holder(state, directory, entry->d_name);
	if (dir)
		closedir(dir);
	return TAKE(state);
}

static const json_t *gpu_at(const json_t *state, int64_t index)
{
	size_t i;
	const json_t *gpu;
	json_array_foreach(json_object_get(state, "gpus"), i, gpu)
		if (json_integer_value(json_object_get(gpu, "index")) == index)
			return gpu;
	return NULL;
}

int64_t sim_gpus_used(const json_t *state, int64_t index)
{
	int64_t used = json_integer_value(json_object_get(gpu_at(state, index), "base_mib"));
	size_t i;
	const json_t *process;
	json_array_foreach(json_object_get(state, "processes"), i, process)
		if (json_integer_value(json_object_get(process, "gpu")) == index)
			used += json_integer_value(json_object_get(process, "mib"));
	return used;
}

/* The n-th entry of CUDA_VISIBLE_DEVICES, an index or a UUID; without it, GPU n. -1 = none. */
static int64_t visible(const json_t *state, int n)
{
	const char *list = getenv("CUDA_VISIBLE_DEVICES");
	if (!list)
		return n;
	for (int i = 0; i < n && list; i++)
		list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL;
	AUTO_FREE char *word = list ? memory_copy_n(list, strcspn(list, ",")) : NULL;
	int64_t index;
	if (!word || text_to_int(word, 0, 1024, &index))
		return word ? index : -1;
	size_t i;
	const json_t *gpu;
	json_array_foreach(json_object_get(state, "gpus"), i, gpu)
		if (text_equal(json_string_value(json_object_get(gpu, "uuid")), word))
			return json_integer_value(json_object_get(gpu, "index"));
	return -1;
}

static void write_hold(const char *directory, pid_t pid, int64_t gpu, int64_t mib, const char *name)
{
	AUTO_FREE char *holds = memory_format("%s/hold", directory);
	AUTO_FREE char *path = memory_format("%s/%d", holds, (int)pid);
	AUTO_FREE char *fresh = memory_format("%s/.%d", holds, (int)pid);
	mkdir(holds, 0777);
	AUTO_JSON json_t *hold = json_pack("{s:I, s:I, s:I, s:I, s:s}", "pid", (json_int_t)pid, "start", (json_int_t)sim_gpus_start_of(pid),
					   "gpu", (json_int_t)gpu, "mib", (json_int_t)mib, "name", name);
	if (json_dump_file(hold, fresh, JSON_COMPACT) == 0)
		rename(fresh, path);
}

bool sim_gpus_hold(const struct sim_options *options, const struct sim_children *children, char **refusal)
{
	const char *directory = options->gpus ? options->gpus : getenv("SIM_GPUS");
	struct error err = {0};
	AUTO_JSON json_t *state = directory && *directory ? sim_gpus_read(directory, &err) : NULL;
	int count = children->worker_count > 0 ? (int)options->tensor_parallel_size : 1;
	for (int i = 0; i < count && state; i++) {
		int64_t index = visible(state, i);
		int64_t total = json_integer_value(json_object_get(gpu_at(state, index), "total_mib"));
		int64_t available = total - sim_gpus_used(state, index);
		int64_t wanted = (int64_t)(options->gpu_memory_utilization * (double)total);
		if (available < wanted) {
			*refusal = memory_format("ValueError: Free memory on device cuda:%d (%.2f/%.2f GiB) on startup is less than desired "
						 "GPU memory utilization (%g, %.2f GiB). Decrease GPU memory utilization or reduce GPU "
						 "memory used by other processes.",
						 i, (double)available / 1024, (double)total / 1024, options->gpu_memory_utilization,
						 (double)wanted / 1024);
			return false;
		}
		pid_t pid = children->worker_count > i ? children->workers[i] : children->engine > 0 ? children->engine : getpid();
		write_hold(directory, pid, index, wanted, children->worker_count > 0 ? "VLLM::Worker" : "VLLM::EngineCore");
	}
	return true;
}
