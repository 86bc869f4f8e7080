/* args.h - a command's options, declared in a table
 *
 * --name VALUE, --name=VALUE, -x VALUE; "--" ends them. A typo in a name or a
 * number is an error with what was expected, never a default.
 */
#ifndef MEKIKI_CLI_ARGS_H
#define MEKIKI_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum arg_kind {
	ARG_FLAG,   /* bool * */
	ARG_TEXT,   /* const char **, borrowed */
	ARG_TEXTS,  /* struct arg_texts *: may stand several times */
	ARG_INT,    /* int64_t *, min..max */
	ARG_COUNT,  /* int64_t *: a number >= 1, or ALL = 0 */
	ARG_LIST    /* struct arg_texts *: "1,2", no empty element, none twice; owned by the caller */
};

struct arg_texts {
	char **items;
	size_t count;
};

struct arg {
	const char *name;  /* without dashes */
	char letter;       /* '\0' = none */
	enum arg_kind kind;
	void *out;         /* untouched when the option is absent */
	const char *value; /* "FILE", of the usage */
	const char *help;
	int64_t min, max;
};

struct args {
	const char *command;
	const char *usage;      /* what follows the name: "FILE [options]" */
	const char *about;      /* may be NULL: a paragraph below the usage */
	const struct arg *list;
	size_t count;
	const char **positional; /* out; room for max_positional */
	size_t min_positional, max_positional;
};

/* ERROR_CONFIG. *help: --help was asked for, and nothing else was looked at. */
bool args_read(const struct args *args, int argc, char **argv, bool *help, struct error *err);
void args_help(const struct args *args, FILE *out);
/* args_read(), with --help and errors answered; false = leave with *code. */
bool args_take(const struct args *args, int argc, char **argv, int *code);
void args_texts_release(struct arg_texts *texts);

#endif
