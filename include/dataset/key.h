/* key.h - one spelling per domain: the key of an item
 *
 * Lower case, A-labels, no trailing dot, at most 253 bytes; an address keeps its
 * usual spelling. A URL is reduced to its host, and what people defang by hand
 * (hxxp, [.]) is made whole again. `www.` and other sub-domains are never cut.
 *
 * Names that IDNA 2008 refuses (emoji, underscores) are flagged, never refused:
 * real phishing uses them. Refused is only what cannot be a name: nothing, too
 * long, white space or NUL inside, bytes that are not UTF-8.
 *
 * Pure; any thread.
 */
#ifndef MEKIKI_DATASET_KEY_H
#define MEKIKI_DATASET_KEY_H

#include <stdbool.h>
#include <stddef.h>

enum { KEY_SIZE = 254 }; /* 253 bytes (RFC 1035 §2.3.4 without length octets) and the NUL */

/* The key of a cell. *flags gets enum item_flag bits. false: *why is a static sentence. */
bool key_read(const char *bytes, size_t length, char out[KEY_SIZE], unsigned *flags, const char **why);

/* The last label, "" for addresses and for names of one label that is none. Points into key. */
const char *key_tld(const char *key, unsigned flags);

/* The name as people read it (U-labels), or NULL when it reads the same; free(). */
char *key_unicode(const char *key);

/* Text with hxxp and [.] made whole, in place; returns the new length. */
size_t key_refang(char *text, size_t length);

#endif
