/* tree_end.h - the end of a process tree, and the proof of it
 *
 * TERM to the root, then to all, then KILL to all; over when every process that
 * was seen is gone. Who belongs to it is collected before the first signal and
 * again before each stage, because the death of the root hides its children.
 * Each signal goes to pid and start time, never to a group: a group's number may
 * be somebody else's by now. The engine's thread.
 */
#ifndef MEKIKI_WORKERS_TREE_END_H
#define MEKIKI_WORKERS_TREE_END_H

#include "io/loop.h"
#include "workers/proc.h"

struct tree_end;

struct tree_end_order {
	const struct process *root; /* NULL = dead already */
	const char *nonce;
	int64_t term_ms;            /* patience with TERM to the root; 0 = KILL at once */
	int64_t group_ms;           /* then with TERM to all */
	int64_t kill_ms;            /* then with KILL */
};

/* good false: something survives KILL. text: the receipt, borrowed. */
typedef void tree_end_done(void *arg, bool good, const char *text);

/* done comes once, later. */
struct tree_end *tree_end_begin(struct loop *loop, const struct tree_end_order *order, tree_end_done *done, void *arg);
/* No more patience: KILL. */
void tree_end_hurry(struct tree_end *end);
/* Lets go of it, wherever it is; done is not called. */
void tree_end_cancel(struct tree_end *end);

#endif
