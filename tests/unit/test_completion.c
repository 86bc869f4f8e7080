#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "llm/completion.h"

#define ANSWER                                                                                              \
	"{\\\"reasoning\\\":\\\"The name imitates a bank: 銀行.\\\",\\\"risk_factors\\\":[\\\"brand\\\"],"   \
	"\\\"detected_brands\\\":[],\\\"is_phishing\\\":true,\\\"confidence\\\":0.9,\\\"risk_level\\\":\\\"high\\\"}"

/* As vLLM 0.32.0 sent it, shortened. */
#define COMPLETION(message, finish)                                                                          \
	"{\"id\":\"chatcmpl-9ea2d190ec52eee5\",\"object\":\"chat.completion\",\"created\":1795512311,\"model\":"   \
	"\"tiny\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," message "},\"logprobs\":null,"   \
	"\"finish_reason\":" finish ",\"stop_reason\":null}],\"usage\":{\"prompt_tokens\":29,\"total_tokens\":93," \
	"\"completion_tokens\":64,\"prompt_tokens_details\":null}}"
#define CONTENT "\"content\":\"" ANSWER "\",\"refusal\":null,\"reasoning\":null"
#define GOOD COMPLETION(CONTENT, "\"stop\"")

static struct outcome read_body(int status, const char *body, const char *expected_model)
{
	struct outcome out;
	outcome_init(&out);
	size_t length = strlen(body);
	/* Exactly as long as it is said to be, so that the address sanitizer sees a reader that goes on. */
	AUTO_FREE char *bytes = malloc(length ? length : 1);
	memcpy(bytes, body, length);
	completion_read(status, bytes, length, expected_model, &out);
	return out;
}

static void test_a_good_answer_is_read_whole(void **state)
{
	(void)state;
	AUTO(outcome_release) struct outcome out = read_body(200, GOOD, "tiny");
	assert_int_equal(out.failure, FAILURE_NONE);
	assert_null(out.detail);
	assert_true(out.verdict.is_phishing);
	assert_int_equal(out.verdict.risk, RISK_HIGH);
	assert_int_equal(out.verdict.source, DECIDED_BY_LLM);
	assert_string_equal(out.verdict.reasoning, "The name imitates a bank: 銀行.");
	assert_true(text_starts(out.raw, "{\"reasoning\":\"The name"));
	assert_string_equal(out.finish_reason, "stop");
	assert_string_equal(out.model, "tiny");
	assert_int_equal(out.http_status, 200);
	assert_int_equal(out.prompt_tokens, 29);
	assert_int_equal(out.completion_tokens, 64);
	assert_false(out.from_text);
}

static void test_the_verdict_is_found_where_servers_put_it(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		bool from_text;
		const char *raw;
	} cases[] = {
		{COMPLETION("\"content\":\"<think>\\nHmm {}\\n</think>\\n\\n" ANSWER "\"", "\"stop\""), true, "<think>"},
		{COMPLETION("\"content\":\"Hmm, a bank.</think>" ANSWER "\"", "\"stop\""), true, "Hmm"},
		{COMPLETION("\"content\":\"```json\\n" ANSWER "\\n```\"", "\"stop\""), true, "```"},
		{COMPLETION("\"content\":\"" ANSWER "\",\"reasoning\":\"Think {\"", "\"stop\""), false, "<think>\nThink"},
		{COMPLETION("\"content\":\"" ANSWER "\",\"reasoning_content\":\"Think\"", "\"stop\""), false, "<think>"},
		{COMPLETION("\"content\":null,\"reasoning\":\"" ANSWER "\"", "\"stop\""), true, "<think>\n{"},
		{COMPLETION("\"content\":\"\",\"reasoning_content\":\"" ANSWER "\"", "\"stop\""), true, "<think>\n{"},
		{COMPLETION("\"content\":[{\"type\":\"text\",\"text\":\"" ANSWER "\"}]", "\"stop\""), false, "{"},
		{COMPLETION("\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":"
		            "\"verdict\",\"arguments\":\"" ANSWER "\"}}]", "\"tool_calls\""), false, "{"},
		{COMPLETION(CONTENT ",\"tool_calls\":[]", "\"tool_calls\""), false, "{"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(outcome_release) struct outcome out = read_body(200, cases[i].body, "tiny");
		if (out.failure != FAILURE_NONE)
			fail_msg("case %zu: %s %s", i, failure_name(out.failure), out.detail);
		assert_true(out.verdict.is_phishing);
		assert_int_equal(out.from_text, cases[i].from_text);
		assert_true(text_starts(out.raw, cases[i].raw));
	}
}

