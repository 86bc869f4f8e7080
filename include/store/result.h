/* result.h (store) - exactly-once results of at-least-once work
 *
 * Work may happen twice (crash, time-out, a late answer); a result may not: the
 * primary key (run, n) takes the first and refuses the rest. Each accepted
 * result has a sequence number in its run; the highest committed one is the
 * version of every view over the run. Large texts lie apart, compressed.
 */
#ifndef MEKIKI_STORE_RESULT_H
#define MEKIKI_STORE_RESULT_H

#include "model/verdict.h"
#include "store/store.h"

struct result {
	int64_t run, n;          /* n: position in the selection, 1-based */
	const struct outcome *outcome;
	const char *worker;      /* id of the worker whose attempt was accepted; "" = none (quarantined) */
	int attempts;            /* tries at this item in all, this one included */
	int64_t evaluated_ms;    /* wall clock */
};

enum result_fate { RESULT_ACCEPTED, RESULT_DUPLICATE_SAME, RESULT_DUPLICATE_DIFFERENT };

/* Inserts, or finds that there is one already and compares the verdicts; a duplicate is not an error.
 * *seq gets the sequence number of an accepted result. */
bool result_insert(struct writer *writer, const struct result *result, enum result_fate *fate, int64_t *seq,
                   struct error *err);

/* A failed attempt that is not the item's end. `k` counts the item's tries from 1. */
bool attempt_insert(struct writer *writer, int64_t run, int64_t n, int k, const char *worker,
                    const struct outcome *outcome, struct error *err);

/* Forgets failures (results that are not verdicts) so that they are pending again; for `retry_failed`.
 * Verdicts are never touched. The forgotten ones stay as attempts. The version moves on. Returns how many, -1 with err. */
int64_t result_forget_failures(struct writer *writer, int64_t run, struct error *err);

struct result_counts {
	int64_t version;         /* highest committed sequence number, 0 = none */
	int64_t done, verdicts, no_verdict, from_text, duplicates;
	int64_t retried;         /* items with at least one failed attempt */
	int64_t by_failure[FAILURE_COUNT];
	int64_t attempts_failed;
};
bool result_counts_read(struct reader *reader, int64_t run, struct result_counts *out, struct error *err);
/* Done per worker id, as a JSON object text {"0": 812}; free(). */
char *result_counts_by_worker(struct reader *reader, int64_t run, struct error *err);

/* Rows for the tally, seq > after, ascending: labels and predictions of each new result. Returns the count. */
struct result_tally_row {
	int64_t seq, n;
	signed char label, stage1; /* enum binary */
	signed char verdict;       /* enum binary; UNKNOWN = no verdict */
	bool conflict;             /* item flagged ITEM_LABEL_CONFLICT */
};
int result_tally_rows(struct reader *reader, int64_t run, int64_t after, int limit, struct result_tally_row *out,
                      struct error *err);

#endif
