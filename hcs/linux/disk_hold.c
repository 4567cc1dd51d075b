/*
 * disk_hold.c - who keeps the block device of a disk that is mapped AttachOnly.
 *
 * While the guest has it open, the device is the image's, whatever the container does to it. The kernel
 * detaches it with its last user; a container that may write to it may tell the kernel not to, so after
 * its end it is looked after.
 */
#include "disk_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "disk_record.h"
#include "fd.h"
#include "wait.h"

void hcs_disk_device(const hcs_mapping *mapping, char path[HCS_LOOP_PATH_SIZE]) {
  snprintf(path, HCS_LOOP_PATH_SIZE, "/dev/loop%u", mapping->disk.loop - 1);
}

static int device_open(const hcs_mapping *mapping) {
  char path[HCS_LOOP_PATH_SIZE];
  hcs_disk_device(mapping, path);
  return hcs_fd_raise(open(path, O_RDONLY | O_CLOEXEC));
}

static int call(hcs_change *change, hcs_frame_type type, const hcs_mapping *mapping, const int *fds,
                size_t fd_count, hcs_error *err) {
  const hcs_held held = {mapping->disk.lun, 0};
  hcs_reply reply;
  if (hcs_link_call(change->system->link, type, &held, sizeof held, fds, fd_count,
                    hcs_clock_ns() + HCS_GUEST_PATIENCE_NS, &reply, err) != 0)
    return -1;
  return hcs_reply_check(&reply, err);
}

int hcs_disk_hold(hcs_change *change, const hcs_mapping *mapping, hcs_error *err) {
  HCS_AUTO_FD device = device_open(mapping);
  if (device < 0)
    return hcs_fail_errno(err, errno, "%s.HostPath: cannot open the loop device of '%s'",
                          mapping->path, mapping->source);
  return call(change, HCS_HOLD, mapping, &device, 1, err);
}

int hcs_disk_let_go(hcs_change *change, const hcs_mapping *mapping, hcs_error *err) {
  return call(change, HCS_LET_GO, mapping, NULL, 0, err);
}

/* ---- after the end --------------------------------------------------------------------------------- */

/* The device is looked at, because its number may be anybody's by now. */
static void detach_left(const hcs_mapping *mapping) {
  HCS_AUTO_FD device = device_open(mapping);
  struct loop_info64 info;
  if (device < 0 || ioctl(device, LOOP_GET_STATUS64, &info) != 0) return;
  if (info.lo_inode != mapping->disk.inode || info.lo_device != mapping->disk.device) return;
  if ((info.lo_flags & LO_FLAGS_AUTOCLEAR) == 0) ioctl(device, LOOP_CLR_FD);
}

void hcs_disks_clean(const hcs_record *record) {
  const json_t *list = hcs_record_mapped(record, HCS_MOUNT_DISK);
  size_t i;
  for (i = 0; i < json_array_size(list); i++) {
    hcs_mapping mapping = {.kind = HCS_MOUNT_NONE};
    hcs_disk_recall(&mapping, json_array_get(list, i));
    if ((mapping.flags & HCS_MOUNT_ATTACH_ONLY) && mapping.disk.loop != 0) detach_left(&mapping);
  }
}
