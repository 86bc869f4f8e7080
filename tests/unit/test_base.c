#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "base/vector.h"

static void test_text_drops_what_exceeds_its_limit_and_says_so(void **state)
{
	(void)state;
	AUTO_TEXT struct text text;
	text_init(&text, 5);
	text_add(&text, "abc");
	text_addf(&text, "%d", 1234);
	assert_string_equal(text.data, "abc12");
	assert_true(text.overflow);
}

static void test_numbers_are_whole_strings_only(void **state)
{
	(void)state;
	int64_t i = 7;
	double d = 7;
	assert_true(text_to_int("-12", -20, 20, &i));
	assert_int_equal(i, -12);
	assert_false(text_to_int("12x", 0, 99, &i));
	assert_false(text_to_int(" 12", 0, 99, &i));
	assert_false(text_to_int("100", 0, 99, &i));
	assert_true(text_to_double("0.27999999999999997", &d));
	assert_false(text_to_double("0x10", &d));
	assert_false(text_to_double("inf", &d));
	assert_false(text_to_double("nan", &d));
	assert_false(text_to_double("", &d));
}

static void test_utf8_is_judged_as_the_standard_does(void **state)
{
	(void)state;
	assert_true(text_is_utf8("日本語", strlen("日本語")));
	assert_false(text_is_utf8("\xC0\x80", 2));         /* overlong NUL */
	assert_false(text_is_utf8("\xED\xA0\x80", 3));     /* surrogate */
	assert_false(text_is_utf8("\xF4\x90\x80\x80", 4)); /* beyond U+10FFFF */
	assert_int_equal(text_utf8_cut("日本", 6, 4), 3);
}

static void test_unknown_json_keys_name_the_nearest(void **state)
{
	(void)state;
	struct error err = {0};
	int64_t n = 3;
	const struct json_field fields[] = {{"sample", JSON_FIELD_INT, &n, false, 0, 10}};
	AUTO_JSON json_t *typo = json_pack("{s:i}", "sampel", 4);
	assert_false(json_read(typo, fields, 1, &err));
	assert_string_equal(err.text, "unknown key \"sampel\"; did you mean \"sample\"?");
	AUTO_JSON json_t *range = json_pack("{s:i}", "sample", 11);
	assert_false(json_read(range, fields, 1, &err));
	assert_int_equal(n, 3);
}

static void test_digest_of_the_standard_vector(void **state)
{
	(void)state;
	char hex[DIGEST_HEX];
	digest_of("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	AUTO_FREE char *a = digest_secret(32), *b = digest_secret(32);
	assert_int_equal(strlen(a), 43);
	assert_false(digest_equal(a, b));
	assert_true(digest_equal(a, a));
	free(TAKE(b));
}

static void test_bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
	(void)state;
	AUTO_JSON json_t *json = json_text_or_null("a\xFFz");
	assert_string_equal(json_string_value(json), "a\xEF\xBF\xBDz");
}

static void test_distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(text_distance("intervall", "interval"), 1);
	assert_int_equal(text_distance("abc", "xyz"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_drops_what_exceeds_its_limit_and_says_so),
		cmocka_unit_test(test_numbers_are_whole_strings_only),
		cmocka_unit_test(test_utf8_is_judged_as_the_standard_does),
		cmocka_unit_test(test_unknown_json_keys_name_the_nearest),
		cmocka_unit_test(test_digest_of_the_standard_vector),
		cmocka_unit_test(test_bytes_that_are_not_utf8_become_replacement_characters),
		cmocka_unit_test(test_distance_counts_edits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
