#include "sched/trouble.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_SIZE = 64 };

static size_t place_of(const struct troubles *troubles, uint32_t n)
{
	/* Fibonacci hashing: neighbours, the usual case, spread over the table */
	size_t i = (size_t)(n * 2654435769u) & (troubles->size - 1);
	while (troubles->places[i].n && troubles->places[i].n != n)
		i = (i + 1) & (troubles->size - 1);
	return i;
}

struct trouble *troubles_find(const struct troubles *troubles, uint32_t n)
{
	if (!troubles->size)
		return NULL;
	struct trouble *place = &troubles->places[place_of(troubles, n)];
	return place->n ? place : NULL;
}

static void grow(struct troubles *troubles)
{
	struct troubles bigger = {.size = troubles->size ? troubles->size * 2 : FIRST_SIZE, .count = troubles->count};
	bigger.places = memory_array(bigger.size, sizeof(*bigger.places));
	for (size_t i = 0; i < troubles->size; i++)
		if (troubles->places[i].n)
			bigger.places[place_of(&bigger, troubles->places[i].n)] = troubles->places[i];
	free(troubles->places);
	*troubles = bigger;
}

struct trouble *troubles_make(struct troubles *troubles, uint32_t n)
{
	if ((troubles->count + 1) * 3 > troubles->size * 2)
		grow(troubles);
	struct trouble *place = &troubles->places[place_of(troubles, n)];
	if (!place->n) {
		*place = (struct trouble){.n = n, .avoid = -1};
		troubles->count++;
	}
	return place;
}

void troubles_release(struct troubles *troubles)
{
	free(troubles->places);
	*troubles = (struct troubles){0};
}
