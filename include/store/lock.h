/* lock.h - one mekiki per data directory
 *
 * A lock file held with flock(2): the kernel gives it back when the process
 * ends, however it ends. The file names who holds it, for the message only.
 */
#ifndef MEKIKI_STORE_LOCK_H
#define MEKIKI_STORE_LOCK_H

#include "base/error.h"

struct lock;

/* NULL with ERROR_CONFLICT that names the process holding it, or ERROR_IO. */
struct lock *lock_take(const char *directory, struct error *err);
void lock_release(struct lock *lock); /* NULL is nothing */

#endif
