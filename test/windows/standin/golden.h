/* golden.h - JSON as Go's encoding/json writes it. */
#ifndef STANDIN_GOLDEN_H
#define STANDIN_GOLDEN_H

#include <jansson.h>

/* Owned; the keys in the order that they have. NULL for a document with a fraction in it: not compared. */
char *golden_text(const json_t *value);

#endif
