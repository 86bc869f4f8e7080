#include <stdio.h>

#include "base/cleanup.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/settings.h"

static void summary(const struct config *config, const struct config_problems *problems)
{
	if (!config) {
		printf("%s: %zu %s\n", problems->file, problems->errors, problems->errors == 1 ? "error" : "errors");
		return;
	}
	printf("%s is fine: %zu %s, page and API on %s port %d, data in %s\n", problems->file, config->worker_count,
	       config->worker_count == 1 ? "worker" : "workers", config->server.host, config->server.port,
	       config->server.data_dir);
	for (size_t i = 0; i < config->worker_count; i++) {
		const struct config_worker *worker = &config->workers[i];
		printf("  worker %-8s  %-8s  %-32s  %lld at a time%s%s%s\n", worker->id, worker_kind_name(worker->kind),
		       *worker->url ? worker->url : "-", (long long)worker->max_in_flight, worker->model ? ", " : "",
		       worker->model ? worker->model : "", worker->api_key ? ", with a key" : "");
	}
}

int cli_check_config(int argc, char **argv)
{
	const char *file = NULL;
	const struct args args = {"check-config", "[FILE]",
	                          "Says everything that is wrong with a file at once, with line and column.", NULL, 0,
	                          &file, 0, 1};
	int code;
	if (!args_take(&args, argc, argv, &code))
		return code;
	struct config *config;
	struct config_problems problems;
	config_load(file, &config, &problems);
	settings_print_problems(&problems, stdout, CONFIG_NOTE);
	summary(config, &problems);
	code = config ? CLI_FINE : CLI_USAGE;
	config_free(config);
	config_problems_release(&problems);
	return code;
}
