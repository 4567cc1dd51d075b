/*
 * result.h - building result documents: what is zero or empty is left out, as HCS does, and a failed
 * allocation is remembered until the end.
 */
#ifndef HCS_LINUX_RESULT_H
#define HCS_LINUX_RESULT_H

#include <jansson.h>
#include <stdint.h>

typedef struct hcs_result {
  json_t *object;
  int failed;
} hcs_result;

void hcs_result_open(hcs_result *result);
/* The object, owned by the caller; NULL when memory was out. */
json_t *hcs_result_take(hcs_result *result);

void hcs_result_number(hcs_result *result, const char *name, uint64_t value);
/* Bytes that are not UTF-8 do not fit in a document: then each that is not ASCII becomes a '?'. */
void hcs_result_string(hcs_result *result, const char *name, const char *value);
void hcs_result_time(hcs_result *result, const char *name, int64_t wall_ns);
/* Takes `value`; NULL is a failed allocation. */
void hcs_result_put(hcs_result *result, const char *name, json_t *value);

#endif
