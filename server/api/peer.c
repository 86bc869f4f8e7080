#include "api/peer.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"

/* A header fits into a few packets: ten seconds are for the slowest phone. A kept connection may idle longer.
 * A body gets the same and what its bytes take at 64 KiB/s. */
enum { HEADER_MS = 10 * 1000, IDLE_MS = 60 * 1000, BODY_MS = 20 * 1000, BYTES_PER_MS = 64, RESERVE = 8 };

enum phase { PHASE_FIRST, PHASE_IDLE, PHASE_BODY, PHASE_ANSWER, PHASE_CLOSED };

struct peer {
	struct peer *next, *prev;
	int fd;
	enum phase phase;
	int64_t since_ms, deadline_ms; /* monotonic; 0 = none */
};

struct peers {
	struct peer *first;
	int count, limit;
};

struct peers *peers_new(int limit)
{
	struct peers *peers = NEW(struct peers);
	peers->limit = limit;
	return peers;
}

void peers_free(struct peers *peers)
{
	while (peers && peers->first)
		peer_remove(peers, peers->first);
	free(peers);
}

void peer_close(struct peer *peer)
{
	if (peer->phase == PHASE_CLOSED)
		return;
	/* The library sees the end of the stream and closes by its own way. */
	shutdown(peer->fd, SHUT_RDWR);
	peer->phase = PHASE_CLOSED;
	peer->deadline_ms = 0;
}

/* The one that waits longest without owing or being owed anything. */
static void make_room(struct peers *peers)
{
	struct peer *oldest = NULL;
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		if ((peer->phase == PHASE_IDLE || peer->phase == PHASE_FIRST) && (!oldest || peer->since_ms < oldest->since_ms))
			oldest = peer;
	if (oldest)
		peer_close(oldest);
}

struct peer *peer_add(struct peers *peers, int fd, int64_t now_ms)
{
	if (peers->count >= peers->limit - RESERVE)
		make_room(peers);
	struct peer *peer = NEW(struct peer);
	*peer = (struct peer){.next = peers->first, .fd = fd, .since_ms = now_ms, .deadline_ms = now_ms + HEADER_MS};
	if (peers->first)
		peers->first->prev = peer;
	peers->first = peer;
	peers->count++;
	return peer;
}

void peer_remove(struct peers *peers, struct peer *peer)
{
	if (peer->next)
		peer->next->prev = peer->prev;
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		peers->first = peer->next;
	peers->count--;
	free(peer);
}

static void enter(struct peer *peer, enum phase phase, int64_t now_ms, int64_t deadline_ms)
{
	if (peer->phase == PHASE_CLOSED)
		return;
	peer->phase = phase;
	peer->since_ms = now_ms;
	peer->deadline_ms = deadline_ms;
}

void peer_reads_body(struct peer *peer, int64_t bytes, int64_t now_ms)
{
	enter(peer, PHASE_BODY, now_ms, now_ms + BODY_MS + (bytes > 0 ? bytes / BYTES_PER_MS : 0));
}

void peer_is_answered(struct peer *peer)
{
	enter(peer, PHASE_ANSWER, 0, 0);
}

void peer_waits(struct peer *peer, int64_t now_ms)
{
	enter(peer, PHASE_IDLE, now_ms, now_ms + IDLE_MS);
}

void peers_sweep(struct peers *peers, int64_t now_ms)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		if (peer->deadline_ms && peer->deadline_ms <= now_ms)
			peer_close(peer);
}

void peers_close_idle(struct peers *peers)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		if (peer->phase == PHASE_IDLE || peer->phase == PHASE_FIRST)
			peer_close(peer);
}

int peers_count(const struct peers *peers)
{
	return peers->count;
}
