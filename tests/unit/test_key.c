#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "dataset/key.h"
#include "dataset/punycode.h"
#include "model/item.h"

struct expectation {
	const char *cell, *key;
	unsigned flags;
};

static void assert_keys(const struct expectation *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char key[KEY_SIZE] = "";
		unsigned flags = 0;
		const char *why = "";
		if (!key_read(rows[i].cell, strlen(rows[i].cell), key, &flags, &why))
			fail_msg("%s was refused: %s", rows[i].cell, why);
		assert_string_equal(key, rows[i].key);
		if (flags != rows[i].flags)
			fail_msg("%s has flags %u, expected %u", rows[i].cell, flags, rows[i].flags);
	}
}

static void test_one_spelling_per_domain(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{"example.com", "example.com", 0},
		{"TiNy.Cc", "tiny.cc", 0},
		{" example.com. ", "example.com", 0},
		{"www.wargo.jp", "www.wargo.jp", 0},
		{"xn--80adxhks.xn--p1ai", "xn--80adxhks.xn--p1ai", ITEM_IDN},
		{"日本語.jp", "xn--wgv71a119e.jp", ITEM_IDN},
		{"Bücher.example", "xn--bcher-kva.example", ITEM_IDN},
		{"ｅｘａｍｐｌｅ．com", "example.com", 0},
		{"localhost", "localhost", 0},
	};
	assert_keys(rows, COUNT_OF(rows));
}

static void test_urls_are_reduced_to_their_host(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{"https://Login.Example.com/a?b#c", "login.example.com", ITEM_FROM_URL},
		{"http://user:pass@example.com:8080/", "example.com", ITEM_FROM_URL},
		{"example.com/path with space", "example.com", ITEM_FROM_URL},
		{"example.com:443", "example.com", ITEM_FROM_URL},
		{"//example.com", "example.com", ITEM_FROM_URL},
		{"http://paypal.com@evil.example/", "evil.example", ITEM_FROM_URL},
		{"hxxps://evil[.]example/x", "evil.example", ITEM_FROM_URL},
		{"hXXp://evil[dot]example(.)com", "evil.example.com", ITEM_FROM_URL},
		{"evil[.]example", "evil.example", 0},
		{"http://[2001:DB8::1]:80/", "2001:db8::1", ITEM_FROM_URL | ITEM_IP_ADDRESS},
	};
	assert_keys(rows, COUNT_OF(rows));
}

static void test_addresses_are_kept_and_flagged(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{"192.0.2.7", "192.0.2.7", ITEM_IP_ADDRESS},
		{"2001:DB8:0:0::1", "2001:db8::1", ITEM_IP_ADDRESS},
		{"http://192.0.2.7/x", "192.0.2.7", ITEM_FROM_URL | ITEM_IP_ADDRESS},
	};
	assert_keys(rows, COUNT_OF(rows));
	assert_string_equal(key_tld("192.0.2.7", ITEM_IP_ADDRESS), "");
	assert_string_equal(key_tld("a.com.br", 0), "br");
	assert_string_equal(key_tld("localhost", 0), "");
}

static void test_names_that_idna_refuses_are_flagged_not_refused(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{"my_bank.example", "my_bank.example", ITEM_IDNA_INVALID},
		{"-bad.example", "-bad.example", ITEM_IDNA_INVALID},
		{"a..example", "a..example", ITEM_IDNA_INVALID},
		{"💩.example", "xn--ls8h.example", ITEM_IDN | ITEM_IDNA_INVALID},
		{"i❤.ws", "xn--i-7iq.ws", ITEM_IDN | ITEM_IDNA_INVALID},
		{"xn--i-7iq.ws", "xn--i-7iq.ws", ITEM_IDN | ITEM_IDNA_INVALID},
		{"xn--a.example", "xn--a.example", ITEM_IDN | ITEM_IDNA_INVALID},
	};
	assert_keys(rows, COUNT_OF(rows));
}

