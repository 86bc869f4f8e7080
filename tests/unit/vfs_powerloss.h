/* vfs_powerloss.h - a SQLite VFS whose process is the machine
 *
 * What was written and not yet synced exists in this process only; the files on
 * disk hold what would survive a power cut. So kill -9 of the process is the
 * power cut, and what another process then opens is the disk after it. Truncated
 * files keep their old length, and deleted ones stay, until the next sync.
 *
 * powerloss_cut() is the harder cut: any subset of the unsynced blocks may have
 * reached the disk, in any order, as real disks do.
 *
 * It can also be full, or fail its syncs. Any thread.
 */
#ifndef MEKIKI_TESTS_VFS_POWERLOSS_H
#define MEKIKI_TESTS_VFS_POWERLOSS_H

#include <stdint.h>

/* Registers the VFS and gives its name, for store_options.vfs. */
const char *powerloss_install(void);

/* Bytes that all files together may have; 0 = no limit. */
void powerloss_room(int64_t bytes);
int64_t powerloss_used(void);
void powerloss_fail_syncs(int fail);
int powerloss_syncs(void); /* so far */

/* Writes a random part of what is not synced and ends the process with SIGKILL. */
void powerloss_cut(unsigned seed) __attribute__((noreturn));

#endif
