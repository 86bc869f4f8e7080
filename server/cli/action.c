/* action.c - mekiki stop, pause, resume: one handler each, one body */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/vector.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/field.h"

static bool act(struct client *client, const char *word, const char *action, struct error *err)
{
	AUTO_FREE char *id = client_connect(client, err) ? client_run_id(client, word, err) : NULL;
	if (!id)
		return false;
	AUTO_FREE char *path = memory_format("/runs/%s/actions", id);
	AUTO_JSON json_t *body = json_pack("{s:s}", "action", action);
	AUTO_JSON json_t *run = NULL;
	if (!client_call(client, "POST", path, body, &run, err))
		return false;
	if (client->json) {
		field_print(run);
	} else {
		printf("%s: %s\n", id, action);
	}
	return true;
}

static int command(const char *action, const char *about, int argc, char **argv)
{
	const char *word = "latest";
	AUTO_CLIENT struct client client = {0};
	const struct arg list[] = {CLIENT_ARGS(&client)};
	const struct args args = {action, "[RUN] [options]", about, list, COUNT_OF(list), &word, 0, 1};
	int code;
	struct error err = {0};
	if (!args_take(&args, argc, argv, &code))
		return code;
	return act(&client, word, action, &err) ? CLI_FINE : client_fail(&client, action, &err);
}

int cli_action_stop(int argc, char **argv)
{
	return command("stop", "Stops a run (the newest); nothing is lost, and mekiki run --resume goes on with it.", argc, argv);
}

int cli_action_pause(int argc, char **argv)
{
	return command("pause", "Pauses a run (the newest): what is in flight is finished, nothing more is started.", argc, argv);
}

int cli_action_resume(int argc, char **argv)
{
	return command("resume", "Goes on with a paused run (the newest).", argc, argv);
}
