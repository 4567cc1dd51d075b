/* check.c - fields, types, order, what is omitted and what is not, field by field. */
#include "check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "golden.h"
#include "schema.h"

typedef struct svc_place {
  const char *user; /* function and document */
  const struct svc_place *outer;
  const char *name;
  int index; /* -1: not in a list */
  int *bad;  /* a wrong type was met */
} svc_place;

/* ---- saying where -------------------------------------------------------------------------------- */

static void put_place(char *text, size_t size, const svc_place *place) {
  char outer[300] = "";
  if (place->outer != NULL) put_place(outer, sizeof outer, place->outer);
  if (place->index >= 0) {
    (void)snprintf(text, size, "%.250s[%d]", outer, place->index);
  } else if (place->name != NULL) {
    (void)snprintf(text, size, "%.250s%s%s", outer, outer[0] != '\0' ? "." : "", place->name);
  } else {
    (void)snprintf(text, size, "%s", outer);
  }
}

static void mismatch(const svc_place *place, const char *what) {
  char text[400];
  put_place(text, sizeof text, place);
  complain("%s: %s: %s", place->user, text[0] != '\0' ? text : "the document", what);
}

static void wrong_type(const svc_place *place, const char *what) {
  mismatch(place, what);
  *place->bad = 1;
}

/* ---- values -------------------------------------------------------------------------------------- */

static void check_object(const svc_place *place, const svc_schema *schema, const json_t *object);

static void check_integer(const svc_place *place, const json_t *value, json_int_t most) {
  if (!json_is_integer(value)) {
    wrong_type(place, "an integer is wanted");
  } else if (json_integer_value(value) < 0 || json_integer_value(value) > most) {
    wrong_type(place, "out of its type's range");
  }
}

static void check_strings(const svc_place *outer, const json_t *list) {
  size_t i;
  json_t *value;
  if (!json_is_array(list)) {
    wrong_type(outer, "a list of strings is wanted");
    return;
  }
  json_array_foreach(list, i, value) {
    svc_place inner = {outer->user, outer, NULL, (int)i, outer->bad};
    if (!json_is_string(value)) wrong_type(&inner, "a string is wanted");
  }
}

static void check_objects(const svc_place *outer, const char *type, const json_t *list) {
  size_t i;
  json_t *value;
  if (!json_is_array(list)) {
    wrong_type(outer, "a list of objects is wanted");
    return;
  }
  json_array_foreach(list, i, value) {
    svc_place inner = {outer->user, outer, NULL, (int)i, outer->bad};
    check_object(&inner, schema_find(type), value);
  }
}

/* Go writes the keys of a map sorted. */
static void check_sorted(const svc_place *place, const json_t *map) {
  const char *before = NULL, *key;
  json_t *value;
  json_object_foreach((json_t *)map, key, value) {
    if (before != NULL && strcmp(before, key) >= 0) mismatch(place, "the keys are not sorted");
    before = key;
  }
}

static void check_string_map(const svc_place *outer, const json_t *map) {
  const char *key;
  json_t *value;
  if (!json_is_object(map)) {
    wrong_type(outer, "a map of strings is wanted");
    return;
  }
  check_sorted(outer, map);
  json_object_foreach((json_t *)map, key, value) {
    svc_place inner = {outer->user, outer, key, -1, outer->bad};
    if (!json_is_string(value)) wrong_type(&inner, "a string is wanted");
  }
}

static void check_size(const svc_place *place, const json_t *pair) {
  if (!json_is_array(pair) || json_array_size(pair) != 2) {
    wrong_type(place, "[height,width] is wanted");
    return;
  }
  check_integer(place, json_array_get(pair, 0), UINT16_MAX);
  check_integer(place, json_array_get(pair, 1), UINT16_MAX);
}

static void check_interface(const svc_place *outer, const json_t *value) {
  const char *key;
  size_t i;
  json_t *member;
  if (json_is_object(value)) {
    check_sorted(outer, value);
    json_object_foreach((json_t *)value, key, member) {
      svc_place inner = {outer->user, outer, key, -1, outer->bad};
      check_interface(&inner, member);
    }
  }
  json_array_foreach(value, i, member) {
    svc_place inner = {outer->user, outer, NULL, (int)i, outer->bad};
    check_interface(&inner, member);
  }
}

