/* The pure parts of the API: paths, queries, hosts, cookies, tags, pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/auth.h"
#include "api/pages.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"
#include "api/routes.h"
#include "base/vector.h"

static const struct route *find(const char *method, const char *path, struct route_param params[ROUTE_PARAMS])
{
	char allowed[ROUTE_ALLOWED_SIZE];
	return route_find(method, path, params, allowed);
}

static void test_a_path_finds_its_row_and_its_parts(void **state)
{
	(void)state;
	struct route_param params[ROUTE_PARAMS] = {0};
	const struct route *route = find("GET", "/api/v1/runs/r-0001/items/17", params);
	assert_non_null(route);
	assert_string_equal(route->path, "/api/v1/runs/{id}/items/{n}");
	assert_int_equal(params[0].length, 6);
	assert_memory_equal(params[0].text, "r-0001", 6);
	assert_memory_equal(params[1].text, "17", 2);
	assert_ptr_equal(find("HEAD", "/api/v1/runs/r-0001/items/17", params), route);
	assert_string_equal(find("POST", "/api/v1/runs/plan", params)->path, "/api/v1/runs/plan");
	assert_string_equal(find("GET", "/api/v1/events/log", params)->path, "/api/v1/events/log");
	assert_null(params[0].text);
}

static void test_what_is_not_in_the_table_is_nowhere(void **state)
{
	(void)state;
	static const char *const paths[] = {"", "/", "/api/v1/", "/api/v1/runs/", "/api/v1/runs//items", "/api/v1/runs/r-1/",
	                                    "/api/v1/runs/r-1/items/1/2", "/api/v1/RUNS", "//api/v1", "/api/v1/runs/r-1/nothing"};
	struct route_param params[ROUTE_PARAMS];
	char allowed[ROUTE_ALLOWED_SIZE];
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		assert_null(route_find("GET", paths[i], params, allowed));
		assert_string_equal(allowed, "");
	}
	assert_null(route_find("DELETE", "/api/v1/datasets", params, allowed));
	assert_string_equal(allowed, "POST, GET, HEAD");
}

static void test_every_row_is_found_by_its_own_path_and_says_what_it_is_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		struct route_param params[ROUTE_PARAMS];
		assert_ptr_equal(find(routes[i].method, routes[i].path, params), &routes[i]);
		assert_true(strlen(routes[i].help) > 0);
		assert_non_null(routes[i].handler);
	}
}

static bool check(const char *text, const char *names, bool view, struct error *err)
{
	struct query query;
	*err = (struct error){0};
	bool ok = query_parse(&query, text, err) && query_check(&query, names, view, err);
	query_release(&query);
	return ok;
}

static void test_a_query_is_decoded(void **state)
{
	(void)state;
	struct query query;
	struct error err = {0};
	assert_true(query_parse(&query, "a=b+c&q=%E6%97%A5%2F&empty=&flag&&x=1=2", &err));
	assert_string_equal(query_text(&query, "a"), "b c");
	assert_string_equal(query_text(&query, "q"), "\xE6\x97\xA5/");
	assert_string_equal(query_text(&query, "empty"), "");
	assert_string_equal(query_text(&query, "flag"), "");
	assert_string_equal(query_text(&query, "x"), "1=2");
	assert_null(query_text(&query, "none"));
	query_release(&query);
}

static void test_a_wrong_query_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *query, *names;
		bool view;
		const char *says;
	} wrong[] = {
		{"limt=3", "offset limit", false, "did you mean \"limit\""},
		{"sourc=x", "offset limit", true, "did you mean \"source\""},
		{"source=x", "offset limit", false, "known here: offset limit"},
		{"anything=1", "", false, "takes none"},
		{"limit=0", "limit", false, "not a whole number from 1 to 500"},
		{"limit=501", "limit", false, "not a whole number from 1 to 500"},
		{"limit=1e2", "limit", false, "not a whole number"},
		{"offset=-1", "offset", false, "not a whole number"},
		{"limit=1&limit=2", "limit", false, "given twice"},
		{"profile=pdf", "profile", false, "not one of raw|excel"},
		{"q=%zz", "", true, "two hexadecimal digits"},
		{"q=%2", "", true, "two hexadecimal digits"},
		{"q=a%00b", "", true, "NUL"},
		{"q=%ff", "", true, "not UTF-8"},
		{"=x", "", true, "without a key"},
	};
	struct error err;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		assert_false(check(wrong[i].query, wrong[i].names, wrong[i].view, &err));
		assert_int_equal(err.code, ERROR_INPUT);
		if (!strstr(err.text, wrong[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", wrong[i].query, err.text, wrong[i].says);
	}
	assert_true(check("source=a&source=b&col.x=1&limit=5", "offset limit", true, &err));
}

static void test_only_hosts_of_ours_are_answered(void **state)
{
	(void)state;
	char name[] = "mekiki.lab", *names[] = {name};
	const struct config_texts allowed = {names, 1};
	static const char *const good[] = {"localhost", "localhost:8580", "127.0.0.1:1", "[::1]", "[::1]:8580", "LOCALHOST:80",
	                                   "mekiki.lab:443", "Mekiki.Lab", "10.1.2.3:8580"};
	static const char *const bad[] = {"", "evil.example", "localhost.evil.example", "localhost:8580x", "127.0.0.1.evil.example",
	                                  "[::1", "::1", "mekiki.lab.evil.example:1", "a@localhost", "localhost:123456", "0.0.0.0:8580"};
	for (size_t i = 0; i < COUNT_OF(good); i++)
		if (!auth_host_allowed(good[i], &allowed, "10.1.2.3"))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (auth_host_allowed(bad[i], &allowed, "0.0.0.0"))
			fail_msg("%s is taken", bad[i]);
}

static void test_an_origin_must_be_the_host(void **state)
{
	(void)state;
	assert_true(auth_origin_equals("http://127.0.0.1:8580", "127.0.0.1:8580"));
	assert_true(auth_origin_equals("https://Mekiki.Lab", "mekiki.lab"));
	assert_false(auth_origin_equals("null", "127.0.0.1:8580"));
	assert_false(auth_origin_equals("http://127.0.0.1:9999", "127.0.0.1:8580"));
	assert_false(auth_origin_equals("http://127.0.0.1:8580.evil.example", "127.0.0.1:8580"));
}

static void test_a_cookie_is_found_by_its_whole_name(void **state)
{
	(void)state;
	static const struct {
		const char *header, *value;
	} cookies[] = {
		{"mekiki_ab=secret", "secret"},
		{"a=b; mekiki_ab=secret; c=d", "secret"},
		{"xmekiki_ab=wrong;mekiki_ab=right ", "right"},
		{"mekiki_abc=wrong", NULL},
		{"mekiki_ab", NULL},
		{"other=mekiki_ab=x", NULL},
		{"", NULL},
		{"mekiki_ab=", ""},
	};
	for (size_t i = 0; i < COUNT_OF(cookies); i++) {
		char *value = auth_cookie_find(cookies[i].header, "mekiki_ab");
		if (cookies[i].value)
			assert_string_equal(value, cookies[i].value);
		else
			assert_null(value);
		free(value);
	}
}

static void test_tags_match_as_the_standard_says(void **state)
{
	(void)state;
	assert_true(respond_etag_matches("\"a\"", "\"a\""));
	assert_true(respond_etag_matches("\"x\", W/\"a\"", "\"a\""));
	assert_true(respond_etag_matches("*", "\"a\""));
	assert_false(respond_etag_matches("\"ab\"", "\"a\""));
	assert_false(respond_etag_matches("", "\"a\""));
	assert_false(respond_etag_matches(NULL, "\"a\""));
}

static void test_pages_have_fixed_files_and_never_leave_the_directory(void **state)
{
	(void)state;
	static const struct {
		const char *path, *file; /* NULL = refused */
	} pages[] = {
		{"/", "/index.html"},         {"/login", "/login.html"},       {"/runs", "/runs.html"},
		{"/runs/", "/runs.html"},     {"/runs/r-0001", "/run.html"},   {"/js/run.js", "/js/run.js"},
		{"/runs/r-0001/results", "/results.html"}, {"/runs/r-0001/", "/run.html"}, {"/runs/r-0001/../x", NULL},
		{"/runs/new", "/new-run.html"},
		{"/../etc/passwd.txt", NULL}, {"//etc/passwd.txt", NULL},      {"/js/../../x.js", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		char file[PAGE_PATH_SIZE];
		bool ok = page_path(pages[i].path, file);
		assert_int_equal(ok, pages[i].file != NULL);
		if (ok)
			assert_string_equal(file, pages[i].file);
	}
}

