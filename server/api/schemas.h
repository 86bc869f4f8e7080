/* schemas.h - the shapes of server/api/README.md as JSON schemas, from one line each
 *
 * A line reads "key:type key:type ...". Types: s text, i whole number, n number, b true or false, t time, o any
 * object, x anything, or the name of another shape; [] = a list of them, ? = or null. All keys are required and
 * there are no others: tests hold live answers to that.
 */
#ifndef MEKIKI_SERVER_API_SCHEMAS_H
#define MEKIKI_SERVER_API_SCHEMAS_H

#include <stdbool.h>

#include <jansson.h>

/* {"run": {...}, ...}; new reference. */
json_t *schema_all(void);
bool schema_exists(const char *name);

#endif
