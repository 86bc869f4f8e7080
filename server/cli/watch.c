#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"

int cli_watch(int argc, char **argv)
{
	const char *word = "latest";
	int64_t patience_s = 0;
	AUTO_CLIENT struct client client = {0};
	const struct arg list[] = {
		{"patience", 0, ARG_INT, &patience_s, "SECONDS", "leave with 4 after waiting for a worker this long", 1,
		 INT32_MAX},
		CLIENT_ARGS(&client),
	};
	const struct args args = {"watch", "[RUN] [options]",
	                          "Follows a run (the newest) to its end: exit code 0 finished, 1 stopped or failed.", list,
	                          COUNT_OF(list), &word, 0, 1};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	AUTO_FREE char *id = client_connect(&client, &err) ? client_run_id(&client, word, &err) : NULL;
	return id ? follow_run(&client, "watch", id, patience_s) : client_fail(&client, "watch", &err);
}
