/* memory.h - allocation that cannot fail
 *
 * Running out of memory aborts in one place: a service that resumes exactly
 * where it stopped may crash honestly, and no caller carries a branch that no
 * test reaches. Memory is released with free().
 */
#ifndef MEKIKI_BASE_MEMORY_H
#define MEKIKI_BASE_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size);                           /* zeroed */
void *memory_array(size_t count, size_t size);           /* zeroed, overflow checked */
void *memory_grow(void *old, size_t count, size_t size); /* realloc, overflow checked */
char *memory_copy(const char *text);                     /* NULL stays NULL */
char *memory_copy_n(const void *bytes, size_t length);   /* adds a final NUL */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define NEW(type) ((type *)memory_new(sizeof(type)))

#endif
