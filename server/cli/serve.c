#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/vector.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/settings.h"

struct config *cli_serve_config(int argc, char **argv, int *code)
{
	const char *file = NULL, *data_dir = NULL, *listen = NULL;
	AUTO(args_texts_release) struct arg_texts overrides = {0};
	const struct arg list[] = {
		{"config", 'c', ARG_TEXT, &file, "FILE", "configuration; without it ~/.config/mekiki/mekiki.yaml", 0, 0},
		{"listen", 'l', ARG_TEXT, &listen, "HOST:PORT", "instead of server.listen; port 0 picks a free one", 0, 0},
		{"data-dir", 'd', ARG_TEXT, &data_dir, "DIR", "instead of server.data_dir", 0, 0},
		{"set", 's', ARG_TEXTS, &overrides, "KEY=VALUE", "another key of the configuration, such as logging.level=debug",
		 0, 0},
	};
	const struct args args = {"serve", "[options]",
	                          "Serves the API and the page until it gets SIGTERM or SIGINT. Runs that were going on go on.",
	                          list, COUNT_OF(list), NULL, 0, 0};
	if (!args_take(&args, argc, argv, code))
		return NULL;
	*code = CLI_USAGE;
	if (listen) {
		overrides.items = memory_grow(overrides.items, overrides.count + 1, sizeof(*overrides.items));
		overrides.items[overrides.count++] = memory_format("server.listen=%s", listen);
	}
	return settings_load(file, data_dir, &overrides, CONFIG_NOTE);
}
