/* cleanup.h - the one shape for cleanup: released at the end of the scope
 *
 *   AUTO_FREE char *name = text_copy(...);
 *   return TAKE(name);             ownership leaves the scope
 *   LOCK_SCOPE(&mutex);            held until the end of the block
 */
#ifndef MEKIKI_BASE_CLEANUP_H
#define MEKIKI_BASE_CLEANUP_H

#include <pthread.h>
#include <stdlib.h>

static inline void cleanup_free(void *place)
{
	void **pointer = place;
	free(*pointer);
	*pointer = NULL;
}

static inline pthread_mutex_t *cleanup_lock(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
	return mutex;
}

static inline void cleanup_unlock(pthread_mutex_t **mutex)
{
	pthread_mutex_unlock(*mutex);
}

#define AUTO(release) __attribute__((cleanup(release)))
#define AUTO_FREE AUTO(cleanup_free)

/* Moves a pointer out of its variable, which becomes NULL. */
#define TAKE(pointer)                                  \
	__extension__({                                \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                      \
		taken_;                                \
	})

#define CLEANUP_JOIN_(a, b) a##b
#define CLEANUP_JOIN(a, b) CLEANUP_JOIN_(a, b)
#define LOCK_SCOPE(mutex)                                                         \
	__attribute__((cleanup(cleanup_unlock), unused)) pthread_mutex_t *CLEANUP_JOIN( \
		lock_, __LINE__) = cleanup_lock(mutex)

#endif
