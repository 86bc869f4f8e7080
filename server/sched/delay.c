#include "sched/delay.h"

#include <stdlib.h>

#include "base/vector.h"

static void swap(struct delay *a, struct delay *b)
{
	struct delay keep = *a;
	*a = *b;
	*b = keep;
}

void delays_add(struct delays *delays, uint32_t n, int64_t due_ms)
{
	VECTOR_ADD(delays->heap, delays->count, delays->capacity) = (struct delay){.due_ms = due_ms, .n = n};
	size_t i = delays->count - 1;
	while (i > 0 && delays->heap[i].due_ms < delays->heap[(i - 1) / 2].due_ms) {
		swap(&delays->heap[i], &delays->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sink(struct delays *delays)
{
	size_t i = 0;
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = 2 * i + 2;
		if (left < delays->count && delays->heap[left].due_ms < delays->heap[least].due_ms)
			least = left;
		if (right < delays->count && delays->heap[right].due_ms < delays->heap[least].due_ms)
			least = right;
		if (least == i)
			return;
		swap(&delays->heap[i], &delays->heap[least]);
		i = least;
	}
}

bool delays_take(struct delays *delays, int64_t now_ms, struct delay *out)
{
	if (!delays->count || delays->heap[0].due_ms > now_ms)
		return false;
	*out = delays->heap[0];
	delays->heap[0] = delays->heap[--delays->count];
	sink(delays);
	return true;
}

bool delays_remove(struct delays *delays, uint32_t n)
{
	size_t at = 0;
	while (at < delays->count && delays->heap[at].n != n)
		at++;
	if (at == delays->count)
		return false;
	struct delays old = *delays;
	*delays = (struct delays){0};
	for (size_t i = 0; i < old.count; i++)
		if (i != at)
			delays_add(delays, old.heap[i].n, old.heap[i].due_ms);
	delays_release(&old);
	return true;
}

void delays_release(struct delays *delays)
{
	free(delays->heap);
	*delays = (struct delays){0};
}
