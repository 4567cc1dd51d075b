/*
 * disk.c - disk images that are mapped into a container.
 *
 * The kernel holds a loop device for the file system that is mounted from it; a device that is mapped
 * alone is held by the guest (held.c). The host has told the file system from the image's bytes; options
 * see to it that nothing in the image reaches beyond it.
 */
#include "disk.h"

#include <linux/loop.h>

#include "boot.h"
#include "held.h"
#include "loop.h"
#include "mount.h"
#include "plan.h"
#include "service.h"
#include "sys.h"

typedef struct prepared {
  int mount;     /* one more than its descriptor, 0 for none */
  uint32_t loop; /* one more than the device's number */
} prepared;

static prepared disks[HCS_DISKS_MAX]; /* by LUN */

static int fail(mapped_failure *failure, uint32_t stage, long error) {
  failure->stage = stage;
  failure->error = error;
  return -1;
}

/* ---- the file system in it ------------------------------------------------------------------------ */

typedef struct file_system {
  const char *name;
  mount_option option;
} file_system;

static const file_system file_systems[] = {
    /* an image could ask for a panic of the host */
    {"ext4", {"errors", "remount-ro"}},
    /* two copies of an image, or one image that two containers read, have the same UUID */
    {"xfs", {"nouuid", NULL}},
};

static mount_option option_of(const char *name) {
  static const mount_option none = {NULL, NULL};
  size_t i;
  for (i = 0; i < sizeof file_systems / sizeof *file_systems; i++)
    if (string_equal(file_systems[i].name, name)) return file_systems[i].option;
  return none;
}

static long file_system_mount(const char *type, const char *device, int read_only) {
  mount_option options[4] = {{"source", device}};
  uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  uint32_t count = 1;
  if (read_only) {
    attributes |= MOUNT_ATTR_RDONLY;
    options[count++].key = "ro";
  }
  options[count] = option_of(type);
  return mount_new(type, options, attributes);
}

/*
 * The host's own node of the device: read-only, so that the container cannot change its mode. That
 * forbids no writing to the device.
 */
static long node_mount(const char *device) {
  long r, fd = mount_clone(SYS_AT_FDCWD, device, 0);
  if (fd < 0) return fd;
  r = mount_restrict((int)fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
  if (r >= 0) return fd;
  sys_close((int)fd);
  return r;
}

/* ---- the disk ------------------------------------------------------------------------------------- */

static uint32_t stage_of(loop_step step) {
  switch (step) {
  case LOOP_IMAGE: return HCS_STAGE_MAPPED_SOURCE;
  case LOOP_LOCK: return HCS_STAGE_DISK_BUSY;
  default: return HCS_STAGE_DISK_LOOP;
  }
}

static int prepare(const hcs_plan *plan, const hcs_plan_mount *mount, mapped_failure *failure) {
  const char *image = plan_string(plan, mount->source);
  int read_only = (mount->flags & HCS_MOUNT_READ_ONLY) != 0;
  loop_device device;
  loop_step step;
  long r = loop_attach(image, read_only, mount->size_limit, &device, &step);
  if (r < 0) return fail(failure, stage_of(step), r);
  if (mount->flags & HCS_MOUNT_ATTACH_ONLY)
    r = node_mount(device.path);
  else
    r = file_system_mount(plan_string(plan, mount->file_system), device.path, read_only);
  if (r >= 0 && (mount->flags & HCS_MOUNT_ATTACH_ONLY))
    held_put(mount->lun, device.fd);
  else
    sys_close(device.fd);
  disks[mount->lun].loop = device.number + 1;
  return r < 0 ? fail(failure, HCS_STAGE_DISK_MOUNT, r) : (int)r;
}

int disk_source(const hcs_plan *plan, const hcs_plan_mount *mount, mapped_failure *failure) {
  prepared *disk = &disks[mount->lun];
  int fd = disk->mount != 0 ? disk->mount - 1 : prepare(plan, mount, failure);
  disk->mount = 0;
  return fd;
}

void disks_prepare(const hcs_plan *plan) {
  mapped_failure failure;
  uint32_t i;
  for (i = 0; i < plan->mount_count; i++) {
    const hcs_plan_mount *mount = plan_mount(plan, i);
    int fd;
    if (mount->kind != HCS_MOUNT_DISK) continue;
    fd = disk_source(plan, mount, &failure);
    if (fd < 0) boot_fail(HCS_FD_BOOT, failure.stage, failure.error, i);
    disks[mount->lun].mount = fd + 1;
  }
}

uint32_t disk_loop(const hcs_plan_mount *mount) {
  return mount->kind == HCS_MOUNT_DISK ? disks[mount->lun].loop : 0;
}

void disk_detach(int device) {
  /* what is not written yet has no way any more after the next call */
  SYS1(__NR_fsync, device);
  /* also if the container, which may, has taken LO_FLAGS_AUTOCLEAR off */
  SYS2(__NR_ioctl, device, LOOP_CLR_FD);
  sys_close(device);
}
