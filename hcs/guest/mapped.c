/*
 * mapped.c - what is mapped into the container out of the host: directories, pipes, devices, disks.
 *
 * A mount is copied detached, restricted while nobody can reach it, and only then attached. nodev: a device
 * is for AssignedDevices to give; nosuid: no process of a container gains privileges, here neither.
 */
#include "mapped.h"

#include <linux/fcntl.h>

#include "boot.h"
#include "disk.h"
#include "kernel.h"
#include "mount.h"
#include "place.h"
#include "plan.h"
#include "service.h"
#include "sys.h"

static int fail(mapped_failure *failure, uint32_t stage, long error) {
  failure->stage = stage;
  failure->error = error;
  return -1;
}

/* The host has looked, but that was a moment ago. */
static long check_type(int fd, uint32_t kind) {
  int type = descriptor_type(fd);
  if (kind == HCS_MOUNT_DIRECTORY) return type == S_IFDIR ? 0 : -ENOTDIR;
  return type == S_IFSOCK || type == S_IFIFO ? 0 : -ENODEV;
}

static long restrict_source(int fd, const hcs_plan_mount *mount) {
  uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (mount->kind == HCS_MOUNT_PIPE) return mount_restrict(fd, attributes | MOUNT_ATTR_NOEXEC, 0);
  if (mount->flags & HCS_MOUNT_READ_ONLY) attributes |= MOUNT_ATTR_RDONLY;
  return mount_restrict(fd, attributes, MOUNT_RECURSIVE);
}

int mapped_source(const hcs_plan *plan, const hcs_plan_mount *mount, mapped_failure *failure) {
  unsigned depth = mount->kind == HCS_MOUNT_DIRECTORY ? MOUNT_RECURSIVE : 0;
  long fd, r;
  if (mount->kind == HCS_MOUNT_DISK) return disk_source(plan, mount, failure);
  r = fd = mount_clone(SYS_AT_FDCWD, plan_string(plan, mount->source), depth);
  if (r >= 0) r = check_type((int)fd, mount->kind);
  if (r >= 0) r = restrict_source((int)fd, mount);
  if (r >= 0) return (int)fd;
  if (fd >= 0) sys_close((int)fd);
  return fail(failure, HCS_STAGE_MAPPED_SOURCE, r);
}

/* A mount lies on what is of its own kind. */
static int is_file(const hcs_plan_mount *mount) {
  return mount->kind == HCS_MOUNT_PIPE || (mount->flags & HCS_MOUNT_ATTACH_ONLY) != 0;
}

int mapped_place(int root, const hcs_plan *plan, const hcs_plan_mount *mount,
                 mapped_failure *failure) {
  const char *path = plan_string(plan, mount->target);
  long place = is_file(mount) ? place_file(root, path) : place_directory(root, path);
  if (place == PLACE_FORBIDDEN) return fail(failure, HCS_STAGE_MAPPED_FORBIDDEN, 0);
  return place < 0 ? fail(failure, HCS_STAGE_MAPPED_TARGET, place) : (int)place;
}

int mapped_attach(int source, int place, mapped_failure *failure) {
  long r = mount_attach(source, place);
  return r < 0 ? fail(failure, HCS_STAGE_MAPPED_MOUNT, r) : 0;
}

/* ---- devices -------------------------------------------------------------------------------------- */

static long status_get(int dir, const char *path, int flags, struct statx *status) {
  return SYS5(__NR_statx, dir, path, flags, STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID,
              status);
}

