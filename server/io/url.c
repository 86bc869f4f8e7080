#include "io/url.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

static char *part(CURLU *handle, CURLUPart which)
{
	char *text = NULL;
	char *copy = curl_url_get(handle, which, &text, 0) == CURLUE_OK ? memory_copy(text) : NULL;
	curl_free(text);
	return copy;
}

bool url_parse(const char *text, struct url *url)
{
	*url = (struct url){0};
	CURLU *handle = curl_url();
	bool good = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
	if (good)
		*url = (struct url){
			.scheme = part(handle, CURLUPART_SCHEME),
			.user = part(handle, CURLUPART_USER),
			.host = part(handle, CURLUPART_HOST),
			.query = part(handle, CURLUPART_QUERY),
			.fragment = part(handle, CURLUPART_FRAGMENT),
			.text = part(handle, CURLUPART_URL),
		};
	curl_url_cleanup(handle);
	return good && url->scheme && url->host && url->text;
}

void url_release(struct url *url)
{
	free(url->scheme);
	free(url->user);
	free(url->host);
	free(url->query);
	free(url->fragment);
	free(url->text);
	*url = (struct url){0};
}

bool url_is_loopback(const struct url *url)
{
	return text_equal_fold(url->host, "localhost") || text_starts(url->host, "127.") || text_equal(url->host, "[::1]");
}
