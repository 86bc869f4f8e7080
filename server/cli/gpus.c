/* gpus.c - mekiki gpus: who uses which GPU */
#include <stdio.h>

#include "base/json.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/field.h"
#include "cli/gpus.h"

static void print_number(const char *before, const json_t *object, const char *key, const char *unit)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_integer(value))
		printf("%s%lld%s", before, (long long)json_integer_value(value), unit);
	else
		printf("%s?%s", before, unit);
}

static void print_gpu(const json_t *gpu)
{
	size_t index;
	const json_t *process;
	print_number("  GPU ", gpu, "index", "");
	printf("  %s", field_text(gpu, "name"));
	print_number("  ", gpu, "used_mib", "");
	print_number(" of ", gpu, "total_mib", " MiB");
	print_number(", ", gpu, "use_percent", " %\n");
	json_array_foreach(json_object_get(gpu, "processes"), index, process) {
		const char *user = field_text(process, "user");
		printf("         %-8s pid %lld of %s", json_is_true(json_object_get(process, "ours")) ? "ours" : "foreign",
		       (long long)field_whole(process, "pid"), *user ? user : "a hidden owner");
		print_number(", ", process, "used_mib", " MiB");
		printf("  %s\n", field_text(process, "name"));
	}
	if (field_whole(gpu, "unattributed_mib") > 0)
		print_number("         ", gpu, "unattributed_mib", " MiB belong to no listed process\n");
}

static void print_gpus(const json_t *answer)
{
	size_t index;
	const json_t *item;
	json_array_foreach(json_object_get(answer, "items"), index, item)
		print_gpu(item);
	json_array_foreach(json_object_get(answer, "workers"), index, item)
		if (*field_text(item, "foreign"))
			printf("  worker %s: %s\n", field_text(item, "id"), field_text(item, "foreign"));
	if (*field_text(answer, "problem"))
		printf("  %s\n", field_text(answer, "problem"));
}

bool gpus_print(struct client *client, struct error *err)
{
	AUTO_JSON json_t *answer = client_get(client, "/gpus", err);
	if (!answer)
		return false;
	if (client->json)
		field_print(answer);
	else
		print_gpus(answer);
	return true;
}

int cli_gpus(int argc, char **argv)
{
	AUTO_CLIENT struct client client = {0};
	const struct arg options[] = {CLIENT_ARGS(&client)};
	const struct args args = {"gpus", "[options]", "Who uses which GPU of the server's machine, as nvidia-smi said last.", options,
	                          COUNT_OF(options), NULL, 0, 0};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	return client_connect(&client, &err) && gpus_print(&client, &err) ? CLI_FINE : client_fail(&client, "gpus", &err);
}
