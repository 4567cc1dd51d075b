/*
 * storage_count.c - having a container's block I/O counted.
 */
#include "storage_count.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk_hold.h"
#include "fd.h"
#include "kernel_text.h"
#include "storage_device.h"

static void count_on(int work, const char *device) {
  static const char file[] = "blkio.throttle.read_bps_device";
  char text[2048];
  if (hcs_file_get(work, file, text, sizeof text) < 0 || hcs_kernel_value(text, device) != 0)
    return; /* a limit that it has stays */
  snprintf(text, sizeof text, "%s 0", device);
  hcs_file_put(work, file, text);
}

void hcs_storage_count_device(const hcs_group_paths *groups, const char *device) {
  hcs_error *ignored = hcs_error_new();
  HCS_AUTO_FD work = -1;
  if (ignored != NULL && groups->layout != HCS_CGROUP_V2 && strchr(device, ':') != NULL)
    work = hcs_group_work_open(groups, HCS_CONTROLLER_IO, ignored);
  hcs_error_free(ignored);
  if (work >= 0) count_on(work, device);
}

void hcs_storage_count(const hcs_group_paths *groups, const char *const folders[], size_t count) {
  char device[HCS_DEVICE_SIZE], last[HCS_DEVICE_SIZE] = "";
  size_t i;
  for (i = 0; i < count; i++) {
    if (folders[i] == NULL) continue;
    hcs_storage_device(folders[i], 0, device);
    if (strcmp(device, last) != 0) hcs_storage_count_device(groups, device);
    memcpy(last, device, sizeof last); /* layers are mostly neighbours */
  }
}

/* A disk that is mapped is one of its own: its loop device. */
static void count_disk(const hcs_group_paths *groups, const hcs_mapping *mapping) {
  char path[HCS_LOOP_PATH_SIZE], device[HCS_DEVICE_SIZE];
  struct stat info;
  if (mapping->disk.loop == 0) return;
  hcs_disk_device(mapping, path);
  if (stat(path, &info) != 0 || !S_ISBLK(info.st_mode)) return;
  snprintf(device, sizeof device, "%u:%u", major(info.st_rdev), minor(info.st_rdev));
  hcs_storage_count_device(groups, device);
}

void hcs_storage_count_mapping(const hcs_group_paths *groups, const hcs_mapping *mapping) {
  if (mapping->kind == HCS_MOUNT_DIRECTORY) hcs_storage_count(groups, &mapping->source, 1);
  if (mapping->kind == HCS_MOUNT_DISK) count_disk(groups, mapping);
}