struct expected {
	int status;
	const char *body;
	enum failure failure;
	const char *detail; /* is in it */
};

static void check(const struct expected *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO(outcome_release) struct outcome out = read_body(cases[i].status, cases[i].body, "tiny");
		if (out.failure != cases[i].failure)
			fail_msg("%d %s: %s (%s)", cases[i].status, cases[i].body, failure_name(out.failure), out.detail);
		if (!out.detail || !strstr(out.detail, cases[i].detail))
			fail_msg("%d %s: \"%s\" lacks \"%s\"", cases[i].status, cases[i].body, out.detail, cases[i].detail);
		assert_null(out.verdict.reasoning);
		assert_int_equal(out.http_status, cases[i].status);
	}
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_a_200_is_no_verdict_unless_it_ended_well(void **state)
{
	(void)state;
	static const struct expected cases[] = {
		{200, COMPLETION(CONTENT, "\"length\""), FAILURE_TRUNCATED, "token budget"},
		{200, COMPLETION("\"content\":null,\"reasoning\":\"So long\"", "\"length\""), FAILURE_TRUNCATED, "token"},
		{200, COMPLETION(CONTENT, "\"abort\""), FAILURE_ABORTED, "aborted"},
		{200, COMPLETION(CONTENT, "\"content_filter\""), FAILURE_REFUSED, "filter"},
		{200, COMPLETION(CONTENT, "\"error\""), FAILURE_SERVER_ERROR, "failed"},
		{200, COMPLETION(CONTENT, "\"repetition\""), FAILURE_SERVER_ERROR, "\"repetition\""},
		{200, COMPLETION(CONTENT, "null"), FAILURE_SERVER_ERROR, "no finish_reason"},
		{200, COMPLETION("\"content\":null", "\"stop\""), FAILURE_REFUSED, "empty"},
		{200, COMPLETION("\"content\":\" \\n\"", "\"stop\""), FAILURE_REFUSED, "empty"},
		{200, COMPLETION("\"content\":null,\"reasoning\":\"I only thought.\"", "\"stop\""), FAILURE_REFUSED, "empty"},
		{200, COMPLETION("\"content\":null,\"refusal\":\"I cannot.\"", "\"stop\""), FAILURE_REFUSED, "I cannot."},
		{200, COMPLETION("\"content\":\"It is phishing.\"", "\"stop\""), FAILURE_UNPARSABLE, "no JSON object"},
		{200, COMPLETION("\"content\":\"{\\\"is_phishing\\\":tr\"", "\"stop\""), FAILURE_UNPARSABLE, "no JSON"},
		{200, COMPLETION("\"content\":\"<think>" ANSWER "\"", "\"stop\""), FAILURE_UNPARSABLE, "thinking"},
		{200, COMPLETION("\"content\":\"{\\\"is_phishing\\\":true}\"", "\"stop\""), FAILURE_SCHEMA, "\"reasoning\""},
		{200, COMPLETION("\"content\":null,\"reasoning\":\"{\\\"a\\\":1}\"", "\"stop\""), FAILURE_SCHEMA, "missing"},
	};
	CHECK(cases);
}

