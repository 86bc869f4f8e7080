/* loop.h - one libuv loop with its thread, its timers and its mailbox
 *
 * Everything that a loop's owner keeps is touched on the loop's thread only.
 * Other threads talk to it by loop_post(): the only function here that may be
 * called from anywhere. There is one lock, in the mailbox, held for a pointer
 * swap and never while calling out.
 */
#ifndef MEKIKI_IO_LOOP_H
#define MEKIKI_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct loop;
struct loop_timer;

typedef void loop_call(void *arg);

struct loop *loop_new(const char *name); /* name: of the thread, at most 15 bytes */
/* Starts the thread. */
void loop_start(struct loop *loop);
/* Runs on the calling thread until loop_stop() (tests, the command line). */
void loop_run(struct loop *loop);
/* From any thread: runs what was posted before, then ends loop_run(). */
void loop_stop(struct loop *loop);
/* After loop_stop(): waits for the thread's end. What lives on the loop then belongs to the caller. */
void loop_join(struct loop *loop);
/* Stops, joins, closes what is still open. Timers must be freed before; nobody may be in loop_post(). */
void loop_free(struct loop *loop);

/* Any thread: call(arg) on the loop's thread, in the order of posting. false once the loop is
 * stopping: then the call will never happen and the caller keeps what arg owns. */
bool loop_post(struct loop *loop, loop_call *call, void *arg);
/* On its thread, or on none at all (before the start, after the join)? For asserts. */
bool loop_is_here(const struct loop *loop);

uv_loop_t *loop_uv(struct loop *loop);

/* The loop's thread only. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_call *call, void *arg);
void loop_timer_set(struct loop_timer *timer, int64_t in_ms, int64_t repeat_ms); /* repeat 0 = once */
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

#endif
