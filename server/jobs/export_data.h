/* export_data.h - what both formats of an export need: the run, its bytes, its results */
#ifndef MEKIKI_SERVER_JOBS_EXPORT_DATA_H
#define MEKIKI_SERVER_JOBS_EXPORT_DATA_H

#include "base/text.h"
#include "dataset/columns.h"
#include "jobs/export.h"
#include "store/dataset.h"
#include "store/extract.h"
#include "store/run.h"

struct export {
	struct reader *reader;
	struct run_record run;
	struct dataset_record dataset;
	struct columns columns;
	int file;               /* the dataset's bytes */
	enum export_format format;
	enum csv_profile profile;
	enum no_verdict_policy policy;
	int64_t version;
	uint32_t *positions;    /* item -> n, 0 = not exported */
	int64_t items;          /* the highest item id */
	struct duplicate *duplicates; /* of JSON lines: further rows of items, by item */
	size_t duplicate_count, duplicate_capacity;
	int64_t after;          /* last row (CSV) or item (JSON lines) done */
	bool begun, ended;
	struct text out;        /* made and not yet taken */
	size_t taken;
	char name[96];
};

struct duplicate {
	int64_t item, row;
};

/* Opens what the options name; everything is released by export_free(). */
bool export_open(struct export *export, struct store *store, const struct export_options *options, struct error *err);

/* The bytes of rows, read with as few calls as their places allow. bytes[i] points to row i; they share *block. */
bool export_bytes(const struct export *export, const struct dataset_place *places, int count, char **block,
                  const char **bytes, struct error *err);

/* What counts as the item's final prediction under the run's policy; UNKNOWN = left out or not done. */
bool export_final(struct export *export, const struct extract_result *result, int64_t item, enum binary *out,
                  struct error *err);

/* The next page into export->out; sets `ended` when there is nothing more. */
bool export_csv_page(struct export *export, struct error *err);
bool export_jsonl_page(struct export *export, struct error *err);

#endif
