#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "llm/schema.h"

#define GOOD                                                                                                     \
	"{\"reasoning\":\"The name imitates a well-known bank.\",\"risk_factors\":[\"brand\",\"long\"],"          \
	"\"detected_brands\":[\"Ex\\u00e4mple\"],\"is_phishing\":true,\"confidence\":0.93,\"risk_level\":\"high\"}"
#define DRAFT "{\"reasoning\":\"Draft.\",\"risk_factors\":[],\"detected_brands\":[],\"is_phishing\":false,\"confidence\":1,\"risk_level\":\"low\"}"

struct reading {
	struct verdict verdict;
	bool from_text;
	char *detail;
	enum failure failure;
};

static void reading_release(struct reading *reading)
{
	verdict_release(&reading->verdict);
	free(reading->detail);
}

static struct reading read_text(const char *text)
{
	struct reading reading = {0};
	reading.failure = schema_read(text, strlen(text), &reading.verdict, &reading.from_text, &reading.detail);
	return reading;
}

static void test_the_schema_asks_for_the_reasoning_first(void **state)
{
	(void)state;
	AUTO_JSON json_t *schema = schema_answer();
	AUTO_FREE char *text = json_text(schema);
	const char *order[] = {"\"reasoning\":{", "\"risk_factors\":{", "\"detected_brands\":{", "\"is_phishing\":{",
	                       "\"confidence\":{", "\"risk_level\":{"};
	const char *place = text;
	for (size_t i = 0; i < 6; i++) {
		place = strstr(place, order[i]);
		assert_non_null(place);
	}
	assert_int_equal(json_array_size(json_object_get(schema, "required")), 6);
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_non_null(strstr(text, "\"enum\":[\"low\",\"medium\",\"high\",\"critical\"]"));
}

static void test_an_answer_is_read_whole(void **state)
{
	(void)state;
	AUTO(reading_release) struct reading got = read_text("  " GOOD "\n");
	assert_int_equal(got.failure, FAILURE_NONE);
	assert_false(got.from_text);
	assert_null(got.detail);
	assert_true(got.verdict.is_phishing);
	assert_true(got.verdict.confidence == 0.93);
	assert_int_equal(got.verdict.risk, RISK_HIGH);
	assert_int_equal(got.verdict.source, DECIDED_BY_LLM);
	assert_string_equal(got.verdict.reasoning, "The name imitates a well-known bank.");
	assert_string_equal(got.verdict.risk_factors, "[\"brand\",\"long\"]");
	assert_string_equal(got.verdict.detected_brands, "[\"Exämple\"]");
}

static void test_an_object_inside_other_text_is_taken_and_named(void **state)
{
	(void)state;
	const char *texts[] = {
		"```json\n" GOOD "\n```",
		"Here is my verdict: " GOOD " I hope it helps {smile}.",
		"<think>Let me see. {\"is_phishing\":false} perhaps {</think>\n\n" GOOD,
		"The user wants JSON. " DRAFT " Hmm.</think>" GOOD,
		DRAFT "\nOn second thought:\n" GOOD,
		GOOD "\n{\"note\":\"done\"}",
		"{{" GOOD "}}",
		"{ not JSON } " GOOD,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO(reading_release) struct reading got = read_text(texts[i]);
		if (got.failure != FAILURE_NONE)
			print_error("%s: %s\n", texts[i], got.detail);
		assert_int_equal(got.failure, FAILURE_NONE);
		assert_true(got.from_text);
		assert_true(got.verdict.is_phishing);
		assert_true(got.verdict.confidence == 0.93);
	}
}

static void test_tags_inside_the_reasoning_are_text(void **state)
{
	(void)state;
	AUTO(reading_release) struct reading got = read_text(
		"{\"reasoning\":\"It says </think>{\\\"is_phishing\\\":false}\",\"risk_factors\":[],\"detected_brands\":[],"
		"\"is_phishing\":true,\"confidence\":0,\"risk_level\":\"low\"}");
	assert_int_equal(got.failure, FAILURE_NONE);
	assert_false(got.from_text);
	assert_true(got.verdict.is_phishing);
}

static void test_what_is_no_object_is_unparsable(void **state)
{
	(void)state;
	const char *texts[] = {
		"", " ", "true", "[1,2]", "\"text\"", "null", "Sorry, I cannot help with that.",
		"{\"reasoning\":\"cut in the middl", "{\"reasoning\":\"cut\",\"is_phishing\":tr",
		"<think>It might be {\"is_phishing\":true}", "<think>a</think><think>" GOOD,
		"{\"is_phishing\":true,\"is_phishing\":false}", "{'is_phishing': True}", "{\"a\":1,}",
		"{\"reasoning\":\"\\ud800\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO(reading_release) struct reading got = read_text(texts[i]);
		if (got.failure != FAILURE_UNPARSABLE)
			print_error("%s\n", texts[i]);
		assert_int_equal(got.failure, FAILURE_UNPARSABLE);
		assert_false(got.from_text);
		assert_true(text_starts(got.detail, "the answer holds no JSON object"));
		assert_null(got.verdict.reasoning);
	}
}

