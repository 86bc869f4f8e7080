/* dataset.h (store) - datasets, their rows and items
 *
 * A dataset is immutable once ready and known by the SHA-256 of its bytes. The
 * bytes lie in datasets/<sha256>; rows hold offset and length into them.
 * Item ids count from 1 within the dataset, in order of first appearance.
 */
#ifndef MEKIKI_STORE_DATASET_H
#define MEKIKI_STORE_DATASET_H

#include "model/item.h"
#include "store/store.h"

enum dataset_state { DATASET_IMPORTING, DATASET_READY, DATASET_FAILED };

struct dataset_record {
	int64_t id;
	char *sha256;          /* owned; while importing it may be a temporary unique text */
	char *name;            /* owned: the file's name as given */
	enum dataset_state state;
	char *problem;         /* owned, NULL = none: why the import failed */
	bool is_list;          /* a plain list, not a CSV */
	int64_t bytes, rows, bad_rows, items;
	char *columns;         /* owned, JSON list of the columns as they came */
	char *meanings;        /* owned, JSON object column -> meaning */
	char *renamed;         /* owned, JSON list of columns renamed input_NAME in exports */
	char *summary;         /* owned, JSON object: labels, duplicates, idn, invalid_idna, sources */
	int64_t header_length; /* bytes before the first record */
	int64_t population;    /* dataset id, 0 = none */
	char *population_tie;  /* owned, JSON {"items","matched","missing"}, NULL = none */
	int64_t created_ms;
	char *created_by;      /* owned */
};
void dataset_record_release(struct dataset_record *dataset);

struct dataset_row {
	int64_t row, record, line;  /* 1-based */
	int64_t offset, length;     /* bytes in the file */
	struct item item;           /* borrowed texts; id unused */
};

bool dataset_insert(struct writer *writer, struct dataset_record *dataset, struct error *err); /* sets id */
/* A batch of rows; new keys become items, known keys merge (first non-missing value wins; differing labels
 * set ITEM_LABEL_CONFLICT and the label UNKNOWN). Call inside store_write_bulk, about 20 ms of rows at a time. */
bool dataset_add_rows(struct writer *writer, int64_t dataset, const struct dataset_row *rows, int count, struct error *err);
struct dataset_problem {
	int64_t record, line;
	char *reason, *excerpt; /* owned in answers, borrowed in calls */
};
bool dataset_add_problem(struct writer *writer, int64_t dataset, const struct dataset_problem *problem, struct error *err);
/* Makes keys findable, in small bulk writes; before dataset_finish(), on the thread of the import. Without it
 * dataset_finish() does it in one write, which is as good for a few thousand rows and holds everybody up for more. */
bool dataset_index(struct store *store, int64_t dataset, struct error *err);
/* Everything of the record but id; adds the EVENT_DATASET_* event. ERROR_CONFLICT when the sha is taken. */
bool dataset_finish(struct writer *writer, const struct dataset_record *dataset, struct error *err);
bool dataset_discard(struct writer *writer, int64_t dataset, struct error *err); /* a failed or unfinished import */
/* population 0 = none. Adds EVENT_POPULATION_TIED. */
bool dataset_set_population(struct writer *writer, int64_t dataset, int64_t population, const char *tie_json,
                            const char *person, struct error *err);

/* By id, or by sha256 (or a unique prefix of at least 8 digits). ERROR_NOT_FOUND, ERROR_INPUT (ambiguous). */
bool dataset_read(struct reader *reader, int64_t id, struct dataset_record *out, struct error *err);
bool dataset_find(struct reader *reader, const char *sha256, struct dataset_record *out, struct error *err);
int dataset_list(struct reader *reader, int64_t before, int limit, struct dataset_record *out, struct error *err);
int dataset_problems(struct reader *reader, int64_t dataset, int64_t offset, int limit, struct dataset_problem *out,
                     struct error *err);

/* Rows by row number, rows > after; items likewise by id (item.id set). For exports, tallies and selections. Release the items. */
struct dataset_place { int64_t row, record, line, offset, length, item; };
int dataset_rows(struct reader *reader, int64_t dataset, int64_t after, int limit, struct dataset_place *out, struct error *err);
int dataset_items(struct reader *reader, int64_t dataset, int64_t after, int limit, struct item *out, struct error *err);
/* Item id of a key, 0 = none, -1 with err. */
int64_t dataset_item_find(struct reader *reader, int64_t dataset, const char *key, struct error *err);
/* An item and where its first row lies in the dataset's file; release the item. */
struct dataset_item {
	struct item item;
	int64_t row, row_offset, row_length;
};
bool dataset_item_read(struct reader *reader, int64_t dataset, int64_t item, struct dataset_item *out, struct error *err);
/* How many items of `dataset` are among those of `population`. */
bool dataset_match(struct reader *reader, int64_t dataset, int64_t population, int64_t *matched, struct error *err);

/* Counts by (label, stage1) of all items (of those not in the run's selection when run != 0, looked up
 * in the population by key): [label + 1][stage1 + 1]; label-conflict items apart. One pass.
 * hash: SHA-256 of the keys counted (conflicts are not), sorted, a line feed after each. */
struct dataset_tally { int64_t counts[3][3]; int64_t conflicts; int64_t total; char hash[65]; };
bool dataset_tally_read(struct reader *reader, int64_t population, int64_t run, struct dataset_tally *out, struct error *err);

#endif
