/* trouble.h - what is remembered of items that have failed: a hash table by position
 *
 * Open addressing, power-of-two size, at most two thirds full; nothing is
 * removed before the run ends, because a settled item never comes again.
 */
#ifndef MEKIKI_SCHED_TROUBLE_H
#define MEKIKI_SCHED_TROUBLE_H

#include <stddef.h>
#include <stdint.h>

struct trouble {
	uint32_t n;        /* 0 = free place: positions count from 1 */
	int16_t avoid;     /* worker of the last failure, -1 = none */
	uint8_t spent;     /* attempts spent */
	uint8_t timeouts;
	uint8_t deaths;    /* of workers while it was in flight */
	uint16_t tries;    /* failed tries of every kind */
	uint16_t troubles; /* those that spent no attempt but say something about the item */
};

struct troubles {
	struct trouble *places;
	size_t size, count;
};

struct trouble *troubles_find(const struct troubles *troubles, uint32_t n); /* NULL = never failed */
struct trouble *troubles_make(struct troubles *troubles, uint32_t n);       /* valid until the next make */
void troubles_release(struct troubles *troubles);

#endif
