/* golden.c - Go's spacing (none) and escapes (those that are safe in HTML). */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct buffer {
  char *text;
  size_t size, capacity;
  int has_real;
} buffer;

static void put(buffer *out, const char *text, size_t size) {
  if (out->size + size + 1 > out->capacity) {
    out->capacity = (out->size + size + 1) * 2;
    out->text = realloc(out->text, out->capacity);
    if (out->text == NULL) abort();
  }
  memcpy(out->text + out->size, text, size);
  out->size += size;
  out->text[out->size] = '\0';
}

static void put_text(buffer *out, const char *text) { put(out, text, strlen(text)); }

/* How many bytes of the input the escape stands for; 0: they go as they are. */
static size_t escape(const unsigned char *at, char text[8]) {
  static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (const char *pair = letters; *pair != '\0'; pair += 2) {
    if (*at != (unsigned char)*pair) continue;
    (void)snprintf(text, 8, "\\%c", pair[1]);
    return 1;
  }
  if (*at < 0x20 || *at == '<' || *at == '>' || *at == '&') {
    (void)snprintf(text, 8, "\\u%04x", *at);
    return 1;
  }
  /* The line separators of JavaScript, U+2028 and U+2029. */
  if (at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)) {
    (void)snprintf(text, 8, "\\u202%x", at[2] & 0xFU);
    return 3;
  }
  return 0;
}

static void put_string(buffer *out, const char *string, size_t size) {
  const unsigned char *at = (const unsigned char *)string, *end = at + size;
  put_text(out, "\"");
  while (at < end) {
    char text[8];
    size_t stands_for = escape(at, text);
    if (stands_for > 0) {
      put_text(out, text);
      at += stands_for;
    } else {
      put(out, (const char *)at++, 1);
    }
  }
  put_text(out, "\"");
}

static void put_value(buffer *out, const json_t *value);

static void put_object(buffer *out, const json_t *object) {
  const char *key, *separator = "{";
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    put_text(out, separator);
    put_string(out, key, strlen(key));
    put_text(out, ":");
    put_value(out, value);
    separator = ",";
  }
  put_text(out, separator[0] == '{' ? "{}" : "}");
}

static void put_array(buffer *out, const json_t *array) {
  size_t i;
  json_t *value;
  put_text(out, "[");
  json_array_foreach(array, i, value) {
    if (i > 0) put_text(out, ",");
    put_value(out, value);
  }
  put_text(out, "]");
}

static void put_integer(buffer *out, const json_t *value) {
  char text[32];
  (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
  put_text(out, text);
}

static void put_value(buffer *out, const json_t *value) {
  switch (json_typeof(value)) {
  case JSON_OBJECT: put_object(out, value); break;
  case JSON_ARRAY: put_array(out, value); break;
  case JSON_STRING: put_string(out, json_string_value(value), json_string_length(value)); break;
  case JSON_INTEGER: put_integer(out, value); break;
  case JSON_REAL: out->has_real = 1; break;
  case JSON_TRUE: put_text(out, "true"); break;
  case JSON_FALSE: put_text(out, "false"); break;
  case JSON_NULL: put_text(out, "null"); break;
  }
}

char *golden_text(const json_t *value) {
  buffer out = {NULL, 0, 0, 0};
  put_value(&out, value);
  if (!out.has_real) return out.text;
  free(out.text);
  return NULL;
}
