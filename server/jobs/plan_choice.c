#include "jobs/plan_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "dataset/key.h"
#include "dataset/sample.h"
#include "store/run.h"
#include "store/view.h"

enum { POSITIONS = 1000 };

struct choice {
	struct reader *reader;
	const struct run_request *request;
	const struct dataset_record *dataset;
	struct plan *plan;
};

/* Item ids count from 1 in order of first appearance. */
static bool choose_all(struct choice *at, struct error *err)
{
	(void)err;
	at->plan->count = at->dataset->items;
	at->plan->items = memory_array((size_t)at->plan->count + 1, sizeof(*at->plan->items));
	for (int64_t i = 0; i < at->plan->count; i++)
		at->plan->items[i] = i + 1;
	return true;
}

static bool choose_filter(struct choice *at, struct error *err)
{
	struct view *view = view_new();
	bool ok = view_parse(view, at->request->filter, err);
	if (ok)
		at->plan->count = view_select_items(at->reader, at->dataset->id, view, &at->plan->items, err);
	view_free(view);
	return (ok && at->plan->count >= 0) || error_prefix(err, "\"selection.filter\"");
}

static int64_t find_key(struct choice *at, const char *text, struct error *err)
{
	char key[KEY_SIZE];
	unsigned flags;
	const char *why;
	if (!key_read(text, strlen(text), key, &flags, &why)) {
		error_set(err, ERROR_INPUT, "\"selection.keys\": \"%.100s\": %s", text, why);
		return -1;
	}
	int64_t item = dataset_item_find(at->reader, at->dataset->id, key, err);
	if (item == 0) {
		error_set(err, ERROR_INPUT, "\"selection.keys\": \"%.100s\" is not in the dataset \"%s\"", text, at->dataset->name);
		return -1;
	}
	return item;
}

static bool choose_list(struct choice *at, struct error *err)
{
	AUTO_FREE bool *seen = memory_array((size_t)at->dataset->items + 1, sizeof(*seen));
	at->plan->items = memory_array((size_t)at->request->key_count, sizeof(*at->plan->items));
	for (int i = 0; i < at->request->key_count; i++) {
		int64_t item = find_key(at, at->request->keys[i], err);
		if (item < 0)
			return false;
		if (!seen[item])
			at->plan->items[at->plan->count++] = item;
		seen[item] = true;
	}
	return true;
}

static bool read_other_run(struct choice *at, struct run_record *run, struct error *err)
{
	char id[RUN_ID_SIZE];
	run_id_format(at->request->of_run, id);
	if (!run_read(at->reader, at->request->of_run, run, err))
		return false;
	return run->dataset == at->dataset->id ||
	       error_set(err, ERROR_INPUT, "\"selection.run\": %s is of another dataset", id);
}

static bool choose_run(struct choice *at, struct error *err)
{
	AUTO(run_record_release) struct run_record run = {0};
	if (!read_other_run(at, &run, err))
		return false;
	at->plan->count = run_selection(at->reader, run.id, &at->plan->items, err);
	return at->plan->count >= 0;
}

static bool add_kinds(struct view *view, unsigned kinds, struct error *err)
{
	bool known;
	for (unsigned i = 1; i < FAILURE_COUNT; i++)
		if ((!kinds || kinds & (1u << i)) && !view_add(view, "kind", failure_name((enum failure)i), &known, err))
			return false;
	return true;
}

/* Keeps of the other run's items, which stand in plan->items by position, those that the view names. */
static bool keep_matching(struct choice *at, const struct view *view, struct error *err)
{
	AUTO_FREE int64_t *positions = memory_array(POSITIONS, sizeof(*positions));
	int64_t kept = 0, after = 0;
	int count;
	while ((count = view_positions(at->reader, at->request->of_run, view, after, POSITIONS, positions, err)) > 0)
		for (int i = 0; i < count; i++) {
			after = positions[i];
			at->plan->items[kept++] = at->plan->items[after - 1];
		}
	at->plan->count = kept;
	return count == 0;
}

static bool choose_errors(struct choice *at, struct error *err)
{
	struct view *view = view_new();
	bool ok = choose_run(at, err) && add_kinds(view, at->request->kinds, err) && keep_matching(at, view, err);
	view_free(view);
	return ok;
}

bool plan_choose(struct reader *reader, const struct run_request *request, const struct dataset_record *dataset,
                 struct plan *plan, struct error *err)
{
	static bool (*const choose[])(struct choice *, struct error *) = {
		[SELECT_ALL] = choose_all,       [SELECT_FIRST] = choose_all, [SELECT_RANDOM] = choose_all,
		[SELECT_FILTER] = choose_filter, [SELECT_LIST] = choose_list, [SELECT_RUN] = choose_run,
		[SELECT_ERRORS] = choose_errors,
	};
	struct choice at = {reader, request, dataset, plan};
	if (!choose[request->selection](&at, err))
		return false;
	const struct sample sample = {
		.method = request->pandas ? SAMPLE_PANDAS : SAMPLE_MEKIKI,
		.random = request->selection == SELECT_RANDOM,
		.n = request->selection == SELECT_FIRST || request->selection == SELECT_RANDOM ? request->n : 0,
		.shuffle = request->shuffle,
		.seed = (uint64_t)request->seed,
	};
	plan->count = sample_select(&sample, plan->items, plan->count);
	return plan->count > 0 || error_set(err, ERROR_INPUT, "\"selection\": it is empty, no item of \"%s\" fits", dataset->name);
}
