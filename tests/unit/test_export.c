#include "place.h"

#include <math.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/analysis.h"
#include "jobs/export.h"
#include "store/result.h"
#include "store/run.h"

struct run_wish {
	struct run_record record;
	const int64_t *items;
	int64_t count;
};

static bool apply_run(struct writer *writer, void *arg, struct error *err)
{
	struct run_wish *wish = arg;
	return run_insert(writer, &wish->record, wish->items, wish->count, err);
}

static int64_t make_run(struct place *place, int64_t dataset, enum no_verdict_policy policy, const int64_t *items, int64_t count)
{
	struct error err = {0};
	struct run_wish wish = {
		.record = {.name = (char *)"run", .dataset = dataset, .state = RUN_RUNNING, .cause = (char *)"", .request = (char *)"{}",
			   .fingerprint = (char *)"f", .policy = policy, .total = count, .created_by = (char *)"admin",
			   .created_ms = 1},
		.items = items,
		.count = count,
	};
	if (!store_write_wait(place->store, apply_run, &wish, &err))
		fail_msg("%s", err.text);
	return wish.record.id;
}

struct result_wish {
	int64_t run, n;
	struct outcome outcome;
};

static bool apply_result(struct writer *writer, void *arg, struct error *err)
{
	struct result_wish *wish = arg;
	enum result_fate fate;
	int64_t seq;
	const struct result result = {.run = wish->run, .n = wish->n, .outcome = &wish->outcome, .worker = "0", .attempts = 2,
		.evaluated_ms = 1700000000000};
	return result_insert(writer, &result, &fate, &seq, err);
}

static void judge(struct place *place, int64_t run, int64_t n, bool phishing)
{
	struct error err = {0};
	struct result_wish wish = {.run = run, .n = n};
	outcome_init(&wish.outcome);
	wish.outcome.verdict = (struct verdict){.is_phishing = phishing, .confidence = 0.85, .risk = RISK_HIGH,
		.source = DECIDED_BY_LLM, .reasoning = (char *)"=looks like\na \"brand\"", .risk_factors = (char *)"[\"a\",\"b\"]",
		.detected_brands = (char *)"[]"};
	wish.outcome.elapsed_ms = 1234;
	wish.outcome.finish_reason = (char *)"stop";
	wish.outcome.model = (char *)"m";
	wish.outcome.prompt_tokens = 10;
	wish.outcome.completion_tokens = 5;
	assert_true(store_write_wait(place->store, apply_result, &wish, &err));
}

static void give_up(struct place *place, int64_t run, int64_t n)
{
	struct error err = {0};
	struct result_wish wish = {.run = run, .n = n};
	outcome_init(&wish.outcome);
	wish.outcome.failure = FAILURE_TIMEOUT;
	wish.outcome.detail = (char *)"no answer, 60 s";
	wish.outcome.elapsed_ms = 60000;
	assert_true(store_write_wait(place->store, apply_result, &wish, &err));
}

static struct export *open_export(struct place *place, int64_t run, enum export_format format, enum csv_profile profile,
                                  const char *filter)
{
	struct error err = {0};
	struct view *view = NULL;
	if (filter) {
		view = view_new();
		assert_true(view_parse(view, filter, &err));
	}
	struct export *export = export_new(place->store, &(struct export_options){.run = run, .format = format,
		.profile = profile, .view = view, .datasets = place->datasets}, &err);
	if (!export)
		fail_msg("%s", err.text);
	return export;
}

static char *drain(struct export *export, size_t size)
{
	AUTO_TEXT struct text text;
	AUTO_FREE char *buf = memory_new(size);
	struct error err = {0};
	size_t length;
	text_init(&text, 0);
	do {
		if (!export_read(export, buf, size, &length, &err))
			fail_msg("%s", err.text);
		text_add_bytes(&text, buf, length);
	} while (length);
	return text_take(&text);
}

static char *export_all(struct place *place, int64_t run, enum export_format format, enum csv_profile profile, const char *filter)
{
	struct export *export = open_export(place, run, format, profile, filter);
	char *text = drain(export, 7); /* an odd size: pages do not match what is asked for */
	export_free(export);
	return text;
}

static const char input[] = "domain,y_true,ml_probability,note,error\r\n"
			    "a.example,1,0.90,\"two\nlines, \"\"quoted\"\"\",=cmd\r\n"
			    "bad row,1,,,\r\n"
			    "b.example,0,0.1,x,\r\n"
			    "c.example,1,0.7,y,\r\n"
			    "A.example,1,0.9,again,\r\n"
			    "d.example,0,0.2,z,\r\n";

