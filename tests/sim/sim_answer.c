#include "sim_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum { DEPTH_MAX = 16 };

static void list_factors(const struct sim_opinion *opinion, json_t *list)
{
	if (opinion->word)
		json_array_append_new(list, json_sprintf("the word \"%s\" in the name", opinion->word));
	if (opinion->brand)
		json_array_append_new(list, json_sprintf("the brand \"%s\" in a name that is not the brand's", opinion->brand));
	if (opinion->odd_tld)
		json_array_append_new(list, json_string("a top-level domain often seen in phishing"));
	if (opinion->many_hyphens)
		json_array_append_new(list, json_string("several hyphens"));
	if (opinion->many_digits)
		json_array_append_new(list, json_string("many digits"));
	if (opinion->idn)
		json_array_append_new(list, json_string("an internationalised name"));
}

static json_t *factors(const struct sim_opinion *opinion)
{
	json_t *list = json_array();
	list_factors(opinion, list);
	return list;
}

static char *reasoning(const char *domain, const struct sim_opinion *opinion)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	text_addf(&text, "The name %s was looked at by its words, brands, length and top-level domain. ", domain);
	AUTO_JSON json_t *list = factors(opinion);
	size_t i;
	json_t *factor;
	json_array_foreach(list, i, factor)
		text_addf(&text, "%s%s", i ? ", " : "It has ", json_string_value(factor));
	text_add(&text, json_array_size(list) ? ". " : "Nothing in it stands out. ");
	text_add(&text, opinion->is_phishing ? "Taken together this looks like phishing."
					     : "Taken together this does not look like phishing.");
	return text_take(&text);
}

static json_t *utf8(const char *text)
{
	return json_text_or_null(text);
}

static json_t *brands_of(const struct sim_opinion *opinion)
{
	json_t *list = json_array();
	if (opinion->brand)
		json_array_append_new(list, json_string(opinion->brand));
	return list;
}

/* The value of a name that the project's own schema has; NULL for any other. */
static json_t *known_value(const char *name, const char *domain, const struct sim_opinion *opinion)
{
	if (strcmp(name, "reasoning") == 0) {
		AUTO_FREE char *text = reasoning(domain, opinion);
		return utf8(text);
	}
	if (strcmp(name, "risk_factors") == 0)
		return factors(opinion);
	if (strcmp(name, "detected_brands") == 0)
		return brands_of(opinion);
	if (strcmp(name, "is_phishing") == 0)
		return json_boolean(opinion->is_phishing);
	if (strcmp(name, "confidence") == 0)
		return json_real(opinion->confidence);
	if (strcmp(name, "risk_level") == 0)
		return utf8(opinion->risk_level);
	return NULL;
}

static const char *type_of(const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	const char *name = json_string_value(json_is_array(type) ? json_array_get(type, 0) : type);
	if (name)
		return name;
	return json_object_get(schema, "properties") ? "object" : "string";
}

static bool fits_type(const json_t *value, const char *type)
{
	return (json_is_string(value) && strcmp(type, "string") == 0) ||
	       (json_is_boolean(value) && strcmp(type, "boolean") == 0) ||
	       (json_is_real(value) && strcmp(type, "number") == 0) ||
	       (json_is_array(value) && strcmp(type, "array") == 0);
}

static bool in_list(const json_t *list, const json_t *value)
{
	size_t i;
	const json_t *member;
	json_array_foreach(list, i, member)
		if (json_equal(member, value))
			return true;
	return false;
}

static json_t *cut_text(json_t *value, const json_t *schema)
{
	const json_t *limit = json_object_get(schema, "maxLength");
	if (!json_is_string(value) || !json_is_integer(limit))
		return value;
	/* maxLength counts characters, the cut counts bytes: never longer than allowed. */
	size_t length = text_utf8_cut(json_string_value(value), json_string_length(value),
				      (size_t)llabs(json_integer_value(limit)));
	json_t *cut = json_stringn(json_string_value(value), length);
	json_decref(value);
	return cut;
}

static json_t *value_for(const json_t *schema, const char *name, const char *domain, const struct sim_opinion *opinion,
			 int depth);

