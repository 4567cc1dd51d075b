/*
 * marshal.c - documents as Go's encoding/json writes them, byte for byte.
 *
 * What HCS usually gets has been written by Go, so these are the bytes known to work: the struct's
 * field order, omitempty's rules, sorted map keys, HTML-safe strings, shortest floats.
 */
#include "marshal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "text.h"
#include "validate.h"

static void put_object(hcs_text *text, const hcs_schema *schema, const json_t *object);

/* ---- strings --------------------------------------------------------------------------------- */

/* Go's escape of the character at `at`, and how many bytes it stands for; 0: it needs none. */
static size_t escape_of(const char *at, size_t left, char escape[8]) {
  static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  unsigned char byte = (unsigned char)at[0];
  const char *name = byte != '\0' ? strchr(named, byte) : NULL;
  if (name != NULL) {
    (void)snprintf(escape, 8, "\\%c", letters[name - named]);
    return 1;
  }
  if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&') {
    (void)snprintf(escape, 8, "\\u%04x", (unsigned)byte);
    return 1;
  }
  /* U+2028 and U+2029 end a line in JavaScript; Go escapes them for that reason alone. */
  if (left >= 3 && byte == 0xE2 && (unsigned char)at[1] == 0x80 &&
      ((unsigned char)at[2] & 0xFE) == 0xA8) {
    (void)snprintf(escape, 8, "\\u%04x", 0x2028U + ((unsigned char)at[2] & 1U));
    return 3;
  }
  return 0;
}

/*
 * jansson has checked that the bytes are UTF-8, so Go's replacement of bad ones never comes up.
 * Plain runs are added as one piece; most strings are a single run.
 */
static void put_string(hcs_text *text, const char *string, size_t size) {
  char escape[8];
  size_t plain = 0; /* where the run of bytes that need no escape began */
  hcs_text_put(text, "\"");
  for (size_t i = 0; i < size;) {
    size_t escaped = escape_of(string + i, size - i, escape);
    if (escaped == 0) {
      i++;
      continue;
    }
    hcs_text_add(text, string + plain, i - plain);
    hcs_text_put(text, escape);
    i += escaped;
    plain = i;
  }
  hcs_text_add(text, string + plain, size - plain);
  hcs_text_put(text, "\"");
}

static void put_json_string(hcs_text *text, const json_t *value) {
  put_string(text, json_string_value(value), json_string_length(value));
}

/* ---- numbers --------------------------------------------------------------------------------- */

typedef struct decimal {
  char digits[20]; /* shortest that reads back as the same double, without trailing zeros */
  int count;
  int exponent; /* of the first digit */
  int negative;
} decimal;

/*
 * The first precision whose text reads back as the same value is the shortest, and printf rounds it
 * correctly, so these are the digits that Go's own algorithm finds. 17 digits always suffice.
 */
static decimal decimal_of(double value) {
  char buffer[40];
  decimal result = {{0}, 0, 0, 0};
  for (int precision = 0; precision <= 16; precision++) {
    (void)snprintf(buffer, sizeof buffer, "%.*e", precision, value);
    if (strtod(buffer, NULL) == value) break;
  }
  /* Whatever the locale's decimal point is, it is neither digit nor sign nor 'e'. */
  const char *at = buffer;
  for (; *at != 'e' && *at != '\0'; at++) {
    if (*at == '-') result.negative = 1;
    if (*at >= '0' && *at <= '9') result.digits[result.count++] = *at;
  }
  if (*at == 'e') result.exponent = (int)strtol(at + 1, NULL, 10);
  while (result.count > 1 && result.digits[result.count - 1] == '0') result.count--;
  return result;
}

static void put_zeros(hcs_text *text, int count) {
  for (int i = 0; i < count; i++) hcs_text_put(text, "0");
}

/* As ES6 does, Go writes 1e-7 and 1e+21 with an exponent and what lies between without. */
static void put_real(hcs_text *text, double value) {
  decimal d = decimal_of(value);
  if (d.negative) hcs_text_put(text, "-");
  if (d.exponent < -6 || d.exponent >= 21) {
    hcs_text_add(text, d.digits, 1);
    if (d.count > 1) hcs_text_printf(text, ".%.*s", d.count - 1, d.digits + 1);
    hcs_text_printf(text, "e%+d", d.exponent);
  } else if (d.exponent < 0) {
    hcs_text_put(text, "0.");
    put_zeros(text, -d.exponent - 1);
    hcs_text_add(text, d.digits, (size_t)d.count);
  } else if (d.count <= d.exponent + 1) {
    hcs_text_add(text, d.digits, (size_t)d.count);
    put_zeros(text, d.exponent + 1 - d.count);
  } else {
    hcs_text_printf(text, "%.*s.%.*s", d.exponent + 1, d.digits, d.count - d.exponent - 1,
                    d.digits + d.exponent + 1);
  }
}

static void put_integer(hcs_text *text, const json_t *value) {
  hcs_text_printf(text, "%" PRId64, (int64_t)json_integer_value(value));
}

/* ---- maps and values without a schema -------------------------------------------------------- */

