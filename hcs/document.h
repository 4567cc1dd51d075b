/*
 * document.h - a JSON document that has been checked against the schema.
 */
#ifndef HCS_DOCUMENT_H
#define HCS_DOCUMENT_H

#include <jansson.h>

#include "error.h"

typedef struct hcs_document {
  json_t *root; /* validated; every field present has its schema type */
  int is_map; /* an open service's overlay is in it: any fields of any type, to be sent as a Go map */
} hcs_document;

/*
 * Parses and checks `json` as a document of schema type `type`. `path` is what errors call the root
 * ("config", "query"). `overlay` (may be NULL) is JSON text deep-merged over the document first, as
 * HCSSHIM_CREATECONTAINER_ADDITIONALJSON is. `support` is the platform's bit: a field that is present
 * with a non-zero value but not built there is refused with NotSupported, by name; 0 skips that check.
 * On a platform of HCS_SUPPORT_OPEN the overlay is laid over what has been checked, and is the
 * service's to judge.
 * The result is freed with hcs_document_free().
 */
hcs_document *hcs_document_parse(const char *type, const char *path, const char *json,
                                 const char *overlay, unsigned support, hcs_error *err);
void hcs_document_free(hcs_document *document);

/* Accessors on a validated object; an absent field is "", 0 or false. */
const char *hcs_document_string(const json_t *object, const char *name);
int64_t hcs_document_integer(const json_t *object, const char *name);
int hcs_document_bool(const json_t *object, const char *name);

#endif