#define OUTPUTS                                                                                                      \
	"ai_is_phishing,ai_confidence,ai_risk_level,ai_reasoning,ai_risk_factors,ai_detected_brands,decision_source," \
	"processing_time,worker_id,attempts,error,error_detail,finish_reason,prompt_tokens,completion_tokens,model,"   \
	"evaluated_at,final_pred"
#define VERDICT(yes)                                                                                                  \
	yes ",0.85,high,\"=looks like\na \"\"brand\"\"\",\"[\"\"a\"\",\"\"b\"\"]\",[],llm,1.234,0,2,,,stop,10,5,m,TIME,"
#define NOTHING ",,,,,,,,,,,,,,,,,"

/* Times depend on the zone of the machine: the one there is becomes TIME. */
static void hide_times(char *text)
{
	char *at;
	while ((at = strstr(text, "2023-11-1"))) {
		size_t length = strcspn(at, ",\"\n");
		memcpy(at, "TIME", 4);
		memmove(at + 4, at + length, strlen(at + length) + 1);
	}
}

/* Items 1..4 = a, b, c, d; the run takes c, a, b in this order. */
static int64_t make_small_run(struct place *place, enum no_verdict_policy policy)
{
	AUTO(dataset_record_release) struct dataset_record dataset = import_text(place, "in.csv", input);
	int64_t run = make_run(place, dataset.id, policy, (const int64_t[]){3, 1, 2}, 3);
	give_up(place, run, 1);
	judge(place, run, 2, true);
	return run;
}

static void test_one_line_per_input_row_of_the_selection_in_input_order(void **state)
{
	struct place *place = *state;
	int64_t run = make_small_run(place, NO_VERDICT_STAGE1);
	AUTO_FREE char *csv = export_all(place, run, EXPORT_CSV, CSV_RAW, NULL);
	hide_times(csv);
	assert_string_equal(csv, "domain,y_true,ml_probability,note,input_error," OUTPUTS "\n"
				 "a.example,1,0.90,\"two\nlines, \"\"quoted\"\"\",=cmd," VERDICT("True") "1\n"
				 "b.example,0,0.1,x,," NOTHING "\n"
				 "c.example,1,0.7,y,,,,,,,,,60.000,0,2,timeout,\"no answer, 60 s\",,,,,TIME,1\n"
				 "A.example,1,0.9,again,," VERDICT("True") "1\n");
}

static void test_the_policy_decides_what_counts_without_a_verdict(void **state)
{
	struct place *place = *state;
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	AUTO_FREE char *csv = export_all(place, run, EXPORT_CSV, CSV_RAW, "kind=timeout");
	hide_times(csv);
	assert_non_null(strstr(csv, "c.example,1,0.7,y,,,,,,,,,60.000,0,2,timeout,\"no answer, 60 s\",,,,,TIME,\n"));
	assert_null(strstr(csv, "a.example"));
}

static void test_spreadsheets_get_nothing_they_would_run(void **state)
{
	struct place *place = *state;
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	AUTO_FREE char *csv = export_all(place, run, EXPORT_CSV, CSV_EXCEL, NULL);
	hide_times(csv);
	assert_memory_equal(csv, "\xEF\xBB\xBF" "domain,", 10);
	assert_non_null(strstr(csv, "a.example,1,0.90,\"two\nlines, \"\"quoted\"\"\",'=cmd,True,0.85,high,\"'=looks like\n"));
	assert_non_null(strstr(csv, ",1\r\nb.example,"));
}

static void test_an_export_stays_at_its_version_while_the_run_goes_on(void **state)
{
	struct place *place = *state;
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	struct export *export = open_export(place, run, EXPORT_CSV, CSV_RAW, NULL);
	assert_int_equal(export_version(export), 2);
	assert_string_equal(export_file_name(export), "r-0001-v2-raw.csv");
	judge(place, run, 3, false);
	AUTO_FREE char *before = drain(export, 4096);
	export_free(export);
	AUTO_FREE char *after = export_all(place, run, EXPORT_CSV, CSV_RAW, NULL);
	assert_null(strstr(before, "False"));
	assert_non_null(strstr(after, "b.example,0,0.1,x,,False"));
	AUTO_FREE char *pinned = export_all(place, run, EXPORT_CSV, CSV_RAW, "version=2");
	assert_string_equal(pinned, before);
}

