/*
 * mount.c - mounts by descriptor, with the kernel's newer mount calls (Linux 5.12 has all of them).
 */
#include "mount.h"

#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "sys.h"

static long configure(int fs, const mount_option *option) {
  for (; option->key != NULL; option++) {
    unsigned command = option->value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    long r = SYS5(__NR_fsconfig, fs, command, option->key, option->value, 0);
    if (r < 0) return r;
  }
  return SYS5(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

long mount_new(const char *type, const mount_option *options, uint64_t attributes) {
  long fs = SYS2(__NR_fsopen, type, FSOPEN_CLOEXEC);
  long r;
  if (fs < 0) return fs;
  r = configure((int)fs, options);
  if (r >= 0) r = SYS3(__NR_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
  sys_close((int)fs);
  return r;
}

long mount_attach(int mount, int target) {
  return SYS5(__NR_move_mount, mount, "", target, "",
              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

long mount_clone(int dir, const char *path, unsigned flags) {
  return SYS3(__NR_open_tree, dir, path,
              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | SYS_AT_EMPTY_PATH | flags);
}

long mount_restrict(int mount, uint64_t attributes, unsigned flags) {
  struct mount_attr attr = {attributes, 0, MS_PRIVATE, 0};
  return SYS5(__NR_mount_setattr, mount, "", SYS_AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

long target_open(int root, const char *path, int flags) {
  struct open_how how = {(uint64_t)(unsigned)(flags | SYS_O_PATH | SYS_O_CLOEXEC), 0,
                         RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long r;
  /* EAGAIN: a rename somewhere made the kernel unsure; nobody else writes here, so it is rare. */
  do r = SYS4(__NR_openat2, root, path, &how, sizeof how);
  while (r == -EAGAIN);
  return r;
}

long target_directory(int root, const char *path) {
  long r = target_open(root, path, SYS_O_DIRECTORY);
  if (r != -ENOENT) return r;
  r = SYS3(__NR_mkdirat, root, path, 0755);
  return r < 0 ? r : target_open(root, path, SYS_O_DIRECTORY);
}
