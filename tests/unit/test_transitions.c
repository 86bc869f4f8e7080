#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/transitions.h"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	struct text out;
	text_init(&out, 0);
	char piece[4096];
	size_t got;
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		text_add_bytes(&out, piece, got);
	fclose(file);
	return text_take(&out);
}

static void draw(struct text *out)
{
	size_t count;
	const struct run_transition *rows = run_transitions(&count);
	text_add(out, "```mermaid\nstateDiagram-v2\n");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "    %s --> %s: %s\n", run_state_name(rows[i].from), run_state_name(rows[i].to),
		          run_event_name(rows[i].event));
	text_add(out, "```\n");
}

static void test_the_diagram_in_the_readme_is_that_of_the_table(void **state)
{
	(void)state;
	struct text diagram;
	text_init(&diagram, 0);
	draw(&diagram);
	AUTO_FREE char *readme = read_file("server/README.md");
	if (!strstr(readme, diagram.data))
		print_message("server/README.md must hold:\n%s", diagram.data);
	assert_non_null(strstr(readme, diagram.data));
	text_release(&diagram);
}

static void test_no_pair_of_state_and_event_has_two_rows(void **state)
{
	(void)state;
	size_t count;
	const struct run_transition *rows = run_transitions(&count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(run_transition_find(rows[i].from, rows[i].event), &rows[i]);
}

static void test_every_state_can_be_reached_and_left_or_is_an_end(void **state)
{
	(void)state;
	size_t count;
	const struct run_transition *rows = run_transitions(&count);
	for (int s = 0; s < RUN_STATE_COUNT; s++) {
		bool reached = s == RUN_DRAFT, left = s == RUN_FINISHED;
		for (size_t i = 0; i < count; i++) {
			reached = reached || (int)rows[i].to == s;
			left = left || (int)rows[i].from == s;
		}
		assert_true(reached && left);
	}
}

static void test_actions_are_those_the_table_allows(void **state)
{
	(void)state;
	assert_true(engine_run_actions(RUN_RUNNING) & 1u << ENGINE_RUN_PAUSE);
	assert_false(engine_run_actions(RUN_RUNNING) & 1u << ENGINE_RUN_START);
	assert_true(engine_run_actions(RUN_STOPPED) & 1u << ENGINE_RUN_START);
	assert_false(engine_run_actions(RUN_FINISHED) & 1u << ENGINE_RUN_START);
	assert_true(engine_run_actions(RUN_FINISHED) & 1u << ENGINE_RUN_RETRY_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_diagram_in_the_readme_is_that_of_the_table),
		cmocka_unit_test(test_no_pair_of_state_and_event_has_two_rows),
		cmocka_unit_test(test_every_state_can_be_reached_and_left_or_is_an_end),
		cmocka_unit_test(test_actions_are_those_the_table_allows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
