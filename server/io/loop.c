/* The mailbox is a list that the loop takes whole: the lock is held for a pointer
 * swap, and what was posted while a batch runs waits for the next round, so a
 * busy poster cannot starve sockets and timers. "Stopping" is read under the same
 * lock as the list: whatever loop_post() took is in the last batch, and what it
 * refused is not.
 */
#include "io/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/memory.h"

enum { NAME_SIZE = 16 }; /* of a Linux thread, with the NUL */

struct letter {
	struct letter *next;
	loop_call *call;
	void *arg;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	char name[NAME_SIZE];
	pthread_t thread;
	bool started, joined;
	_Atomic(pthread_t) owner; /* who runs it now; 0 = nobody: whoever holds the loop may touch it */

	pthread_mutex_t lock;     /* guards the three below */
	struct letter *first;
	struct letter **last;
	bool stopping;
};

struct loop_timer {
	uv_timer_t uv;
	loop_call *call;
	void *arg;
};

static void mailbox_open(uv_async_t *wake)
{
	struct loop *loop = wake->data;
	pthread_mutex_lock(&loop->lock);
	struct letter *letter = TAKE(loop->first);
	loop->last = &loop->first;
	bool stopping = loop->stopping;
	pthread_mutex_unlock(&loop->lock);
	while (letter) {
		struct letter *next = letter->next;
		letter->call(letter->arg);
		free(letter);
		letter = next;
	}
	if (stopping)
		uv_stop(&loop->uv);
}

struct loop *loop_new(const char *name)
{
	struct loop *loop = NEW(struct loop);
	snprintf(loop->name, sizeof(loop->name), "%s", name);
	pthread_mutex_init(&loop->lock, NULL);
	loop->last = &loop->first;
	int failed = uv_loop_init(&loop->uv);
	assert(!failed); /* only for want of memory or file descriptors at start */
	loop->wake.data = loop;
	failed = uv_async_init(&loop->uv, &loop->wake, mailbox_open);
	assert(!failed);
	return loop;
}

void loop_run(struct loop *loop)
{
	atomic_store(&loop->owner, pthread_self());
	/* uv_stop() before uv_run() is remembered, so a loop that was stopped early ends as well. */
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	atomic_store(&loop->owner, (pthread_t)0);
}

static void *thread_main(void *arg)
{
	struct loop *loop = arg;
	pthread_setname_np(pthread_self(), loop->name);
	loop_run(loop);
	return NULL;
}

void loop_start(struct loop *loop)
{
	assert(!loop->started);
	loop->started = true;
	int failed = pthread_create(&loop->thread, NULL, thread_main, loop);
	assert(!failed);
	atomic_store(&loop->owner, loop->thread); /* from here on, not only once the thread got going */
}

void loop_stop(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	pthread_mutex_unlock(&loop->lock);
	uv_async_send(&loop->wake);
}

void loop_join(struct loop *loop)
{
	if (!loop->started || loop->joined)
		return;
	pthread_join(loop->thread, NULL);
	loop->joined = true;
	atomic_store(&loop->owner, (pthread_t)0);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_stop(loop);
	loop_join(loop);
	mailbox_open(&loop->wake); /* of a loop that never ran: a post that was taken does happen */
	uv_walk(&loop->uv, close_handle, NULL);
	/* A stop that nobody ran into ends the first round early; closing is done when nothing is alive. */
	while (uv_run(&loop->uv, UV_RUN_DEFAULT))
		;
	int busy = uv_loop_close(&loop->uv);
	assert(!busy);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

bool loop_post(struct loop *loop, loop_call *call, void *arg)
{
	struct letter *letter = NEW(struct letter);
	*letter = (struct letter){.call = call, .arg = arg};
	pthread_mutex_lock(&loop->lock);
	bool refused = loop->stopping;
	bool first = !loop->first;
	if (!refused) {
		*loop->last = letter;
		loop->last = &letter->next;
	}
	pthread_mutex_unlock(&loop->lock);
	if (refused)
		free(letter);
	else if (first)
		uv_async_send(&loop->wake); /* the letters after the first ride along */
	return !refused;
}

bool loop_is_here(const struct loop *loop)
{
	pthread_t owner = atomic_load(&loop->owner);
	return !owner || pthread_equal(owner, pthread_self());
}

uv_loop_t *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

static void timer_rings(uv_timer_t *uv)
{
	struct loop_timer *timer = uv->data;
	timer->call(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_call *call, void *arg)
{
	assert(loop_is_here(loop));
	struct loop_timer *timer = NEW(struct loop_timer);
	timer->call = call;
	timer->arg = arg;
	timer->uv.data = timer;
	uv_timer_init(&loop->uv, &timer->uv);
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t in_ms, int64_t repeat_ms)
{
	assert(in_ms >= 0 && repeat_ms >= 0);
	uv_update_time(timer->uv.loop); /* uv counts from the start of the round, which may be long ago */
	uv_timer_start(&timer->uv, timer_rings, (uint64_t)in_ms, (uint64_t)repeat_ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
	uv_timer_stop(&timer->uv);
}

static void timer_closed(uv_handle_t *uv)
{
	free(uv->data);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer)
		uv_close((uv_handle_t *)&timer->uv, timer_closed);
}
