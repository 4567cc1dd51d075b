/*
 * document.c - JSON text into a document that has been merged, checked and put in order.
 */
#include "document.h"

#include <stdlib.h>
#include <string.h>

#include "marshal.h"
#include "nearest.h"
#include "schema.h"
#include "text.h"
#include "validate.h"

/* ---- reading JSON ---------------------------------------------------------------------------- */

/*
 * A NUL is let in here and refused by the checks, which can say in which field it is. Any value may
 * be the root for the same reason.
 */
#define READ_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)

typedef struct json_text {
  json_t *root;
  int inexact; /* it has an integer beyond 64 bits: all of them were read as floats */
} json_text;

typedef struct parse_row {
  enum json_error_code reason;
  uint64_t code;
  const char *text; /* NULL: jansson's */
} parse_row;

/* Text that is JSON but cannot be a document is a wrong parameter; the rest is invalid JSON. */
static const parse_row parse_rows[] = {
    {json_error_out_of_memory, HCS_E_NOT_ENOUGH_MEMORY, NULL},
    {json_error_stack_overflow, HCS_E_INVALID_PARAMETER, "tables are nested too deeply"},
    {json_error_invalid_utf8, HCS_E_INVALID_PARAMETER, "a string is not UTF-8"},
    {json_error_null_byte_in_key, HCS_E_INVALID_PARAMETER, "a NUL byte is not allowed in a name"},
    {json_error_null_character, HCS_E_INVALID_PARAMETER, "a NUL byte is not allowed in a string"},
    {json_error_duplicate_key, HCS_E_INVALID_PARAMETER, NULL},
    {json_error_numeric_overflow, HCS_E_INVALID_PARAMETER, NULL},
};

/* jansson's reason in our words, with the position, and under the right code. */
static int parse_failed(const json_error_t *cause, const char *path, hcs_error *err) {
  enum json_error_code reason = json_error_code(cause);
  /* jansson leaves the cause empty where an allocation failed before it had read anything. */
  if (reason == json_error_unknown || reason == json_error_out_of_memory) {
    return hcs_fail_memory(err);
  }
  for (size_t i = 0; i < sizeof parse_rows / sizeof parse_rows[0]; i++) {
    const parse_row *row = &parse_rows[i];
    if (row->reason != reason) continue;
    return hcs_fail(err, row->code, "%s: %s (line %d, column %d of the JSON text)", path,
                    row->text != NULL ? row->text : cause->text, cause->line, cause->column);
  }
  return hcs_fail(err, HCS_E_INVALID_JSON, "%s: invalid JSON: %s (line %d, column %d)", path,
                  cause->text, cause->line, cause->column);
}

/* Lua has one empty table for lists and objects: here it is the object. */
static int want_object(json_text *text, const char *path, hcs_error *err) {
  json_t *root = text->root;
  if (json_is_object(root)) return 0;
  if (json_is_array(root) && json_array_size(root) == 0) {
    json_decref(root);
    text->root = json_object();
    return text->root != NULL ? 0 : hcs_fail_memory(err);
  }
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: a table with named fields expected", path);
}

/*
 * jansson's integers have 63 bits and a sign. HCS' uint64 fields could hold more, but no sensible
 * value is that large, so a clear refusal is enough. On failure `text` is empty.
 */
static int read_object(json_text *text, const char *json, const char *path, hcs_error *err) {
  json_error_t cause;
  memset(&cause, 0, sizeof cause);
  text->root = json_loads(json, READ_FLAGS, &cause);
  if (text->root == NULL && json_error_code(&cause) == json_error_numeric_overflow) {
    /* Once more with floats, so that the checks can name the field whose number is too big. */
    text->inexact = 1;
    text->root = json_loads(json, READ_FLAGS | JSON_DECODE_INT_AS_REAL, &cause);
  }
  if (text->root == NULL) return parse_failed(&cause, path, err);
  if (want_object(text, path, err) == 0) return 0;
  json_decref(text->root);
  text->root = NULL;
  return -1;
}

/* ---- merging --------------------------------------------------------------------------------- */

/* hcs-contract §1.4: the overlay wins, objects merge, null against an object keeps the object. */
static int merge(json_t *object, json_t *overlay) {
  const char *key;
  json_t *value;
  json_object_foreach(overlay, key, value) {
    json_t *old = json_object_get(object, key);
    if (json_is_object(old) && json_is_null(value)) continue;
    if (json_is_object(old) && json_is_object(value)) {
      if (merge(old, value) != 0) return -1;
    } else if (json_object_set(object, key, value) != 0) {
      return -1;
    }
  }
  return 0;
}

