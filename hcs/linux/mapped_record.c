/*
 * mapped_record.c - what is mapped into a container, as its record remembers it.
 */
#include "mapped_record.h"

#include <stdlib.h>
#include <string.h>

#include "disk_record.h"
#include "fd.h"

#define MOUNT "Mount"

static int append(json_t **mapped, const char *list_name, json_t *document) {
  json_t *list;
  if (*mapped == NULL) *mapped = json_object();
  list = json_object_get(*mapped, list_name);
  if (list == NULL) {
    if (json_object_set_new(*mapped, list_name, json_array()) != 0) return -1;
    list = json_object_get(*mapped, list_name);
  }
  return json_array_append(list, document);
}

int hcs_record_map(hcs_record *record, const hcs_mapping *mapping, hcs_error *err) {
  json_t *copy = json_deep_copy(mapping->document);
  int r = -1;
  if (copy != NULL && json_object_set_new(copy, MOUNT, json_integer(mapping->mount)) == 0 &&
      (mapping->kind != HCS_MOUNT_DISK || hcs_disk_remember(copy, mapping) == 0))
    r = append(&record->mapped, mapping->list, copy);
  json_decref(copy);
  return r == 0 ? 0 : hcs_fail_memory(err);
}

int hcs_record_map_all(hcs_record *record, const hcs_mappings *mappings, hcs_error *err) {
  size_t i;
  json_decref(record->mapped);
  record->mapped = NULL;
  for (i = 0; i < mappings->count; i++)
    if (hcs_record_map(record, &mappings->list[i], err) != 0) return -1;
  return 0;
}

json_t *hcs_record_mapped(const hcs_record *record, hcs_mount_kind kind) {
  return json_object_get(record->mapped, hcs_mapping_list(kind));
}

static int list_find(const json_t *list, hcs_mount_kind kind, const char *target) {
  hcs_error *ignored = hcs_error_new();
  int i, found = -1, count = (int)json_array_size(list);
  for (i = 0; ignored != NULL && i < count && found < 0; i++) {
    HCS_AUTO_FREE char *other =
        hcs_mapping_target(kind, json_array_get(list, (size_t)i), "", ignored);
    if (other != NULL && strcmp(other, target) == 0) found = i;
  }
  hcs_error_free(ignored);
  return found;
}

int hcs_record_mapped_find(const hcs_record *record, hcs_mount_kind kind, const char *target) {
  return list_find(hcs_record_mapped(record, kind), kind, target);
}

int hcs_record_mapped_to(const hcs_record *record, const char *target) {
  const char *name;
  json_t *list;
  json_object_foreach(record->mapped, name, list) {
    hcs_mount_kind kind = hcs_mapping_kind_of(name);
    if (kind != HCS_MOUNT_NONE && list_find(list, kind, target) >= 0) return 1;
  }
  return 0;
}

uint32_t hcs_record_mount(const json_t *document) {
  return (uint32_t)json_integer_value(json_object_get(document, MOUNT));
}

int hcs_record_mapped_as(const hcs_record *record, uint32_t mount) {
  const char *name;
  json_t *list;
  json_object_foreach(record->mapped, name, list) {
    size_t i, count = json_array_size(list);
    for (i = 0; i < count; i++)
      if (hcs_record_mount(json_array_get(list, i)) == mount) return 1;
  }
  return 0;
}