static unsigned device_number(const struct statx *status) {
  unsigned major = status->stx_rdev_major, minor = status->stx_rdev_minor;
  /* the kernel's new_encode_dev(): what mknod(2) takes for numbers of any size */
  return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

/* What is in every container's /dev may be asked for, too. */
static long device_same(int dir, const char *name, const struct statx *wanted) {
  struct statx found = {0};
  long r = status_get(dir, name, AT_SYMLINK_NOFOLLOW, &found);
  if (r < 0) return r;
  return (found.stx_mode & S_IFMT) == (wanted->stx_mode & S_IFMT) &&
                 device_number(&found) == device_number(wanted)
             ? 0
             : -EEXIST;
}

/* A node of our own: the container may change its mode, and the host's stays as it is. */
static long device_make(int dir, const char *name, const struct statx *host) {
  long r = SYS4(__NR_mknodat, dir, name, host->stx_mode, device_number(host));
  if (r == -EEXIST) return device_same(dir, name, host);
  if (r >= 0) r = SYS5(__NR_fchownat, dir, name, host->stx_uid, host->stx_gid, AT_SYMLINK_NOFOLLOW);
  return r;
}

/* /dev is our own tmpfs, which nobody has touched: its directories are made one by one. */
static long device_directory(int root, const char *path, const char **name) {
  char part[HCS_PATH_BYTES];
  size_t length = string_length(path), i;
  long here = target_open(root, "dev", SYS_O_DIRECTORY);
  *name = path + sizeof "/dev/" - 1;
  if (length >= sizeof part) return -ENAMETOOLONG;
  memcpy(part, path, length + 1);
  for (i = sizeof "/dev/" - 1; here >= 0 && part[i] != '\0'; i++) {
    int parent = (int)here;
    if (part[i] != '/') continue;
    part[i] = '\0';
    here = target_directory(parent, part + (*name - path));
    sys_close(parent);
    *name = path + i + 1;
  }
  return here;
}

static int device_map(int root, const hcs_plan *plan, const hcs_plan_mount *mount,
                      mapped_failure *failure) {
  struct statx host = {0};
  const char *name;
  long dir, r = status_get(SYS_AT_FDCWD, plan_string(plan, mount->source), 0, &host);
  unsigned type = host.stx_mode & S_IFMT;
  if (r >= 0 && type != S_IFCHR && type != S_IFBLK) r = -ENODEV;
  if (r < 0) return fail(failure, HCS_STAGE_MAPPED_SOURCE, r);
  dir = device_directory(root, plan_string(plan, mount->target), &name);
  if (dir < 0) return fail(failure, HCS_STAGE_MAPPED_TARGET, dir);
  r = device_make((int)dir, name, &host);
  sys_close((int)dir);
  return r < 0 ? fail(failure, HCS_STAGE_MAPPED_TARGET, r) : 0;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

hcs_boot_mount mapped_describe(const hcs_plan_mount *mount, int source) {
  const hcs_boot_mount made = {place_mount_id(source), disk_loop(mount)};
  return made;
}

static int map_one(int root, const hcs_plan *plan, const hcs_plan_mount *mount,
                   hcs_boot_mount *made, mapped_failure *failure) {
  int source, place, r = -1;
  made->mount = made->loop = 0;
  if (mount->kind == HCS_MOUNT_DEVICE) return device_map(root, plan, mount, failure);
  source = mapped_source(plan, mount, failure);
  if (source < 0) return -1;
  *made = mapped_describe(mount, source);
  place = mapped_place(root, plan, mount, failure);
  if (place >= 0) {
    r = mapped_attach(source, place, failure);
    sys_close(place);
  }
  sys_close(source);
  return r;
}

void mapped_report(int boot, const hcs_boot_mount *mounts, uint32_t count) {
  struct {
    hcs_frame frame;
    hcs_boot_mount mounts[HCS_PLAN_MOUNTS_MAX];
  } message;
  const hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_BOOT_MAPPED, 0,
                           (uint32_t)(count * sizeof *mounts)};
  message.frame = frame;
  memcpy(message.mounts, mounts, count * sizeof *mounts);
  sys_write(boot, &message, sizeof message.frame + count * sizeof *mounts);
}

void mapped_build(int root, const hcs_plan *plan) {
  hcs_boot_mount mounts[HCS_PLAN_MOUNTS_MAX];
  uint32_t i;
  mapped_failure failure;
  if (plan->mount_count == 0) return;
  for (i = 0; i < plan->mount_count; i++)
    if (map_one(root, plan, plan_mount(plan, i), &mounts[i], &failure) != 0)
      boot_fail(HCS_FD_BOOT, failure.stage, failure.error, i);
  mapped_report(HCS_FD_BOOT, mounts, plan->mount_count);
}