static void check_value(const svc_place *place, const svc_field *field, const json_t *value) {
  switch (field->type) {
  case TYPE_STRING:
    if (!json_is_string(value)) wrong_type(place, "a string is wanted");
    break;
  case TYPE_BOOL:
    if (!json_is_boolean(value)) wrong_type(place, "a bool is wanted");
    break;
  case TYPE_UINT16: check_integer(place, value, UINT16_MAX); break;
  case TYPE_UINT32: check_integer(place, value, UINT32_MAX); break;
  case TYPE_UINT64:
  case TYPE_INT64: check_integer(place, value, INT64_MAX); break; /* no limit of ours is negative */
  case TYPE_OBJECT: check_object(place, schema_find(field->object), value); break;
  case TYPE_OBJECTS: check_objects(place, field->object, value); break;
  case TYPE_STRINGS: check_strings(place, value); break;
  case TYPE_STRING_MAP: check_string_map(place, value); break;
  case TYPE_SIZE: check_size(place, value); break;
  case TYPE_RAW: break;
  case TYPE_INTERFACE: check_interface(place, value); break;
  }
}

/* ---- objects ------------------------------------------------------------------------------------- */

static int is_empty(const json_t *value) {
  switch (json_typeof(value)) {
  case JSON_STRING: return json_string_length(value) == 0;
  case JSON_INTEGER: return json_integer_value(value) == 0;
  case JSON_ARRAY: return json_array_size(value) == 0;
  case JSON_FALSE:
  case JSON_NULL: return 1;
  default: return 0; /* objects: a pointer is not empty, whatever it points to */
  }
}

/* A nil slice and a nil interface{} are written as null. */
static int is_nil(const svc_field *field, const json_t *value) {
  return json_is_null(value) && field->emit == ALWAYS &&
         (field->type == TYPE_OBJECTS || field->type == TYPE_INTERFACE);
}

static void check_field(const svc_place *place, const svc_field *field, const json_t *value) {
  if (field->emit == OMITEMPTY && is_empty(value) && field->type != TYPE_RAW) {
    mismatch(place, "empty, and not omitted");
  }
  if (field->type == TYPE_STRING_MAP && json_object_size(value) == 0) {
    mismatch(place, "empty, and not omitted");
  }
  if (!is_nil(field, value)) check_value(place, field, value);
}

static int field_index(const svc_schema *schema, const char *name) {
  for (int i = 0; schema->fields[i].name != NULL; i++) {
    if (strcmp(schema->fields[i].name, name) == 0) return i;
  }
  return -1;
}

static void check_fields(const svc_place *outer, const svc_schema *schema, const json_t *object) {
  const char *name;
  json_t *value;
  int last = -1;
  json_object_foreach((json_t *)object, name, value) {
    svc_place inner = {outer->user, outer, name, -1, outer->bad};
    int index = field_index(schema, name);
    if (index < 0) {
      mismatch(&inner, "unknown field");
      continue;
    }
    if (index < last) mismatch(&inner, "not in the order of Go's struct");
    last = index;
    check_field(&inner, &schema->fields[index], value);
  }
}

static void check_object(const svc_place *outer, const svc_schema *schema, const json_t *object) {
  if (!json_is_object(object)) {
    wrong_type(outer, "an object is wanted");
    return;
  }
  check_fields(outer, schema, object);
  for (const svc_field *field = schema->fields; field->name != NULL; field++) {
    svc_place inner = {outer->user, outer, field->name, -1, outer->bad};
    if (field->emit == ALWAYS && json_object_get(object, field->name) == NULL) {
      mismatch(&inner, "missing, it is always emitted");
    }
  }
}

int check_document(const char *user, const char *type, const char *text, const json_t *document) {
  int bad = 0;
  char title[120];
  (void)snprintf(title, sizeof title, "%s: %s", user, type);
  svc_place root = {title, NULL, NULL, -1, &bad};
  check_object(&root, schema_find(type), document);
  char *golden = golden_text(document);
  if (golden != NULL && strcmp(golden, text) != 0) {
    complain("%s: these are not Go's bytes: %s instead of %s", title, text, golden);
  }
  free(golden);
  return bad ? -1 : 0;
}
