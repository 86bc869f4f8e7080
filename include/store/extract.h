/* extract.h (store) - a whole run read through, for exports and figures
 *
 * Exports go through the rows of the dataset and need the result of each: so the
 * selection is turned around once (item -> position), and results are then found
 * by their primary key. Texts are owned by the answers.
 */
#ifndef MEKIKI_STORE_EXTRACT_H
#define MEKIKI_STORE_EXTRACT_H

#include "model/item.h"
#include "model/verdict.h"
#include "store/store.h"

/* n_of_item[id] = position of the item in the run's selection, 0 = not selected; 0 <= id <= *items. free() */
bool extract_positions(struct reader *reader, int64_t run, uint32_t **n_of_item, int64_t *items, struct error *err);

/* SHA-256 of the sorted keys of the selection, each followed by a line feed; label-conflict items left out, as in
 * dataset_tally_read(). */
bool extract_selection_hash(struct reader *reader, int64_t run, char out[65], struct error *err);

/* The highest sequence number that the run has given out, also to what was forgotten later; in one small read. */
bool extract_version(struct reader *reader, int64_t run, int64_t *version, struct error *err);

struct extract_result {
	bool done;                 /* false: no result up to the version; nothing else holds */
	int64_t seq;
	enum failure failure;
	enum binary verdict;       /* UNKNOWN = none */
	double confidence;         /* NAN = not given */
	enum risk risk;
	enum decision_source source;
	char *worker;
	int attempts;
	int64_t elapsed_ms, evaluated_ms;
	int64_t prompt_tokens, completion_tokens; /* -1 = not reported */
	char *detail, *reasoning, *risk_factors, *detected_brands, *finish_reason, *model; /* may be NULL */
};
bool extract_result_read(struct reader *reader, int64_t run, int64_t n, int64_t version, struct extract_result *out,
                         struct error *err);
void extract_result_release(struct extract_result *result);

#endif
