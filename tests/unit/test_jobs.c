#include "place.h"

#include <math.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

static const char small[] = "domain,y_true,ml_probability,source,error\n"
			    "a.example,1,0.9,x,\"two\nlines\"\n"
			    "B.example,0,0.1,y,\n"
			    "b.example,0,0.1,y,again\n"
			    "not a domain,1,0.1,y,\n"
			    "c.example,1,0.2,x,\n"
			    "c.example,0,0.2,x,conflict\n"
			    "bücher.example,,,,\n";

static void test_a_file_becomes_rows_items_problems_and_a_summary(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	AUTO(dataset_record_release) struct dataset_record record = import_text(place, "small.csv", small);
	assert_int_equal(record.state, DATASET_READY);
	assert_int_equal(record.rows, 6);
	assert_int_equal(record.bad_rows, 1);
	assert_int_equal(record.items, 4);
	assert_int_equal(record.bytes, sizeof(small) - 1);
	assert_string_equal(record.columns, "[\"domain\",\"y_true\",\"ml_probability\",\"source\",\"error\"]");
	assert_string_equal(record.renamed, "[\"error\"]");
	AUTO_JSON json_t *summary = json_parse(record.summary, strlen(record.summary), &err);
	int phishing, benign, unknown, conflict, rows, casing, idn;
	assert_int_equal(json_unpack(summary, "{s:{s:i,s:i,s:i,s:i},s:{s:i,s:i},s:i}", "labels", "phishing", &phishing, "benign",
				     &benign, "unknown", &unknown, "conflict", &conflict, "duplicates", "rows", &rows, "case",
				     &casing, "idn", &idn), 0);
	assert_int_equal(phishing, 1);
	assert_int_equal(benign, 1);
	assert_int_equal(unknown, 1);
	assert_int_equal(conflict, 1);
	assert_int_equal(rows, 2);
	assert_int_equal(casing, 1);
	assert_int_equal(idn, 1);
	struct dataset_place rows_read[10];
	assert_int_equal(dataset_rows(place->reader, record.id, 0, 10, rows_read, &err), 6);
	assert_int_equal(rows_read[1].line, 4);
	assert_memory_equal(small + rows_read[3].offset, "c.example,1,0.2,x,", (size_t)rows_read[3].length);
	struct dataset_problem problems[5];
	int count = dataset_problems(place->reader, record.id, 0, 5, problems, &err);
	assert_int_equal(count, 2);
	assert_int_equal(problems[0].record, 4);
	assert_int_equal(problems[0].line, 6);
	assert_string_equal(problems[0].reason, "the domain has white space inside");
	assert_string_equal(problems[0].excerpt, "not a domain,1,0.1,y,");
	for (int i = 0; i < count; i++) {
		free(problems[i].reason);
		free(problems[i].excerpt);
	}
	AUTO_FREE char *kept = memory_format("%s/%s", place->datasets, record.sha256);
	assert_int_equal(access(kept, R_OK), 0);
}

static void test_the_same_bytes_are_the_same_dataset(void **state)
{
	struct place *place = *state;
	AUTO(dataset_record_release) struct dataset_record first = import_text(place, "one.csv", small);
	assert_int_equal(place->known, 0);
	AUTO(dataset_record_release) struct dataset_record second = import_text(place, "two.csv", small);
	assert_int_equal(place->known, 1);
	assert_int_equal(second.id, first.id);
	assert_string_equal(second.name, "one.csv");
	AUTO_FREE char *brought = memory_format("%s/two.csv", place->root);
	assert_int_not_equal(access(brought, F_OK), 0);
	AUTO_FREE char *kept = memory_format("%s/%s", place->datasets, first.sha256);
	assert_int_equal(access(kept, R_OK), 0);
}

static void test_a_file_that_cannot_be_used_fails_with_its_reason_and_may_come_again(void **state)
{
	struct place *place = *state;
	for (int i = 0; i < 2; i++) {
		AUTO(dataset_record_release) struct dataset_record record = import_text(place, "bad.csv", "idx,damain\n1,a.example\n");
		assert_int_equal(record.state, DATASET_FAILED);
		assert_string_equal(record.problem, "bad.csv: line 1: no column \"domain\"; found \"idx\", \"damain\"; the nearest is "
						    "\"damain\": call it \"domain\"");
		assert_int_equal(place->known, 0);
	}
	AUTO(dataset_record_release) struct dataset_record none = import_text(place, "none.csv", "domain\n\"\"\na b\n");
	assert_string_equal(none.problem, "none.csv: none of the 2 rows can be used; the first: line 2: the domain is empty");
}

static void test_a_missing_file_is_refused_by_name(void **state)
{
	struct place *place = *state;
	import_submit(place->jobs, &(struct import_request){.datasets = place->datasets, .path = "/nonexistent/x.csv",
		.name = "x.csv", .person = "admin", .accepted = on_accepted, .finished = on_finished, .arg = place});
	wait_for(place, &place->accepted, 1);
	assert_int_equal(place->refused, 1);
	assert_string_equal(place->error.text, "/nonexistent/x.csv cannot be opened: No such file or directory");
}

static bool insert_interrupted(struct writer *writer, void *arg, struct error *err)
{
	struct dataset_record *record = arg;
	struct dataset_row row = {.row = 1, .record = 1, .line = 2, .item = {.key = (char *)"stale.example", .ml = NAN,
		.label = BINARY_UNKNOWN, .stage1 = BINARY_UNKNOWN}};
	return dataset_insert(writer, record, err) && dataset_add_rows(writer, record->id, &row, 1, err);
}

