#include "base/json.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

static const char *const kind_names[] = {"text", "a whole number", "a number", "true or false",
                                         "an object", "a list", "a value"};

static const struct json_field *find_field(const struct json_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static bool refuse_unknown(const char *key, const struct json_field *fields, size_t count, struct error *err)
{
	const char *nearest = NULL;
	int best = 4;
	for (size_t i = 0; i < count; i++) {
		int distance = text_distance(key, fields[i].name);
		if (distance < best) {
			best = distance;
			nearest = fields[i].name;
		}
	}
	if (nearest)
		return error_set(err, ERROR_INPUT, "unknown key \"%.60s\"; did you mean \"%s\"?", key, nearest);
	return error_set(err, ERROR_INPUT, "unknown key \"%.60s\"", key);
}

static bool in_range(const struct json_field *field, double value)
{
	return !(field->max > field->min) || (value >= field->min && value <= field->max);
}

static bool refuse_range(const struct json_field *field, const char *what, struct error *err)
{
	return error_set(err, ERROR_INPUT, "\"%s\": %s must be between %.15g and %.15g", field->name, what, field->min,
	                 field->max);
}

static bool read_text(const struct json_field *field, json_t *value, struct error *err)
{
	if (!in_range(field, (double)json_string_length(value)))
		return refuse_range(field, "its length in bytes", err);
	if (strlen(json_string_value(value)) != json_string_length(value))
		return error_set(err, ERROR_INPUT, "\"%s\": must not contain NUL", field->name);
	*(const char **)field->out = json_string_value(value);
	return true;
}

static bool read_value(const struct json_field *field, json_t *value, struct error *err)
{
	switch (field->kind) {
	case JSON_FIELD_TEXT:
		if (json_is_string(value))
			return read_text(field, value, err);
		break;
	case JSON_FIELD_INT:
		if (!json_is_integer(value))
			break;
		if (!in_range(field, (double)json_integer_value(value)))
			return refuse_range(field, "it", err);
		*(int64_t *)field->out = json_integer_value(value);
		return true;
	case JSON_FIELD_NUMBER:
		if (!json_is_number(value))
			break;
		if (!in_range(field, json_number_value(value)))
			return refuse_range(field, "it", err);
		*(double *)field->out = json_number_value(value);
		return true;
	case JSON_FIELD_BOOL:
		if (!json_is_boolean(value))
			break;
		*(bool *)field->out = json_is_true(value);
		return true;
	case JSON_FIELD_OBJECT:
	case JSON_FIELD_ARRAY:
	case JSON_FIELD_ANY:
		if (field->kind == JSON_FIELD_OBJECT ? !json_is_object(value)
		                                     : field->kind == JSON_FIELD_ARRAY && !json_is_array(value))
			break;
		*(json_t **)field->out = value;
		return true;
	}
	return error_set(err, ERROR_INPUT, "\"%s\": expected %s", field->name, kind_names[field->kind]);
}

bool json_read(json_t *object, const struct json_field *fields, size_t count, struct error *err)
{
	if (!json_is_object(object))
		return error_set(err, ERROR_INPUT, "expected a JSON object");
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) {
		const struct json_field *field = find_field(fields, count, key);
		if (!field)
			return refuse_unknown(key, fields, count, err);
		if (json_is_null(value) && !field->required && field->kind != JSON_FIELD_ANY)
			continue; /* null says the same as leaving it out */
		if (!read_value(field, value, err))
			return false;
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].required && !json_object_get(object, fields[i].name))
			return error_set(err, ERROR_INPUT, "\"%s\" is missing; expected %s", fields[i].name,
			                 kind_names[fields[i].kind]);
	return true;
}

json_t *json_parse(const char *bytes, size_t length, struct error *err)
{
	json_error_t problem;
	json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
	if (!json)
		error_set(err, ERROR_INPUT, "not valid JSON, line %d column %d: %s", problem.line, problem.column,
		          problem.text);
	return json;
}

char *json_text(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return text ? text : memory_copy("null");
}

static json_t *repaired(const char *text, size_t length)
{
	struct text out;
	text_init(&out, 0);
	for (size_t i = 0; i < length;) {
		size_t step = 1;
		while (step < 4 && i + step <= length && !text_is_utf8(text + i, step))
			step++;
		if (i + step <= length && text_is_utf8(text + i, step)) {
			text_add_bytes(&out, text + i, step);
			i += step;
		} else {
			text_add(&out, "\xEF\xBF\xBD");
			i++;
		}
	}
	json_t *json = json_stringn(out.data, out.length);
	text_release(&out);
	return json;
}

json_t *json_text_or_null(const char *text)
{
	if (!text)
		return json_null();
	size_t length = strlen(text);
	return text_is_utf8(text, length) ? json_stringn(text, length) : repaired(text, length);
}

json_t *json_real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_time(int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];
	return wall_ms ? json_string(clock_format(wall_ms, text)) : json_null();
}
