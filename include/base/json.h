/* json.h - the little that jansson lacks
 *
 * Reading is strict: unknown keys and wrong types are named with their path, so
 * that a typo never silently means the default.
 */
#ifndef MEKIKI_BASE_JSON_H
#define MEKIKI_BASE_JSON_H

#include <jansson.h>

#include "base/cleanup.h"
#include "base/error.h"

static inline void json_auto_decref(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}
#define AUTO_JSON AUTO(json_auto_decref)

enum json_kind {
	JSON_FIELD_TEXT,    /* const char **, borrowed from the object */
	JSON_FIELD_INT,     /* int64_t * */
	JSON_FIELD_NUMBER,  /* double * */
	JSON_FIELD_BOOL,    /* bool * */
	JSON_FIELD_OBJECT,  /* json_t **, borrowed */
	JSON_FIELD_ARRAY,   /* json_t **, borrowed */
	JSON_FIELD_ANY      /* json_t **, borrowed */
};

/* One row of a declared body. Absent optional fields leave *out untouched. */
struct json_field {
	const char *name;
	enum json_kind kind;
	void *out;
	bool required;
	double min, max; /* for numbers and for text lengths, when max > min */
};

/* Takes an object apart by its declaration; unknown keys are an ERROR_INPUT that names the nearest known one. */
bool json_read(json_t *object, const struct json_field *fields, size_t count, struct error *err);

/* Parses a whole text (depth and size bounded by the caller's buffer); ERROR_INPUT with line and column. */
json_t *json_parse(const char *bytes, size_t length, struct error *err);

/* Compact text, free(). */
char *json_text(const json_t *json);

json_t *json_text_or_null(const char *text);     /* NULL becomes null; bytes that are not UTF-8 become U+FFFD */
json_t *json_real_or_null(double value);         /* NaN and infinities become null */
json_t *json_time(int64_t wall_ms);              /* RFC 3339; 0 becomes null */

#endif