static void test_a_200_without_a_completion_is_named(void **state)
{
	(void)state;
	static const struct expected cases[] = {
		{200, "", FAILURE_CONNECTION, "no body"},
		{200, " \r\n", FAILURE_CONNECTION, "no body"},
		{200, "{\"id\":\"chatcmpl-1\",\"choices\":[{\"mess", FAILURE_CONNECTION, "cut off after 36 bytes"},
		{200, "{\"id\":nul", FAILURE_CONNECTION, "cut off"},
		{200, "<html><body>Log in</body></html>", FAILURE_SERVER_ERROR, "no JSON"},
		{200, "oops", FAILURE_SERVER_ERROR, "no JSON"},
		{200, "{\"choices\":}, and much more of it after the fault", FAILURE_SERVER_ERROR, "no JSON"},
		{200, "[]", FAILURE_SERVER_ERROR, "choices"},
		{200, "{}", FAILURE_SERVER_ERROR, "choices"},
		{200, "{\"choices\":[]}", FAILURE_SERVER_ERROR, "choices"},
		{200, "{\"choices\":{\"a\":1}}", FAILURE_SERVER_ERROR, "choices"},
		{200, "{\"choices\":[{}]}", FAILURE_SERVER_ERROR, "finish_reason"},
		{200, "{\"choices\":[{\"finish_reason\":\"stop\"}]}", FAILURE_REFUSED, "empty"},
		{200, "{\"error\":{\"message\":\"EngineCore encountered an issue.\",\"code\":500}}", FAILURE_SERVER_ERROR,
		 "EngineCore"},
		{200, "{\"error\":{\"message\":\"slow down\",\"code\":429}}", FAILURE_OVERLOADED, "slow down"},
		{200, "{\"error\":\"model is loading\"}", FAILURE_SERVER_ERROR, "loading"},
		{204, "", FAILURE_SERVER_ERROR, "HTTP 204"},
		{302, "", FAILURE_SERVER_ERROR, "HTTP 302"},
	};
	CHECK(cases);
}

