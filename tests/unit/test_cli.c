/* The command line: arguments, the run request they mean, and progress as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/args.h"
#include "cli/progress.h"
#include "cli/request.h"
#include "cli/words.h"

/* One of everything. */
struct taken {
	bool yes, resume;
	const char *name;
	int64_t seed, count;
	struct arg_texts ids, filters;
	const char *words[2];
};

static bool take(struct taken *taken, struct error *err, const char *first, ...)
{
	char *argv[16] = {(char *)"test"};
	int argc = 1;
	va_list words;
	va_start(words, first);
	for (const char *word = first; word; word = va_arg(words, const char *))
		argv[argc++] = (char *)word;
	va_end(words);
	*taken = (struct taken){.seed = -1, .count = -1};
	const struct arg list[] = {
		{"yes", 'y', ARG_FLAG, &taken->yes, NULL, "", 0, 0},
		{"resume", 'r', ARG_FLAG, &taken->resume, NULL, "", 0, 0},
		{"name", 0, ARG_TEXT, &taken->name, "TEXT", "", 0, 0},
		{"random-state", 0, ARG_INT, &taken->seed, "N", "", 0, 100},
		{"n-sample", 'n', ARG_COUNT, &taken->count, "N", "", 0, 0},
		{"add-gpu", 0, ARG_LIST, &taken->ids, "IDS", "", 0, 0},
		{"filter", 'f', ARG_TEXTS, &taken->filters, "NAME=VALUE", "", 0, 0},
	};
	const struct args args = {"test", "FILE", NULL, list, COUNT_OF(list), taken->words, 0, 2};
	bool help;
	error_clear(err);
	return args_read(&args, argc, argv, &help, err);
}

static void release(struct taken *taken)
{
	args_texts_release(&taken->ids);
	args_texts_release(&taken->filters);
}

static void test_options_are_taken_in_every_spelling(void **state)
{
	(void)state;
	struct taken t;
	struct error err = {0};
	assert_true(take(&t, &err, "a.csv", "-y", "--n-sample", "100", "--random-state=42", "--add-gpu", "1,2", "-fx=1",
	                 "--filter", "y=2", "--", "-z", NULL));
	assert_string_equal(t.words[0], "a.csv");
	assert_string_equal(t.words[1], "-z");
	assert_true(t.yes);
	assert_false(t.resume);
	assert_int_equal(t.count, 100);
	assert_int_equal(t.seed, 42);
	assert_int_equal(t.ids.count, 2);
	assert_string_equal(t.ids.items[1], "2");
	assert_string_equal(t.filters.items[0], "x=1");
	assert_string_equal(t.filters.items[1], "y=2");
	release(&t);
	assert_true(take(&t, &err, "-n", "ALL", NULL));
	assert_int_equal(t.count, 0);
	release(&t);
}

static void expect_refusal(const char *wanted, const char *a, const char *b)
{
	struct taken t;
	struct error err = {0};
	assert_false(take(&t, &err, a, b, NULL));
	assert_string_equal(err.text, wanted);
	assert_int_equal(err.code, ERROR_CONFIG);
	release(&t);
}

static void test_a_typo_is_an_error_and_never_all(void **state)
{
	(void)state;
	expect_refusal("--n-sample: expected a whole number of at least 1, or ALL, found \"10O\"", "--n-sample", "10O");
	expect_refusal("--n-sample: expected a whole number of at least 1, or ALL, found \"0\"", "--n-sample", "0");
	expect_refusal("--n-sample: expected a whole number of at least 1, or ALL, found \"-5\"", "-n", "-5");
	expect_refusal("--n-sample: expected N, found nothing", "-n", NULL);
	expect_refusal("--random-state: expected a whole number from 0 to 100, found \"1e1\"", "--random-state", "1e1");
	expect_refusal("--random-state: expected a whole number from 0 to 100, found \"101\"", "--random-state", "101");
	expect_refusal("unknown option --n-sampel, did you mean --n-sample?", "--n-sampel", "5");
	expect_refusal("unknown option --gpus", "--gpus", NULL);
	expect_refusal("unknown option -q", "-q", NULL);
	expect_refusal("unknown option -yr", "-yr", NULL);
	expect_refusal("--yes takes no value", "--yes=no", NULL);
	expect_refusal("--add-gpu: expected IDS, such as \"1,2\", found \"1,,2\"", "--add-gpu", "1,,2");
	expect_refusal("--add-gpu: expected IDS, such as \"1,2\", found \"1, 2\"", "--add-gpu", "1, 2");
	expect_refusal("--add-gpu: \"1\" stands twice", "--add-gpu", "1,1");
}

static void test_too_many_words_are_refused(void **state)
{
	(void)state;
	struct taken t;
	struct error err = {0};
	assert_false(take(&t, &err, "a", "b", "c", NULL));
	assert_string_equal(err.text, "unexpected \"c\"; usage: mekiki test FILE");
	release(&t);
}

static json_t *parse(const char *text)
{
	struct error err = {0};
	json_t *json = json_parse(text, strlen(text), &err);
	assert_non_null(json);
	return json;
}

static char *ids[] = {(char *)"1", (char *)"2"};

