/* config.h - the configuration: one YAML file, one plain struct
 *
 * Every key has one row in the option table (server/config/options.c): type,
 * range, default, unit, description. Reading, messages, `mekiki config --help`
 * and the annotated config/mekiki.yaml come from it, so that no accepted key is
 * without effect and none is undocumented.
 *
 * A file is read to its end: all problems come at once, each with line, column
 * and key. The result is immutable; any thread may read it; whoever loaded it
 * frees it. Secrets (API keys, headers) are read from files or the environment
 * while loading, and are in no message.
 */
#ifndef MEKIKI_CONFIG_CONFIG_H
#define MEKIKI_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/run.h"
#include "model/worker.h"

struct config_texts {
	char **items;
	size_t count;
};

struct config_durations {
	int64_t ms[8];
	size_t count; /* 1..8 */
};

/* Of the day, local time, in minutes; "22:00-07:00" spans midnight. */
struct config_hours {
	bool set;          /* false: always */
	int from, to;      /* minutes since midnight, 0..1440 */
};

enum config_reuse { REUSE_AUTO, REUSE_NEVER, REUSE_ALWAYS }; /* auto: https reuses, plain http does not */
enum config_evaluator { EVALUATOR_CHAT, EVALUATOR_FAKE };
enum config_switch { SWITCH_UNSET = -1, SWITCH_OFF = 0, SWITCH_ON = 1 };
enum config_foreign_use { FOREIGN_WARN, FOREIGN_PAUSE, FOREIGN_DRAIN }; /* somebody else uses a GPU of ours */
enum config_start { START_RUN, START_SERVER, START_MANUAL }; /* by the first run that uses it, at once, by a person */
enum config_log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum config_language { LANGUAGE_ENGLISH, LANGUAGE_JAPANESE };

struct config_worker {
	char *id;              /* unique; 1-64 of A-Z a-z 0-9 . _ - */
	enum worker_kind kind; /* external, local or fake, today */
	char *url;             /* "http://127.0.0.1:8000": no final slash, no /v1; "" for fake */
	char *model;           /* expected in /v1/models; NULL = whatever it serves */
	char *api_key;         /* the secret itself, NULL = none; never logged */
	struct config_texts headers; /* "Name: value", from headers_file; secrets, never logged */
	int64_t max_in_flight; /* requests, >= 1 */
	enum config_reuse reuse;
	int64_t port;          /* of a local worker; 0 = none given */
	char *gpu;             /* "0", "0,1" or a UUID, as CUDA_VISIBLE_DEVICES takes it; NULL = none given */
	struct config_texts command; /* program and arguments of a local worker; none = vllm serve */
	struct config_texts args;    /* added to it */
	struct config_texts env;     /* "NAME=value", added to its environment */
	int64_t start_timeout_ms;    /* without a line in its log, while it starts */
	int64_t stop_timeout_ms;     /* between TERM and the next stage */
	char *start_cmd, *stop_cmd;  /* of an external worker, for /bin/sh; NULL = none */
	int64_t command_timeout_ms;  /* of both */
	enum config_start start;     /* of a local worker, or one with start_cmd */
	bool stop_on_complete;       /* when the run that it served is over */
	int64_t idle_timeout_ms;     /* stopped after so long without a run; 0 = never */
	struct config_hours allowed_hours;
	int line;              /* in the file, for messages; 0 = not from a file */
};

