#include "model/item.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

void item_release(struct item *item)
{
	free(item->key);
	free(item->source);
	free(item->tld);
	*item = (struct item){.ml = NAN, .label = BINARY_UNKNOWN, .stage1 = BINARY_UNKNOWN};
}

const char *binary_name(enum binary value)
{
	return value == BINARY_UNKNOWN ? NULL : value == BINARY_PHISHING ? "phishing" : "benign";
}