static void test_json_lines_are_typed_and_know_their_rows(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	AUTO_FREE char *text = export_all(place, run, EXPORT_JSONL, CSV_RAW, NULL);
	char *end = strchr(text, '\n');
	AUTO_JSON json_t *first = json_parse(text, (size_t)(end - text), &err);
	assert_string_equal(json_string_value(json_object_get(first, "key")), "a.example");
	assert_int_equal(json_integer_value(json_object_get(first, "n")), 2);
	assert_string_equal(json_string_value(json_object_get(first, "verdict")), "phishing");
	assert_string_equal(json_string_value(json_array_get(json_object_get(first, "risk_factors"), 1)), "b");
	AUTO_FREE char *rows = json_text(json_object_get(first, "row_numbers"));
	assert_string_equal(rows, "[1,4]");
	assert_string_equal(json_string_value(json_object_get(json_object_get(first, "cells"), "note")), "two\nlines, \"quoted\"");
	char *second_end = strchr(end + 1, '\n');
	AUTO_JSON json_t *second = json_parse(end + 1, (size_t)(second_end - end - 1), &err);
	assert_true(json_is_false(json_object_get(second, "done")));
	assert_true(json_is_null(json_object_get(second, "verdict")));
	assert_true(json_is_null(json_object_get(second, "confidence")));
	int lines = 0;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 3);
}

static void test_large_exports_come_in_pages(void **state)
{
	struct place *place = *state;
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	text_add(&text, "domain\n");
	for (int i = 0; i < 1700; i++)
		text_addf(&text, "d%d.example\n", i);
	AUTO(dataset_record_release) struct dataset_record dataset = import_text(place, "many.csv", text.data);
	int64_t items[850];
	for (int i = 0; i < 850; i++)
		items[i] = 1700 - 2 * i;
	int64_t run = make_run(place, dataset.id, NO_VERDICT_EXCLUDE, items, 850);
	AUTO_FREE char *csv = export_all(place, run, EXPORT_CSV, CSV_RAW, NULL);
	int lines = 0;
	const char *line = strchr(csv, '\n') + 1;
	for (; *line; line = strchr(line, '\n') + 1) {
		int number;
		assert_int_equal(sscanf(line, "d%d.example,", &number), 1);
		assert_int_equal(number, 2 * lines + 1);
		lines++;
	}
	assert_int_equal(lines, 850);
}

