/* item.h - an item and its keys, as the layers above the store see it
 *
 * A row is a line of the dataset as it came; an item is a distinct key among
 * the rows. Labels and predictions use one three-valued type, because "no
 * label" and "benign" must never be mixed.
 */
#ifndef MEKIKI_MODEL_ITEM_H
#define MEKIKI_MODEL_ITEM_H

#include <stdint.h>

enum binary { BINARY_UNKNOWN = -1, BINARY_BENIGN = 0, BINARY_PHISHING = 1 };

/* Bits of item.flags; shown beside the domain, never a reason to refuse it. */
enum item_flag {
	ITEM_IDN = 1,            /* has a label that starts with xn-- */
	ITEM_IDNA_INVALID = 2,   /* IDNA 2008 refuses it (emoji, underscore): real phishing does this */
	ITEM_IP_ADDRESS = 4,
	ITEM_FROM_URL = 8,       /* the cell held a URL, reduced to its host */
	ITEM_CASE_DUPLICATE = 16,/* rows spell it in different case */
	ITEM_LABEL_CONFLICT = 32,/* rows of one item carry different labels: left out of the figures */
	ITEM_MIXED_SCRIPT = 64
};

struct item {
	int64_t id;          /* in the store; 0 = not stored yet */
	char *key;           /* owned; lower case, A-label, no trailing dot, <= 253 bytes */
	char *source;        /* owned, may be NULL */
	char *tld;           /* owned, last label without dot, may be NULL for addresses */
	double ml;           /* ml_probability, 0..1, NAN = missing */
	enum binary label;   /* y_true or label; UNKNOWN on conflict too */
	enum binary stage1;  /* stage1_pred, else ml >= 0.5, else UNKNOWN */
	unsigned flags;      /* enum item_flag */
};

void item_release(struct item *item);

/* "phishing", "benign" or NULL */
const char *binary_name(enum binary value);

#endif
