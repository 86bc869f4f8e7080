/* options.h - the option table: what may stand in the file, and what it means
 *
 * One row per key. A row either works (it has a place in `struct config`), or
 * is answered: REPLACED with one warning that names what does its job now,
 * NOT_BUILT and REFUSED with an error. `harmless` is a value that asks for what
 * happens anyway, and is taken in silence.
 */
#ifndef MEKIKI_CONFIG_OPTIONS_H
#define MEKIKI_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_type {
	OPTION_TEXT,
	OPTION_PATH,         /* ~ and relative paths resolved against the file's directory */
	OPTION_URL,          /* text here; checked with the worker */
	OPTION_ADDRESS,      /* host:port, sets host and port */
	OPTION_INT,
	OPTION_BYTES,        /* 512M, 2G or plain bytes */
	OPTION_SECONDS,      /* kept as milliseconds */
	OPTION_SECONDS_LIST,
	OPTION_NUMBER,
	OPTION_BOOL,
	OPTION_SWITCH,       /* true, false or not given */
	OPTION_CHOICE,       /* index in `choices` */
	OPTION_COUNT_OR_ALL, /* a number of rows, or ALL, kept as 0 */
	OPTION_TEXTS,        /* a list of texts, or one */
	OPTION_ID,           /* text or number */
	OPTION_HOURS,        /* "22:00-07:00" */
	OPTION_ANY           /* not looked into */
};

enum option_status { OPTION_WORKS, OPTION_REPLACED, OPTION_NOT_BUILT, OPTION_REFUSED };

struct option {
	const char *key;      /* "server.listen"; "workers[].url" for a worker's own */
	enum option_type type;
	size_t at;            /* offset in struct config, or in struct config_worker */
	double min, max;
	const char *fallback; /* the default as it would stand in the file, NULL = not set */
	const char *choices;  /* "chat|fake" */
	const char *unit;     /* "seconds", NULL = none */
	const char *help;     /* what it does; for other states, the sentence of the answer */
	enum option_status status;
	const char *harmless; /* see above, NULL = none */
};

extern const struct option options[];
extern const size_t option_count;

/* The sections, in the order of the annotated file. "" is the top level. */
struct option_section {
	const char *name; /* "server", "workers[]" */
	const char *help;
};
extern const struct option_section option_sections[];
extern const size_t option_section_count;

/* By full key; NULL when unknown. */
const struct option *option_find(const char *key);
/* Its position in the table. */
size_t option_index(const struct option *option);
/* True when some key begins with "name.". */
bool option_is_section(const char *name);
/* The part of the key below its section: "listen". */
const char *option_leaf(const struct option *option);
bool option_in_section(const struct option *option, const char *section);
/* What to suggest for an unknown key of a section (its leaf, or "section.leaf" elsewhere), or NULL. */
const char *option_nearest(const char *section, const char *leaf);
/* "a whole number from 1 to 20", free(). */
char *option_expected(const struct option *option);

#endif
