/* script.h - does a label mix scripts as look-alikes do? (UTS 39, highly restrictive)
 *
 * Latin beside Cyrillic or Greek is what a homograph is made of; Latin beside
 * Japanese, Chinese or Korean is ordinary writing.
 */
#ifndef MEKIKI_DATASET_SCRIPT_H
#define MEKIKI_DATASET_SCRIPT_H

#include <stdbool.h>

/* A whole name in UTF-8 (well-formed), judged label by label. */
bool script_is_mixed(const char *name);

#endif
