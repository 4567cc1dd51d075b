/*
 * unmap.c - taking what is mapped out of a running container: all of it, or nothing.
 *
 * A mapped directory may have come with mounts of the host's in it, and each is taken off by itself,
 * without MNT_DETACH: what is in use stays. A copy of each is kept until the last is off.
 */
#include <linux/fcntl.h>

#include "helper.h"
#include "mount.h"
#include "place.h"
#include "plan.h"
#include "sys.h"

#define UMOUNT_NOFOLLOW_FLAG 8

static int copies[HCS_PLAN_MOUNTS_MAX];

static int fail(mapped_failure *failure, uint32_t stage, long error) {
  failure->stage = stage;
  failure->error = error;
  return -1;
}

/* The directory that the mount's place is in, and the place's name in it. */
static long parent_open(int root, const char *path, const char **name) {
  char parent[HCS_PATH_BYTES];
  size_t length = string_length(path), slash = length;
  if (length >= sizeof parent) return -ENAMETOOLONG;
  memcpy(parent, path, length + 1);
  while (slash > 0 && path[slash] != '/') slash--;
  parent[slash > 0 ? slash : 1] = '\0';
  *name = path + slash + 1;
  return target_open(root, parent, SYS_O_DIRECTORY);
}

/* A copy of the mount, if it is the one that is meant and not one that hides it: container and host agree. */
static long copy_make(int parent, const char *name, uint32_t id) {
  long copy = -ESTALE;
  long fd = sys_openat(parent, name, SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_NOFOLLOW, 0);
  if (fd < 0) return fd;
  if (place_mount_id((int)fd) == id) copy = mount_clone((int)fd, "", 0);
  sys_close((int)fd);
  return copy;
}

/* A mount is named by its place's name in the working directory: nobody can put a link in between. */
static long take_off(int parent, const char *name) {
  long r = SYS1(__NR_fchdir, parent);
  return r < 0 ? r : SYS2(__NR_umount2, name, UMOUNT_NOFOLLOW_FLAG);
}

/* Not where it was: the container is moving it, or something hides it. */
static long elsewhere(long error) {
  return error == -ENOENT || error == -ESTALE || error == -ENOTDIR || error == -ELOOP ? -EBUSY
                                                                                      : error;
}

static int unmap_one(int root, const hcs_plan *plan, uint32_t index, mapped_failure *failure) {
  const hcs_plan_mount *mount = plan_mount(plan, index);
  const char *name;
  long r, parent = parent_open(root, plan_string(plan, mount->target), &name);
  if (parent < 0) return fail(failure, HCS_STAGE_UNMAP_PLACE, elsewhere(parent));
  r = copy_make((int)parent, name, mount->mount);
  copies[index] = (int)r;
  if (r < 0) {
    sys_close((int)parent);
    return fail(failure, HCS_STAGE_UNMAP_PLACE, elsewhere(r));
  }
  r = take_off((int)parent, name);
  sys_close((int)parent);
  return r < 0 ? fail(failure, HCS_STAGE_UNMAP, r) : 0;
}

/* What was taken off last goes back first: the others lie in it. */
static void put_back(int root, const hcs_plan *plan, uint32_t count) {
  while (count-- > 0) {
    long place = target_open(root, plan_string(plan, plan_mount(plan, count)->target), 0);
    if (place < 0) continue;
    mount_attach(copies[count], (int)place);
    sys_close((int)place);
  }
}

int unmap(int root, const hcs_plan *plan, mapped_failure *failure) {
  uint32_t i;
  for (i = 0; i < plan->mount_count; i++) {
    if (unmap_one(root, plan, i, failure) == 0) continue;
    put_back(root, plan, i);
    return -1;
  }
  /* the host's side is free when that is told */
  for (i = 0; i < plan->mount_count; i++) sys_close(copies[i]);
  return 0;
}
