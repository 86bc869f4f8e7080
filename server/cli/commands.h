/* commands.h - the handlers of the commands; the table that lists them is in cli.c */
#ifndef MEKIKI_CLI_COMMANDS_H
#define MEKIKI_CLI_COMMANDS_H

#include "cli/cli.h"

cli_handler cli_run, cli_status, cli_watch, cli_results;
cli_handler cli_action_stop, cli_action_pause, cli_action_resume;
cli_handler cli_check_config, cli_config, cli_token, cli_workers, cli_gpus;

#endif
