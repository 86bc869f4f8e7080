/* fill_run.c - gives every pending item of a run a result, through the store's own functions
 *
 *   fill-run DATA_DIRECTORY RUN
 *
 * For what needs a million results and not the hours in which they come: deep
 * pages, facets, scrolling. The server of that directory must not run. Verdicts,
 * failures, workers and timings follow from the position, so they are the same
 * each time; one in 100 has no verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/run.h"
#include "store/lock.h"
#include "store/result.h"
#include "store/run.h"

enum { BATCH = 5000 };

struct batch {
	int64_t run;
	const uint32_t *positions;
	int count;
};

/* The same for the same position: a step of SplitMix64. */
static uint64_t chance(int64_t n)
{
	uint64_t x = (uint64_t)n * 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	return x ^ (x >> 27);
}

static void make_outcome(uint64_t luck, struct outcome *outcome)
{
	static const enum failure failures[] = {FAILURE_TIMEOUT, FAILURE_UNPARSABLE, FAILURE_TRUNCATED, FAILURE_REFUSED};
	static const enum risk risks[] = {RISK_LOW, RISK_MEDIUM, RISK_HIGH, RISK_CRITICAL};
	outcome_init(outcome);
	outcome->elapsed_ms = 300 + (int64_t)(luck % 2000);
	if (luck % 100 == 0) {
		outcome->failure = failures[(luck >> 8) % 4];
		outcome->detail = (char *)"made up";
		return;
	}
	outcome->verdict = (struct verdict){.is_phishing = (luck >> 16) % 3 == 0,
	                                    .confidence = 0.5 + (double)((luck >> 20) % 50) / 100,
	                                    .risk = risks[(luck >> 28) % 4],
	                                    .source = DECIDED_BY_LLM,
	                                    .reasoning = (char *)"The name says little; it was decided by its number alone."};
	outcome->prompt_tokens = 400;
	outcome->completion_tokens = 60;
}

static bool insert_batch(struct writer *writer, void *arg, struct error *err)
{
	static const char *const workers[] = {"0", "1", "2"};
	const struct batch *batch = arg;
	for (int i = 0; i < batch->count; i++) {
		struct outcome outcome;
		uint64_t luck = chance(batch->positions[i]);
		make_outcome(luck, &outcome);
		struct result result = {.run = batch->run, .n = batch->positions[i], .outcome = &outcome,
		                        .worker = workers[(luck >> 40) % 3], .attempts = 1, .evaluated_ms = 1764000000000 + batch->positions[i]};
		enum result_fate fate;
		int64_t seq;
		if (!result_insert(writer, &result, &fate, &seq, err))
			return false;
	}
	return true;
}

static bool finish(struct writer *writer, void *arg, struct error *err)
{
	int64_t run = *(int64_t *)arg;
	return run_set_state(writer, run, RUN_RUNNING, "", NULL, 1764000000000, 0, err) &&
	       run_set_state(writer, run, RUN_FINISHED, "", NULL, 1764000900000, 900000, err);
}

static bool fill(struct store *store, struct reader *reader, int64_t run, struct error *err)
{
	uint32_t *positions;
	int64_t count = run_pending(reader, run, &positions, err);
	bool ok = count >= 0;
	for (int64_t i = 0; ok && i < count; i += BATCH) {
		struct batch batch = {run, positions + i, (int)(count - i < BATCH ? count - i : BATCH)};
		ok = store_write_wait(store, insert_batch, &batch, err);
	}
	free(count >= 0 ? positions : NULL);
	if (ok)
		printf("%lld results\n", (long long)count);
	return ok && store_write_wait(store, finish, &run, err);
}

int main(int count, char **words)
{
	struct error err = {0};
	int64_t run;
	if (count != 3 || !run_id_parse(words[2], &run)) {
		fprintf(stderr, "usage: fill-run DATA_DIRECTORY RUN\n");
		return 2;
	}
	struct lock *lock = lock_take(words[1], &err);
	struct store *store = lock ? store_open(&(struct store_options){.directory = words[1]}, &err) : NULL;
	struct reader *reader = store ? reader_open(store, &err) : NULL;
	bool ok = reader && fill(store, reader, run, &err);
	if (!ok)
		fprintf(stderr, "fill-run: %s\n", err.text);
	if (reader)
		reader_close(reader);
	if (store)
		store_close(store);
	lock_release(lock);
	return ok ? 0 : 1;
}
