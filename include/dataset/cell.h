/* cell.h - the ways in which files write labels and numbers
 *
 * Pure. Missing is a value; false says that the cell is neither a value nor one
 * of the ways to write that there is none.
 */
#ifndef MEKIKI_DATASET_CELL_H
#define MEKIKI_DATASET_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/item.h"

bool cell_binary(const char *bytes, size_t length, enum binary *out); /* UNKNOWN = missing */
bool cell_probability(const char *bytes, size_t length, double *out); /* 0..1, NAN = missing */

#endif