static void test_look_alike_scripts_are_flagged(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{"pаypal.com", "xn--pypal-4ve.com", ITEM_IDN | ITEM_MIXED_SCRIPT}, /* a Cyrillic a */
		{"xn--pypal-4ve.com", "xn--pypal-4ve.com", ITEM_IDN | ITEM_MIXED_SCRIPT},
		{"пример.com", "xn--e1afmkfd.com", ITEM_IDN}, /* Cyrillic and Latin, but in different labels */
		{"カメラabc.jp", "xn--abc-jj4buktb.jp", ITEM_IDN},
	};
	assert_keys(rows, COUNT_OF(rows));
}

static void assert_refused(const char *bytes, size_t length, const char *reason)
{
	char key[KEY_SIZE];
	unsigned flags;
	const char *why = "";
	assert_false(key_read(bytes, length, key, &flags, &why));
	assert_string_equal(why, reason);
}

static void test_what_cannot_be_a_name_is_refused_with_its_reason(void **state)
{
	(void)state;
	char name[300];
	assert_refused("", 0, "the domain is empty");
	assert_refused("  ", 2, "the domain is empty");
	assert_refused("http:///x", 9, "the domain is empty");
	assert_refused("a b.com", 7, "the domain has white space inside");
	assert_refused("a\0b.com", 7, "the domain holds a NUL byte");
	assert_refused("caf\xE9.fr", 7, "the domain is not UTF-8 text; save the file as UTF-8");
	memset(name, 'a', sizeof(name));
	assert_refused(name, 254, "the domain is longer than 253 bytes");
	char key[KEY_SIZE];
	unsigned flags;
	const char *why;
	assert_true(key_read(name, 253, key, &flags, &why));
	for (int i = 0; i < 258; i += 3)
		memcpy(name + i, (const char[]){(char)(0xE5 + i * 7 % 4), (char)(0x80 + i * 11 % 64), (char)(0x80 + i * 29 % 64)}, 3);
	assert_refused(name, 258, "the domain is longer than 253 bytes");
}

static void test_people_read_unicode(void **state)
{
	(void)state;
	AUTO_FREE char *name = key_unicode("xn--wgv71a119e.jp");
	assert_string_equal(name, "日本語.jp");
	assert_null(key_unicode("example.com"));
}

static void test_punycode_of_the_standard_samples(void **state)
{
	(void)state;
	char out[80];
	const uint32_t chinese[] = {0x4ED6, 0x4EEC, 0x4E3A, 0x4EC0, 0x4E48, 0x4E0D, 0x8BF4, 0x4E2D, 0x6587}; /* RFC 3492 §7.1 (B) */
	assert_true(punycode_label(chinese, COUNT_OF(chinese), out, sizeof(out)));
	assert_string_equal(out, "xn--ihqwcrb4cv8a8dqg056pqjye");
	const uint32_t mixed[] = {'3', 0x5E74, 'B', 0x7D44, 0x91D1, 0x516B, 0x5148, 0x751F}; /* (L) */
	assert_true(punycode_label(mixed, COUNT_OF(mixed), out, sizeof(out)));
	assert_string_equal(out, "xn--3B-ww4c5e180e575a65lsy2b");
	assert_false(punycode_label(mixed, COUNT_OF(mixed), out, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_spelling_per_domain),
		cmocka_unit_test(test_urls_are_reduced_to_their_host),
		cmocka_unit_test(test_addresses_are_kept_and_flagged),
		cmocka_unit_test(test_names_that_idna_refuses_are_flagged_not_refused),
		cmocka_unit_test(test_look_alike_scripts_are_flagged),
		cmocka_unit_test(test_what_cannot_be_a_name_is_refused_with_its_reason),
		cmocka_unit_test(test_people_read_unicode),
		cmocka_unit_test(test_punycode_of_the_standard_samples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
