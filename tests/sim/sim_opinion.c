#include "sim_opinion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "sim_hash.h"

static const char *const words[] = {
	"login",   "verify", "secure", "account", "update", "wallet", "bonus",    "claim", "airdrop",  "support", "signin",
	"confirm", "recover", "unlock", "bank",   "token",  "swap",   "connect", "free",  "gift",     "reward",  "giveaway",
	"auth",    "validate", "dapp",  "defi",   "nft",    "mint",   "staking",
};
static const char *const brands[] = {
	"paypal",   "amazon",  "apple",  "microsoft", "google",     "facebook", "netflix",  "binance", "coinbase",
	"metamask", "ledger",  "trezor", "uniswap",   "opensea",    "pancake",  "phantom",  "polkadot", "ethereum",
	"blockchain", "crypto", "trust", "usdt",      "btc",        "eth",      "coin",
};
static const char *const odd_tlds[] = {
	"xyz", "top", "live", "app",  "online", "site",    "club", "icu",   "click",   "link", "cc",      "tk",    "ml",
	"ga",  "cf",  "gq",   "dev",  "finance", "vip",    "pro",  "io",    "shop",    "store", "buzz",   "fun",   "website",
	"space", "info", "network", "ws", "digital", "tech", "one", "cyou", "sbs",
};
static const char *const old_tlds[] = {"com", "org", "net", "edu", "gov"};

static const char *found_in(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(name, list[i]))
			return list[i];
	return NULL;
}

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

static char *lower(const char *text)
{
	char *copy = memory_copy(text);
	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy;
}

static int count_of(const char *name, char from, char to)
{
	int count = 0;
	for (; *name; name++)
		count += *name >= from && *name <= to;
	return count;
}

/* Log-odds of phishing. The weights are rounded from a logistic fit on 40,000 public domains (right on 86 % of them,
 * on 76 % of the hard ones); only their rough size matters. */
static double score(const char *name, const char *tld, struct sim_opinion *out)
{
	int hyphens = count_of(name, '-', '-'), digits = count_of(name, '0', '9'), dots = count_of(name, '.', '.');
	size_t length = strlen(name);
	out->word = found_in(name, words, COUNT_OF(words));
	out->brand = found_in(name, brands, COUNT_OF(brands));
	out->odd_tld = is_one_of(tld, odd_tlds, COUNT_OF(odd_tlds));
	out->many_digits = digits >= 3;
	out->many_hyphens = hyphens >= 2;
	out->idn = strstr(name, "xn--") != NULL;
	return -0.5 + 1.25 * (double)(length < 40 ? length : 40) / 10 + 1.25 * hyphens + 0.05 * digits + 0.5 * dots +
	       (out->odd_tld ? 1.35 : 0) + (out->word ? 3.4 : 0) + (out->brand ? 2.2 : 0) + (out->idn ? 0.35 : 0) -
	       (is_one_of(tld, old_tlds, COUNT_OF(old_tlds)) ? 2.25 : 0) - (strlen(tld) == 2 ? 3.3 : 0);
}

static const char *risk_of(double probability)
{
	if (probability < 0.25)
		return "low";
	if (probability < 0.5)
		return "medium";
	return probability < 0.8 ? "high" : "critical";
}

void sim_opinion_of(uint64_t seed, const char *domain, struct sim_opinion *out)
{
	*out = (struct sim_opinion){0};
	AUTO_FREE char *name = lower(domain);
	char *dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	/* The sum of four uniform numbers is near enough to normal; its deviation here is 0.58. */
	double noise = -2;
	for (int i = 0; i < 4; i++)
		noise += sim_chance(seed, "opinion", domain, i);
	double log_odds = score(name, dot ? dot + 1 : "", out) + noise;
	out->probability = 1 / (1 + exp(-log_odds));
	out->is_phishing = out->probability >= 0.5;
	double certainty = out->is_phishing ? out->probability : 1 - out->probability;
	out->confidence = round(fmin(fmax(certainty, 0.5), 0.99) * 100) / 100;
	out->risk_level = risk_of(out->probability);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The word at `at` without the quotes, brackets and full stops people put around it. */
static char *bare_word(const char *at)
{
	static const char wrapping[] = "\"'`<>()[]{},;:!?";
	while (is_space(*at) || (*at && strchr(wrapping, *at)))
		at++;
	if (text_starts(at, "http://") || text_starts(at, "https://"))
		at = strstr(at, "//") + 2;
	size_t length = 0;
	while (at[length] && !is_space(at[length]) && at[length] != '/')
		length++;
	while (length && (strchr(wrapping, at[length - 1]) || at[length - 1] == '.'))
		length--;
	return memory_copy_n(at, length);
}

static bool looks_like_domain(const char *word)
{
	const char *dot = strrchr(word, '.');
	if (!dot || dot == word || strlen(dot) < 3)
		return false;
	for (const char *c = word; *c; c++) {
		bool ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			  *c == '-' || *c == '.' || *c == '_' || (*c & 0x80);
		if (!ok)
			return false;
	}
	return !strstr(word, "..");
}

char *sim_opinion_domain(const char *prompt)
{
	const char *marked = NULL;
	for (const char *at = prompt; (at = strstr(at, "Domain:")); at++)
		marked = at;
	if (marked)
		return bare_word(marked + strlen("Domain:"));
	for (const char *at = prompt; *at; at++) {
		if (is_space(*at) || (at > prompt && !is_space(at[-1])))
			continue;
		AUTO_FREE char *word = bare_word(at);
		if (looks_like_domain(word))
			return TAKE(word);
	}
	return memory_copy("");
}