static void test_add_gpu_adds_to_worker_0(void **state)
{
	(void)state;
	struct error err = {0};
	AUTO_JSON json_t *known = parse("[{\"id\":\"0\"},{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"}]");
	struct run_options options = {.add_gpu = {ids, 2}};
	AUTO_JSON json_t *workers = request_workers(&options, known, &err);
	AUTO_JSON json_t *wanted = parse("[\"0\",\"1\",\"2\"]");
	assert_true(json_equal(workers, wanted));
	struct run_options exact = {.workers = {ids, 2}};
	AUTO_JSON json_t *only = request_workers(&exact, known, &err);
	AUTO_JSON json_t *wanted_only = parse("[\"1\",\"2\"]");
	assert_true(json_equal(only, wanted_only));
}

static void test_unknown_workers_are_refused_with_the_known_ones(void **state)
{
	(void)state;
	struct error err = {0};
	AUTO_JSON json_t *known = parse("[{\"id\":\"0\"},{\"id\":\"1\"}]");
	struct run_options options = {.add_gpu = {ids, 2}};
	assert_null(request_workers(&options, known, &err));
	assert_string_equal(err.text, "--add-gpu: there is no worker \"2\"; the configuration has 0, 1");
	AUTO_JSON json_t *without = parse("[{\"id\":\"1\"},{\"id\":\"2\"}]");
	assert_null(request_workers(&options, without, &err));
	assert_string_equal(err.text, "--add-gpu adds to worker 0, which is not configured; use --workers");
}

static void expect_request(const struct run_options *options, const char *wanted)
{
	AUTO_JSON json_t *json = request_json(options, "ab");
	AUTO_JSON json_t *expected = parse(wanted);
	assert_true(json_equal(json, expected));
}

static void test_a_request_holds_only_what_was_asked(void **state)
{
	(void)state;
	expect_request(&(struct run_options){.n_sample = -1, .random_state = -1}, "{\"dataset\":\"ab\"}");
	expect_request(&(struct run_options){.n_sample = 0, .random_state = -1},
	               "{\"dataset\":\"ab\",\"selection\":{\"kind\":\"all\"}}");
	expect_request(&(struct run_options){.n_sample = 100, .random_state = 7, .shuffle = true, .name = "n"},
	               "{\"dataset\":\"ab\",\"name\":\"n\",\"selection\":{\"kind\":\"random\",\"n\":100,\"seed\":7},"
	               "\"shuffle\":true,\"seed\":7}");
	expect_request(&(struct run_options){.n_sample = -1, .first = 5, .random_state = -1},
	               "{\"dataset\":\"ab\",\"selection\":{\"kind\":\"first\",\"n\":5}}");
}

static void expect_conflict(struct run_options options, const char *wanted)
{
	struct error err = {0};
	assert_false(request_check(&options, &err));
	assert_string_equal(err.text, wanted);
}

static void test_options_that_contradict_are_refused(void **state)
{
	(void)state;
	expect_conflict((struct run_options){.n_sample = -1}, "a file is missing; usage: mekiki run FILE [options]");
	expect_conflict((struct run_options){.file = "/dev/null", .n_sample = 5, .first = 5},
	             "give either --n-sample or --first, not both");
	expect_conflict((struct run_options){.file = "/dev/null", .n_sample = -1, .add_gpu = {ids, 1}, .workers = {ids, 1}},
	             "give either --add-gpu or --workers, not both");
	expect_conflict((struct run_options){.file = "/nonexistent.csv", .n_sample = -1}, "cannot read /nonexistent.csv: No such file or directory");
	expect_conflict((struct run_options){.request = "/dev/null", .file = "/dev/null", .n_sample = -1, .random_state = -1},
	             "--request holds the dataset and every choice; it takes no FILE and no options that choose");
	expect_conflict((struct run_options){.request = "/dev/null", .n_sample = -1, .random_state = -1, .shuffle = true},
	             "--request holds the dataset and every choice; it takes no FILE and no options that choose");
	expect_conflict((struct run_options){.request = "/nonexistent.json", .n_sample = -1, .random_state = -1},
	             "cannot read /nonexistent.json: No such file or directory");
	expect_conflict((struct run_options){.n_sample = 5, .resume = true},
	             "--resume and --retry-failed go on with a run as it was planned; "
	             "they take no other selection, workers or --dry-run");
	assert_true(request_check(&(struct run_options){.n_sample = -1, .resume = true}, NULL));
}

static const char running[] =
	"{\"id\":\"r-0001\",\"state\":\"running\",\"total\":17434,\"done\":7345,\"verdicts\":7333,\"no_verdict\":12,\"pending\":10073,"
	"\"in_flight\":16,\"by_failure\":{\"timeout\":10,\"refused\":2,\"schema\":0},\"rate_1m\":3.3,\"rate_10m\":3.4,"
	"\"eta\":{\"lo_s\":2280,\"p50_s\":2500,\"hi_s\":2760,\"at\":null},\"stalled\":false,\"elapsed_s\":2225,"
	"\"workers\":[{\"id\":\"0\",\"in_flight\":8,\"allowed\":8,\"done\":4000,\"rate_1m\":1.8,\"state\":\"ready\"},"
	"{\"id\":\"gpu-b\",\"in_flight\":0,\"allowed\":8,\"done\":3345,\"rate_1m\":null,\"state\":\"unreachable\"}],"
	"\"from_text\":3,\"duplicates\":0,\"store_blocked\":null}";

