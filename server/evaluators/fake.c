/* The evaluator of tests, rehearsals and the diary's figures: says what the columns
 * `fake_verdict`, `fake_failure` and `fake_ms` tell it to, else what a hash of the
 * item's key tells it. No network, no randomness: the same item comes out the
 * same in each run.
 *
 *   fake_verdict  phishing | benign, or a boolean as in datasets
 *   fake_failure  a failure kind; "server_error:2" fails the first two attempts only
 *   fake_ms       how long it takes; beyond the deadline it is a timeout
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "classes.h"

enum { SLOWEST_HASHED_MS = 20, SLOWEST_MS = 24 * 3600 * 1000 };

struct evaluator {
	struct loop *loop;
	int verdict_column, failure_column, ms_column; /* -1 = not there */
	int open;
};

struct evaluation {
	struct evaluator *evaluator;
	struct loop_timer *timer;
	struct outcome outcome;
	int64_t began_ms;
	evaluation_done *done;
	void *arg;
};

static int find_column(const struct evaluator_settings *settings, const char *name)
{
	for (int i = 0; i < settings->column_count; i++)
		if (text_equal(settings->columns[i], name))
			return i;
	return -1;
}

static struct evaluator *fake_new(struct http *http, struct loop *loop, const struct evaluator_settings *settings,
                                  struct error *err)
{
	(void)http;
	(void)err;
	struct evaluator *evaluator = NEW(struct evaluator);
	*evaluator = (struct evaluator){.loop = loop,
	                                .verdict_column = find_column(settings, "fake_verdict"),
	                                .failure_column = find_column(settings, "fake_failure"),
	                                .ms_column = find_column(settings, "fake_ms")};
	return evaluator;
}

static void fake_free(struct evaluator *evaluator)
{
	assert(!evaluator || !evaluator->open);
	free(evaluator);
}

static char *fake_fingerprint(const struct evaluator *evaluator)
{
	(void)evaluator;
	return memory_copy("fake 1");
}

/* FNV-1a, with a last mix so that near keys do not share their upper bits. */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = 14695981039346656037u;
	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211u;
	return (hash ^ (hash >> 29)) * 0x9E3779B97F4A7C15u;
}

static const char *cell(const struct evaluator_task *task, int column)
{
	if (column < 0 || column >= task->cell_count || !task->cells || !task->cells[column])
		return "";
	return task->cells[column];
}

static bool parse_verdict(const char *text, bool *is_phishing)
{
	static const char *const yes[] = {"phishing", "true", "1", "1.0", "yes"};
	static const char *const no[] = {"benign", "false", "0", "0.0", "no"};
	for (size_t i = 0; i < COUNT_OF(yes); i++) {
		if (!text_equal_fold(text, yes[i]) && !text_equal_fold(text, no[i]))
			continue;
		*is_phishing = text_equal_fold(text, yes[i]);
		return true;
	}
	return false;
}

static void fail(struct outcome *outcome, enum failure failure, char *detail)
{
	free(outcome->detail);
	outcome->failure = failure;
	outcome->detail = detail;
}

/* "r-0001-17-2" is the second attempt. */
static int64_t attempt_number(const char *attempt_id)
{
	const char *dash = attempt_id ? strrchr(attempt_id, '-') : NULL;
	int64_t number = 1;
	if (dash)
		text_to_int(dash + 1, 1, INT32_MAX, &number);
	return number;
}

static void decide_failure(const char *text, const char *attempt_id, struct outcome *out)
{
	if (!*text)
		return;
	AUTO_FREE char *name = memory_copy(text);
	char *colon = strchr(name, ':');
	int64_t times = INT64_MAX;
	enum failure failure;
	if (colon)
		*colon = '\0';
	if (!failure_parse(name, &failure) || (colon && !text_to_int(colon + 1, 0, INT32_MAX, &times)))
		fail(out, FAILURE_EVALUATOR, memory_format("fake_failure: \"%.40s\" is no failure kind", text));
	else if (attempt_number(attempt_id) <= times)
		fail(out, failure, memory_format("fake_failure says %.40s", text));
}

