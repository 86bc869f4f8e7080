/* digest.h - SHA-256, random bytes, comparison in constant time (GnuTLS) */
#ifndef MEKIKI_BASE_DIGEST_H
#define MEKIKI_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX = 65 };

struct digest; /* one running hash; one thread */

struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);
/* Lower-case hex of everything added since new or the last call. */
void digest_hex(struct digest *digest, char out[DIGEST_HEX]);

void digest_of(const void *bytes, size_t length, char out[DIGEST_HEX]);

/* A secret of `bytes` random bytes as URL-safe text (base64url without padding); free(). */
char *digest_secret(size_t bytes);
bool digest_equal(const char *a, const char *b); /* time depends on the lengths only */

#endif
