/*
 * root.c - the container's root file system: an overlay of the layers, or the volume as it is.
 *
 * Everything is assembled below the workspace, under a tmpfs that hides it, in setup's own mount
 * namespace: the host never sees these mounts, and they go when the last process of it has gone.
 * Layers get the names 0, 1, 2 … there, so a path with ':' or ',' needs no quoting and a hundred of
 * them fit the one page of mount(2)'s options.
 */
#include "boot.h"
#include "mount.h"
#include "plan.h"
#include "scratch.h"
#include "service.h"
#include "setup.h"
#include "sys.h"

#define MS_NODEV_FLAG 4ul
#define PAGE 4096u
/* Room for our own files besides the container's: /etc/hosts and the like, a page (of 64 KiB) each. */
#define OWN_BYTES (256u << 10)

static void check(long r, uint32_t stage, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, stage, r, index);
}

static void make_directory(const char *name, int mode, uint32_t stage) {
  long r = SYS3(__NR_mkdirat, SYS_AT_FDCWD, name, mode);
  if (r != -EEXIST) check(r, stage, 0);
}

/* A copy of the one mount that `path` is on, put at `name` in the workspace. */
static void place(const char *path, const char *name, unsigned flags, uint64_t attributes,
                  uint32_t stage, uint32_t index) {
  long mount = mount_clone(SYS_AT_FDCWD, path, flags);
  check(mount, stage, index);
  check(mount_restrict((int)mount, attributes, flags), stage, index);
  make_directory(name, 0755, stage);
  check(SYS5(__NR_move_mount, mount, "", SYS_AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH), stage,
        index);
  sys_close((int)mount);
}

/* The tmpfs that hides the workspace is also the scratch of a container without a scratch folder. */
static void workspace_enter(const hcs_plan *plan) {
  const char *workspace = plan_string(plan, plan->workspace);
  char size[21];
  mount_option options[] = {{"mode", "0700"}, {"size", size}, {NULL, NULL}};
  long tmpfs, target;
  string_decimal(size, plan->scratch_bytes + OWN_BYTES);
  tmpfs = mount_new("tmpfs", options, 0);
  check(tmpfs, HCS_STAGE_SCRATCH, 0);
  target = sys_openat(SYS_AT_FDCWD, workspace, SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_DIRECTORY, 0);
  check(target, HCS_STAGE_SCRATCH, 1);
  check(mount_attach((int)tmpfs, (int)target), HCS_STAGE_SCRATCH, 2);
  check(SYS1(__NR_fchdir, tmpfs), HCS_STAGE_SCRATCH, 3);
  sys_close((int)tmpfs);
  sys_close((int)target);
}

static char *append(char *to, const char *text) {
  size_t n = string_length(text);
  memcpy(to, text, n + 1);
  return to + n;
}

static void overlay_options(const hcs_plan *plan, char *options) {
  char *end = append(options, "lowerdir=");
  uint32_t i;
  for (i = 0; i < plan->layer_count; i++) {
    if (i > 0) end = append(end, ":");
    end += string_decimal(end, i);
    if ((size_t)(end - options) > PAGE - 100) boot_fail(HCS_FD_BOOT, HCS_STAGE_LAYER, E2BIG, i);
  }
  end = append(end, ",upperdir=s/upper,workdir=s/work");
  if (plan->flags & HCS_PLAN_VOLATILE) append(end, ",volatile");
}

/* At "s", with upper and work in it. */
static void scratch_build(const hcs_plan *plan) {
  const char *folder = plan_string(plan, plan->scratch);
  if (folder != NULL && plan->image == HCS_SCRATCH_FOLDER)
    place(folder, "s", 0, 0, HCS_STAGE_SCRATCH, 4);
  else
    make_directory("s", 0700, HCS_STAGE_SCRATCH);
  if (plan->image != HCS_SCRATCH_FOLDER) scratch_mount("s");
  make_directory("s/upper", 0755, HCS_STAGE_SCRATCH);
  make_directory("s/work", 0700, HCS_STAGE_SCRATCH);
}

static void overlay_build(const hcs_plan *plan) {
  char name[21], options[PAGE];
  uint32_t i;
  for (i = 0; i < plan->layer_count; i++) {
    string_decimal(name, i);
    place(plan_layer(plan, i), name, 0, 0, HCS_STAGE_LAYER, i);
  }
  scratch_build(plan);
  overlay_options(plan, options);
  /* nodev: /dev is a file system of its own, a device node in a layer is never meant to work */
  check(SYS5(__NR_mount, "overlay", ROOT_NAME, "overlay", MS_NODEV_FLAG, options),
        HCS_STAGE_OVERLAY, 0);
}

void root_build(const hcs_plan *plan) {
  const char *volume = plan_string(plan, plan->volume);
  workspace_enter(plan);
  make_directory(ROOT_NAME, 0755, HCS_STAGE_OVERLAY);
  if (volume != NULL)
    place(volume, ROOT_NAME, MOUNT_RECURSIVE, MOUNT_ATTR_NODEV, HCS_STAGE_VOLUME, 0);
  else
    overlay_build(plan);
}
