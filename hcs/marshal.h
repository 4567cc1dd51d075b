/*
 * marshal.h - a valid document as the bytes that Go's encoding/json would write.
 */
#ifndef HCS_MARSHAL_H
#define HCS_MARSHAL_H

#include <jansson.h>

#include "document.h"
#include "schema.h"

/* Owned; NULL when memory is out. `object` has been through hcs_validate(). */
char *hcs_marshal(const hcs_schema *schema, const json_t *object, hcs_error *err);
/* The same for a document as a whole, whatever an overlay has put into it. */
char *hcs_marshal_document(const hcs_schema *schema, const hcs_document *document, hcs_error *err);

#endif
