/*
 * storage_device.c - the disk that what a container writes ends up on.
 */
#include "storage_device.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"

#define BLOCK_DEVICES "/sys/dev/block"

typedef struct obstacle {
  const char *word, *reason;
} obstacle;

static const obstacle obstacles[] = {
    {"tmpfs", "the scratch is a tmpfs: give a LayerFolderPath on a disk"},
    {"volatile", "nothing waits for the disk with IgnoreFlushesDuringBoot: leave that out"},
    {"none", "the scratch folder is on no block device of its own (a tmpfs, overlay, network or "
             "btrfs file system): take one on a disk"},
};
#define OBSTACLE_COUNT (sizeof obstacles / sizeof *obstacles)

/* Limits belong to whole disks; a partition stands in its disk's directory, with a number. */
static void disk_of(const char *numbers, char device[HCS_DEVICE_SIZE]) {
  char path[sizeof BLOCK_DEVICES + HCS_DEVICE_SIZE + 16];
  snprintf(path, sizeof path, BLOCK_DEVICES "/%s/partition", numbers);
  snprintf(device, HCS_DEVICE_SIZE, "%s", numbers);
  if (access(path, F_OK) != 0) return;
  snprintf(path, sizeof path, BLOCK_DEVICES "/%s/../dev", numbers);
  if (hcs_file_get(AT_FDCWD, path, device, HCS_DEVICE_SIZE) <= 0)
    snprintf(device, HCS_DEVICE_SIZE, "none");
  device[strcspn(device, "\n")] = '\0';
}

/* A scratch folder that is made later will be where its parent is. */
static int folder_stat(const char *folder, struct stat *info) {
  HCS_AUTO_FREE char *parent = NULL;
  size_t length = strlen(folder);
  if (stat(folder, info) == 0) return 0;
  while (length > 1 && folder[length - 1] == '/') length--;
  while (length > 1 && folder[length - 1] != '/') length--;
  parent = strndup(folder, length);
  return parent != NULL ? stat(parent, info) : -1;
}

void hcs_storage_device(const char *folder, int is_volatile, char device[HCS_DEVICE_SIZE]) {
  char path[sizeof BLOCK_DEVICES + HCS_DEVICE_SIZE], numbers[HCS_DEVICE_SIZE];
  struct stat info;
  snprintf(device, HCS_DEVICE_SIZE, "%s",
           folder == NULL ? "tmpfs"
           : is_volatile  ? "volatile"
                          : "none");
  if (folder == NULL || is_volatile || folder_stat(folder, &info) != 0) return;
  snprintf(numbers, sizeof numbers, "%u:%u", major(info.st_dev), minor(info.st_dev));
  snprintf(path, sizeof path, BLOCK_DEVICES "/%s", numbers);
  if (access(path, F_OK) == 0) disk_of(numbers, device);
}

/* Those with SB_I_CGROUPWB in the kernel; ext2 and ext3 have ext4's number. */
int hcs_storage_counts_buffered(const char *folder) {
  static const unsigned long types[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
                                        F2FS_SUPER_MAGIC};
  struct statfs info;
  size_t i;
  if (statfs(folder, &info) != 0) return 0;
  for (i = 0; i < sizeof types / sizeof *types; i++)
    if ((unsigned long)info.f_type == types[i]) return 1;
  return 0;
}

int hcs_storage_device_check(const char *device, const char *where, const char *field,
                             hcs_error *err) {
  size_t i;
  for (i = 0; i < OBSTACLE_COUNT; i++)
    if (strcmp(device, obstacles[i].word) == 0)
      return hcs_fail(err, HCS_E_NOT_SUPPORTED, "%s.%s: cannot be enforced: %s", where, field,
                      obstacles[i].reason);
  return 0;
}
