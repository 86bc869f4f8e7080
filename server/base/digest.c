#include "base/digest.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

struct digest {
	gnutls_hash_hd_t hash;
};

struct digest *digest_new(void)
{
	struct digest *digest = NEW(struct digest);
	int status = gnutls_hash_init(&digest->hash, GNUTLS_DIG_SHA256);
	assert(status == 0);
	(void)status;
	return digest;
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	gnutls_hash_deinit(digest->hash, NULL);
	free(digest);
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
	if (length)
		gnutls_hash(digest->hash, bytes, length);
}

static void to_hex(const unsigned char bytes[DIGEST_BYTES], char out[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * DIGEST_BYTES] = '\0';
}

void digest_hex(struct digest *digest, char out[DIGEST_HEX])
{
	unsigned char bytes[DIGEST_BYTES];
	gnutls_hash_output(digest->hash, bytes); /* also resets the state */
	to_hex(bytes, out);
}

void digest_of(const void *bytes, size_t length, char out[DIGEST_HEX])
{
	struct digest *digest = digest_new();
	digest_add(digest, bytes, length);
	digest_hex(digest, out);
	digest_free(digest);
}

char *digest_secret(size_t bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	AUTO_FREE unsigned char *random = memory_new(bytes + 3);
	int status = gnutls_rnd(GNUTLS_RND_KEY, random, bytes);
	assert(status == 0);
	(void)status;
	char *out = memory_new(bytes / 3 * 4 + 5);
	size_t length = 0;
	for (size_t i = 0; i < bytes; i += 3) {
		uint32_t group = (uint32_t)random[i] << 16 | (uint32_t)random[i + 1] << 8 | random[i + 2];
		size_t digits = bytes - i >= 3 ? 4 : bytes - i + 1;
		for (size_t d = 0; d < digits; d++)
			out[length++] = alphabet[group >> (18 - 6 * d) & 63];
	}
	return out;
}

bool digest_equal(const char *a, const char *b)
{
	size_t length = strlen(a);
	return length == strlen(b) && gnutls_memcmp(a, b, length) == 0;
}
