/* interrupt.h - Ctrl-C ends our looking, never the run
 *
 * The only state that a signal may touch: one flag, asked by whatever waits.
 */
#ifndef MEKIKI_CLI_INTERRUPT_H
#define MEKIKI_CLI_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

void interrupt_catch(void);   /* SIGINT and SIGTERM set the flag from now on; a second one kills as usual */
bool interrupt_absent(void);  /* no signal has come yet */
void interrupt_sleep(int64_t ms); /* returns early on a signal */

#endif