static void test_every_error_has_a_status_and_a_name_that_is_found_again(void **state)
{
	(void)state;
	for (enum error_code code = ERROR_NONE + 1; code < ERROR_COUNT; code++) {
		enum error_code found = ERROR_NONE;
		assert_true(problem_parse(error_name(code), &found));
		assert_int_equal(found, code);
		assert_in_range(problem_status(code), 400, 599);
	}
	enum error_code ignored;
	assert_false(problem_parse("none", &ignored));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_path_finds_its_row_and_its_parts),
		cmocka_unit_test(test_what_is_not_in_the_table_is_nowhere),
		cmocka_unit_test(test_every_row_is_found_by_its_own_path_and_says_what_it_is_for),
		cmocka_unit_test(test_a_query_is_decoded),
		cmocka_unit_test(test_a_wrong_query_is_named),
		cmocka_unit_test(test_only_hosts_of_ours_are_answered),
		cmocka_unit_test(test_an_origin_must_be_the_host),
		cmocka_unit_test(test_a_cookie_is_found_by_its_whole_name),
		cmocka_unit_test(test_tags_match_as_the_standard_says),
		cmocka_unit_test(test_pages_have_fixed_files_and_never_leave_the_directory),
		cmocka_unit_test(test_every_error_has_a_status_and_a_name_that_is_found_again),
	};
	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
