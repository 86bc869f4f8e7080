/* The engine with a real store, a real import and the fake evaluator: no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "config/request.h"
#include "engine/engine.h"
#include "jobs/import.h"
#include "jobs/plan.h"
#include "store_fixture.h"

enum { PATIENCE_MS = 30000 };

struct world {
	struct fixture *store;
	char datasets[128];
	struct config *config;
	struct jobs *jobs;
	struct engine *engine;
	int64_t dataset;
	char sha[65];
	sem_t said; /* an import or a command has answered */
	bool ok;
	struct error err;
};

static struct config *configured(const char *yaml)
{
	struct config *config = NULL;
	struct config_problems problems;
	if (!config_parse("test.yaml", yaml, strlen(yaml), &config, &problems))
		fail_msg("%s", problems.items[0].text);
	config_problems_release(&problems);
	return config;
}

static void on_imported(void *arg, const struct dataset_record *dataset)
{
	struct world *world = arg;
	world->dataset = dataset->id;
	snprintf(world->sha, sizeof(world->sha), "%s", dataset->sha256);
	world->ok = dataset->state == DATASET_READY;
	sem_post(&world->said);
}

static void import_text(struct world *world, const char *csv)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/upload", world->datasets);
	FILE *file = fopen(path, "w");
	fputs(csv, file);
	fclose(file);
	struct import_request request = {
		.datasets = world->datasets, .path = path, .name = "t.csv", .person = "tester", .finished = on_imported, .arg = world};
	import_submit(world->jobs, &request);
	sem_wait(&world->said);
	assert_true(world->ok);
}

static void open_world(struct world *world, struct fixture *fixture, const char *yaml)
{
	*world = (struct world){.store = fixture, .config = configured(yaml)};
	sem_init(&world->said, 0, 0);
	snprintf(world->datasets, sizeof(world->datasets), "%s/datasets", fixture->directory);
	mkdir(world->datasets, 0700);
	world->jobs = jobs_new(fixture->store, 1, &world->err);
	assert_non_null(world->jobs);
}

static void start_engine(struct world *world)
{
	struct engine_options options = {
		.store = world->store->store, .config = world->config, .datasets = world->datasets};
	world->engine = engine_new(&options, &world->err);
	if (!world->engine)
		fail_msg("%s", world->err.text);
}

static void close_world(struct world *world)
{
	engine_free(world->engine);
	jobs_free(world->jobs);
	config_free(world->config);
	sem_destroy(&world->said);
}

struct creation {
	struct run_record run;
	struct plan *plan;
};

static bool create(struct writer *writer, void *arg, struct error *err)
{
	struct creation *creation = arg;
	return run_insert(writer, &creation->run, creation->plan->items, creation->plan->count, err);
}

/* A run over everything; extra: more keys of the run request, as JSON members. */
static int64_t create_run(struct world *world, const char *extra)
{
	AUTO_FREE char *text = memory_format("{\"dataset\":\"%s\",\"evaluator\":\"fake\"%s}", world->sha, extra);
	AUTO_JSON json_t *json = json_parse(text, strlen(text), &world->err);
	struct run_request *request = run_request_new(json, world->config, &world->err);
	if (!request)
		fail_msg("%s", world->err.text);
	struct snapshot *snapshot = engine_snapshot(world->engine);
	struct plan *plan = plan_new(world->store->reader, request, snapshot, &world->err);
	if (!plan)
		fail_msg("%s", world->err.text);
	AUTO_JSON json_t *complete = run_request_json(request);
	AUTO_FREE char *stored = json_text(complete);
	struct creation creation = {.plan = plan,
	                            .run = {.name = (char *)"test",
	                                    .dataset = plan->dataset,
	                                    .state = RUN_DRAFT,
	                                    .request = stored,
	                                    .fingerprint = plan->fingerprint,
	                                    .created_ms = clock_wall_ms(),
	                                    .created_by = (char *)"tester"}};
	assert_true(store_write_wait(world->store->store, create, &creation, &world->err));
	snapshot_release(snapshot);
	run_request_free(request);
	plan_free(plan);
	return creation.run.id;
}

static void on_reply(void *arg, bool ok, const struct error *err)
{
	struct world *world = arg;
	world->ok = ok;
	if (!ok)
		world->err = *err;
	sem_post(&world->said);
}

