/* sim_options.h - every option of vllm-sim, in one table
 *
 * The table in sim_options.c is the command line, --help, and the body of
 * POST /sim/faults: the rows under the headings of failures can be switched
 * while it serves, by the same names without the dashes in front.
 *
 * All times are milliseconds before --time-scale, but for --keepalive, which
 * belongs to the wire and is never scaled.
 */
#ifndef MEKIKI_SIM_OPTIONS_H
#define MEKIKI_SIM_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct sim_options {
	/* the server */
	int64_t port;
	char *host, *root, *api_key, *version, *pid_file, *ledger, *name, *opinion, *work;
	json_t *models; /* a set: an object whose keys are the members, in order; so are all lists here */
	int64_t max_model_len, max_num_seqs, keepalive;
	bool enable_request_id_headers, reuseport;
	/* the model */
	int64_t seed, opinion_seed, fault_seed;
	double slowness, beta, time_scale;
	bool instant;
	/* failures of answers: shares of attempts, 0..1 */
	double fail_500, cut_body, malformed, finish_length, finish_abort, empty, empty_reply, reset, hang, wrong_schema;
	char *status_mix;
	json_t *always_fail, *context_domain, *hang_domain, *hang_once, *exit_on;
	bool ignore_schema, constant_answer, content_in_reasoning, think_text;
	char *error_body, *reasoning_field;
	/* failures of the server */
	char *metrics;
	int64_t max_queued, health_latency, health_latency_under_load, health_status;
	int64_t load_time, away_after, away_for, exit_after, exit_code;
	bool freeze, ignore_disconnect, sleeping, reject_duplicate_ids;
	/* the process */
	bool phase_log, vllm_manners, ignore_sigterm;
	char *fail_start, *fail_start_once, *load_hang_at, *gpus;
	int64_t children, worker_outlives, shutdown_timeout, tensor_parallel_size;
	double gpu_memory_utilization;
};

void sim_options_init(struct sim_options *options);
void sim_options_release(struct sim_options *options);

/* Reads the command line; ERROR_CONFIG names the option and what it takes. `help` is set when --help was given. */
bool sim_options_parse(struct sim_options *options, int argc, char **argv, bool *help, struct error *err);
void sim_options_help(FILE *out);

/* The switchable rows as an object of their present values (new reference). */
json_t *sim_options_faults(const struct sim_options *options);
/* Sets what the object names; all of it or, with ERROR_INPUT, nothing. */
bool sim_options_set_faults(struct sim_options *options, json_t *object, struct error *err);

/* True when the list (a set) holds the domain. */
bool sim_options_lists(const json_t *set, const char *domain);

#endif