static void decide_verdict(const char *text, const char *key, struct outcome *out)
{
	uint64_t hash = hash_of(key);
	struct verdict *verdict = &out->verdict;
	verdict->is_phishing = hash >> 63;
	if (*text && !parse_verdict(text, &verdict->is_phishing)) {
		fail(out, FAILURE_EVALUATOR, memory_format("fake_verdict: \"%.40s\" is neither phishing nor benign", text));
		return;
	}
	verdict->confidence = 0.5 + (double)(hash % 501) / 1000;
	bool sure = verdict->confidence > 0.75;
	verdict->risk = verdict->is_phishing ? sure ? RISK_CRITICAL : RISK_HIGH : sure ? RISK_LOW : RISK_MEDIUM;
	verdict->source = DECIDED_BY_RULES;
	verdict->reasoning = memory_format("Not judged: %s says %s.", *text ? "column fake_verdict" : "a hash of the name",
	                                   verdict->is_phishing ? "phishing" : "benign");
	verdict->risk_factors = memory_copy("[]");
	verdict->detected_brands = memory_copy("[]");
}

static int64_t decide_ms(const char *text, const struct evaluator_task *task, struct outcome *out)
{
	double ms = (double)(hash_of(task->key) >> 8 & 0xFFFF) * SLOWEST_HASHED_MS / 0xFFFF;
	if (*text && (!text_to_double(text, &ms) || ms < 0 || ms > SLOWEST_MS)) {
		fail(out, FAILURE_EVALUATOR, memory_format("fake_ms: \"%.40s\" is no time in milliseconds", text));
		return 0;
	}
	if ((int64_t)ms < task->deadline_ms)
		return (int64_t)ms;
	fail(out, FAILURE_TIMEOUT, memory_format("no answer within %.1f s", (double)task->deadline_ms / 1000));
	return task->deadline_ms;
}

static void evaluation_free(struct evaluation *evaluation)
{
	evaluation->evaluator->open--;
	loop_timer_free(evaluation->timer);
	outcome_release(&evaluation->outcome);
	free(evaluation);
}

static void evaluation_ends(void *arg)
{
	struct evaluation *evaluation = arg;
	evaluation->outcome.elapsed_ms = clock_mono_ms() - evaluation->began_ms;
	evaluation->done(evaluation->arg, &evaluation->outcome);
	evaluation_free(evaluation);
}

static struct evaluation *fake_begin(struct evaluator *evaluator, const struct evaluator_place *place,
                                     const struct evaluator_task *task, evaluation_done *done, void *arg)
{
	(void)place;
	struct evaluation *evaluation = NEW(struct evaluation);
	*evaluation = (struct evaluation){
		.evaluator = evaluator, .began_ms = clock_mono_ms(), .done = done, .arg = arg};
	struct outcome *out = &evaluation->outcome;
	outcome_init(out);
	out->started_ms = clock_wall_ms();
	out->model = memory_copy("fake");
	decide_failure(cell(task, evaluator->failure_column), task->attempt_id, out);
	if (out->failure == FAILURE_NONE)
		decide_verdict(cell(task, evaluator->verdict_column), task->key, out);
	int64_t ms = decide_ms(cell(task, evaluator->ms_column), task, out);
	if (out->failure != FAILURE_NONE)
		verdict_release(&out->verdict);
	evaluation->timer = loop_timer_new(evaluator->loop, evaluation_ends, evaluation);
	loop_timer_set(evaluation->timer, ms, 0);
	evaluator->open++;
	return evaluation;
}

const struct evaluator_class evaluator_fake = {
	.name = "fake",
	.needs_endpoint = false,
	.new = fake_new,
	.free = fake_free,
	.fingerprint = fake_fingerprint,
	.begin = fake_begin,
	.cancel = evaluation_free,
};