static bool command(struct world *world, enum engine_action action, int64_t run)
{
	struct engine_command order = {.action = action, .run = run, .person = "tester", .reply = on_reply, .arg = world};
	engine_command(world->engine, &order);
	sem_wait(&world->said);
	return world->ok;
}

static struct run_record read_run(struct world *world, int64_t run)
{
	struct run_record record;
	if (!run_read(world->store->reader, run, &record, &world->err))
		fail_msg("%s", world->err.text);
	return record;
}

static void wait_for_state(struct world *world, int64_t run, enum run_state state)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	for (;;) {
		struct run_record record = read_run(world, run);
		bool there = record.state == state;
		if (!there && clock_mono_ms() > end)
			fail_msg("the run is %s, not %s: %s", run_state_name(record.state), run_state_name(state), record.cause);
		run_record_release(&record);
		if (there)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
}

static struct result_counts counts_of(struct world *world, int64_t run)
{
	struct result_counts counts;
	assert_true(result_counts_read(world->store->reader, run, &counts, &world->err));
	return counts;
}

static void wait_for_done(struct world *world, int64_t run, int64_t done)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	while (counts_of(world, run).done < done) {
		assert_true(clock_mono_ms() < end);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
}

#define TWO_FAKES                                                                             \
	"workers:\n  - {id: 0, type: fake, max_in_flight: 4}\n  - {id: 1, type: fake, max_in_flight: 4}\n" \
	"evaluation: {backoff: [0.01, 0.02], timeout_per_domain: 0.3}\n"

static const char failures[] = "domain,y_true,fake_verdict,fake_failure,fake_ms\n"
                               "a.example,1,phishing,,1\n"
                               "b.example,0,benign,,1\n"
                               "c.example,0,phishing,,1\n"
                               "d.example,1,,refused,1\n"
                               "e.example,1,phishing,server_error:2,1\n"
                               "f.example,1,phishing,unparsable,1\n"
                               "g.example,0,benign,,100000\n";

static void test_every_item_ends_with_its_verdict_or_its_failure_kind(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	import_text(&world, failures);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	assert_true(command(&world, ENGINE_RUN_START, run));
	wait_for_state(&world, run, RUN_FINISHED);
	struct result_counts counts = counts_of(&world, run);
	assert_int_equal(counts.done, 7);
	assert_int_equal(counts.verdicts, 4);
	assert_int_equal(counts.by_failure[FAILURE_REFUSED], 1);
	assert_int_equal(counts.by_failure[FAILURE_UNPARSABLE], 1);
	assert_int_equal(counts.by_failure[FAILURE_TIMEOUT], 1);
	assert_int_equal(counts.version, 7);
	close_world(&world);
}

static char *slow_rows(int count, int ms)
{
	struct text csv;
	text_init(&csv, 0);
	text_add(&csv, "domain,fake_ms\n");
	for (int i = 0; i < count; i++)
		text_addf(&csv, "item%d.example,%d\n", i, ms);
	return text_take(&csv);
}

static void test_stop_keeps_what_is_done_and_start_goes_on_there(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	AUTO_FREE char *csv = slow_rows(60, 40);
	import_text(&world, csv);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	command(&world, ENGINE_RUN_START, run);
	wait_for_done(&world, run, 5);
	assert_true(command(&world, ENGINE_RUN_STOP, run));
	wait_for_state(&world, run, RUN_STOPPED);
	int64_t kept = counts_of(&world, run).done;
	assert_in_range(kept, 5, 59);
	assert_false(command(&world, ENGINE_RUN_PAUSE, run));
	assert_int_equal(world.err.code, ERROR_CONFLICT);
	assert_true(command(&world, ENGINE_RUN_START, run));
	wait_for_state(&world, run, RUN_FINISHED);
	assert_int_equal(counts_of(&world, run).done, 60);
	assert_int_equal(counts_of(&world, run).duplicates, 0);
	close_world(&world);
}

