/* field.h - fields of what the API answered: absent ones read as nothing */
#ifndef MEKIKI_CLI_FIELD_H
#define MEKIKI_CLI_FIELD_H

#include <jansson.h>
#include <stdint.h>

const char *field_text(const json_t *object, const char *key); /* "" when absent or null; borrowed */
int64_t field_whole(const json_t *object, const char *key);    /* 0 when absent */
double field_number(const json_t *object, const char *key);    /* NAN when absent or null */

/* One line of compact JSON on stdout: what --json promises. */
void field_print(const json_t *json);

#endif
