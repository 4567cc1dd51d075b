/* documents.h - the documents that the client sends. */
#ifndef STANDIN_DOCUMENTS_H
#define STANDIN_DOCUMENTS_H

#include "calls.h"

/* Owned; NULL, with the call's status set, for one that the service could not read. `type` as in schema.c. */
json_t *document_read(svc_call *call, PCWSTR text, const char *type);
/* `options` of Start and its like: NULL, "" or JSON, and for a container there is nothing to say. */
int document_options(svc_call *call, PCWSTR options);

/* "" and 0 where there is nothing. */
const char *document_text(const json_t *document, const char *name);
json_int_t document_number(const json_t *document, const char *name);
int document_is(const json_t *document, const char *name);
/* A GUID as its text, in braces or not. */
int text_is_guid(const char *text);

#endif
