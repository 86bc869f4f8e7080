/* nvidia_smi.c - fake-nvidia-smi: answers as nvidia-smi does, from files
 *
 * $SIM_GPUS names the directory (sim_gpus.h). The processes of simulators come
 * from what they hold; everything else, and every way to misbehave, from
 * gpus.json; README.md has the format. Layouts follow recordings of an H200, an
 * H200 with MIG and an L40S.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "sim_gpus.h"

struct query {
	const char *fields; /* "index,uuid"; NULL = another mode */
	bool apps, list, full;
	bool header, units;
	const char *only; /* -i */
};

/* What a field says: a key of the GPU or process in gpus.json, or what there is without it. */
static const struct field {
	const char *name, *key, *otherwise, *unit;
} fields[] = {
	{"index", "index", "0", NULL},
	{"uuid", "uuid", "GPU-00000000-0000-0000-0000-000000000000", NULL},
	{"gpu_uuid", "uuid", "GPU-00000000-0000-0000-0000-000000000000", NULL},
	{"name", "name", "NVIDIA H200", NULL},
	{"gpu_name", "name", "NVIDIA H200", NULL},
	{"pci.bus_id", "bus_id", "00000000:83:00.0", NULL},
	{"gpu_bus_id", "bus_id", "00000000:83:00.0", NULL},
	{"driver_version", "driver", "590.48.01", NULL},
	{"memory.total", "total_mib", "143771", "MiB"},
	{"memory.used", NULL, "0", "MiB"},
	{"memory.free", NULL, "0", "MiB"},
	{"utilization.gpu", "utilization", "0", "%"},
	{"temperature.gpu", "temperature", "28", NULL},
	{"compute_mode", "compute_mode", "Default", NULL},
	{"mig.mode.current", "mig", "Disabled", NULL},
	{"pid", "pid", "[N/A]", NULL},
	{"process_name", "name", "[Not Found]", NULL},
	{"used_memory", "mib", "[N/A]", "MiB"},
	{"used_gpu_memory", "mib", "[N/A]", "MiB"},
};

static const struct field *field_named(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (strlen(fields[i].name) == length && memcmp(fields[i].name, name, length) == 0)
			return &fields[i];
	return NULL;
}

static char *plain(const json_t *value)
{
	if (json_is_string(value))
		return memory_copy(json_string_value(value));
	return json_is_integer(value) ? memory_format("%lld", (long long)json_integer_value(value)) : NULL;
}

static int64_t whole(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* `process` NULL: of the GPU itself. "say" of either overrides any field with a text. */
static char *value_of(const json_t *state, const json_t *gpu, const json_t *process, const struct field *field)
{
	const json_t *source = process ? process : gpu;
	char *said = plain(json_object_get(json_object_get(source, "say"), field->name));
	if (said)
		return said;
	int64_t used = sim_gpus_used(state, whole(gpu, "index"));
	int64_t reserved = whole(gpu, "reserved_mib");
	if (strcmp(field->name, "memory.used") == 0)
		return memory_format("%lld", (long long)used);
	if (strcmp(field->name, "memory.free") == 0)
		return memory_format("%lld", (long long)(whole(gpu, "total_mib") - used - reserved));
	bool of_gpu = text_starts(field->name, "gpu_");
	char *value = plain(json_object_get(of_gpu ? gpu : source, field->key));
	return value ? value : memory_copy(field->otherwise);
}

static void print_row(const struct query *query, const json_t *state, const json_t *gpu, const json_t *process)
{
	const char *at = query->fields;
	while (*at) {
		size_t length = strcspn(at, ",");
		const struct field *field = field_named(at, length);
		AUTO_FREE char *value = value_of(state, gpu, process, field);
		bool number = *value >= '0' && *value <= '9';
		printf("%s%s%s", value, query->units && field->unit && number ? " " : "",
		       query->units && field->unit && number ? field->unit : "");
		at += length + (at[length] == ',');
		if (*at)
			printf(", ");
	}
	putchar('\n');
}

static bool known_fields(const char *list)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ",");
		if (!field_named(at, length)) {
			printf("Field \"%.*s\" is not a valid field to query.\n\n", (int)length, at);
			return false;
		}
		at += length + (at[length] == ',');
	}
	return true;
}

