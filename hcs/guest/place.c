/*
 * place.c - where in a container's tree something is mounted: found, made when it is missing, checked.
 */
#include "place.h"

#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#include "kernel.h"
#include "mount.h"
#include "protocol.h"
#include "sys.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* openat2(2): EAGAIN says that something was renamed while a ".." was resolved, and to try again. */
#define RENAMES_MAX 64
/* Directories nest no deeper than a path can say, but for those that were moved into each other. */
#define DEPTH_MAX 4096

/* struct statfs, of which the first word is the file system's magic number (statfs(2)) */
typedef struct kernel_statfs {
  long type;
  long rest[15];
} kernel_statfs;

/* ---- checking ------------------------------------------------------------------------------------- */

typedef struct identity {
  uint64_t mount, inode;
} identity;

static long identify(int fd, identity *who) {
  struct statx status = {0};
  long r = SYS5(__NR_statx, fd, "", SYS_AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &status);
  who->mount = status.stx_mnt_id;
  who->inode = status.stx_ino;
  return r;
}

uint32_t place_mount_id(int fd) {
  identity who;
  return identify(fd, &who) < 0 ? 0 : (uint32_t)who.mount;
}

/* 1: of a file system that belongs to the kernel; 0; -errno */
static long is_kernels(int fd) {
  static const long types[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEVPTS_SUPER_MAGIC};
  kernel_statfs status;
  long r = SYS2(__NR_fstatfs, fd, &status);
  size_t i;
  for (i = 0; r >= 0 && i < COUNT(types); i++)
    if (status.type == types[i]) return 1;
  return r;
}

/*
 * 0 when something may be mounted on `directory`, or on a file in it (`is_parent`); PLACE_FORBIDDEN; -errno.
 * What hides a part of /proc is a file system of another kind, so all directories above count. None can
 * come to lie in a kernel's file system later: its mount stays where it is, and nothing moves into those.
 */
static long check(int root, int directory, int is_parent) {
  identity top, here = {0, 0};
  long fd = SYS3(__NR_fcntl, directory, F_DUPFD_CLOEXEC, 0), r = identify(root, &top);
  int depth;
  for (depth = 0; fd >= 0 && r >= 0 && depth < DEPTH_MAX; depth++) {
    long above;
    r = identify((int)fd, &here);
    if (r >= 0) r = is_kernels((int)fd);
    if (r != 0 || (here.mount == top.mount && here.inode == top.inode)) break;
    above = sys_openat((int)fd, "..", SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_DIRECTORY, 0);
    sys_close((int)fd);
    fd = above;
  }
  if (fd < 0) return fd;
  sys_close((int)fd);
  if (r < 0) return r;
  if (depth == DEPTH_MAX) return -ELOOP;
  return r == 0 && (depth > 0 || is_parent) ? 0 : PLACE_FORBIDDEN;
}

/* ---- finding and making -------------------------------------------------------------------------- */

static long resolve(int root, const char *path, int flags) {
  struct open_how how = {(uint64_t)(unsigned)(flags | SYS_O_PATH | SYS_O_CLOEXEC), 0,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int tries = 0;
  long r;
  do r = SYS4(__NR_openat2, root, path, &how, sizeof how);
  while (r == -EAGAIN && ++tries < RENAMES_MAX);
  return r;
}

/* The directory that `path` names, of which `parent` is the one that the path without `name` names. */
static long step(int root, int parent, const char *path, const char *name) {
  long r = resolve(root, path, SYS_O_DIRECTORY);
  if (r != -ENOENT) return r;
  r = check(root, parent, 1);
  if (r < 0) return r;
  r = SYS3(__NR_mkdirat, parent, name, 0755);
  if (r < 0 && r != -EEXIST) return r;
  return sys_openat(parent, name, SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_DIRECTORY | SYS_O_NOFOLLOW, 0);
}

static long directory_make(int root, const char *path) {
  char part[HCS_PATH_BYTES];
  size_t length = string_length(path), at = 1, start = 1;
  long here = resolve(root, path, SYS_O_DIRECTORY);
  if (here != -ENOENT) return here;
  if (length >= sizeof part) return -ENAMETOOLONG;
  memcpy(part, path, length + 1);
  here = resolve(root, "/", SYS_O_DIRECTORY);
  for (; here >= 0 && at <= length; at++) {
    int parent = (int)here;
    if (part[at] != '/' && part[at] != '\0') continue;
    part[at] = '\0';
    here = step(root, parent, part, part + start);
    sys_close(parent);
    if (at < length) part[at] = '/';
    start = at + 1;
  }
  return here;
}

long place_directory(int root, const char *path) {
  long fd = directory_make(root, path), r = fd < 0 ? fd : check(root, (int)fd, 0);
  if (r >= 0 || fd < 0) return fd;
  sys_close((int)fd);
  return r;
}

static long file_open(int parent, const char *name) {
  return sys_openat(parent, name, SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_NOFOLLOW, 0);
}

static long file_in(int parent, const char *name) {
  long file, fd = file_open(parent, name);
  if (fd != -ENOENT) return fd;
  file = sys_openat(parent, name,
                    SYS_O_WRONLY | SYS_O_CREAT | SYS_O_EXCL | SYS_O_NOFOLLOW | SYS_O_CLOEXEC, 0644);
  if (file < 0) return file;
  sys_close((int)file);
  return file_open(parent, name);
}

static long file_checked(long fd) {
  int type;
  if (fd < 0) return fd;
  type = descriptor_type((int)fd);
  if (type != S_IFDIR && type != S_IFLNK && type != 0) return fd;
  sys_close((int)fd);
  return type == S_IFDIR ? -EISDIR : -ELOOP;
}

long place_file(int root, const char *path) {
  char parent_path[HCS_PATH_BYTES];
  size_t slash = string_length(path);
  long parent, fd;
  if (slash >= sizeof parent_path) return -ENAMETOOLONG;
  memcpy(parent_path, path, slash + 1);
  while (slash > 0 && path[slash] != '/') slash--;
  parent_path[slash > 0 ? slash : 1] = '\0';
  parent = directory_make(root, parent_path);
  if (parent < 0) return parent;
  fd = check(root, (int)parent, 1);
  if (fd >= 0) fd = file_checked(file_in((int)parent, path + slash + 1));
  sys_close((int)parent);
  return fd;
}

long place_found(int root, const char *path) {
  long fd = resolve(root, path, 0), r;
  if (fd < 0) return fd;
  r = is_kernels((int)fd);
  if (r > 0) r = PLACE_FORBIDDEN;
  if (r == 0 && descriptor_type((int)fd) != S_IFREG) r = -EISDIR;
  if (r == 0) return fd;
  sys_close((int)fd);
  return r;
}
