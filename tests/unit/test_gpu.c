/* Reading nvidia-smi, and living with it: rows 35, 37, 38 and 39 of the failure scenarios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/vector.h"
#include "gpu/gpu.h"

#define H200 "0, GPU-a, 143771, 32362, 110800, 100, 52, Disabled, NVIDIA H200\n"

static void test_gpus_and_processes_are_joined_by_uuid(void **state)
{
	(void)state;
	struct gpu_list list;
	struct error err = {0};
	assert_true(gpu_read(H200 "1, GPU-b, 46068, 0, 45459, 0, 30, [N/A], NVIDIA L40S\n",
	                     "GPU-a, 10291, 2566, /data/memhog\nGPU-a, 10309, 28234, ./gpu_burn\n", &list, &err));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.gpus[0].process_count, 2);
	assert_int_equal(list.gpus[0].processes[1].used_mib, 28234);
	assert_int_equal(list.gpus[0].unattributed_mib, 1562);
	assert_int_equal(list.gpus[1].process_count, 0);
	assert_int_equal(list.gpus[1].unattributed_mib, 0);
	assert_int_equal(list.gpus[0].use_percent, 100);
	gpu_list_release(&list);
}

static void test_row_38_what_is_no_number_is_unknown_and_never_zero(void **state)
{
	(void)state;
	static const char *const words[] = {"[N/A]", "N/A", "[Not Supported]", "[Insufficient Permissions]", "[Unknown Error]", "ERR!",
	                                    "[GPU requires reset]", "-", "", "-5", "12 MiB", "99999999999999999999"};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct gpu_list list;
		struct error err = {0};
		AUTO_FREE char *gpus = memory_format("0, GPU-a, %s, %s, %s, %s, %s, %s, NVIDIA GB10\n", words[i], words[i], words[i], words[i],
		                                     words[i], words[i]);
		AUTO_FREE char *processes = memory_format("GPU-a, 7, %s, [Not Found]\n", words[i]);
		AUTO_FREE char *why = NULL;
		assert_true(gpu_read(gpus, processes, &list, &err));
		assert_int_equal(list.gpus[0].used_mib, -1);
		assert_int_equal(list.gpus[0].celsius, -1);
		assert_int_equal(list.gpus[0].processes[0].used_mib, -1);
		assert_int_equal(list.gpus[0].unattributed_mib, -1);
		assert_false(gpu_is_free(&list, 0, 500, &why));
		gpu_list_release(&list);
	}
}

static void test_row_38_a_name_may_hold_commas(void **state)
{
	(void)state;
	struct gpu_list list;
	struct error err = {0};
	assert_true(gpu_read("0, GPU-a, 1, 1, 0, 0, 1, Enabled, NVIDIA H200, 141 GB, SXM\r\n", "GPU-a, 9, 1, python, -c, x\n", &list, &err));
	assert_string_equal(list.gpus[0].name, "NVIDIA H200, 141 GB, SXM");
	assert_string_equal(list.gpus[0].processes[0].name, "python, -c, x");
	assert_true(list.gpus[0].mig);
	gpu_list_release(&list);
}

static void test_row_38_garbage_names_its_line(void **state)
{
	(void)state;
	struct gpu_list list;
	struct error err = {0};
	assert_false(gpu_read(H200 "Failed to initialize NVML: Driver/library version mismatch\n", "", &list, &err));
	assert_non_null(strstr(err.text, "line 2"));
	assert_false(gpu_read(H200, "GPU-z, 7, 1, python\n", &list, &err));
	assert_non_null(strstr(err.text, "not among those listed"));
	assert_true(gpu_read(H200, "No running processes found\n", &list, &err));
	gpu_list_release(&list);
}

static void test_no_bytes_break_the_reader(void **state)
{
	(void)state;
	unsigned seed = 1;
	for (int round = 0; round < 20000; round++) {
		char gpus[] = H200 H200, processes[] = "GPU-a, 10291, 2566, memhog\nGPU-a, 1, 2, x\n";
		for (int i = 0; i < 4; i++) {
			gpus[rand_r(&seed) % (int)(sizeof(gpus) - 1)] = (char)(rand_r(&seed) % 256);
			processes[rand_r(&seed) % (int)(sizeof(processes) - 1)] = (char)(rand_r(&seed) % 256);
		}
		struct gpu_list list;
		struct error err = {0};
		if (gpu_read(gpus, processes, &list, &err))
			gpu_list_release(&list);
		else
			assert_true(err.text[0] != '\0');
	}
}

static bool is_pid(void *arg, int64_t pid, int64_t start_ticks)
{
	return start_ticks > 0 && pid == *(int64_t *)arg;
}

static void test_row_39_owners_come_from_proc_and_children_of_ours_are_ours(void **state)
{
	(void)state;
	struct gpu_list list;
	struct error err = {0};
	int64_t parent = getppid(), us = getpid();
	AUTO_FREE char *processes = memory_format("GPU-a, %lld, 700, test\nGPU-a, 4194303, 900, gone\n", (long long)us);
	assert_true(gpu_read(H200, processes, &list, &err));
	gpu_owners(&list, is_pid, &parent);
	assert_true(list.gpus[0].processes[0].ours);
	assert_non_null(list.gpus[0].processes[0].user);
	assert_null(list.gpus[0].processes[1].user);
	assert_int_equal(gpu_foreign(&list.gpus[0], 500)->pid, 4194303);
	assert_null(gpu_foreign(&list.gpus[0], 900));
	gpu_list_release(&list);
}

/* The watch, against a program that the test writes. */