/* GOOD with one property's text replaced. */
static char *with(const char *name, const char *value)
{
	AUTO_JSON json_t *object = json_loads(GOOD, 0, NULL);
	if (value)
		json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL));
	else
		json_object_del(object, name);
	return json_text(object);
}

static void test_each_property_is_held_to_its_kind_and_range(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value, *detail;
	} cases[] = {
		{"reasoning", NULL, "\"reasoning\" is missing"},
		{"reasoning", "\"\"", "\"reasoning\" must be a text"},
		{"reasoning", "[\"a\"]", "not [\"a\"]"},
		{"reasoning", "null", "not null"},
		{"risk_factors", "\"a,b\"", "\"risk_factors\" must be a list"},
		{"risk_factors", "[1]", "not [1]"},
		{"detected_brands", "{}", "\"detected_brands\" must be a list"},
		{"is_phishing", "\"true\"", "\"is_phishing\" must be true or false, not \"true\""},
		{"is_phishing", "1", "not 1"},
		{"is_phishing", "null", "not null"},
		{"confidence", "95", "\"confidence\" must be a number from 0 to 1, not 95"},
		{"confidence", "-0.1", "not -0.1"},
		{"confidence", "1.0001", "not 1.0"},
		{"confidence", "\"0.9\"", "not \"0.9\""},
		{"risk_level", "\"High\"", "\"risk_level\" must be low, medium, high or critical, not \"High\""},
		{"risk_level", "\"\"", "not \"\""},
		{"risk_level", "3", "not 3"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_FREE char *text = with(cases[i].name, cases[i].value);
		AUTO(reading_release) struct reading got = read_text(text);
		assert_int_equal(got.failure, FAILURE_SCHEMA);
		if (!strstr(got.detail, cases[i].detail))
			fail_msg("\"%s\" lacks \"%s\"", got.detail, cases[i].detail);
		assert_null(got.verdict.reasoning);
	}
}

/* count times `unit`, as a JSON string. */
static char *repeated(const char *unit, int count)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	text_add(&text, "\"");
	for (int i = 0; i < count; i++)
		text_add(&text, unit);
	text_add(&text, "\"");
	return text_take(&text);
}

static void test_lengths_count_characters_and_have_an_end(void **state)
{
	(void)state;
	static const struct {
		const char *unit;
		int count;
		enum failure expected;
	} cases[] = {
		{"a", 1, FAILURE_NONE},     {"a", 2500, FAILURE_NONE},  {"a", 2501, FAILURE_SCHEMA},
		{"目", 2500, FAILURE_NONE}, {"目", 2501, FAILURE_SCHEMA}, {"目", 1000000, FAILURE_SCHEMA},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_FREE char *value = repeated(cases[i].unit, cases[i].count);
		AUTO_FREE char *text = with("reasoning", value);
		AUTO(reading_release) struct reading got = read_text(text);
		assert_int_equal(got.failure, cases[i].expected);
		if (got.detail)
			assert_true(strlen(got.detail) < 300 && text_is_utf8(got.detail, strlen(got.detail)));
	}
}

static void test_a_further_property_does_no_harm(void **state)
{
	(void)state;
	AUTO_FREE char *text = with("explanation", "\"not asked for\"");
	AUTO(reading_release) struct reading got = read_text(text);
	assert_int_equal(got.failure, FAILURE_NONE);
}

static void test_hostile_nesting_ends(void **state)
{
	(void)state;
	enum { DEPTH = 200000 };
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	for (int i = 0; i < DEPTH; i++)
		text_add(&text, "{\"a\":");
	AUTO(reading_release) struct reading got = read_text(text.data);
	assert_int_equal(got.failure, FAILURE_UNPARSABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_schema_asks_for_the_reasoning_first),
		cmocka_unit_test(test_an_answer_is_read_whole),
		cmocka_unit_test(test_an_object_inside_other_text_is_taken_and_named),
		cmocka_unit_test(test_tags_inside_the_reasoning_are_text),
		cmocka_unit_test(test_what_is_no_object_is_unparsable),
		cmocka_unit_test(test_each_property_is_held_to_its_kind_and_range),
		cmocka_unit_test(test_lengths_count_characters_and_have_an_end),
		cmocka_unit_test(test_a_further_property_does_no_harm),
		cmocka_unit_test(test_hostile_nesting_ends),
	};
	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
