#include "llm/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum {
	REASONING_MIN = 20, /* characters; asked for, but a shorter one is no reason to lose a verdict */
	/* Asked for. llama.cpp of 2025-11 to 2026-08 refuses grammars that repeat 2,000 times or more. */
	REASONING_ASKED = 1900,
	REASONING_MAX = 2500, /* characters, of servers that do not obey the schema */
	LIST_ASKED = 10, ENTRY_ASKED = 120,
	LIST_MAX = 50, ENTRY_MAX = 500, /* entries; characters of one */
	OBJECTS_TRIED = 200             /* places in a text where an object may begin: bounds the work on hostile text */
};

/* ---- the properties: one table for what is asked and what is read ---- */

static size_t characters(const char *utf8)
{
	size_t count = 0;
	for (; *utf8; utf8++)
		count += (*utf8 & 0xC0) != 0x80;
	return count;
}

static json_t *reasoning_schema(void)
{
	return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", REASONING_MIN, "maxLength", REASONING_ASKED);
}

static bool reasoning_read(const json_t *value, struct verdict *verdict)
{
	const char *text = json_string_value(value);
	if (!text || !*text || characters(text) > REASONING_MAX)
		return false;
	verdict->reasoning = memory_copy(text);
	return true;
}

static json_t *list_schema(void)
{
	return json_pack("{s:s, s:i, s:{s:s, s:i}}", "type", "array", "maxItems", LIST_ASKED, "items", "type", "string",
	                 "maxLength", ENTRY_ASKED);
}

static char *list_read(const json_t *value)
{
	size_t i;
	json_t *entry;
	if (!json_is_array(value) || json_array_size(value) > LIST_MAX)
		return NULL;
	json_array_foreach(value, i, entry) {
		if (!json_is_string(entry) || characters(json_string_value(entry)) > ENTRY_MAX)
			return NULL;
	}
	return json_text(value);
}

static bool factors_read(const json_t *value, struct verdict *verdict)
{
	verdict->risk_factors = list_read(value);
	return verdict->risk_factors;
}

static bool brands_read(const json_t *value, struct verdict *verdict)
{
	verdict->detected_brands = list_read(value);
	return verdict->detected_brands;
}

static json_t *phishing_schema(void)
{
	return json_pack("{s:s}", "type", "boolean");
}

static bool phishing_read(const json_t *value, struct verdict *verdict)
{
	verdict->is_phishing = json_is_true(value);
	return json_is_boolean(value);
}

static json_t *confidence_schema(void)
{
	return json_pack("{s:s, s:i, s:i}", "type", "number", "minimum", 0, "maximum", 1);
}

static bool confidence_read(const json_t *value, struct verdict *verdict)
{
	verdict->confidence = json_number_value(value);
	return json_is_number(value) && verdict->confidence >= 0 && verdict->confidence <= 1;
}

static json_t *risk_schema(void)
{
	json_t *names = json_array();
	for (enum risk risk = RISK_LOW; risk <= RISK_CRITICAL; risk++)
		json_array_append_new(names, json_string(risk_name(risk)));
	return json_pack("{s:s, s:o}", "type", "string", "enum", names);
}

static bool risk_read(const json_t *value, struct verdict *verdict)
{
	return json_is_string(value) && risk_parse(json_string_value(value), &verdict->risk);
}

static const struct property {
	const char *name;
	json_t *(*schema)(void);
	bool (*read)(const json_t *value, struct verdict *verdict);
	const char *expected;
} properties[] = {
	{"reasoning", reasoning_schema, reasoning_read, "a text of 1 to 2500 characters"},
	{"risk_factors", list_schema, factors_read, "a list of at most 50 short texts"},
	{"detected_brands", list_schema, brands_read, "a list of at most 50 short texts"},
	{"is_phishing", phishing_schema, phishing_read, "true or false"},
	{"confidence", confidence_schema, confidence_read, "a number from 0 to 1"},
	{"risk_level", risk_schema, risk_read, "low, medium, high or critical"},
};

json_t *schema_answer(void)
{
	json_t *described = json_object();
	json_t *required = json_array();
	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		json_object_set_new(described, properties[i].name, properties[i].schema());
		json_array_append_new(required, json_string(properties[i].name));
	}
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", described, "required", required,
	                 "additionalProperties", 0);
}

/* ---- where the object stands ---- */

/* Two different values for one key would make the verdict depend on the parser. */
enum { STRICT = JSON_REJECT_DUPLICATES };

/* What follows the last </think>; thinking that never ends leaves nothing. */
static const char *after_thinking(const char *text, const char *end, bool *thinking)
{
	static const char opens[] = "<think>", closes[] = "</think>";
	const char *start = text;
	for (const char *found; (found = memmem(start, (size_t)(end - start), closes, sizeof(closes) - 1));)
		start = found + sizeof(closes) - 1;
	*thinking = memmem(start, (size_t)(end - start), opens, sizeof(opens) - 1);
	return start;
}

/* The last object with a verdict in it, else the last object at all: drafts come before answers. */
static json_t *search(const char *text, const char *end)
{
	AUTO_JSON json_t *best = NULL;
	int tried = 0;
	while (tried++ < OBJECTS_TRIED && (text = memchr(text, '{', (size_t)(end - text)))) {
		json_error_t error;
		AUTO_JSON json_t *object = json_loadb(text, (size_t)(end - text), STRICT | JSON_DISABLE_EOF_CHECK, &error);
		text += object ? error.position : 1;
		if (!object || (json_object_get(best, "is_phishing") && !json_object_get(object, "is_phishing")))
			continue;
		json_decref(best);
		best = TAKE(object);
	}
	return TAKE(best);
}

static json_t *find_object(const char *text, size_t length, bool *from_text, char **detail)
{
	json_error_t error;
	const char *end = text + length;
	AUTO_JSON json_t *whole = json_loadb(text, length, STRICT, &error);
	*from_text = false;
	if (json_is_object(whole))
		return TAKE(whole);
	bool thinking;
	const char *start = after_thinking(text, end, &thinking);
	json_t *found = thinking ? NULL : search(start, end);
	*from_text = found;
	if (!found && thinking)
		*detail = memory_copy("the answer holds no JSON object: the model never stopped thinking");
	else if (!found)
		*detail = memory_format("the answer holds no JSON object: %s",
		                        whole ? "it is JSON of another kind" : error.text);
	return found;
}

/* ---- reading ---- */

enum { SHOWN = 60 };

static char *complain(const struct property *property, const json_t *value)
{
	if (!value)
		return memory_format("\"%s\" is missing: it must be %s", property->name, property->expected);
	AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	size_t length = text ? strlen(text) : 0;
	size_t cut = text ? text_utf8_cut(text, length, SHOWN) : 0;
	return memory_format("\"%s\" must be %s, not %.*s%s", property->name, property->expected, (int)cut,
	                     text ? text : "", cut < length ? "…" : "");
}

enum failure schema_read(const char *text, size_t length, struct verdict *verdict, bool *from_text, char **detail)
{
	AUTO_JSON json_t *object = find_object(text, length, from_text, detail);
	if (!object)
		return FAILURE_UNPARSABLE;
	AUTO(verdict_release) struct verdict read = {.source = DECIDED_BY_LLM};
	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		const json_t *value = json_object_get(object, properties[i].name);
		if (value && properties[i].read(value, &read))
			continue;
		*detail = complain(&properties[i], value);
		return FAILURE_SCHEMA;
	}
	*verdict = read;
	read = (struct verdict){0};
	return FAILURE_NONE;
}