static void test_an_interrupted_import_begins_again(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	AUTO(dataset_record_release) struct dataset_record whole = import_text(place, "small.csv", small);
	/* the same bytes as an import that died: rows of the beginning are there, the state says importing */
	AUTO(dataset_record_release) struct dataset_record record = {0};
	static const char other[] = "domain\nx.example\ny.example\n";
	AUTO_FREE char *path = write_file(place, "datasets/other", other, sizeof(other) - 1);
	record.sha256 = memory_copy("other");
	record.name = memory_copy("other.csv");
	record.created_by = memory_copy("admin");
	assert_true(store_write_wait(place->store, insert_interrupted, &record, &err));
	import_resume(place->jobs, place->datasets);
	struct dataset_record again = {0};
	for (int tries = 0; tries < DEADLINE_S * 100; tries++) {
		if (dataset_list(place->reader, 0, 1, &again, &err) == 1 && again.state == DATASET_READY && again.id != whole.id)
			break;
		dataset_record_release(&again);
		nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
	}
	assert_string_equal(again.name, "other.csv");
	assert_int_equal(again.items, 2);
	assert_int_equal(dataset_item_find(place->reader, again.id, "stale.example", &err), 0);
	dataset_record_release(&again);
}

static void test_large_files_are_written_in_batches(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	text_add(&text, "domain,y_true\n");
	for (int i = 0; i < 20000; i++)
		text_addf(&text, "d%d.example,%d\n", i, i % 2);
	AUTO(dataset_record_release) struct dataset_record record = import_text(place, "large.csv", text.data);
	assert_int_equal(record.rows, 20000);
	assert_int_equal(record.items, 20000);
	struct item item;
	assert_int_equal(dataset_items(place->reader, record.id, 19999, 1, &item, &err), 1);
	assert_string_equal(item.key, "d19999.example");
	assert_int_equal(item.label, BINARY_PHISHING);
	item_release(&item);
}

struct tie_job {
	struct place *place;
	int64_t dataset, population;
	bool ok;
	struct error err;
	int done;
};

static void run_tie(struct job *job, void *arg)
{
	struct tie_job *tie = arg;
	bool ok = import_tie_population(job, tie->dataset, tie->population, "admin", &tie->err);
	LOCK_SCOPE(&tie->place->lock);
	tie->ok = ok;
	tie->done = 1;
	pthread_cond_broadcast(&tie->place->changed);
}

static void test_a_dataset_is_tied_to_its_population(void **state)
{
	struct place *place = *state;
	struct error err = {0};
	AUTO(dataset_record_release) struct dataset_record part = import_text(place, "part.csv", "domain\na.example\nz.example\n");
	AUTO(dataset_record_release) struct dataset_record all = import_text(place, "all.csv", "domain\na.example\nb.example\nc.example\n");
	AUTO(dataset_record_release) struct dataset_record other = import_text(place, "other.csv", "domain\nq.example\n");
	struct tie_job tie = {.place = place, .dataset = part.id, .population = all.id};
	jobs_submit(place->jobs, 0, run_tie, &tie);
	wait_for(place, &tie.done, 1);
	assert_true(tie.ok);
	AUTO(dataset_record_release) struct dataset_record tied = {0};
	assert_true(dataset_read(place->reader, part.id, &tied, &err));
	assert_int_equal(tied.population, all.id);
	assert_string_equal(tied.population_tie, "{\"items\":2,\"matched\":1,\"missing\":1}");
	struct tie_job wrong = {.place = place, .dataset = part.id, .population = other.id};
	jobs_submit(place->jobs, 0, run_tie, &wrong);
	wait_for(place, &wrong.done, 1);
	assert_false(wrong.ok);
	assert_string_equal(wrong.err.text, "none of the 2 items of part.csv is in other.csv; is it the population they were taken from?");
}

struct slow_job {
	struct place *place;
	int started, ended;
	bool cancelled;
};

static void run_slow(struct job *job, void *arg)
{
	struct slow_job *slow = arg;
	{
		LOCK_SCOPE(&slow->place->lock);
		slow->started = 1;
		job_set_progress(job, 0.25);
		pthread_cond_broadcast(&slow->place->changed);
	}
	while (!job_cancelled(job))
		nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
	LOCK_SCOPE(&slow->place->lock);
	slow->ended = 1;
	pthread_cond_broadcast(&slow->place->changed);
}

static void test_a_job_tells_its_progress_and_can_be_cancelled(void **state)
{
	struct place *place = *state;
	struct slow_job slow = {.place = place}, last = {.place = place};
	jobs_submit(place->jobs, 77, run_slow, &slow);
	wait_for(place, &slow.started, 1);
	assert_true(jobs_progress(place->jobs, 77) == 0.25);
	assert_true(isnan(jobs_progress(place->jobs, 78)));
	assert_true(jobs_cancel(place->jobs, 77));
	wait_for(place, &slow.ended, 1);
	jobs_submit(place->jobs, 79, run_slow, &last);
	jobs_free(place->jobs); /* a stop cancels and waits */
	assert_int_equal(last.ended, 1);
	struct error err = {0};
	place->jobs = jobs_new(place->store, 1, &err);
}

int main(void)
{
	log_init(LOG_ERROR, false);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_file_becomes_rows_items_problems_and_a_summary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_same_bytes_are_the_same_dataset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_that_cannot_be_used_fails_with_its_reason_and_may_come_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_missing_file_is_refused_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_interrupted_import_begins_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_files_are_written_in_batches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_dataset_is_tied_to_its_population, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_job_tells_its_progress_and_can_be_cancelled, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
