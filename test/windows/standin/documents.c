/* documents.c - reading, recording and checking what the client sends. */
#include "documents.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "complaints.h"
#include "faults.h"
#include "text.h"

static json_t *unreadable(svc_call *call, const char *why) {
  complain("%s: %s", call->name, why);
  call->status = call_refuse(call, SERVICE_INVALID_JSON,
                             "The virtual machine or container JSON document is invalid.");
  return NULL;
}

/*
 * Documents are held against the schema unless a setting says {"Documents":"any"}: what a user has
 * merged into the configuration is not what Go's structs would give.
 */
static json_t *parse(svc_call *call, const char *utf8, const char *type) {
  json_error_t error;
  json_t *document = json_loads(utf8, JSON_REJECT_DUPLICATES, &error);
  const char *documents = fault_text(call->fault, "Documents");
  if (document == NULL) return unreadable(call, error.text);
  if (documents != NULL && strcmp(documents, "any") == 0) return document;
  if (check_document(call->name, type, utf8, document) == 0) return document;
  json_decref(document);
  return unreadable(call, "a document with a wrong type");
}

json_t *document_read(svc_call *call, PCWSTR text, const char *type) {
  if (text == NULL) return unreadable(call, "the document is NULL");
  char *utf8 = text_utf8(text);
  if (utf8 == NULL) return unreadable(call, "the document is not UTF-16");
  calls_received(call, utf8);
  json_t *document = parse(call, utf8, type);
  free(utf8);
  return document;
}

int document_options(svc_call *call, PCWSTR options) {
  if (options == NULL || options[0] == L'\0') return 1;
  complain("%s: options for a container", call->name);
  return 1;
}

const char *document_text(const json_t *document, const char *name) {
  const char *text = json_string_value(json_object_get(document, name));
  return text != NULL ? text : "";
}

json_int_t document_number(const json_t *document, const char *name) {
  return json_integer_value(json_object_get(document, name));
}

int document_is(const json_t *document, const char *name) {
  return json_is_true(json_object_get(document, name));
}

int text_is_guid(const char *text) {
  static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  size_t length = strlen(text);
  if (length == sizeof form + 1 && text[0] == '{' && text[length - 1] == '}') {
    text++;
    length -= 2;
  }
  if (length != sizeof form - 1) return 0;
  for (size_t i = 0; i < length; i++) {
    if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != '-') return 0;
  }
  return 1;
}
