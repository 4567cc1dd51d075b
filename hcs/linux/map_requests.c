/*
 * map_requests.c - what modify requests about mapped things do.
 */
#include "map_requests.h"

#include "disk_record.h"
#include "fd.h"
#include "hotplug.h"
#include "map_guard.h"
#include "mapped.h"
#include "storage_count.h"

#define SETTINGS "request.Settings"

static int number_disk(const hcs_change *change, hcs_mapping *mapping, hcs_error *err) {
  int lun;
  if (mapping->kind != HCS_MOUNT_DISK) return 0;
  lun = hcs_disk_lun_free(&change->record, mapping->path, err);
  mapping->disk.lun = (uint32_t)lun;
  return lun < 0 ? -1 : 0;
}

static int map_add(hcs_change *change, hcs_mount_kind kind, const json_t *settings,
                   hcs_error *err) {
  hcs_mapping mapping;
  int r = hcs_mapping_read(&mapping, kind, settings, SETTINGS, err);
  if (r == 0) r = hcs_map_guard(&mapping, err);
  if (r == 0) r = number_disk(change, &mapping, err);
  if (r == 0) r = hcs_hotplug_add(change, &mapping, err);
  if (r == 0) hcs_storage_count_mapping(&change->system->link->groups, &mapping);
  hcs_mapping_clear(&mapping);
  return r;
}

/* The target says which; the host's side need not be there any more. */
static int map_remove(hcs_change *change, hcs_mount_kind kind, const json_t *settings,
                      hcs_error *err) {
  HCS_AUTO_FREE char *target = hcs_mapping_target(kind, settings, SETTINGS, err);
  return target == NULL ? -1 : hcs_hotplug_remove(change, kind, target, SETTINGS, err);
}

int hcs_directory_add(hcs_change *change, const json_t *settings, hcs_error *err) {
  return map_add(change, HCS_MOUNT_DIRECTORY, settings, err);
}

int hcs_directory_remove(hcs_change *change, const json_t *settings, hcs_error *err) {
  return map_remove(change, HCS_MOUNT_DIRECTORY, settings, err);
}

int hcs_pipe_add(hcs_change *change, const json_t *settings, hcs_error *err) {
  return map_add(change, HCS_MOUNT_PIPE, settings, err);
}

int hcs_pipe_remove(hcs_change *change, const json_t *settings, hcs_error *err) {
  return map_remove(change, HCS_MOUNT_PIPE, settings, err);
}

int hcs_disk_add(hcs_change *change, const json_t *settings, hcs_error *err) {
  return map_add(change, HCS_MOUNT_DISK, settings, err);
}

/* HCS names a disk by its HostPath. */
int hcs_disk_remove(hcs_change *change, const json_t *settings, hcs_error *err) {
  HCS_AUTO_FREE char *target = hcs_disk_target(&change->record, settings, SETTINGS, err);
  if (target == NULL) return -1;
  return hcs_hotplug_remove(change, HCS_MOUNT_DISK, target, SETTINGS, err);
}
