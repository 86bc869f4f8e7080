/* commands.h - the handlers of the commands; the table that lists them is in cli.c */
#ifndef MEKIKI_CLI_COMMANDS_H
#define MEKIKI_CLI_COMMANDS_H

#include "cli/cli.h"

cli_handler cli_check_config, cli_config;

#endif
