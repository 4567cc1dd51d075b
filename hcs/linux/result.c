/*
 * result.c - building result documents.
 */
#include "result.h"

#include <string.h>

#include "wall_clock.h"

void hcs_result_open(hcs_result *result) {
  result->object = json_object();
  result->failed = result->object == NULL;
}

json_t *hcs_result_take(hcs_result *result) {
  json_t *object = result->object;
  result->object = NULL;
  if (!result->failed) return object;
  json_decref(object);
  return NULL;
}

void hcs_result_put(hcs_result *result, const char *name, json_t *value) {
  /* also fails for a NULL */
  if (json_object_set_new(result->object, name, value) != 0) result->failed = 1;
}

void hcs_result_number(hcs_result *result, const char *name, uint64_t value) {
  if (value > INT64_MAX) value = INT64_MAX;
  if (value != 0) hcs_result_put(result, name, json_integer((json_int_t)value));
}

static json_t *ascii(const char *value) {
  char text[256];
  size_t i;
  for (i = 0; i < sizeof text - 1 && value[i] != '\0'; i++)
    text[i] = (unsigned char)value[i] < 0x80 ? value[i] : '?';
  text[i] = '\0';
  return json_string(text);
}

void hcs_result_string(hcs_result *result, const char *name, const char *value) {
  json_t *string;
  if (value[0] == '\0') return;
  string = json_string(value);
  hcs_result_put(result, name, string != NULL ? string : ascii(value));
}

void hcs_result_time(hcs_result *result, const char *name, int64_t wall_ns) {
  char text[HCS_WALL_TEXT_SIZE];
  hcs_wall_text(wall_ns, text);
  hcs_result_string(result, name, text);
}
