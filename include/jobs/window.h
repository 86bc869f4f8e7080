/* window.h - pages of frozen views at any depth: what a view shows is found once and kept
 *
 * A page deep inside a filtered or sorted view of a million rows costs a pass
 * over the run when SQL has to count up to it. So the positions of a view at a
 * version are found once, in one pass, and kept as numbers of four bytes; a page
 * is then a copy of a few of them. What was used longest ago is dropped when
 * there is more than the given number of bytes. Facets are kept likewise.
 *
 * Any thread, but a view's first page and its facets take as long as the pass:
 * job threads. Who asks for what another thread is finding waits for it.
 */
#ifndef MEKIKI_JOBS_WINDOW_H
#define MEKIKI_JOBS_WINDOW_H

#include "store/view.h"

struct windows;

struct windows *windows_new(size_t bytes_most);
void windows_free(struct windows *windows);

/* The positions at offset, offset + 1, … of the view, which has a version and a policy: how many, at most `limit`;
 * -1 with err. *total: of the whole view. */
int windows_page(struct windows *windows, struct reader *reader, int64_t run, const struct view *view, int64_t offset,
                 int limit, int64_t *out, int64_t *total, struct error *err);
/* The facets (view_facets()) as JSON text, {"source":[{"value":"x","count":3}…]…}; free(). NULL with err. */
char *windows_facets(struct windows *windows, struct reader *reader, int64_t run, const struct view *view, const char *by,
                     int limit, struct error *err);

/* How often something was found by a pass; for tests and measurements. */
int64_t windows_passes(struct windows *windows);

#endif