struct config {
	char *file; /* as it was named; NULL = defaults only */
	struct {
		char *host;     /* "127.0.0.1", "::1", "0.0.0.0" or a name */
		int port;       /* 0 = a free one */
		char *data_dir; /* absolute */
		struct config_texts allowed_hosts; /* further names that may stand in Host:, lower case, no port */
		char *web_dir;  /* serve the pages from here; NULL = those that were built in or installed */
		bool keep_workers; /* a clean end leaves the local workers running, for the next start to find */
		bool network_file_system; /* data_dir may lie on NFS, Lustre, ...: the user knows better */
	} server;
	struct config_worker *workers;
	size_t worker_count;
	struct {
		char *model;          /* default of workers[].model; NULL = whatever they serve */
		int64_t max_num_seqs; /* sequences per batch of a worker; 0 = not known */
		int64_t max_model_len;/* of local workers; 0 = the model's own */
		double gpu_memory;    /* share of the GPU's memory for a local worker; 0 = vLLM's default */
		char *dtype;          /* NULL = vLLM's default */
	} vllm;
	struct {
		enum config_evaluator evaluator;
		int64_t timeout_ms; /* per attempt, > 0 */
		int64_t attempts;   /* per item, >= 1 */
		struct config_durations backoff; /* before attempt 2, 3, ...; the last repeats */
		char *system_prompt; /* template; NULL = the built-in one */
		char *user_prompt;   /* template; NULL = the built-in one */
		double temperature, top_p;
		int64_t max_tokens; /* of the answer */
		enum config_switch thinking; /* chat_template_kwargs.enable_thinking; unset = not sent */
		enum config_language language; /* of the reasoning */
		enum no_verdict_policy no_verdict;
	} evaluation;
	struct {
		int64_t interval_ms, timeout_ms;
		int64_t max_failures; /* in a row */
	} health;
	struct {
		char *nvidia_smi;     /* a program that speaks like it */
		int64_t interval_ms, timeout_ms;
		int64_t threshold_mib;/* what others may hold without counting as users */
		enum config_foreign_use on_foreign_use;
		int64_t back_after_ms;/* others must be gone for so long */
	} shared;
	struct {
		int64_t restarts;    /* within the window; 0 = none */
		int64_t window_ms, forgive_ms;
		struct config_durations delay; /* before restart 1, 2, ...; the last repeats */
		int64_t wait_ms;     /* between looks at what is nobody's fault */
	} recovery;
	struct {
		int64_t count; /* 0 = all; the default of a run's selection */
		int64_t seed;
		bool shuffle;
	} sampling;
	struct {
		int level; /* enum log_level */
		enum config_log_format format;
	} logging;
	struct {
		int64_t upload_bytes; /* one dataset */
		int64_t sse_clients;  /* well below connections */
		int64_t connections;
	} limits;
};

enum config_severity { CONFIG_NOTE, CONFIG_WARNING, CONFIG_ERROR };

struct config_problem {
	enum config_severity severity;
	int line, column; /* from 1; 0 = the file as a whole */
	char *key;        /* "workers[1].port", may be "" */
	char *text;       /* what is wrong and what was expected */
};

struct config_problems {
	char *file;
	struct config_problem *items; /* by line once loading is over */
	size_t count, capacity;
	size_t errors; /* how many are CONFIG_ERROR */
};

/* Reads the file, or with NULL the one in the default place, whose absence is
 * only a note. False when there are errors; *out is NULL then. `problems` is
 * filled in either way (notes and warnings, too); release it. */
bool config_load(const char *path, struct config **out, struct config_problems *problems);

/* The same for text in memory; `name` stands for the file in messages and for the directory of relative paths. */
bool config_parse(const char *name, const char *bytes, size_t length, struct config **out,
                  struct config_problems *problems);

/* Before the configuration is shared: sets one key to what could stand behind it in the file (not those
 * of workers). Relative paths start at the working directory. ERROR_CONFIG names the key and what was expected. */
bool config_set(struct config *config, const char *key, const char *value, struct error *err);

void config_free(struct config *config);
void config_problems_release(struct config_problems *problems);

/* "mekiki.yaml:12:5: error: workers[1].prot: unknown key, did you mean \"port\"?"; free(). */
char *config_problems_text(const struct config_problems *problems, const struct config_problem *problem);

/* Where a configuration is looked for when none is named; free(). */
char *config_default_path(void);
/* The data directory when none is configured; free(). */
char *config_default_data_dir(void);

/* The annotated YAML file, and the same as help for the terminal. */
void config_annotated(FILE *out);
void config_help(FILE *out);

#endif
