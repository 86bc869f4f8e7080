#include "cli/field.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"

const char *field_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

int64_t field_whole(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

double field_number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

void field_print(const json_t *json)
{
	AUTO_FREE char *text = json_text(json);
	printf("%s\n", text);
}
