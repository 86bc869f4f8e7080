/* store_fixture.h - a store in a temporary directory, with a dataset and runs to play with
 *
 * Included once by each test of the store; the functions are static, so a test
 * that does not need all of them still builds.
 */
#ifndef MEKIKI_TESTS_STORE_FIXTURE_H
#define MEKIKI_TESTS_STORE_FIXTURE_H

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/dataset.h"
#include "store/result.h"
#include "store/run.h"
#include "store/store.h"
#include "store/writer.h"

#define MAYBE_UNUSED __attribute__((unused))

struct fixture {
	char directory[64];
	struct store_options options;
	struct store *store;
	struct reader *reader;
	struct error err;
	int datasets; /* made so far */
};

MAYBE_UNUSED static void fixture_open(struct fixture *f)
{
	f->store = store_open(&f->options, &f->err);
	if (!f->store)
		fail_msg("store_open: %s", f->err.text);
	f->reader = reader_open(f->store, &f->err);
	if (!f->reader)
		fail_msg("reader_open: %s", f->err.text);
}

MAYBE_UNUSED static void fixture_close(struct fixture *f)
{
	reader_close(f->reader);
	store_close(f->store);
	f->reader = NULL;
	f->store = NULL;
}

MAYBE_UNUSED static void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

static int fixture_remove(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info, (void)kind, (void)place;
	return remove(path);
}

/* A directory, no store yet. */
MAYBE_UNUSED static int fixture_setup_directory(void **state)
{
	struct fixture *f = NEW(struct fixture);
	snprintf(f->directory, sizeof(f->directory), "/tmp/mekiki-store-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	f->options.directory = f->directory;
	*state = f;
	return 0;
}

MAYBE_UNUSED static int fixture_setup(void **state)
{
	fixture_setup_directory(state);
	fixture_open(*state);
	return 0;
}

MAYBE_UNUSED static int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	fixture_close(f);
	nftw(f->directory, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

struct fixture_pragma {
	const char *name;
	char value[64];
};

static int fixture_take_value(void *arg, int columns, char **values, char **names)
{
	(void)names;
	if (columns > 0 && values[0])
		snprintf(arg, 64, "%s", values[0]);
	return 0;
}

static bool fixture_ask_pragma(struct writer *writer, void *arg, struct error *err)
{
	(void)err;
	struct fixture_pragma *pragma = arg;
	char sql[128];
	snprintf(sql, sizeof(sql), "PRAGMA %s", pragma->name);
	return sqlite3_exec(writer->connection.db, sql, fixture_take_value, pragma->value, NULL) == SQLITE_OK;
}

MAYBE_UNUSED static void fixture_expect_pragma(struct fixture *f, const char *name, const char *expected)
{
	struct fixture_pragma pragma = {.name = name};
	assert_true(store_write_wait(f->store, fixture_ask_pragma, &pragma, &f->err));
	assert_string_equal(pragma.value, expected);
}

/* ---- a dataset of `count` items: item1.example ...; odd ones phishing, every fifth without a label ------------- */

struct fixture_made {
	struct dataset_record dataset;
	struct run_record run;
	int count;
	int64_t *items;
};

static bool fixture_add_items(struct writer *writer, int64_t dataset, int count, struct error *err)
{
	for (int i = 1; i <= count; i++) {
		char key[64];
		snprintf(key, sizeof(key), "item%d.example", i);
		struct dataset_row row = {
			.row = i, .record = i, .line = i + 1, .offset = i * 20, .length = 19,
			.item = {.key = key, .source = (char *)(i % 2 ? "feed" : "list"), .tld = (char *)"example", .ml = (i % 10) / 10.0,
				 .label = i % 5 == 0 ? BINARY_UNKNOWN : i % 2 ? BINARY_PHISHING : BINARY_BENIGN,
				 .stage1 = i % 10 >= 5 ? BINARY_PHISHING : BINARY_BENIGN},
		};
		if (!dataset_add_rows(writer, dataset, &row, 1, err))
			return false;
	}
	return true;
}

static bool fixture_make(struct writer *writer, void *arg, struct error *err)
{
	struct fixture_made *made = arg;
	if (!dataset_insert(writer, &made->dataset, err) || !fixture_add_items(writer, made->dataset.id, made->count, err))
		return false;
	made->dataset.state = DATASET_READY;
	made->run.dataset = made->dataset.id;
	return dataset_finish(writer, &made->dataset, err) && run_insert(writer, &made->run, made->items, made->count, err);
}

/* A run over a new dataset of `count` items, in their order. */
MAYBE_UNUSED static int64_t fixture_run(struct fixture *f, int count)
{
	char sha[65];
	snprintf(sha, sizeof(sha), "%064d", ++f->datasets);
	struct fixture_made made = {
		.dataset = {.sha256 = sha, .name = (char *)"test.csv", .rows = count, .items = count, .created_ms = 1,
			    .created_by = (char *)"tester"},
		.run = {.name = (char *)"a run", .state = RUN_QUEUED, .request = (char *)"{}", .created_ms = 2,
			.created_by = (char *)"tester"},
		.count = count,
		.items = memory_array((size_t)count + 1, sizeof(int64_t)),
	};
	for (int i = 0; i < count; i++)
		made.items[i] = i + 1;
	if (!store_write_wait(f->store, fixture_make, &made, &f->err))
		fail_msg("fixture_run: %s", f->err.text);
	free(made.items);
	return made.run.id;
}

struct fixture_result {
	struct result result;
	enum result_fate fate;
	int64_t seq;
};

MAYBE_UNUSED static bool fixture_insert(struct writer *writer, void *arg, struct error *err)
{
	struct fixture_result *r = arg;
	return result_insert(writer, &r->result, &r->fate, &r->seq, err);
}

MAYBE_UNUSED static enum result_fate fixture_verdict(struct fixture *f, int64_t run, int64_t n, bool phishing, int64_t *seq)
{
	struct outcome outcome;
	outcome_init(&outcome);
	outcome.verdict = (struct verdict){.is_phishing = phishing, .confidence = 0.9, .risk = RISK_HIGH, .source = DECIDED_BY_LLM,
					   .reasoning = (char *)"because of its name"};
	struct fixture_result r = {.result = {.run = run, .n = n, .outcome = &outcome, .worker = "0", .attempts = 1, .evaluated_ms = 5}};
	if (!store_write_wait(f->store, fixture_insert, &r, &f->err))
		fail_msg("fixture_verdict: %s", f->err.text);
	*seq = r.seq;
	return r.fate;
}

#endif
