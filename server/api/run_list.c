/* run_list.c - GET /runs: the runs that fit a filter, newest first, with their key figures on demand
 *
 * Runs are few (hundreds) and small beside their items, so the filter is applied
 * here, row by row, and not in SQL.
 */
#include <stdlib.h>
#include <string.h>

#include "api/figures.h"
#include "api/handlers.h"
#include "api/request.h"
#include "api/run.h"
#include "base/cleanup.h"
#include "base/memory.h"

enum { PAGE = 100 };

struct run_filter {
	unsigned states; /* bits; 0 = all */
	const char *q, *dataset; /* borrowed; NULL = any */
	bool metrics;
};

static bool parse_states(const char *list, unsigned *states, struct error *err)
{
	*states = 0;
	for (const char *at = list; at && *at;) {
		size_t length = strcspn(at, ",");
		AUTO_FREE char *name = memory_copy_n(at, length);
		enum run_state state;
		if (!run_state_parse(name, &state))
			return error_set(err, ERROR_INPUT, "query key \"state\": \"%.40s\" is no state of a run", name);
		*states |= 1u << state;
		at += length + (at[length] == ',');
	}
	return true;
}

static bool holds(const char *text, const char *part)
{
	return text && strcasestr(text, part);
}

static bool fits(const struct run_filter *filter, const struct run_record *run, const struct dataset_record *dataset)
{
	if (filter->states && !(filter->states & (1u << run->state)))
		return false;
	if (filter->dataset && !text_starts(dataset->sha256, filter->dataset))
		return false;
	AUTO_FREE char *id = memory_format("r-%04lld", (long long)run->id);
	return !filter->q || !*filter->q || holds(id, filter->q) || holds(run->name, filter->q) ||
	       holds(dataset->name, filter->q) || holds(run->model, filter->q) || holds(run->created_by, filter->q);
}

struct run_page {
	struct request *request;
	struct reader *reader;
	struct run_filter filter;
	size_t limit;
	json_t *items;
	int64_t cursor; /* the last run that was looked at */
};

static bool add(struct run_page *page, const struct run_record *run, struct error *err)
{
	AUTO(dataset_record_release) struct dataset_record dataset = {0};
	if (!dataset_read(page->reader, run->dataset, &dataset, err))
		return false;
	if (!fits(&page->filter, run, &dataset))
		return true;
	json_t *json = run_json(page->request->api, page->reader, run, &dataset, err);
	if (!json)
		return false;
	int64_t version = json_integer_value(json_object_get(json_object_get(json, "progress"), "version"));
	json_t *metrics = page->filter.metrics ? figures_key(page->reader, run, version, err) : json_null();
	json_object_set_new(json, "metrics", metrics);
	return json_array_append_new(page->items, json) == 0 && metrics;
}

/* One step through the store; `over`: nothing is left to look at. */
static bool fill(struct run_page *page, bool *over, struct error *err)
{
	AUTO_FREE struct run_record *runs = memory_array(PAGE, sizeof(*runs));
	int count = run_list(page->reader, page->cursor, PAGE, runs, err);
	bool ok = count >= 0;
	*over = count < PAGE;
	for (int i = 0; i < count; i++) {
		if (ok && json_array_size(page->items) < page->limit) {
			ok = add(page, &runs[i], err);
			page->cursor = runs[i].id;
			*over = count < PAGE && i == count - 1;
		}
		run_record_release(&runs[i]);
	}
	return ok;
}

bool api_run_list(struct request *request, struct reader *reader, struct error *err)
{
	const struct query *query = &request->query;
	const char *metrics = query_text(query, "metrics");
	struct run_page page = {
		.request = request,
		.reader = reader,
		.filter = {.q = query_text(query, "q"), .dataset = query_text(query, "dataset"),
		           .metrics = metrics && text_equal(metrics, "yes")},
		.limit = (size_t)query_int(query, "limit"),
		.cursor = query_int(query, "after"),
	};
	if (!parse_states(query_text(query, "state"), &page.filter.states, err))
		return false;
	page.items = json_array();
	bool ok = true, over = false;
	while (ok && !over && json_array_size(page.items) < page.limit)
		ok = fill(&page, &over, err);
	bool more = ok && !over && page.cursor > 1;
	request->answer.json =
	        json_pack("{s:o, s:o}", "items", page.items, "next_cursor", more ? json_integer(page.cursor) : json_null());
	return ok;
}
