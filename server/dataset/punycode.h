/* punycode.h - RFC 3492, for labels that IDNA refuses and phishing uses all the same
 *
 * libidn2 encodes only what IDNA 2008 allows, so an emoji label needs this.
 */
#ifndef MEKIKI_DATASET_PUNYCODE_H
#define MEKIKI_DATASET_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "xn--" and the label in ASCII; false when it does not fit. `code` are code points. */
bool punycode_label(const uint32_t *code, size_t count, char *out, size_t size);

#endif
