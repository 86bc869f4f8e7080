/* assets.h - the dashboard's files, inside the binary
 *
 * web/tools/embed.sh embeds every file of web/ that browsers may ask for, and
 * the bundled libraries of build/web/vendor, each as it is and compressed with
 * gzip -9, at build time. Paths are fixed ("/js/run.js"); the ETag is what
 * changes, so a visit costs a dozen answers of 304.
 *
 * Constant data: any thread, nothing to free.
 */
#ifndef MEKIKI_API_ASSETS_H
#define MEKIKI_API_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path;         /* "/js/run.js", as in the URL */
	const char *content_type; /* with charset where it has one */
	const unsigned char *plain;
	size_t plain_length;
	const unsigned char *gz;  /* NULL when gzip would not make it smaller */
	size_t gz_length;
	const char *etag;         /* first 32 hex digits of the SHA-256 of the plain bytes, without quotes */
};

/* Generated, sorted by path (strcmp). */
extern const struct asset asset_table[];
extern const size_t asset_count;

/* Exact path; NULL when there is none. "/" is for the router to map to a page. */
const struct asset *asset_find(const char *path);

#endif
