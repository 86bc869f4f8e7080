/* proc.h - processes as /proc shows them
 *
 * A pid alone is no identity: pids are reused. Pid and start time are one, within
 * one boot; every signal goes through a pidfd whose start time has been compared.
 * A zombie is gone: it holds nothing, only its parent has not looked yet.
 *
 * The tree of a worker is everything that descends from its root, is in its
 * session, or carries its nonce in the environment: what has been orphaned is
 * found by the last two. Linux only.
 */
#ifndef MEKIKI_WORKERS_PROC_H
#define MEKIKI_WORKERS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process {
	int64_t pid, parent, session;
	int64_t start_ticks; /* since boot */
	char state;          /* 'R', 'S', 'D', 'Z', ... */
	char name[64];       /* comm */
};

struct process_list {
	struct process *items;
	size_t count, capacity;
};
void proc_list_release(struct process_list *list);

/* false = there is none. */
bool proc_read(int64_t pid, struct process *out);
/* Pure: a line of /proc/PID/stat; the name may hold spaces and parentheses. */
bool proc_parse(const char *line, struct process *out);
/* The same one, and no zombie. */
bool proc_is_alive(const struct process *process);
/* Sends it to exactly this process; false when it is gone. */
bool proc_signal(const struct process *process, int number);
/* Readable when the process has ended; -1 when it is gone. close(). */
int proc_open(const struct process *process);
/* "NAME=value" is in its environment. */
bool proc_carries(int64_t pid, const char *entry);
char *proc_boot_id(void); /* free() */
char *proc_command(int64_t pid); /* "vllm serve …" for people, free(); "" = hidden */

/* Adds what belongs to the tree and is not in the list yet. root NULL: by the nonce alone. */
void proc_collect(struct process_list *list, const struct process *root, const char *nonce);
size_t proc_count_alive(const struct process_list *list);
/* From now on orphans of our descendants come to us instead of to init. */
void proc_adopt_orphans(void);
/* Reaps one that has lain dead since the last call (*seen is its pid, 0 at first): nobody here waits for it, or it
 * would be gone. Children of libuv are reaped by libuv within one turn of the loop. */
void proc_reap_orphans(int64_t *seen);
/* Takes the status of those that have become children of ours. */
void proc_reap(const struct process_list *list);

#endif
