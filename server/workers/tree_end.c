#include "workers/tree_end.h"

#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

enum { LOOK_EVERY_MS = 50 };

enum stage { STAGE_TERM, STAGE_GROUP, STAGE_KILL };

struct tree_end {
	struct process root;
	bool has_root;
	char *nonce;
	int64_t patience[3]; /* by stage */
	enum stage stage;
	int64_t stage_end_ms, start_ms;
	size_t killed;
	struct process_list tree;
	struct loop_timer *timer;
	tree_end_done *done;
	void *arg;
};

static void release(struct tree_end *end)
{
	proc_list_release(&end->tree);
	loop_timer_free(end->timer);
	free(end->nonce);
	free(end);
}

static void collect(struct tree_end *end)
{
	proc_collect(&end->tree, end->has_root ? &end->root : NULL, end->nonce);
}

static void signal_all(struct tree_end *end, int number)
{
	for (size_t i = 0; i < end->tree.count; i++)
		if (proc_is_alive(&end->tree.items[i]) && proc_signal(&end->tree.items[i], number) && number == SIGKILL)
			end->killed++;
}

static void enter(struct tree_end *end, enum stage stage)
{
	end->stage = stage;
	end->stage_end_ms = clock_mono_ms() + end->patience[stage];
	collect(end);
	if (stage == STAGE_TERM)
		proc_signal(&end->root, SIGTERM);
	else
		signal_all(end, stage == STAGE_GROUP ? SIGTERM : SIGKILL);
}

static void finish(struct tree_end *end, bool good)
{
	int64_t elapsed = clock_mono_ms() - end->start_ms;
	struct text text;
	text_init(&text, 600);
	if (good && !end->tree.count)
		text_add(&text, "no process was left");
	else if (good)
		text_addf(&text, "%zu process%s gone, %zu of them killed, after %.1f s", end->tree.count,
		          end->tree.count == 1 ? "" : "es", end->killed < end->tree.count ? end->killed : end->tree.count,
		          (double)elapsed / 1000);
	for (size_t i = 0; !good && i < end->tree.count; i++)
		if (proc_is_alive(&end->tree.items[i]))
			text_addf(&text, "%sprocess %lld (%s)", text.length ? ", " : "", (long long)end->tree.items[i].pid,
			          end->tree.items[i].name);
	if (!good)
		text_addf(&text, " survived SIGKILL for %.0f s", (double)end->patience[STAGE_KILL] / 1000);
	end->done(end->arg, good, text.data);
	text_release(&text);
	release(end);
}

static void look(void *arg)
{
	struct tree_end *end = arg;
	proc_reap(&end->tree);
	if (proc_count_alive(&end->tree) == 0) {
		size_t before = end->tree.count;
		collect(end); /* whatever was born meanwhile */
		if (end->tree.count == before || proc_count_alive(&end->tree) == 0) {
			finish(end, true);
			return;
		}
		enter(end, STAGE_KILL);
	}
	if (end->stage == STAGE_TERM && !proc_is_alive(&end->root)) {
		/* The root went as asked. What it leaves gets the moment that a clean shutdown takes. */
		enter(end, STAGE_GROUP);
		return;
	}
	if (clock_mono_ms() < end->stage_end_ms)
		return;
	if (end->stage == STAGE_KILL)
		finish(end, false);
	else
		enter(end, end->stage + 1);
}

struct tree_end *tree_end_begin(struct loop *loop, const struct tree_end_order *order, tree_end_done *done, void *arg)
{
	struct tree_end *end = NEW(struct tree_end);
	*end = (struct tree_end){.has_root = order->root != NULL,
	                         .nonce = memory_copy(order->nonce),
	                         .patience = {order->term_ms, order->group_ms, order->kill_ms},
	                         .start_ms = clock_mono_ms(),
	                         .done = done,
	                         .arg = arg};
	if (order->root)
		end->root = *order->root;
	end->timer = loop_timer_new(loop, look, end);
	enter(end, !order->root || order->term_ms == 0 ? STAGE_KILL : STAGE_TERM);
	loop_timer_set(end->timer, 1, LOOK_EVERY_MS);
	return end;
}

void tree_end_hurry(struct tree_end *end)
{
	if (end->stage != STAGE_KILL)
		enter(end, STAGE_KILL);
}

void tree_end_cancel(struct tree_end *end)
{
	if (end)
		release(end);
}