static const struct expected errors[] = {
	/* vLLM 0.32 */
	{400, "{\"error\":{\"message\":\"This model's maximum context length is 1024 tokens. However, your prompt "
	      "contains at least 1025 input tokens\",\"type\":\"BadRequestError\",\"param\":\"input_tokens\",\"code\":400}}",
	 FAILURE_CONTEXT, "maximum context length"},
	{400, "{\"error\":{\"message\":\"max_tokens=5000 cannot be greater than max_model_len=1024\",\"type\":"
	      "\"BadRequestError\",\"param\":\"max_tokens\",\"code\":400}}", FAILURE_BAD_REQUEST, "max_tokens=5000"},
	{400, "{\"error\":{\"message\":\"Failed to transform json schema into a grammar: Unsupported type\",\"type\":"
	      "\"BadRequestError\",\"param\":null,\"code\":400}}", FAILURE_BAD_REQUEST, "grammar"},
	{400, "{\"error\":{\"message\":\"1 validation error\",\"type\":\"Bad Request\",\"param\":null,\"code\":400}}",
	 FAILURE_BAD_REQUEST, "validation"},
	{401, "{\"error\":\"Unauthorized\"}", FAILURE_AUTH, "Unauthorized"},
	{404, "{\"error\":{\"message\":\"The model `nope` does not exist. Valid aliases: tiny.\",\"type\":"
	      "\"NotFoundError\",\"param\":\"model\",\"code\":404}}", FAILURE_WRONG_MODEL, "`nope`"},
	{404, "{\"detail\":\"Not Found\"}", FAILURE_WRONG_MODEL, "Not Found"},
	{405, "{\"detail\":\"Method Not Allowed\"}", FAILURE_WRONG_MODEL, "Method"},
	{500, "{\"error\":{\"message\":\"EngineCore encountered an issue. See stack trace (above) for the root cause.\","
	      "\"type\":\"InternalServerError\",\"param\":null,\"code\":500}}", FAILURE_SERVER_ERROR, "EngineCore"},
	{500, "{\"error\":{\"message\":\"cannot schedule new futures after shutdown\"}}", FAILURE_SERVER_ERROR, "shutdown"},
	{503, "{\"error\":{\"message\":\"The engine is currently busy and cannot accept new requests\",\"type\":"
	      "\"Service Unavailable\",\"param\":null,\"code\":503}}", FAILURE_OVERLOADED, "busy"},
	{503, "", FAILURE_SERVER_ERROR, "HTTP 503 without a message"},
	/* vLLM before 0.10.1, and engines that die wordlessly */
	{400, "{\"object\":\"error\",\"message\":\"The decoder prompt (length 5000) is longer than the maximum model "
	      "length of 4096.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}", FAILURE_CONTEXT, "5000"},
	{500, "", FAILURE_SERVER_ERROR, "HTTP 500 without a message"},
	{500, "Internal Server Error", FAILURE_SERVER_ERROR, "HTTP 500: Internal Server Error"},
	{400, "Invalid HTTP request received.", FAILURE_BAD_REQUEST, "Invalid HTTP"},
	/* llama.cpp */
	{400, "{\"error\":{\"code\":400,\"message\":\"request (9042 tokens) exceeds the available context size (2048 "
	      "tokens), try increasing it\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":9042}}",
	 FAILURE_CONTEXT, "9042"},
	{400, "{\"error\":{\"code\":400,\"message\":\"failed to parse grammar\",\"type\":\"invalid_request_error\"}}",
	 FAILURE_BAD_REQUEST, "grammar"},
	{503, "{\"error\":{\"message\":\"Loading model\",\"type\":\"unavailable_error\",\"code\":503}}",
	 FAILURE_SERVER_ERROR, "Loading model"},
	/* TGI, Ollama, OpenAI, FastAPI, proxies */
	{429, "{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}", FAILURE_OVERLOADED, "overloaded"},
	{422, "{\"error\":\"`inputs` must have less than 1024 tokens. Given: 2000\",\"error_type\":\"validation\"}",
	 FAILURE_CONTEXT, "inputs"},
	{422, "{\"error\":\"temperature must be positive\",\"error_type\":\"validation\"}", FAILURE_BAD_REQUEST, "temp"},
	{422, "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"messages\",0],\"msg\":\"Field required\"}]}",
	 FAILURE_BAD_REQUEST, "body messages 0 Field required"},
	{424, "{\"error\":\"Generation failed\",\"error_type\":\"generation\"}", FAILURE_SERVER_ERROR, "Generation"},
	{503, "{\"error\":{\"message\":\"server busy, please try again.  maximum pending requests exceeded\"}}",
	 FAILURE_OVERLOADED, "server busy"},
	{400, "{\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}", FAILURE_CONTEXT, "too long"},
	{400, "{\"error\":{\"message\":\"litellm: Invalid model name passed in model=x\"}}", FAILURE_WRONG_MODEL, "model=x"},
	{429, "{\"error\":{\"message\":\"You exceeded your quota\",\"code\":\"insufficient_quota\"}}", FAILURE_AUTH, "quota"},
	{403, "<html>\n<head><TITLE>403 Forbidden</TITLE></head>...", FAILURE_AUTH, "HTTP 403: 403 Forbidden"},
	{502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", FAILURE_SERVER_ERROR,
	 "HTTP 502: 502 Bad Gateway"},
	{503, "<html><title>503 Service Unavailable</title>", FAILURE_SERVER_ERROR, "503 Service"},
	{504, "upstream request timeout", FAILURE_SERVER_ERROR, "upstream"},
	{413, "", FAILURE_BAD_REQUEST, "HTTP 413"},
	{418, "{\"message\":\"teapot\"}", FAILURE_BAD_REQUEST, "teapot"},
	{501, "{\"error\":{\"message\":\"not implemented\"}}", FAILURE_BAD_REQUEST, "not implemented"},
	{599, "", FAILURE_SERVER_ERROR, "HTTP 599"},
	{429, "\"rate limited\"", FAILURE_OVERLOADED, "rate limited"},
	{500, "null", FAILURE_SERVER_ERROR, "without a message"},
	{500, "{\"error\":null,\"message\":null}", FAILURE_SERVER_ERROR, "without a message"},
};

static void test_errors_of_all_servers_get_their_kind(void **state)
{
	(void)state;
	CHECK(errors);
}

static void test_an_answer_of_another_model_does_not_count(void **state)
{
	(void)state;
	AUTO(outcome_release) struct outcome wrong = read_body(200, GOOD, "qwen3-4b");
	assert_int_equal(wrong.failure, FAILURE_WRONG_MODEL);
	assert_non_null(strstr(wrong.detail, "\"tiny\" answered, not \"qwen3-4b\""));
	assert_null(wrong.verdict.reasoning);
	AUTO(outcome_release) struct outcome any = read_body(200, GOOD, NULL);
	assert_int_equal(any.failure, FAILURE_NONE);
}

