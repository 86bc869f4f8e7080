/* sim_title.h - how a process looks in /proc, as py-setproctitle does it
 *
 * The title overwrites the memory of argv and, unless SPT_NOENV is set, that of
 * the environment too: so /proc/PID/environ of vLLM's engine holds only padding,
 * and a marker in it is lost.
 */
#ifndef MEKIKI_SIM_TITLE_H
#define MEKIKI_SIM_TITLE_H

void sim_title_init(int argc, char **argv); /* first thing in main() */
void sim_title_set(const char *title);      /* of the calling process; getenv() is over then */

#endif
