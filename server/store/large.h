/* large.h - the large texts of a result, as one compressed frame
 *
 * Prompts of one run differ in a few words, and the raw answer holds the
 * reasoning once more. So the texts of a result are compressed together, and the
 * first result of a run that is long enough becomes the dictionary of the rest.
 *
 * One per connection: it keeps the dictionary of the run used last.
 */
#ifndef MEKIKI_SERVER_STORE_LARGE_H
#define MEKIKI_SERVER_STORE_LARGE_H

#include "store/connection.h"

enum large_field {
	LARGE_REASONING,
	LARGE_RISK_FACTORS,
	LARGE_DETECTED_BRANDS,
	LARGE_FINISH_REASON,
	LARGE_MODEL,
	LARGE_PROMPT,
	LARGE_RAW,
	LARGE_FIELDS
};

struct large;

struct large *large_new(void);
void large_free(struct large *large);
/* After a rollback: the dictionary may never have been stored. */
void large_forget(struct large *large);

/* Texts may be NULL. */
bool large_write(struct large *large, struct connection *connection, int64_t run, int64_t n,
                 const char *const texts[LARGE_FIELDS], struct error *err);
/* Fills in owned texts, all NULL when the position has none. */
bool large_read(struct large *large, struct connection *connection, int64_t run, int64_t n, char *texts[LARGE_FIELDS],
                struct error *err);

#endif
