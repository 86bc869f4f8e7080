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
#include "workers/health.h"
#include "workers/transitions.h"

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

static void test_the_diagram_in_the_readme_is_that_of_the_table(void **state)
{
	(void)state;
	size_t count;
	const struct worker_transition *rows = worker_transitions(&count);
	struct text diagram;
	text_init(&diagram, 0);
	text_add(&diagram, "```mermaid\nstateDiagram-v2\n");
	for (size_t i = 0; i < count; i++)
		text_addf(&diagram, "    %s --> %s: %s\n", worker_state_name(rows[i].from), worker_state_name(rows[i].to),
		          worker_event_name(rows[i].event));
	text_add(&diagram, "```\n");
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
	const struct worker_transition *rows = worker_transitions(&count);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(worker_transition_find(rows[i].from, rows[i].event), &rows[i]);
		assert_true(strlen(rows[i].sentence) > 5);
	}
}

static void test_every_state_can_be_reached_and_left(void **state)
{
	(void)state;
	size_t count;
	const struct worker_transition *rows = worker_transitions(&count);
	for (int s = 0; s < WORKER_STATE_COUNT; s++) {
		bool reached = false, left = false;
		for (size_t i = 0; i < count; i++) {
			reached = reached || (int)rows[i].to == s;
			left = left || (int)rows[i].from == s;
		}
		assert_true(reached && left);
	}
}

/* Whatever probes do to a worker that is up is a row as well. */
static void test_every_change_that_probes_bring_is_in_the_table(void **state)
{
	(void)state;
	static const enum worker_state up[] = {WORKER_STARTING, WORKER_READY, WORKER_BUSY, WORKER_UNREACHABLE, WORKER_DOWN};
	int changes = 0;
	for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++)
		for (int probe = 0; probe < PROBE_COUNT; probe++)
			for (int answered = 0; answered < 2; answered++) {
				struct health health;
				health_init(&health, 1);
				health.state = up[i];
				health.answered = answered;
				health_probe(&health, (enum probe)probe);
				if (health.state == up[i])
					continue;
				const struct worker_transition *row =
					worker_transition_find(up[i], worker_event_of_health(health.state));
				assert_non_null(row);
				assert_int_equal(row->to, health.state);
				changes++;
			}
	assert_true(changes > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_diagram_in_the_readme_is_that_of_the_table),
		cmocka_unit_test(test_no_pair_of_state_and_event_has_two_rows),
		cmocka_unit_test(test_every_state_can_be_reached_and_left),
		cmocka_unit_test(test_every_change_that_probes_bring_is_in_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