static void test_a_huge_error_is_cut_on_a_character(void **state)
{
	(void)state;
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	for (int i = 0; i < 100000; i++)
		text_add(&text, "目");
	AUTO(outcome_release) struct outcome out = read_body(500, text.data, NULL);
	assert_int_equal(out.failure, FAILURE_SERVER_ERROR);
	assert_in_range(strlen(out.detail), 300, 500);
	assert_true(text_is_utf8(out.detail, strlen(out.detail)));
	assert_in_range(strlen(out.raw), 200 * 1024, 256 * 1024);
	assert_true(text_is_utf8(out.raw, strlen(out.raw)));
}

/* ---- properties ---- */

static void check_consistent(const struct outcome *out, const char *body)
{
	bool good = out->failure == FAILURE_NONE;
	if (good != !out->detail || good != !!out->verdict.reasoning || out->failure >= FAILURE_COUNT)
		fail_msg("%s, detail %s: %s", failure_name(out->failure), out->detail, body);
	assert_true(!good || (out->verdict.confidence >= 0 && out->verdict.confidence <= 1 &&
	                      out->verdict.risk != RISK_NONE && out->verdict.risk_factors &&
	                      out->verdict.detected_brands && out->verdict.source == DECIDED_BY_LLM));
	assert_non_null(out->raw);
}

static void test_every_beginning_of_a_good_answer_is_a_cut_one(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(GOOD); length++) {
		AUTO_FREE char *body = memory_copy_n(GOOD, length);
		AUTO(outcome_release) struct outcome out = read_body(200, body, "tiny");
		if (out.failure != FAILURE_CONNECTION)
			fail_msg("after %zu bytes: %s (%s)", length, failure_name(out.failure), out.detail);
	}
}

static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void mutate(char *body, size_t *length, uint32_t *seed)
{
	static const char *const pieces[] = {"{", "}", "[", "\"", "\\", "\\\"", "null", "1e999", "<think>", "</think>",
	                                     "\\u0000", "\\ud800", "\xff", "\xe3\x81", ",", ":", "true", "-", "{\"a\":"};
	for (uint32_t times = 1 + draw(seed) % 4; times && *length; times--) {
		size_t at = draw(seed) % *length;
		const char *piece = pieces[draw(seed) % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t gone = draw(seed) % 12, size = strlen(piece);
		gone = gone > *length - at ? *length - at : gone;
		switch (draw(seed) % 4) {
		case 0:
			body[at] = (char)draw(seed);
			break;
		case 1: /* put in */
			memmove(body + at + size, body + at, *length - at);
			memcpy(body + at, piece, size);
			*length += size;
			break;
		case 2: /* take out */
			memmove(body + at, body + at + gone, *length - at - gone);
			*length -= gone;
			break;
		default:
			*length = draw(seed) % 8 ? *length : at;
		}
	}
}

static void test_mutated_bodies_never_break_the_reader(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		GOOD,
		COMPLETION("\"content\":\"<think>x</think>" ANSWER "\",\"reasoning\":\"why\"", "\"stop\""),
		COMPLETION("\"content\":null,\"reasoning\":\"" ANSWER "\"", "\"stop\""),
		"{\"error\":{\"message\":\"This model's maximum context length is 1\",\"type\":\"BadRequestError\",\"code\":400}}",
		"{\"detail\":[{\"loc\":[\"body\",1],\"msg\":\"Field required\"}]}",
		"<html><title>502 Bad Gateway</title></html>",
	};
	static const int statuses[] = {200, 200, 200, 200, 400, 404, 422, 429, 500, 503, 0, -1, 1000};
	uint32_t seed = 20261124;
	int good = 0;
	for (int i = 0; i < 40000; i++) {
		char body[2048];
		const char *from = bodies[draw(&seed) % (sizeof(bodies) / sizeof(bodies[0]))];
		size_t length = strlen(from);
		memcpy(body, from, length);
		mutate(body, &length, &seed);
		AUTO_FREE char *bytes = malloc(length ? length : 1);
		memcpy(bytes, body, length);
		struct outcome out;
		outcome_init(&out);
		completion_read(statuses[draw(&seed) % (sizeof(statuses) / sizeof(statuses[0]))], bytes, length, NULL, &out);
		check_consistent(&out, from);
		good += out.failure == FAILURE_NONE;
		outcome_release(&out);
	}
	assert_true(good > 100); /* else the mutations say nothing about verdicts */
}

/* ---- the request ---- */