static void print_header(const char *list)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ",");
		const struct field *field = field_named(at, length);
		printf("%s%s%s%s%s", field->name, field->unit ? " [" : "", field->unit ? field->unit : "", field->unit ? "]" : "",
		       at[length] ? ", " : "\n");
		at += length + (at[length] == ',');
	}
}

static bool wanted(const struct query *query, const json_t *gpu)
{
	AUTO_FREE char *index = plain(json_object_get(gpu, "index"));
	return !query->only || text_equal(query->only, index) ||
	       text_equal(query->only, json_string_value(json_object_get(gpu, "uuid")));
}

static void print_apps(const struct query *query, const json_t *state, const json_t *gpu)
{
	size_t i;
	const json_t *process;
	json_array_foreach(json_object_get(state, "processes"), i, process)
		if (whole(process, "gpu") == whole(gpu, "index"))
			print_row(query, state, gpu, process);
}

static int answer(const struct query *query, const json_t *state)
{
	size_t i;
	const json_t *gpu;
	if (query->fields && !known_fields(query->fields))
		return 2;
	if (query->fields && query->header)
		print_header(query->fields);
	json_array_foreach(json_object_get(state, "gpus"), i, gpu) {
		if (!wanted(query, gpu))
			continue;
		if (query->apps)
			print_apps(query, state, gpu);
		else if (query->fields)
			print_row(query, state, gpu, NULL);
		else if (query->list)
			printf("GPU %lld: %s (UUID: %s)\n", (long long)whole(gpu, "index"), json_string_value(json_object_get(gpu, "name")),
			       json_string_value(json_object_get(gpu, "uuid")));
		else
			printf("|   %lld  %-24s | %8lldMiB / %8lldMiB |\n", (long long)whole(gpu, "index"),
			       json_string_value(json_object_get(gpu, "name")), (long long)sim_gpus_used(state, whole(gpu, "index")),
			       (long long)whole(gpu, "total_mib"));
	}
	return 0;
}

/* The ways in which it goes wrong, before any answer. -1: it goes on. */
static int misbehave(const json_t *state)
{
	if (json_is_true(json_object_get(state, "hang"))) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	usleep((useconds_t)whole(state, "delay_ms") * 1000);
	const char *out = json_string_value(json_object_get(state, "stdout"));
	const char *problem = json_string_value(json_object_get(state, "stderr"));
	fputs(out ? out : "", stdout);
	fputs(problem ? problem : "", stderr);
	const json_t *status = json_object_get(state, "exit");
	return status || out ? (int)json_integer_value(status) : -1;
}

static bool parse(struct query *query, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (text_starts(word, "--query-gpu=") || text_starts(word, "--query-compute-apps=")) {
			query->fields = strchr(word, '=') + 1;
			query->apps = text_starts(word, "--query-compute-apps=");
		} else if (text_starts(word, "--format=csv")) {
			query->header = !strstr(word, "noheader");
			query->units = !strstr(word, "nounits");
		} else if (text_equal(word, "-L")) {
			query->list = true;
		} else if (text_equal(word, "-q")) {
			query->full = true;
		} else if (text_equal(word, "-i") && argv[i + 1]) {
			query->only = argv[++i];
		} else {
			printf("Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n");
			return false;
		}
	}
	return true;
}

/* A line per call: tests count them, and see that no two overlap. */
static void note_call(const char *directory, const char *word)
{
	AUTO_FREE char *path = memory_format("%s/calls", directory);
	FILE *file = fopen(path, "ae");
	if (!file)
		return;
	fprintf(file, "%s %d\n", word, (int)getpid());
	fclose(file);
}

int main(int argc, char **argv)
{
	const char *directory = getenv("SIM_GPUS");
	struct query query = {0};
	struct error err = {0};
	AUTO_JSON json_t *state = directory ? sim_gpus_read(directory, &err) : NULL;
	if (!state) {
		fprintf(stderr, "fake-nvidia-smi: %s\n", directory ? err.text : "SIM_GPUS is not set");
		return 255;
	}
	note_call(directory, "begin");
	int status = misbehave(state);
	if (status < 0)
		status = parse(&query, argc, argv) ? answer(&query, state) : 2;
	fflush(stdout);
	note_call(directory, "end");
	return status;
}
