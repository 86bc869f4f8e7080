#include "dataset/key.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "dataset/punycode.h"
#include "dataset/script.h"
#include "dataset/utf8.h"
#include "model/item.h"

/* A name of 253 bytes has at most 253 characters, each of at most 4 bytes, and may be defanged at
 * every dot; a scheme and credentials may stand before it. What is longer is no host. */
enum { CELL_SIZE = 4096 };

static const int idn_flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool starts_fold(const char *text, size_t length, const char *prefix)
{
	size_t i = 0;
	for (; prefix[i]; i++)
		if (i == length || to_lower(text[i]) != prefix[i])
			return false;
	return true;
}

size_t key_refang(char *text, size_t length)
{
	static const struct {
		const char *from, *to;
	} words[] = {
		{"hxxp", "http"}, {"[.]", "."},   {"(.)", "."},     {"{.}", "."},     {"[dot]", "."},
		{"(dot)", "."},   {"[:]", ":"},   {"[://]", "://"}, {"[/]", "/"},
	};
	size_t out = 0;
	for (size_t i = 0; i < length;) {
		size_t word = 0;
		for (; word < COUNT_OF(words); word++)
			if (starts_fold(text + i, length - i, words[word].from) && (word > 0 || i == 0))
				break;
		if (word == COUNT_OF(words)) {
			text[out++] = text[i++];
			continue;
		}
		size_t to = strlen(words[word].to);
		memcpy(text + out, words[word].to, to);
		out += to;
		i += strlen(words[word].from);
	}
	return out;
}

/* Where a port begins: ":8080" at the end, but not inside an IPv6 address. */
static char *port_of(char *start, char *stop)
{
	char *port = stop;
	while (port > start && is_digit(port[-1]))
		port--;
	if (port == start || port[-1] != ':')
		return stop;
	for (char *at = start; at < port - 1; at++)
		if (*at == ':')
			return stop;
	return port - 1;
}

/* Cuts scheme, credentials, port, path: what is left is the host, in place. True when something was cut. */
static bool cut_to_host(char **text, size_t *length)
{
	char *start = *text, *end = start + *length;
	for (char *at = start; at + 2 < end; at++)
		if (at[0] == ':' && at[1] == '/' && at[2] == '/') {
			start = at + 3;
			break;
		}
	if (end - start > 2 && start[0] == '/' && start[1] == '/')
		start += 2;
	char *stop = start;
	while (stop < end && !strchr("/?#\\", *stop))
		stop++;
	for (char *at = stop; at > start; at--)
		if (at[-1] == '@') {
			start = at;
			break;
		}
	char *bracket = start < stop && *start == '[' ? memchr(start, ']', (size_t)(stop - start)) : NULL;
	if (bracket) {
		start++;
		stop = bracket;
	} else {
		stop = port_of(start, stop);
	}
	bool cut = start != *text || stop != end;
	*text = start;
	*length = (size_t)(stop - start);
	return cut;
}

static bool read_address(const char *host, char out[KEY_SIZE])
{
	unsigned char address[16];
	for (size_t i = 0; i < 2; i++) {
		int family = i == 0 ? AF_INET : AF_INET6;
		if (inet_pton(family, host, address) == 1)
			return inet_ntop(family, address, out, KEY_SIZE) != NULL;
	}
	return false;
}

/* Letters, digits and inner hyphens, 1 to 63 of them in each label (RFC 1123 §2.1). */
static bool is_host_name(const char *key)
{
	size_t label = 0;
	for (const char *at = key;; at++) {
		if (*at == '.' || *at == '\0') {
			if (label == 0 || label > 63 || at[-1] == '-')
				return false;
			label = 0;
			if (*at == '\0')
				return true;
			continue;
		}
		bool letter = (*at >= 'a' && *at <= 'z') || is_digit(*at);
		if (!letter && !(*at == '-' && label > 0))
			return false;
		label++;
	}
}

static bool has_ace_label(const char *key)
{
	for (const char *at = key; at; at = strchr(at, '.'), at = at ? at + 1 : NULL)
		if (strncmp(at, "xn--", 4) == 0)
			return true;
	return false;
}

/* The flags of a name with A-labels: does IDNA allow them, and what do they look like? */
static unsigned judge_ace(const char *key)
{
	AUTO_FREE char *unicode = NULL, *again = NULL;
	if (idn2_to_unicode_8z8z(key, &unicode, 0) != IDN2_OK)
		return ITEM_IDN | ITEM_IDNA_INVALID;
	unsigned flags = ITEM_IDN;
	if (idn2_lookup_u8((const uint8_t *)unicode, (uint8_t **)&again, idn_flags) != IDN2_OK || strcmp(again, key) != 0)
		flags |= ITEM_IDNA_INVALID;
	if (text_is_utf8(unicode, strlen(unicode)) && script_is_mixed(unicode))
		flags |= ITEM_MIXED_SCRIPT;
	return flags;
}