static void test_pause_finishes_what_is_in_flight_and_sends_nothing_new(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	AUTO_FREE char *csv = slow_rows(60, 40);
	import_text(&world, csv);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	command(&world, ENGINE_RUN_START, run);
	wait_for_done(&world, run, 3);
	assert_true(command(&world, ENGINE_RUN_PAUSE, run));
	int64_t end = clock_mono_ms() + PATIENCE_MS, in_flight = 1;
	while (in_flight && clock_mono_ms() < end) {
		struct snapshot *snapshot = engine_snapshot(world.engine);
		const struct progress *progress = snapshot_run(snapshot, run);
		if (progress && progress->state == RUN_PAUSED)
			in_flight = progress->in_flight;
		snapshot_release(snapshot);
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	assert_int_equal(in_flight, 0);
	assert_in_range(counts_of(&world, run).done, 3, 40);
	assert_true(command(&world, ENGINE_RUN_RESUME, run));
	wait_for_state(&world, run, RUN_FINISHED);
	close_world(&world);
}

static void test_an_engine_that_ends_is_followed_by_one_that_goes_on(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	AUTO_FREE char *csv = slow_rows(80, 30);
	import_text(&world, csv);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	command(&world, ENGINE_RUN_START, run);
	for (int i = 1; i <= 3; i++) {
		wait_for_done(&world, run, i * 10);
		engine_free(world.engine);
		start_engine(&world);
	}
	wait_for_state(&world, run, RUN_FINISHED);
	assert_int_equal(counts_of(&world, run).done, 80);
	close_world(&world);
}

static void test_failures_are_tried_again_on_request_and_verdicts_are_kept(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	import_text(&world, failures);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	command(&world, ENGINE_RUN_START, run);
	wait_for_state(&world, run, RUN_FINISHED);
	assert_true(command(&world, ENGINE_RUN_RETRY_FAILED, run));
	wait_for_state(&world, run, RUN_FINISHED);
	struct result_counts counts = counts_of(&world, run);
	assert_int_equal(counts.done, 7);
	assert_int_equal(counts.verdicts, 4);
	assert_int_equal(counts.version, 11); /* forgetting three failures is a version of its own */
	close_world(&world);
}

static void test_runs_wait_for_their_turn(void **state)
{
	struct world world;
	open_world(&world, *state, TWO_FAKES);
	AUTO_FREE char *csv = slow_rows(40, 20);
	import_text(&world, csv);
	start_engine(&world);
	int64_t first = create_run(&world, ""), second = create_run(&world, ",\"name\":\"second\"");
	command(&world, ENGINE_RUN_START, first);
	command(&world, ENGINE_RUN_START, second);
	struct run_record record = read_run(&world, second);
	assert_int_equal(record.state, RUN_QUEUED);
	run_record_release(&record);
	wait_for_state(&world, first, RUN_FINISHED);
	wait_for_state(&world, second, RUN_FINISHED);
	close_world(&world);
}

static void test_a_worker_that_is_paused_gets_nothing_and_the_run_waits_for_it(void **state)
{
	struct world world;
	open_world(&world, *state, "workers:\n  - {id: 0, type: fake}\nevaluation: {timeout_per_domain: 0.3}\n");
	AUTO_FREE char *csv = slow_rows(30, 20);
	import_text(&world, csv);
	start_engine(&world);
	int64_t run = create_run(&world, "");
	struct engine_command pause = {
		.action = ENGINE_WORKER_PAUSE, .worker = "0", .person = "tester", .reply = on_reply, .arg = &world};
	engine_command(world.engine, &pause);
	sem_wait(&world.said);
	command(&world, ENGINE_RUN_START, run);
	wait_for_state(&world, run, RUN_WAITING);
	struct run_record record = read_run(&world, run);
	assert_string_equal(record.cause, "worker 0 is paused by a person");
	run_record_release(&record);
	struct engine_command resume = pause;
	resume.action = ENGINE_WORKER_RESUME;
	engine_command(world.engine, &resume);
	sem_wait(&world.said);
	wait_for_state(&world, run, RUN_FINISHED);
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_item_ends_with_its_verdict_or_its_failure_kind, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_stop_keeps_what_is_done_and_start_goes_on_there, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pause_finishes_what_is_in_flight_and_sends_nothing_new, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_an_engine_that_ends_is_followed_by_one_that_goes_on, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_failures_are_tried_again_on_request_and_verdicts_are_kept, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_runs_wait_for_their_turn, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_worker_that_is_paused_gets_nothing_and_the_run_waits_for_it, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