/* hcsshim's words. The quoted text is cut so that the cause behind it is not. */
static int merge_failed(const char *overlay, hcs_error *err) {
  if (hcs_error_kind(err) == HCS_E_NOT_ENOUGH_MEMORY) return -1;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, "failed to merge additional JSON '%.*s': %s",
                  (int)hcs_text_cut(overlay, 1024), overlay, hcs_error_message(err));
}

static int merge_overlay(json_text *text, const char *overlay, hcs_error *err) {
  json_text more = {NULL, 0};
  if (overlay == NULL) return 0;
  if (read_object(&more, overlay, "it", err) != 0) return merge_failed(overlay, err);
  int merged = merge(text->root, more.root);
  text->inexact |= more.inexact;
  json_decref(more.root);
  return merged == 0 ? 0 : hcs_fail_memory(err);
}

/* As hcsshim does it: the struct becomes a map, and whatever JSON is laid over that. */
static int overlay_map(json_text *text, const hcs_schema *schema, const char *overlay,
                       hcs_error *err) {
  char *json = hcs_marshal(schema, text->root, err);
  json_t *map = json != NULL ? json_loads(json, READ_FLAGS, NULL) : NULL;
  free(json);
  if (map == NULL) return hcs_fail_memory(err);
  json_decref(text->root);
  text->root = map;
  return merge_overlay(text, overlay, err);
}

/* ---- documents ------------------------------------------------------------------------------- */

/* Results have schemas too, but nobody sends them. */
static const hcs_schema *find_schema(const char *type, hcs_error *err) {
  const hcs_schema *schema = hcs_schema_find(type);
  if (schema != NULL && schema->path != NULL) return schema;
  (void)hcs_fail(err, HCS_E_INVALID_PARAMETER, "'%.*s' is not a document that is sent",
                 (int)hcs_text_cut(type, 64), type);
  return NULL;
}

/* Checks what was read and merged. */
static int check(const json_text *text, const hcs_schema *schema, const char *path,
                 unsigned support, hcs_error *err) {
  if (hcs_validate(schema, path, text->root, support, err) != 0) return -1;
  if (!text->inexact) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "%s: it has an integer that needs more than 64 bits", path);
}

/*
 * Merged first and checked once, so that the overlay's mistakes are found like any other; where the
 * service is open, it finds them.
 */
static int check_with(json_text *text, const hcs_schema *schema, const char *path,
                      const char *overlay, unsigned support, hcs_error *err) {
  if ((support & HCS_SUPPORT_OPEN) != 0 && overlay != NULL) {
    return check(text, schema, path, support, err) == 0 ? overlay_map(text, schema, overlay, err)
                                                        : -1;
  }
  return merge_overlay(text, overlay, err) == 0 ? check(text, schema, path, support, err) : -1;
}

hcs_document *hcs_document_parse(const char *type, const char *path, const char *json,
                                 const char *overlay, unsigned support, hcs_error *err) {
  json_text text = {NULL, 0};
  const hcs_schema *schema = find_schema(type, err);
  if (schema == NULL) return NULL;
  if (path == NULL) path = schema->path;
  if (read_object(&text, json != NULL ? json : "{}", path, err) != 0) return NULL;

  /* an environment variable that is set to nothing */
  if (overlay != NULL && overlay[0] == '\0') overlay = NULL;
  hcs_document *document = NULL;
  if (check_with(&text, schema, path, overlay, support, err) == 0) {
    document = malloc(sizeof *document);
    if (document == NULL) (void)hcs_fail_memory(err);
  }
  if (document == NULL) {
    json_decref(text.root);
    return NULL;
  }
  document->root = text.root;
  document->is_map = overlay != NULL && (support & HCS_SUPPORT_OPEN) != 0;
  return document;
}

void hcs_document_free(hcs_document *document) {
  if (document == NULL) return;
  json_decref(document->root);
  free(document);
}

/* ---- accessors: jansson's answer for a wrong or absent value is already the zero one --------- */

const char *hcs_document_string(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value != NULL ? value : "";
}

int64_t hcs_document_integer(const json_t *object, const char *name) {
  return json_integer_value(json_object_get(object, name));
}

int hcs_document_bool(const json_t *object, const char *name) {
  return json_is_true(json_object_get(object, name));
}
