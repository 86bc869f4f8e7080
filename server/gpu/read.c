/* read.c - nvidia-smi's two answers as structs; pure */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "gpu/gpu.h"

/* `name` is last in both: it may hold ", ", and nothing is quoted. */
const char gpu_fields[] = "index,uuid,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,mig.mode.current,name";
const char gpu_process_fields[] = "gpu_uuid,pid,used_memory,process_name";

enum { GPU_COLUMNS = 9, PROCESS_COLUMNS = 4, COLUMNS_MOST = 9, GPUS_MOST = 1024, PROCESSES_MOST = 65536 };

static void gpu_release(struct gpu *gpu)
{
	for (int i = 0; i < gpu->process_count; i++) {
		free(gpu->processes[i].name);
		free(gpu->processes[i].user);
	}
	free(gpu->processes);
	free(gpu->uuid);
	free(gpu->name);
}

void gpu_list_release(struct gpu_list *list)
{
	for (int i = 0; i < list->count; i++)
		gpu_release(&list->gpus[i]);
	free(list->gpus);
	free(list->problem);
	*list = (struct gpu_list){0};
}

/* The words for "no number" are many and change ("[N/A]", "ERR!", "[GPU requires reset]"): what is none is unknown. */
static int64_t number(const char *text)
{
	int64_t value;
	return text_to_int(text, 0, INT64_C(1) << 40, &value) ? value : -1;
}

/* A name from outside: printable, UTF-8, bounded. */
static char *clean(const char *text)
{
	char *copy = memory_copy_n(text, text_utf8_cut(text, strlen(text), 256));
	bool good = text_is_utf8(copy, strlen(copy));
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || (!good && (unsigned char)*at > 0x7e))
			*at = '?';
	return copy;
}

/* Cuts a line at its first count - 1 ", " (the space may be missing); what is left is the last column. */
static bool split(char *line, char **columns, int count)
{
	for (int i = 0; i < count; i++) {
		columns[i] = line;
		char *comma = i + 1 < count ? strchr(line, ',') : NULL;
		if (i + 1 == count)
			return true;
		if (!comma)
			return false;
		*comma = '\0';
		line = comma + 1 + (comma[1] == ' ');
	}
	return false;
}

typedef bool row_reader(struct gpu_list *list, char **columns, int line, struct error *err);

static bool read_gpu(struct gpu_list *list, char **columns, int line, struct error *err)
{
	int64_t index = number(columns[0]);
	if (!text_starts(columns[1], "GPU-") && !text_starts(columns[1], "MIG-") && index < 0)
		return error_set(err, ERROR_INPUT, "nvidia-smi, GPU line %d: expected an index and a UUID, got \"%.60s\"", line, columns[0]);
	if (list->count == GPUS_MOST)
		return error_set(err, ERROR_INPUT, "nvidia-smi: more than %d GPUs", GPUS_MOST);
	VECTOR_ADD(list->gpus, list->count, list->capacity) = (struct gpu){
		.index = index < 0 || index > 1 << 16 ? -1 : (int)index,
		.uuid = clean(columns[1]),
		.total_mib = number(columns[2]),
		.used_mib = number(columns[3]),
		.free_mib = number(columns[4]),
		.use_percent = (int)(number(columns[5]) > 100 ? -1 : number(columns[5])),
		.celsius = (int)(number(columns[6]) > 1000 ? -1 : number(columns[6])),
		.mig = text_equal(columns[7], "Enabled"),
		.name = clean(columns[8]),
	};
	return true;
}

static bool read_process(struct gpu_list *list, char **columns, int line, struct error *err)
{
	int64_t pid = number(columns[1]);
	if (pid <= 0)
		return error_set(err, ERROR_INPUT, "nvidia-smi, process line %d: expected a pid, got \"%.60s\"", line, columns[1]);
	for (int i = 0; i < list->count; i++) {
		struct gpu *gpu = &list->gpus[i];
		if (!text_equal(gpu->uuid, columns[0]))
			continue;
		if (gpu->process_count == PROCESSES_MOST)
			return error_set(err, ERROR_INPUT, "nvidia-smi: more than %d processes on one GPU", PROCESSES_MOST);
		VECTOR_ADD(gpu->processes, gpu->process_count, gpu->process_capacity) =
			(struct gpu_process){.pid = pid, .used_mib = number(columns[2]), .name = clean(columns[3])};
		return true;
	}
	return error_set(err, ERROR_INPUT, "nvidia-smi, process line %d: GPU \"%.60s\" is not among those listed", line, columns[0]);
}

