/* sim_faults.h - which failure an attempt meets
 *
 * The draw is a hash of the domain and of the attempt's number on this
 * simulator, one independent draw per kind in the order of the table; so a run
 * can be repeated, and switching one kind on does not move the others.
 *
 * Pure.
 */
#ifndef MEKIKI_SIM_FAULTS_H
#define MEKIKI_SIM_FAULTS_H

#include "sim_options.h"

enum sim_fault {
	SIM_FAULT_NONE,
	SIM_FAULT_STATUS, /* at once, see `status` */
	SIM_FAULT_CONTEXT,
	SIM_FAULT_ALWAYS,
	SIM_FAULT_EXIT,
	SIM_FAULT_HANG,
	SIM_FAULT_500,
	SIM_FAULT_RESET,
	SIM_FAULT_EMPTY_REPLY,
	SIM_FAULT_CUT_BODY,
	SIM_FAULT_MALFORMED,
	SIM_FAULT_LENGTH,
	SIM_FAULT_ABORT,
	SIM_FAULT_EMPTY,
	SIM_FAULT_SCHEMA,
};

struct sim_decision {
	enum sim_fault fault;
	int status; /* SIM_FAULT_STATUS only */
};

/* `attempt` counts from 1. */
struct sim_decision sim_faults_decide(const struct sim_options *options, const char *domain, int64_t attempt);

/* "fail-500": the option that asks for it; NULL for none. */
const char *sim_faults_name(enum sim_fault fault);

/* Whether the failure comes half-way through the work, as when an engine dies. */
bool sim_faults_half_way(enum sim_fault fault);

#endif