/* Label by label, for names that libidn2 refuses. */
static bool encode_anyway(const char *name, char out[KEY_SIZE])
{
	AUTO_TEXT struct text key;
	text_init(&key, KEY_SIZE - 1);
	while (*name) {
		uint32_t code[KEY_SIZE];
		size_t count = 0;
		bool ascii = true;
		while (*name && *name != '.') {
			if (count == KEY_SIZE)
				return false;
			code[count] = utf8_next(&name);
			ascii &= code[count++] < 0x80;
		}
		char label[KEY_SIZE];
		for (size_t i = 0; i < count; i++)
			code[i] = code[i] < 0x80 ? (uint32_t)to_lower((char)code[i]) : code[i];
		for (size_t i = 0; ascii && i < count; i++)
			text_add_char(&key, (char)code[i]);
		if (!ascii && !punycode_label(code, count, label, sizeof(label)))
			return false;
		if (!ascii)
			text_add(&key, label);
		if (*name == '.') {
			text_add_char(&key, '.');
			name++;
		}
	}
	memcpy(out, key.data, key.length + 1);
	return !key.overflow;
}

static bool read_unicode(const char *host, size_t length, char out[KEY_SIZE], unsigned *flags, const char **why)
{
	if (!text_is_utf8(host, length)) {
		*why = "the domain is not UTF-8 text; save the file as UTF-8";
		return false;
	}
	AUTO_FREE char *key = NULL;
	bool allowed = idn2_lookup_u8((const uint8_t *)host, (uint8_t **)&key, idn_flags) == IDN2_OK;
	bool fits = allowed ? strlen(key) < KEY_SIZE : encode_anyway(host, out);
	if (!fits) {
		*why = "the domain is longer than 253 bytes";
		return false;
	}
	if (allowed)
		memcpy(out, key, strlen(key) + 1);
	*flags |= script_is_mixed(host) ? ITEM_MIXED_SCRIPT : 0u;
	*flags |= has_ace_label(out) ? ITEM_IDN : 0u; /* full-width letters become plain ones */
	*flags |= allowed ? 0u : ITEM_IDNA_INVALID;
	return true;
}

static bool read_name(const char *host, size_t length, char out[KEY_SIZE], unsigned *flags, const char **why)
{
	bool ascii = true;
	for (size_t i = 0; i < length; i++)
		ascii &= (unsigned char)host[i] < 0x80;
	if (!ascii)
		return read_unicode(host, length, out, flags, why);
	if (length >= KEY_SIZE) {
		*why = "the domain is longer than 253 bytes";
		return false;
	}
	for (size_t i = 0; i <= length; i++)
		out[i] = to_lower(host[i]);
	if (!is_host_name(out))
		*flags |= ITEM_IDNA_INVALID;
	if (has_ace_label(out))
		*flags |= judge_ace(out);
	return true;
}

static bool is_sound(const char *text, size_t length, const char **why)
{
	for (size_t i = 0; i < length; i++)
		if (is_space(text[i])) {
			*why = "the domain has white space inside";
			return false;
		}
	if (length == 0)
		*why = "the domain is empty";
	return length > 0;
}

bool key_read(const char *bytes, size_t length, char out[KEY_SIZE], unsigned *flags, const char **why)
{
	char cell[CELL_SIZE];
	*flags = 0;
	for (; length && is_space(*bytes); length--)
		bytes++;
	while (length && is_space(bytes[length - 1]))
		length--;
	if (length >= CELL_SIZE)
		length = CELL_SIZE - 1; /* the host of a longer URL ends before this, or is no host */
	if (length && memchr(bytes, '\0', length)) {
		*why = "the domain holds a NUL byte";
		return false;
	}
	memcpy(cell, bytes, length);
	char *host = cell;
	if (memchr(cell, '[', length) || memchr(cell, '(', length) || memchr(cell, '{', length) ||
	    starts_fold(cell, length, "hxxp"))
		length = key_refang(cell, length);
	cell[length] = '\0';
	if (read_address(cell, out)) {
		*flags = ITEM_IP_ADDRESS;
		return true;
	}
	if (cut_to_host(&host, &length))
		*flags |= ITEM_FROM_URL;
	while (length && host[length - 1] == '.')
		length--;
	host[length] = '\0';
	if (!is_sound(host, length, why))
		return false;
	if (read_address(host, out)) {
		*flags |= ITEM_IP_ADDRESS;
		return true;
	}
	return read_name(host, length, out, flags, why);
}

const char *key_tld(const char *key, unsigned flags)
{
	const char *dot = strrchr(key, '.');
	return (flags & ITEM_IP_ADDRESS) || !dot ? "" : dot + 1;
}

char *key_unicode(const char *key)
{
	if (!has_ace_label(key))
		return NULL;
	char *unicode = NULL;
	if (idn2_to_unicode_8z8z(key, &unicode, 0) != IDN2_OK || !text_is_utf8(unicode, strlen(unicode)) ||
	    strcmp(unicode, key) == 0) {
		free(unicode);
		return NULL;
	}
	return unicode;
}
