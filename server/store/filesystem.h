/* filesystem.h - may SQLite's WAL live in this directory?
 *
 * The WAL needs memory shared by all who have the file open, and locks that hold:
 * neither is there over a network. Home directories of clusters are the usual
 * trap, so the kind of file system is asked before anything is written.
 */
#ifndef MEKIKI_SERVER_STORE_FILESYSTEM_H
#define MEKIKI_SERVER_STORE_FILESYSTEM_H

#include <stdbool.h>

#include "base/error.h"

/* type: f_type of statfs(2), 0 = ask. ERROR_CONFIG names the kind and what to do; ERROR_IO when it cannot be asked. */
bool filesystem_check(const char *directory, bool allow_network, long type, struct error *err);

#endif