static json_t *object_for(const json_t *schema, const char *domain, const struct sim_opinion *opinion, int depth)
{
	json_t *object = json_object();
	const char *name;
	json_t *property;
	json_object_foreach(json_object_get(schema, "properties"), name, property)
		json_object_set_new(object, name, value_for(property, name, domain, opinion, depth + 1));
	return object;
}

static json_t *plain_value(const char *type, const struct sim_opinion *opinion)
{
	if (strcmp(type, "boolean") == 0)
		return json_boolean(opinion->is_phishing);
	if (strcmp(type, "number") == 0)
		return json_real(opinion->confidence);
	if (strcmp(type, "integer") == 0)
		return json_integer(1);
	if (strcmp(type, "array") == 0)
		return json_array();
	if (strcmp(type, "null") == 0)
		return json_null();
	return json_string("as asked");
}

static json_t *value_for(const json_t *schema, const char *name, const char *domain, const struct sim_opinion *opinion,
			 int depth)
{
	const char *type = type_of(schema);
	const json_t *choices = json_object_get(schema, "enum");
	if (json_object_get(schema, "const"))
		return json_deep_copy(json_object_get(schema, "const"));
	if (strcmp(type, "object") == 0 && depth < DEPTH_MAX)
		return object_for(schema, domain, opinion, depth);
	json_t *value = known_value(name, domain, opinion);
	if (value && !fits_type(value, type)) {
		json_decref(value);
		value = NULL;
	}
	if (!value)
		value = plain_value(type, opinion);
	if (json_array_size(choices) && !in_list(choices, value)) {
		json_decref(value);
		return json_deep_copy(json_array_get(choices, 0));
	}
	return cut_text(value, schema);
}

static char *dump(const json_t *json)
{
	/* Two decimals survive 15 digits as they are: 0.87, not 0.87000000000000000. */
	return json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);
}

static json_t *own_answer(const char *domain, const struct sim_opinion *opinion)
{
	static const char *const names[] = {"reasoning",   "risk_factors", "detected_brands",
					    "is_phishing", "confidence",   "risk_level"};
	json_t *object = json_object();
	for (size_t i = 0; i < COUNT_OF(names); i++)
		json_object_set_new(object, names[i], known_value(names[i], domain, opinion));
	return object;
}

char *sim_answer_json(const json_t *schema, const char *domain, const struct sim_opinion *opinion)
{
	AUTO_JSON json_t *value = schema ? value_for(schema, "", domain, opinion, 0) : own_answer(domain, opinion);
	return dump(value);
}

char *sim_answer_fenced(const char *domain, const struct sim_opinion *opinion)
{
	AUTO_JSON json_t *object = own_answer(domain, opinion);
	AUTO_FREE char *text = dump(object);
	return memory_format("Here is my judgement:\n```json\n%s\n```\n", text);
}

char *sim_answer_prose(const char *domain, const struct sim_opinion *opinion)
{
	AUTO_FREE char *text = reasoning(domain, opinion);
	return memory_format("Sure! %s I am about %.0f %% sure.", text, 100 * opinion->confidence);
}

char *sim_answer_broken_schema(const char *domain, const struct sim_opinion *opinion, unsigned variant)
{
	AUTO_JSON json_t *object = own_answer(domain, opinion);
	switch (variant % 4) {
	case 0:
		json_object_del(object, "is_phishing");
		break;
	case 1:
		json_object_set_new(object, "confidence", json_integer(87));
		break;
	case 2:
		json_object_set_new(object, "is_phishing", json_string("probably"));
		break;
	default:
		json_object_set_new(object, "risk_level", json_string("apocalyptic"));
		break;
	}
	return dump(object);
}

char *sim_answer_malformed(const char *text)
{
	/* Two thirds in is inside the values of every answer of ours; the quote that is never closed makes sure. */
	size_t length = text_utf8_cut(text, strlen(text), strlen(text) * 2 / 3);
	AUTO_FREE char *start = memory_copy_n(text, length);
	return memory_format("%s\", \"oops", start);
}
