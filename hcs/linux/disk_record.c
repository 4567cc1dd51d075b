/*
 * disk_record.c - disks as a container's record remembers them, and what is told of them.
 *
 * Each stands there as its document was given, with fields of our own beside those of HCS.
 */
#include "disk_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../document.h"
#include "fd.h"

#define LUN "Lun"
#define LOOP "Loop"
#define DEVICE "ImageDevice"
#define INODE "ImageInode"
#define INDEX_BYTES 24 /* a number in decimal */

#define COUNT(list) (sizeof(list) / sizeof *(list))

int hcs_disk_remember(json_t *document, const hcs_mapping *mapping) {
  const hcs_mapping_disk *disk = &mapping->disk;
  return json_object_set_new(document, LUN, json_integer(disk->lun)) == 0 &&
                 json_object_set_new(document, LOOP, json_integer(disk->loop)) == 0 &&
                 json_object_set_new(document, DEVICE, json_integer((json_int_t)disk->device)) ==
                     0 &&
                 json_object_set_new(document, INODE, json_integer((json_int_t)disk->inode)) == 0
             ? 0
             : -1;
}

static uint64_t number_get(const json_t *document, const char *name) {
  return (uint64_t)json_integer_value(json_object_get(document, name));
}

void hcs_disk_recall(hcs_mapping *mapping, const json_t *document) {
  mapping->kind = HCS_MOUNT_DISK;
  mapping->document = document;
  mapping->flags = (hcs_document_bool(document, "ReadOnly") ? HCS_MOUNT_READ_ONLY : 0) |
                   (hcs_document_bool(document, "AttachOnly") ? HCS_MOUNT_ATTACH_ONLY : 0);
  mapping->disk.lun = (uint32_t)number_get(document, LUN) % HCS_DISKS_MAX;
  mapping->disk.loop = (uint32_t)number_get(document, LOOP);
  mapping->disk.device = number_get(document, DEVICE);
  mapping->disk.inode = number_get(document, INODE);
}

/* ---- which one ------------------------------------------------------------------------------------- */

int hcs_disk_lun_free(const hcs_record *record, const char *path, hcs_error *err) {
  const json_t *list = hcs_record_mapped(record, HCS_MOUNT_DISK);
  uint64_t taken = 0; /* a bit for each */
  size_t i;
  int lun = 0;
  for (i = 0; i < json_array_size(list); i++)
    taken |= 1ull << number_get(json_array_get(list, i), LUN) % HCS_DISKS_MAX;
  while (lun < (int)HCS_DISKS_MAX && (taken & 1ull << lun)) lun++;
  if (lun < (int)HCS_DISKS_MAX) return lun;
  return hcs_fail(err, HCS_E_BUSY, "%s: %u disks are mapped already, and no more fit", path,
                  HCS_DISKS_MAX);
}

static char *fail_find(hcs_error *err, uint64_t code, const char *path, const char *host,
                       const char *what) {
  hcs_fail(err, code, "%s.HostPath: %s '%s'", path, what, host);
  return NULL;
}

/* The only disk with that HostPath. */
static char *by_host_path(const json_t *list, const char *host, const char *path, hcs_error *err) {
  const json_t *found = NULL;
  size_t i;
  for (i = 0; i < json_array_size(list); i++) {
    const json_t *disk = json_array_get(list, i);
    if (strcmp(hcs_document_string(disk, "HostPath"), host) != 0) continue;
    if (found != NULL)
      return fail_find(err, HCS_E_INVALID_PARAMETER, path, host,
                       "say the ContainerPath, too: more than one disk is");
    found = disk;
  }
  if (found == NULL)
    return fail_find(err, HCS_E_ELEMENT_NOT_FOUND, path, host, "no disk is mapped from");
  return hcs_mapping_target(HCS_MOUNT_DISK, found, path, err);
}

char *hcs_disk_target(const hcs_record *record, const json_t *settings, const char *path,
                      hcs_error *err) {
  const json_t *list = hcs_record_mapped(record, HCS_MOUNT_DISK);
  const char *host = hcs_document_string(settings, "HostPath");
  HCS_AUTO_FREE char *target = NULL;
  char *taken;
  int i;
  if (hcs_document_string(settings, "ContainerPath")[0] == '\0' && host[0] != '\0')
    return by_host_path(list, host, path, err);
  target = hcs_mapping_target(HCS_MOUNT_DISK, settings, path, err);
  if (target == NULL) return NULL;
  i = hcs_record_mapped_find(record, HCS_MOUNT_DISK, target);
  if (i >= 0 && host[0] != '\0' &&
      strcmp(hcs_document_string(json_array_get(list, (size_t)i), "HostPath"), host) != 0)
    return fail_find(err, HCS_E_ELEMENT_NOT_FOUND, path, host,
                     "another disk is mapped to that ContainerPath, not");
  taken = target;
  target = NULL;
  return taken;
}

/* ---- what is told ---------------------------------------------------------------------------------- */

/* The document as it was given, without what is ours. */
static json_t *disk_describe(const json_t *document) {
  static const char *const fields[] = {"HostPath", "ContainerPath", "ReadOnly", "AttachOnly"};
  json_t *told = json_object();
  size_t i;
  for (i = 0; told != NULL && i < COUNT(fields); i++) {
    json_t *value = json_object_get(document, fields[i]);
    if (value == NULL || json_object_set(told, fields[i], value) == 0) continue;
    json_decref(told);
    return NULL;
  }
  return told;
}

static json_t *disks_describe(const json_t *list) {
  json_t *disks = json_object();
  size_t i;
  for (i = 0; disks != NULL && i < json_array_size(list); i++) {
    const json_t *document = json_array_get(list, i);
    char lun[INDEX_BYTES];
    snprintf(lun, sizeof lun, "%llu", (unsigned long long)number_get(document, LUN));
    if (json_object_set_new(disks, lun, disk_describe(document)) == 0) continue;
    json_decref(disks);
    return NULL;
  }
  return disks;
}

json_t *hcs_disk_controllers(const hcs_record *record) {
  const json_t *list = hcs_record_mapped(record, HCS_MOUNT_DISK);
  json_t *disks;
  if (json_array_size(list) == 0) return json_object();
  disks = disks_describe(list);
  return disks != NULL ? json_pack("{s:{s:o}}", "0", "MappedVirtualDisks", disks) : NULL;
}
