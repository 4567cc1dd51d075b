/*
 * validate.h - checks a document against its schema.
 */
#ifndef HCS_VALIDATE_H
#define HCS_VALIDATE_H

#include <jansson.h>

#include "error.h"
#include "schema.h"

/*
 * Checks `root` and puts it in order: a number with an integral value becomes an integer, null
 * becomes absent, an empty table becomes the empty list or object that the schema wants, and with a
 * platform the defaults are filled in. `path` is what errors call the root. `support` is the
 * platform's bit, or 0: the schema alone counts, not what a platform does with the values.
 */
int hcs_validate(const hcs_schema *schema, const char *path, json_t *root, unsigned support,
                 hcs_error *err);

/* 1 when `value`, valid or NULL, says no more than an absent field does. */
int hcs_field_is_zero(const hcs_field *field, const json_t *value);

#endif
