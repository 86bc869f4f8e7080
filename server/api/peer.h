/* peer.h - the connections, with absolute deadlines
 *
 * libmicrohttpd's own time-out counts from the last byte, so one header byte per
 * second holds a place for ever. Here each connection has a moment by which its
 * header, then its body, must be there; whoever misses it is closed. When places
 * run short the longest idle ones go first, so that /healthz and the page keep
 * answering whatever else is open.
 *
 * HTTP thread.
 */
#ifndef MEKIKI_SERVER_API_PEER_H
#define MEKIKI_SERVER_API_PEER_H

#include <stdint.h>

struct peer;
struct peers;

struct peers *peers_new(int limit); /* places, reserve included */
void peers_free(struct peers *peers);

struct peer *peer_add(struct peers *peers, int fd, int64_t now_ms); /* may close an idle one */
void peer_remove(struct peers *peers, struct peer *peer);

/* A request's header is complete; `bytes` of body to come (-1 = unknown). */
void peer_reads_body(struct peer *peer, int64_t bytes, int64_t now_ms);
void peer_is_answered(struct peer *peer); /* no deadline: ours to answer */
void peer_waits(struct peer *peer, int64_t now_ms); /* for the next request */
void peer_close(struct peer *peer);

void peers_sweep(struct peers *peers, int64_t now_ms); /* about once a second */
void peers_close_idle(struct peers *peers);
int peers_count(const struct peers *peers);

#endif
