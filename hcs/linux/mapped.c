/*
 * mapped.c - what a document maps into a container: directories, pipes, devices, disks, checked on the host.
 */
#include "mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../document.h"
#include "container_path.h"
#include "disk.h"
#include "host_path.h"
#include "stage.h"

#define FIELD_BYTES                                                                                \
  128 /* "config.AssignedDevices[18446744073709551615].InterfaceClassGuid" and a bit */

typedef struct mapping_kind {
  hcs_mount_kind kind;
  const char *list;
  const char *source, *target; /* fields */
  /* What only this kind asks for. */
  int (*check)(hcs_mapping *mapping, const char *field, const struct stat *source, hcs_error *err);
} mapping_kind;

/* ---- the kinds ------------------------------------------------------------------------------------ */

static int check_directory(hcs_mapping *mapping, const char *field, const struct stat *source,
                           hcs_error *err) {
  if (!S_ISDIR(source->st_mode))
    return hcs_fail(err, HCS_E_DIRECTORY,
                    "%s: '%s' is not a directory: map the one that it is in, or put the file into "
                    "the container with write_file()",
                    field, mapping->source);
  if (hcs_document_bool(mapping->document, "ReadOnly")) mapping->flags |= HCS_MOUNT_READ_ONLY;
  return 0;
}

static int check_pipe(hcs_mapping *mapping, const char *field, const struct stat *source,
                      hcs_error *err) {
  if (S_ISSOCK(source->st_mode) || S_ISFIFO(source->st_mode)) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is neither a unix socket nor a FIFO",
                  field, mapping->source);
}

static int check_device(hcs_mapping *mapping, const char *field, const struct stat *source,
                        hcs_error *err) {
  if (S_ISCHR(source->st_mode) || S_ISBLK(source->st_mode)) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is not a device", field, mapping->source);
}

/* In the order in which they are made: a disk may lie in a directory, and a pipe in both. */
static const mapping_kind kinds[] = {
    {HCS_MOUNT_DEVICE, "AssignedDevices", "InterfaceClassGuid", "InterfaceClassGuid", check_device},
    {HCS_MOUNT_DIRECTORY, "MappedDirectories", "HostPath", "ContainerPath", check_directory},
    {HCS_MOUNT_DISK, "MappedVirtualDisks", "HostPath", "ContainerPath", hcs_disk_check},
    {HCS_MOUNT_PIPE, "MappedPipes", "HostPath", "ContainerPipeName", check_pipe},
};

static const mapping_kind *kind_find(hcs_mount_kind kind) {
  size_t i = 0;
  while (kinds[i].kind != kind) i++;
  return &kinds[i];
}

const char *hcs_mapping_target_field(hcs_mount_kind kind) { return kind_find(kind)->target; }

const char *hcs_mapping_list(hcs_mount_kind kind) { return kind_find(kind)->list; }

hcs_mount_kind hcs_mapping_kind_of(const char *list) {
  size_t i;
  for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].list, list) == 0) return kinds[i].kind;
  return HCS_MOUNT_NONE;
}

/* ---- one ------------------------------------------------------------------------------------------ */

char *hcs_mapping_target(hcs_mount_kind kind, const json_t *document, const char *path,
                         hcs_error *err) {
  const mapping_kind *row = kind_find(kind);
  const char *text = hcs_document_string(document, row->target);
  char field[FIELD_BYTES];
  snprintf(field, sizeof field, "%s.%s", path, row->target);
  switch (kind) {
  case HCS_MOUNT_PIPE: return hcs_container_path_pipe(text, field, err);
  case HCS_MOUNT_DEVICE: return hcs_container_path_device(text, field, err);
  default: return hcs_container_path(text, field, err);
  }
}

