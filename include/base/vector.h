/* vector.h - room for one more in a plain array
 *
 *   struct thing *things; size_t count, capacity;
 *   VECTOR_ADD(v->things, v->count, v->capacity) = (struct thing){ ... };
 */
#ifndef MEKIKI_BASE_VECTOR_H
#define MEKIKI_BASE_VECTOR_H

#include "base/memory.h"

#define VECTOR_ROOM(array, count, capacity)                                               \
	do {                                                                              \
		if ((count) == (capacity)) {                                              \
			(capacity) = (capacity) ? (capacity) * 2 : 8;                     \
			(array) = memory_grow((array), (size_t)(capacity), sizeof(*(array))); \
		}                                                                         \
	} while (0)

/* An lvalue: the new last element, uninitialised. */
#define VECTOR_ADD(array, count, capacity)                         \
	(*__extension__({                                          \
		VECTOR_ROOM(array, count, capacity);               \
		&(array)[(count)++];                               \
	}))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