static void expect_line(const char *json, const char *wanted)
{
	AUTO_JSON json_t *progress = parse(json);
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	progress_line(progress, &out);
	assert_string_equal(out.data, wanted);
}

static void test_progress_is_one_line(void **state)
{
	(void)state;
	expect_line(running, "r-0001 running  42.1 %  7,345 of 17,434, 198/min, 38-46 min left, 12 without verdict");
}

static void test_progress_says_what_is_wrong_and_never_rounds_up_to_done(void **state)
{
	(void)state;
	expect_line("{\"id\":\"r-0002\",\"state\":\"waiting\",\"total\":10000,\"done\":9999,\"pending\":1,\"rate_1m\":null,"
	            "\"rate_10m\":null,\"eta\":null,\"stalled\":true,\"store_blocked\":\"disk full\"}",
	            "r-0002 waiting  99.9 %  9,999 of 10,000, nothing has been answered for a while, blocked: disk full");
	expect_line("{\"id\":\"r-0003\",\"state\":\"queued\",\"total\":0,\"done\":0}", "r-0003 queued  0.0 %  0 of 0");
}

static void test_a_block_has_a_line_per_worker_cut_to_the_terminal(void **state)
{
	(void)state;
	AUTO_JSON json_t *progress = parse(running);
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	progress_block(progress, 80, &out);
	assert_string_equal(out.data,
	                    "r-0001 running  [###############----------------------] 42.1 %  7,345 of 17,434\n"
	                    "  198/min, 38-46 min left, 12 without verdict\n"
	                    "  worker 0        ready         8 of 8   in flight      4,000 done    108/min\n"
	                    "  worker gpu-b    unreachable   0 of 8   in flight      3,345 done          -\n");
	text_clear(&out);
	progress_block(progress, 30, &out);
	for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") < 30);
}

static void test_workers_of_an_ended_run_only_say_what_they_did(void **state)
{
	(void)state;
	AUTO_JSON json_t *progress = parse("{\"id\":\"r-0001\",\"state\":\"finished\",\"total\":2000,\"done\":2000,\"workers\":"
	                                   "[{\"id\":\"0\",\"in_flight\":0,\"allowed\":0,\"done\":2000,\"state\":null}]}");
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	progress_block(progress, 0, &out);
	assert_string_equal(out.data, "r-0001 finished  100.0 %  2,000 of 2,000\n"
	                              "  worker 0            2,000 done\n");
}

static void test_the_end_is_summed_up(void **state)
{
	(void)state;
	AUTO_JSON json_t *progress = parse(running);
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	progress_summary(progress, &out);
	assert_string_equal(out.data, "r-0001 running: 7,333 of 17,434 items have a verdict, 12 have none "
	                              "(10 timeout, 2 refused); 37 min, 198/min\n"
	                              "3 verdicts had to be found inside other text\n");
}

static void test_numbers_are_words(void **state)
{
	(void)state;
	char out[WORDS_SIZE];
	assert_string_equal(words_count(0, out), "0");
	assert_string_equal(words_count(999, out), "999");
	assert_string_equal(words_count(1000, out), "1,000");
	assert_string_equal(words_count(-1234567, out), "-1,234,567");
	assert_string_equal(words_duration(46, out), "46 s");
	assert_string_equal(words_duration(5999, out), "1.7 h");
	assert_string_equal(words_range(50, 130, out), "1-2 min");
	assert_string_equal(words_range(3600, 3601, out), "60 min");
	assert_string_equal(words_range(4000, 7200, out), "1.1-2.0 h");
	assert_string_equal(words_rate(0.1, out), "6.0/min");
	assert_string_equal(words_rate(NAN, out), "-");
	assert_string_equal(words_bytes(999, out), "999 bytes");
	assert_string_equal(words_bytes(49200000, out), "49.2 MB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_are_taken_in_every_spelling),
		cmocka_unit_test(test_a_typo_is_an_error_and_never_all),
		cmocka_unit_test(test_too_many_words_are_refused),
		cmocka_unit_test(test_add_gpu_adds_to_worker_0),
		cmocka_unit_test(test_unknown_workers_are_refused_with_the_known_ones),
		cmocka_unit_test(test_a_request_holds_only_what_was_asked),
		cmocka_unit_test(test_options_that_contradict_are_refused),
		cmocka_unit_test(test_progress_is_one_line),
		cmocka_unit_test(test_progress_says_what_is_wrong_and_never_rounds_up_to_done),
		cmocka_unit_test(test_a_block_has_a_line_per_worker_cut_to_the_terminal),
		cmocka_unit_test(test_workers_of_an_ended_run_only_say_what_they_did),
		cmocka_unit_test(test_the_end_is_summed_up),
		cmocka_unit_test(test_numbers_are_words),
	};
	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