int hcs_mapping_read(hcs_mapping *mapping, hcs_mount_kind kind, const json_t *document,
                     const char *path, hcs_error *err) {
  const mapping_kind *row = kind_find(kind);
  char field[FIELD_BYTES];
  struct stat source;
  memset(mapping, 0, sizeof *mapping);
  mapping->kind = kind;
  mapping->list = row->list;
  mapping->document = document;
  mapping->source = hcs_document_string(document, row->source);
  mapping->path = strdup(path);
  if (mapping->path == NULL) return hcs_fail_memory(err);
  mapping->target = hcs_mapping_target(kind, document, path, err);
  if (mapping->target == NULL) return -1;
  snprintf(field, sizeof field, "%s.%s", path, row->source);
  if (hcs_host_path_check(mapping->source, field, &source, err) != 0) return -1;
  return row->check(mapping, field, &source, err);
}

void hcs_mapping_clear(hcs_mapping *mapping) {
  free(mapping->path);
  free(mapping->target);
  memset(mapping, 0, sizeof *mapping);
}

int hcs_mapping_fail(const hcs_mapping *mapping, uint32_t stage, int32_t error, hcs_error *err) {
  const mapping_kind *row = kind_find(mapping->kind);
  int is_disk = stage >= HCS_STAGE_DISK_BUSY && stage <= HCS_STAGE_DISK_MOUNT;
  int is_source = is_disk || stage == HCS_STAGE_MAPPED_SOURCE;
  if (is_disk)
    hcs_disk_fail(mapping, stage, error, err);
  else
    hcs_stage_fail(stage, error, is_source ? mapping->source : mapping->target, err);
  return hcs_error_wrap(err, "%s.%s", mapping->path, is_source ? row->source : row->target);
}

/* ---- all ------------------------------------------------------------------------------------------ */

static int check_new(const hcs_mappings *mappings, const hcs_mapping *mapping, hcs_error *err) {
  size_t i;
  for (i = 0; i < mappings->count; i++)
    if (strcmp(mappings->list[i].target, mapping->target) == 0)
      return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s.%s: '%s' is what %s is mapped to already",
                      mapping->path, kind_find(mapping->kind)->target, mapping->target,
                      mappings->list[i].path);
  return 0;
}

static int read_list(hcs_mappings *mappings, const mapping_kind *row, const json_t *list,
                     hcs_error *err) {
  size_t i;
  for (i = 0; i < json_array_size(list); i++) {
    hcs_mapping *next = &mappings->list[mappings->count];
    char path[FIELD_BYTES];
    snprintf(path, sizeof path, "config.%s[%zu]", row->list, i + 1);
    if (row->kind == HCS_MOUNT_DISK && i >= HCS_DISKS_MAX)
      return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: at most %u disks fit", path,
                      HCS_DISKS_MAX);
    if (hcs_mapping_read(next, row->kind, json_array_get(list, i), path, err) != 0 ||
        check_new(mappings, next, err) != 0) {
      hcs_mapping_clear(next);
      return -1;
    }
    next->disk.lun = (uint32_t)i;
    mappings->count++;
  }
  return 0;
}

int hcs_mappings_read(hcs_mappings *mappings, const json_t *config, hcs_error *err) {
  size_t i, total = 0;
  mappings->count = 0;
  for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
    total += json_array_size(json_object_get(config, kinds[i].list));
  if (total > HCS_PLAN_MOUNTS_MAX)
    return hcs_fail(
        err, HCS_E_INVALID_PARAMETER,
        "config.MappedDirectories: %zu directories, pipes, disks and devices are mapped, "
        "at most %u fit",
        total, HCS_PLAN_MOUNTS_MAX);
  mappings->list = calloc(total + 1, sizeof *mappings->list);
  if (mappings->list == NULL) return hcs_fail_memory(err);
  for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (read_list(mappings, &kinds[i], json_object_get(config, kinds[i].list), err) != 0) return -1;
  return 0;
}

void hcs_mappings_clear(hcs_mappings *mappings) {
  size_t i;
  for (i = 0; i < mappings->count; i++) hcs_mapping_clear(&mappings->list[i]);
  free(mappings->list);
  memset(mappings, 0, sizeof *mappings);
}