static bool read_lines(const char *csv, int columns, row_reader *read, struct gpu_list *list, struct error *err)
{
	int line = 0;
	for (const char *at = csv; *at;) {
		size_t length = strcspn(at, "\r\n");
		AUTO_FREE char *row = memory_copy_n(at, length);
		char *parts[COLUMNS_MOST];
		at += length + strspn(at + length, "\r\n");
		line++;
		/* Some drivers say it instead of saying nothing. */
		if (length == 0 || text_starts(row, "No running processes found") || text_starts(row, "No devices were found"))
			continue;
		if (!split(row, parts, columns))
			return error_set(err, ERROR_INPUT, "nvidia-smi, line %d: expected %d columns, got \"%.80s\"", line, columns, row);
		if (!read(list, parts, line, err))
			return false;
	}
	return true;
}

static void attribute(struct gpu *gpu)
{
	int64_t listed = 0;
	gpu->unattributed_mib = -1;
	for (int i = 0; i < gpu->process_count; i++) {
		if (gpu->processes[i].used_mib < 0)
			return;
		listed += gpu->processes[i].used_mib;
	}
	if (gpu->used_mib >= 0)
		gpu->unattributed_mib = gpu->used_mib - listed > GPU_UNATTRIBUTED_MIB ? gpu->used_mib - listed : 0;
}

bool gpu_read(const char *gpus_csv, const char *processes_csv, struct gpu_list *out, struct error *err)
{
	*out = (struct gpu_list){0};
	if (!read_lines(gpus_csv, GPU_COLUMNS, read_gpu, out, err) ||
	    !read_lines(processes_csv, PROCESS_COLUMNS, read_process, out, err)) {
		gpu_list_release(out);
		return false;
	}
	for (int i = 0; i < out->count; i++)
		attribute(&out->gpus[i]);
	return true;
}

const struct gpu *gpu_at(const struct gpu_list *list, int index)
{
	for (int i = 0; i < list->count; i++)
		if (list->gpus[i].index == index)
			return &list->gpus[i];
	return NULL;
}

const struct gpu_process *gpu_foreign(const struct gpu *gpu, int64_t threshold_mib)
{
	const struct gpu_process *most = NULL;
	for (int i = 0; i < gpu->process_count; i++) {
		const struct gpu_process *process = &gpu->processes[i];
		bool counts = !process->ours && (process->used_mib < 0 || process->used_mib > threshold_mib);
		if (counts && (!most || process->used_mib > most->used_mib))
			most = process;
	}
	return most;
}

bool gpu_is_free(const struct gpu_list *list, int index, int64_t threshold_mib, char **why)
{
	const struct gpu *gpu = gpu_at(list, index);
	*why = NULL;
	if (list->problem || !gpu) {
		*why = memory_format("GPU %d: unknown: %s", index, list->problem ? list->problem : "nvidia-smi does not list it");
		return false;
	}
	for (int i = 0; i < gpu->process_count; i++) {
		const struct gpu_process *process = &gpu->processes[i];
		if (process->used_mib >= 0 && process->used_mib <= threshold_mib)
			continue;
		*why = memory_format("GPU %d: pid %lld of %s holds %lld MiB", index, (long long)process->pid,
		                     process->user ? process->user : "a hidden owner", (long long)process->used_mib);
		return false;
	}
	if (gpu->unattributed_mib == 0)
		return true;
	*why = gpu->unattributed_mib < 0 ? memory_format("GPU %d: memory in use is unknown", index)
	                                 : memory_format("GPU %d: %lld MiB belong to no listed process", index, (long long)gpu->unattributed_mib);
	return false;
}