struct place {
	struct loop *loop;
	char dir[64], program[96];
	int looks;
	char problem[512];
	struct gpu_watch *watch;
	int wanted;
};

static void on_seen(void *arg, const struct gpu_list *list)
{
	struct place *place = arg;
	place->looks++;
	snprintf(place->problem, sizeof(place->problem), "%s", list->problem ? list->problem : "");
	if (place->looks >= place->wanted)
		loop_stop(place->loop);
}

static void write_program(struct place *place, const char *body)
{
	FILE *file = fopen(place->program, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho call >>%s/calls\n%s\n", place->dir, body);
	fclose(file);
	chmod(place->program, 0755);
}

static void setup(struct place *place, const char *body, int64_t deadline_ms, int wanted)
{
	*place = (struct place){.wanted = wanted};
	snprintf(place->dir, sizeof(place->dir), "/tmp/mekiki-gpu-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->program, sizeof(place->program), "%s/smi", place->dir);
	write_program(place, body);
	place->loop = loop_new("test-gpu");
	place->watch = gpu_watch_new(place->loop, place->program, deadline_ms, NULL, on_seen, place);
}

static int calls(const struct place *place)
{
	AUTO_FREE char *path = memory_format("%s/calls", place->dir);
	FILE *file = fopen(path, "re");
	int count = 0;
	for (int c = file ? fgetc(file) : EOF; c != EOF; c = fgetc(file))
		count += c == '\n';
	if (file)
		fclose(file);
	unlink(path);
	return count;
}

static void teardown(struct place *place)
{
	gpu_watch_free(place->watch);
	loop_free(place->loop);
	calls(place);
	unlink(place->program);
	rmdir(place->dir);
}

#define GOOD "case $1 in --query-gpu*) echo '0, GPU-a, 1000, 10, 990, 0, 30, Disabled, X';; esac"

static void test_a_look_reads_both_answers(void **state)
{
	(void)state;
	struct place place;
	setup(&place, GOOD, 20000, 1);
	assert_non_null(gpu_watch_last(place.watch)->problem);
	gpu_watch_look(place.watch);
	loop_run(place.loop);
	assert_string_equal(place.problem, "");
	assert_int_equal(gpu_watch_last(place.watch)->gpus[0].used_mib, 10);
	assert_int_equal(calls(&place), 2);
	teardown(&place);
}

static void test_row_37_a_helper_that_hangs_is_unknown_after_its_deadline(void **state)
{
	(void)state;
	struct place place;
	/* A pipe that somebody holds: like a process in the D state, it does not go away when it is killed. */
	setup(&place, "sleep 20 & exec sleep 1000", 2000, 3);
	gpu_watch_every(place.watch, 10);
	loop_run(place.loop);
	assert_int_equal(place.looks, 3);
	assert_non_null(strstr(place.problem, "still hangs; no other is started"));
	assert_int_equal(calls(&place), 1);
	teardown(&place);
}

static void test_row_35_exit_status_and_words_are_kept(void **state)
{
	(void)state;
	struct place place;
	setup(&place, "echo 'Unable to determine the device handle for GPU0: Unknown Error'; exit 15", 20000, 1);
	gpu_watch_look(place.watch);
	loop_run(place.loop);
	assert_non_null(strstr(place.problem, "status 15: Unable to determine"));
	teardown(&place);
}

static void test_a_program_that_is_not_there_is_unknown(void **state)
{
	(void)state;
	struct place place;
	setup(&place, GOOD, 20000, 1);
	unlink(place.program);
	gpu_watch_look(place.watch);
	loop_run(place.loop);
	assert_non_null(strstr(place.problem, "cannot be started"));
	teardown(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gpus_and_processes_are_joined_by_uuid),
		cmocka_unit_test(test_row_38_what_is_no_number_is_unknown_and_never_zero),
		cmocka_unit_test(test_row_38_a_name_may_hold_commas),
		cmocka_unit_test(test_row_38_garbage_names_its_line),
		cmocka_unit_test(test_no_bytes_break_the_reader),
		cmocka_unit_test(test_row_39_owners_come_from_proc_and_children_of_ours_are_ours),
		cmocka_unit_test(test_a_look_reads_both_answers),
		cmocka_unit_test(test_row_37_a_helper_that_hangs_is_unknown_after_its_deadline),
		cmocka_unit_test(test_row_35_exit_status_and_words_are_kept),
		cmocka_unit_test(test_a_program_that_is_not_there_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