static void test_the_request_names_every_parameter(void **state)
{
	(void)state;
	const struct completion_settings settings = {
		.model = "tiny", .temperature = 0, .top_p = 1, .max_tokens = 1024, .seed = 9007199254740993, .enable_thinking = -1};
	AUTO_FREE char *text = completion_body(&settings, "Judge.", "Domain: a\"b\n\xff", "r-0001-1-1");
	AUTO_JSON json_t *body = json_loads(text, 0, NULL);
	const char *model, *system, *user, *role, *type, *id;
	double temperature, top_p;
	int max_tokens, strict, stream;
	json_int_t seed;
	json_t *schema;
	assert_int_equal(
		json_unpack(body, "{s:s, s:[{s:s,s:s},{s:s,s:s}!], s:f, s:f, s:i, s:I, s:b, s:{s:s, s:{s:s,s:b,s:o !} !}, s:s !}",
	                    "model", &model, "messages", "role", &role, "content", &system, "role", &role, "content", &user,
	                    "temperature", &temperature, "top_p", &top_p, "max_tokens", &max_tokens, "seed", &seed, "stream",
	                    &stream, "response_format", "type", &type, "json_schema", "name", &id, "strict", &strict,
	                    "schema", &schema, "request_id", &id), 0);
	assert_string_equal(model, "tiny");
	assert_string_equal(system, "Judge.");
	assert_string_equal(user, "Domain: a\"b\n\xEF\xBF\xBD");
	assert_string_equal(role, "user");
	assert_string_equal(type, "json_schema");
	assert_string_equal(id, "r-0001-1-1");
	assert_true(temperature == 0 && top_p == 1 && strict && !stream);
	assert_int_equal(max_tokens, 1024);
	assert_true(seed == 9007199254740993);
}

static void test_any_text_arrives_as_it_was(void **state)
{
	(void)state;
	const struct completion_settings settings = {.model = "m\"\\", .top_p = 1, .max_tokens = 1, .enable_thinking = -1};
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	for (int c = 1; c < 128; c++)
		text_addf(&text, "%c%c日\"\\", c, c);
	AUTO_FREE char *body_text = completion_body(&settings, text.data, "", NULL);
	AUTO_JSON json_t *body = json_loads(body_text, 0, NULL);
	const json_t *message = json_array_get(json_object_get(body, "messages"), 0);
	assert_string_equal(json_string_value(json_object_get(message, "content")), text.data);
	assert_string_equal(json_string_value(json_object_get(body, "model")), "m\"\\");
}

static void test_thinking_is_sent_only_when_it_is_set(void **state)
{
	(void)state;
	struct completion_settings settings = {.model = "tiny", .top_p = 1, .max_tokens = 1, .enable_thinking = -1};
	for (int thinking = -1; thinking <= 1; thinking++) {
		settings.enable_thinking = thinking;
		AUTO_FREE char *text = completion_body(&settings, NULL, "Domain: a", NULL);
		AUTO_JSON json_t *body = json_loads(text, 0, NULL);
		const json_t *sent = json_object_get(json_object_get(body, "chat_template_kwargs"), "enable_thinking");
		assert_int_equal(json_array_size(json_object_get(body, "messages")), 1);
		assert_null(json_object_get(body, "request_id"));
		assert_true(thinking < 0 ? !sent : json_is_boolean(sent) && json_boolean_value(sent) == thinking);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_answer_is_read_whole),
		cmocka_unit_test(test_the_verdict_is_found_where_servers_put_it),
		cmocka_unit_test(test_a_200_is_no_verdict_unless_it_ended_well),
		cmocka_unit_test(test_a_200_without_a_completion_is_named),
		cmocka_unit_test(test_errors_of_all_servers_get_their_kind),
		cmocka_unit_test(test_an_answer_of_another_model_does_not_count),
		cmocka_unit_test(test_a_huge_error_is_cut_on_a_character),
		cmocka_unit_test(test_every_beginning_of_a_good_answer_is_a_cut_one),
		cmocka_unit_test(test_mutated_bodies_never_break_the_reader),
		cmocka_unit_test(test_the_request_names_every_parameter),
		cmocka_unit_test(test_any_text_arrives_as_it_was),
		cmocka_unit_test(test_thinking_is_sent_only_when_it_is_set),
	};
	return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
