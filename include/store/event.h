/* event.h (store) - durable, numbered facts, written in the transaction of what they report */
#ifndef MEKIKI_STORE_EVENT_H
#define MEKIKI_STORE_EVENT_H

#include "model/event.h"
#include "store/store.h"

/* Appends; fills in event->id, and at_ms when it is 0. Fields are copied. */
bool event_append(struct writer *writer, struct event *event, struct error *err);

/* Up to `limit` events with id > after, oldest first. run = 0: of all runs; otherwise those of
 * the run and of the workers between its first and its last event (no end while it is live). Returns the count, -1 with err.
 * The caller releases each with event_release(). */
int event_list(struct reader *reader, int64_t run, int64_t after, int limit, struct event *out, struct error *err);
int64_t event_last(struct reader *reader);

#endif
