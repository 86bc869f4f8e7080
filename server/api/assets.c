#include "api/assets.h"

#include <stdlib.h>
#include <string.h>

static int compare_path(const void *key, const void *element)
{
	const struct asset *asset = element;
	return strcmp(key, asset->path);
}

const struct asset *asset_find(const char *path)
{
	return bsearch(path, asset_table, asset_count, sizeof(*asset_table), compare_path);
}