static void test_missing_bytes_are_said_by_name(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	AUTO_FREE char *path = memory_format("%s/%s", place->datasets, place->sha256);
	unlink(path);
	assert_null(export_new(place->store, &(struct export_options){.run = run, .datasets = place->datasets}, &err));
	assert_non_null(strstr(err.text, "the bytes of dataset in.csv cannot be opened: No such file or directory"));
	assert_null(export_new(place->store, &(struct export_options){.run = 99, .datasets = place->datasets}, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void assert_matrix(json_t *confusion, size_t index, const char *stage, const char *subset, const int numbers[6])
{
	json_t *matrix = json_array_get(json_object_get(confusion, "matrices"), index);
	const char *keys[] = {"tp", "fp", "tn", "fn", "none_phishing", "none_benign"};
	assert_string_equal(json_string_value(json_object_get(matrix, "stage")), stage);
	assert_string_equal(json_string_value(json_object_get(matrix, "subset")), subset);
	for (int i = 0; i < 6; i++)
		assert_int_equal(json_integer_value(json_object_get(matrix, keys[i])), numbers[i]);
}

static void test_figures_follow_the_run(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	struct analysis *analysis = analysis_new(run);
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *first = analysis_json(analysis, NO_VERDICT_EXCLUDE);
	assert_true(json_is_true(json_object_get(first, "partial")));
	assert_true(json_is_false(json_object_get(first, "representative")));
	assert_matrix(first, 0, "stage1", "handed", (const int[]){2, 0, 1, 0, 0, 0});
	assert_matrix(first, 1, "final", "handed", (const int[]){1, 0, 0, 0, 1, 0});
	assert_matrix(first, 2, "stage1", "overall", (const int[]){2, 0, 2, 0, 0, 0});
	assert_matrix(first, 3, "final", "overall", (const int[]){1, 0, 1, 0, 1, 0});
	judge(place, run, 3, true);
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *second = analysis_json(analysis, NO_VERDICT_STAGE1);
	assert_matrix(second, 1, "final", "handed", (const int[]){2, 1, 0, 0, 1, 0});
	assert_int_equal(json_integer_value(json_object_get(second, "broken")), 1);
	assert_int_equal(json_integer_value(json_object_get(second, "version")), 3);
	assert_true(json_is_false(json_object_get(second, "partial")));
	json_t *recall = json_object_get(json_object_get(json_array_get(json_object_get(second, "matrices"), 1), "metrics"), "recall");
	assert_int_equal(json_integer_value(json_object_get(recall, "n")), 2);
	analysis_free(analysis);
}

static bool apply_forget(struct writer *writer, void *arg, struct error *err)
{
	return result_forget_failures(writer, *(int64_t *)arg, err) >= 0;
}

static void test_forgotten_failures_leave_the_figures(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	int64_t run = make_small_run(place, NO_VERDICT_EXCLUDE);
	struct analysis *analysis = analysis_new(run);
	assert_true(analysis_update(analysis, place->reader, &err));
	assert_true(store_write_wait(place->store, apply_forget, &run, &err));
	judge(place, run, 1, true);
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *json = analysis_json(analysis, NO_VERDICT_EXCLUDE);
	assert_matrix(json, 1, "final", "handed", (const int[]){2, 0, 0, 0, 0, 0});
	assert_true(store_write_wait(place->store, apply_forget, &run, &err)); /* there is none: nothing changes */
	judge(place, run, 3, false);
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *last = analysis_json(analysis, NO_VERDICT_EXCLUDE);
	assert_matrix(last, 1, "final", "handed", (const int[]){2, 0, 1, 0, 0, 0});
	assert_true(json_is_false(json_object_get(last, "partial")));
	analysis_free(analysis);
}

static bool apply_tie(struct writer *writer, void *arg, struct error *err)
{
	int64_t *ids = arg;
	return dataset_set_population(writer, ids[0], ids[1], "{}", "admin", err);
}

static void test_overall_figures_are_about_the_tied_population(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	AUTO(dataset_record_release) struct dataset_record part =
		import_text(place, "part.csv", "domain,y_true,stage1_pred\na.example,1,0\nb.example,0,0\n");
	AUTO(dataset_record_release) struct dataset_record all = import_text(place, "all.csv",
		"domain,y_true,stage1_pred\na.example,1,0\nb.example,0,0\nc.example,1,1\nd.example,1,1\ne.example,0,1\nf.example,0,\n");
	int64_t run = make_run(place, part.id, NO_VERDICT_EXCLUDE, (const int64_t[]){1, 2}, 2);
	judge(place, run, 1, true);
	judge(place, run, 2, false);
	struct analysis *analysis = analysis_new(run);
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *before = analysis_json(analysis, NO_VERDICT_EXCLUDE);
	assert_matrix(before, 3, "final", "overall", (const int[]){1, 0, 1, 0, 0, 0});
	assert_true(store_write_wait(place->store, apply_tie, (int64_t[]){part.id, all.id}, &err));
	assert_true(analysis_update(analysis, place->reader, &err));
	AUTO_JSON json_t *after = analysis_json(analysis, NO_VERDICT_EXCLUDE);
	assert_matrix(after, 2, "stage1", "overall", (const int[]){2, 1, 1, 1, 0, 1});
	assert_matrix(after, 3, "final", "overall", (const int[]){3, 1, 1, 0, 0, 1});
	json_t *about = json_object_get(json_array_get(json_object_get(after, "matrices"), 3), "population");
	assert_string_equal(json_string_value(json_object_get(about, "name")), "all.csv");
	assert_int_equal(json_integer_value(json_object_get(about, "n")), 6);
	assert_int_equal(json_integer_value(json_object_get(about, "covered")), 5);
	assert_int_equal(json_integer_value(json_object_get(after, "fixed")), 1);
	/* everything selected: the selection is the dataset */
	json_t *matrices = json_object_get(before, "matrices");
	const char *handed = json_string_value(json_object_get(json_object_get(json_array_get(matrices, 0), "population"), "hash"));
	const char *overall = json_string_value(json_object_get(json_object_get(json_array_get(matrices, 2), "population"), "hash"));
	assert_string_equal(handed, overall);
	analysis_free(analysis);
}

int main(void)
{
	log_init(LOG_ERROR, false);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_line_per_input_row_of_the_selection_in_input_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_policy_decides_what_counts_without_a_verdict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_spreadsheets_get_nothing_they_would_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_export_stays_at_its_version_while_the_run_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json_lines_are_typed_and_know_their_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_exports_come_in_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing_bytes_are_said_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_figures_follow_the_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgotten_failures_leave_the_figures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overall_figures_are_about_the_tied_population, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