static int compare_keys(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object, as bytes sort when `sorted`. Owned array of borrowed strings. */
static const char **object_keys(const json_t *object, int sorted, hcs_text *text) {
  size_t count = json_object_size(object), i = 0;
  const char **keys = malloc((count + 1) * sizeof *keys);
  if (keys == NULL) {
    text->failed = 1;
    return NULL;
  }
  for (void *at = json_object_iter((json_t *)object); at != NULL && i < count;
       at = json_object_iter_next((json_t *)object, at)) {
    keys[i++] = json_object_iter_key(at);
  }
  if (sorted) qsort(keys, i, sizeof *keys, compare_keys);
  return keys;
}

static void put_any(hcs_text *text, const json_t *value, int sorted);

/* What is in a map: strings or objects of a schema, or with a field of NULL anything. */
static void put_member(hcs_text *text, const hcs_field *field, const json_t *value, int sorted) {
  if (field == NULL) {
    put_any(text, value, sorted);
  } else if (field->object != NULL) {
    put_object(text, field->object, value);
  } else {
    put_json_string(text, value);
  }
}

static void put_map(hcs_text *text, const hcs_field *field, const json_t *map, int sorted) {
  const char **keys = object_keys(map, sorted, text);
  if (keys == NULL) return;
  hcs_text_put(text, "{");
  for (size_t i = 0; i < json_object_size(map); i++) {
    if (i != 0) hcs_text_put(text, ",");
    put_string(text, keys[i], strlen(keys[i]));
    hcs_text_put(text, ":");
    put_member(text, field, json_object_get(map, keys[i]), sorted);
  }
  hcs_text_put(text, "}");
  free(keys);
}

/* As put_map, for lists: strings, objects of a schema, or anything. */
static void put_list(hcs_text *text, const hcs_field *field, const json_t *list, int sorted) {
  hcs_text_put(text, "[");
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (i != 0) hcs_text_put(text, ",");
    put_member(text, field, json_array_get(list, i), sorted);
  }
  hcs_text_put(text, "]");
}

/*
 * A value by what it is. As types have been checked, this serves scalars with a schema, too.
 * The depth is jansson's limit when reading (2048).
 */
static void put_any(hcs_text *text, const json_t *value, int sorted) {
  switch (json_typeof(value)) {
  case JSON_OBJECT: put_map(text, NULL, value, sorted); break;
  case JSON_ARRAY: put_list(text, NULL, value, sorted); break;
  case JSON_STRING: put_json_string(text, value); break;
  case JSON_INTEGER: put_integer(text, value); break;
  case JSON_REAL: put_real(text, json_real_value(value)); break;
  case JSON_TRUE: hcs_text_put(text, "true"); break;
  case JSON_FALSE: hcs_text_put(text, "false"); break;
  default: hcs_text_put(text, "null"); break;
  }
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Go's omitempty knows false, 0, nil and what has no elements; a struct is never empty. */
static int is_omitted(const hcs_field *field, const json_t *value) {
  if (!field->omit_empty) return 0;
  if (field->type == HCS_TYPE_OBJECT) return field->pointer && value == NULL;
  return hcs_field_is_zero(field, value);
}

/*
 * The zero value of an absent field that is written nevertheless. A nil slice or map is null, which
 * is how HCS tells "no Layers" from an empty list of them.
 */
static void put_zero(hcs_text *text, const hcs_field *field) {
  switch (field->type) {
  case HCS_TYPE_STRING: hcs_text_put(text, "\"\""); break;
  case HCS_TYPE_BOOL: hcs_text_put(text, "false"); break;
  case HCS_TYPE_INTEGER: hcs_text_put(text, "0"); break;
  case HCS_TYPE_PAIR: hcs_text_put(text, "[0,0]"); break;
  case HCS_TYPE_OBJECT:
    if (field->pointer) {
      hcs_text_put(text, "null");
    } else {
      put_object(text, field->object, NULL);
    }
    break;
  default: hcs_text_put(text, "null"); break;
  }
}

/* A field that is there. Raw JSON keeps its own order; what Go holds in a map is sorted. */
static void put_field(hcs_text *text, const hcs_field *field, const json_t *value) {
  switch (field->type) {
  case HCS_TYPE_OBJECT: put_object(text, field->object, value); break;
  case HCS_TYPE_STRING_LIST:
  case HCS_TYPE_OBJECT_LIST: put_list(text, field, value, 1); break;
  case HCS_TYPE_STRING_MAP:
  case HCS_TYPE_INDEX_MAP: put_map(text, field, value, 1); break;
  case HCS_TYPE_RAW: put_any(text, value, 0); break;
  default: put_any(text, value, 1); break;
  }
}

/* `object` may be NULL: the zero struct. */
static void put_object(hcs_text *text, const hcs_schema *schema, const json_t *object) {
  const char *separator = "{";
  for (size_t i = 0; i < schema->count; i++) {
    const hcs_field *field = &schema->fields[i];
    const json_t *value = object != NULL ? json_object_get(object, field->name) : NULL;
    if (is_omitted(field, value)) continue;
    hcs_text_printf(text, "%s\"%s\":", separator, field->name);
    if (value != NULL) {
      put_field(text, field, value);
    } else {
      put_zero(text, field);
    }
    separator = ",";
  }
  hcs_text_put(text, separator[0] == '{' ? "{}" : "}");
}

static char *take(hcs_text *text, hcs_error *err) {
  char *json = hcs_text_take(text);
  if (json == NULL) (void)hcs_fail_memory(err);
  return json;
}

char *hcs_marshal(const hcs_schema *schema, const json_t *object, hcs_error *err) {
  hcs_text text = {0};
  put_object(&text, schema, object);
  return take(&text, err);
}

char *hcs_marshal_document(const hcs_schema *schema, const hcs_document *document, hcs_error *err) {
  hcs_text text = {0};
  if (!document->is_map) return hcs_marshal(schema, document->root, err);
  put_any(&text, document->root, 1);
  return take(&text, err);
}

char *hcs_document_marshal(const char *type, const char *json, hcs_error *err) {
  hcs_document *document = hcs_document_parse(type, NULL, json, NULL, 0, err);
  if (document == NULL) return NULL;
  char *text = hcs_marshal(hcs_schema_find(type), document->root, err);
  hcs_document_free(document);
  return text;
}
