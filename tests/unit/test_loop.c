#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/loop.h"

enum { POSTERS = 8, POSTS = 5000 };

struct tally {
	struct loop *loop;
	int next[POSTERS]; /* the number that each poster is to send next */
	int out_of_order, elsewhere, total;
};

struct post {
	struct tally *tally;
	int poster, number;
};

static void count_post(void *arg)
{
	struct post *post = arg;
	struct tally *tally = post->tally;
	tally->elsewhere += !loop_is_here(tally->loop);
	tally->out_of_order += tally->next[post->poster]++ != post->number;
	tally->total++;
	free(post);
}

struct poster {
	pthread_t thread;
	struct tally *tally;
	int number, taken;
};

static void *post_many(void *arg)
{
	struct poster *poster = arg;
	for (int i = 0; i < POSTS; i++) {
		struct post *post = NEW(struct post);
		*post = (struct post){poster->tally, poster->number, i};
		if (!loop_post(poster->tally->loop, count_post, post)) {
			free(post);
			break;
		}
		poster->taken++;
	}
	return NULL;
}

static int run_posters(struct tally *tally, bool stop_in_the_middle)
{
	struct poster posters[POSTERS];
	int taken = 0;
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){.tally = tally, .number = i};
		pthread_create(&posters[i].thread, NULL, post_many, &posters[i]);
	}
	if (stop_in_the_middle)
		loop_stop(tally->loop);
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		taken += posters[i].taken;
	}
	return taken;
}

static void test_posts_of_many_threads_run_once_in_their_order(void **state)
{
	(void)state;
	struct tally tally = {.loop = loop_new("test")};
	loop_start(tally.loop);
	int taken = run_posters(&tally, false);
	loop_free(tally.loop);
	assert_int_equal(taken, POSTERS * POSTS);
	assert_int_equal(tally.total, taken);
	assert_int_equal(tally.out_of_order, 0);
	assert_int_equal(tally.elsewhere, 0);
}

static void test_a_post_that_was_taken_runs_even_when_the_loop_is_stopping(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct tally tally = {.loop = loop_new("test")};
		loop_start(tally.loop);
		int taken = run_posters(&tally, true);
		loop_free(tally.loop);
		assert_int_equal(tally.total, taken);
		assert_int_equal(tally.out_of_order, 0);
	}
}

static void count_up(void *arg)
{
	++*(int *)arg;
}

static void test_a_stopped_loop_refuses_posts(void **state)
{
	(void)state;
	int count = 0;
	struct loop *loop = loop_new("a name that is much too long for a thread");
	loop_start(loop);
	assert_false(loop_is_here(loop));
	loop_stop(loop);
	assert_false(loop_post(loop, count_up, &count));
	loop_join(loop);
	assert_true(loop_is_here(loop));
	assert_false(loop_post(loop, count_up, &count));
	loop_free(loop);
	assert_int_equal(count, 0);
}

static void test_a_loop_that_never_ran_keeps_its_word(void **state)
{
	(void)state;
	int count = 0;
	struct loop *loop = loop_new("test");
	assert_true(loop_post(loop, count_up, &count));
	loop_free(loop);
	assert_int_equal(count, 1);
	loop_free(NULL);
}

struct alarm {
	struct loop *loop;
	struct loop_timer *once, *often, *never;
	int rang_once, rang_often, rang_never;
	int64_t asked_ms, rang_ms;
};

static void ring_once(void *arg)
{
	struct alarm *alarm = arg;
	alarm->rang_once++;
	alarm->rang_ms = clock_mono_ms();
	loop_timer_free(alarm->once);
}

static void ring_never(void *arg)
{
	((struct alarm *)arg)->rang_never++;
}

static void ring_often(void *arg)
{
	struct alarm *alarm = arg;
	if (++alarm->rang_often < 3 || !alarm->rang_once)
		return;
	loop_timer_free(alarm->often);
	loop_timer_free(alarm->never);
	loop_stop(alarm->loop);
}

static void test_timers_ring_once_or_again_and_not_before_their_time(void **state)
{
	(void)state;
	struct alarm alarm = {.loop = loop_new("test")};
	alarm.once = loop_timer_new(alarm.loop, ring_once, &alarm);
	alarm.often = loop_timer_new(alarm.loop, ring_often, &alarm);
	alarm.never = loop_timer_new(alarm.loop, ring_never, &alarm);
	alarm.asked_ms = clock_mono_ms();
	loop_timer_set(alarm.once, 15, 0);
	loop_timer_set(alarm.often, 0, 2);
	loop_timer_set(alarm.never, 0, 1);
	loop_timer_stop(alarm.never);
	loop_run(alarm.loop);
	loop_free(alarm.loop);
	assert_int_equal(alarm.rang_once, 1);
	assert_true(alarm.rang_often >= 3);
	assert_int_equal(alarm.rang_never, 0);
	assert_true(alarm.rang_ms - alarm.asked_ms >= 14); /* uv's clock drops the fraction of its millisecond */
}

struct echo {
	struct loop *loop;
	int left, done;
};

static void post_again(void *arg)
{
	struct echo *echo = arg;
	echo->done++;
	if (--echo->left)
		assert_true(loop_post(echo->loop, post_again, echo));
	else
		loop_stop(echo->loop);
}

static void test_a_call_may_post_the_next_one(void **state)
{
	(void)state;
	struct echo echo = {.loop = loop_new("test"), .left = 1000};
	assert_true(loop_post(echo.loop, post_again, &echo));
	loop_run(echo.loop);
	loop_free(echo.loop);
	assert_int_equal(echo.done, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts_of_many_threads_run_once_in_their_order),
		cmocka_unit_test(test_a_post_that_was_taken_runs_even_when_the_loop_is_stopping),
		cmocka_unit_test(test_a_stopped_loop_refuses_posts),
		cmocka_unit_test(test_a_loop_that_never_ran_keeps_its_word),
		cmocka_unit_test(test_timers_ring_once_or_again_and_not_before_their_time),
		cmocka_unit_test(test_a_call_may_post_the_next_one),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
