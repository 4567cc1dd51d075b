/*
 * regular_file.c - finding and opening the regular files of a container, and nothing else there.
 */
#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fd.h"
#include "guest_root.h"

#define LINKS_MAX 40 /* as many does the kernel follow in one path (path_resolution(7)) */

/* ---- what may be opened -------------------------------------------------------------------------- */

/* File systems without files of the container: statfs(2), and the kernel's fs/ for the last two. */
static const struct {
  long magic;
  const char *name;
} kernel_file_systems[] = {
    {PROC_SUPER_MAGIC, "proc"},
    {SYSFS_MAGIC, "sysfs"},
    {CGROUP_SUPER_MAGIC, "cgroup"},
    {CGROUP2_SUPER_MAGIC, "cgroup2"},
    {DEBUGFS_MAGIC, "debugfs"},
    {TRACEFS_MAGIC, "tracefs"},
    {SECURITYFS_MAGIC, "securityfs"},
    {SELINUX_MAGIC, "selinuxfs"},
    {SMACK_MAGIC, "smackfs"},
    {EFIVARFS_MAGIC, "efivarfs"},
    {PSTOREFS_MAGIC, "pstore"},
    {DEVPTS_SUPER_MAGIC, "devpts"},
    {BPF_FS_MAGIC, "bpf"},
    {NSFS_MAGIC, "nsfs"},
    {RDTGROUP_SUPER_MAGIC, "resctrl"},
    {BINFMTFS_MAGIC, "binfmt_misc"},
    {0x62656570, "configfs"},
    {0x19800202, "mqueue"},
};

static int check_file_system(int fd, const char *path, hcs_error *err) {
  struct statfs status;
  size_t i;
  if (fstatfs(fd, &status) != 0) return hcs_fail_errno(err, errno, "cannot look at '%s'", path);
  for (i = 0; i < sizeof kernel_file_systems / sizeof *kernel_file_systems; i++)
    if ((long)status.f_type == kernel_file_systems[i].magic)
      return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                      "'%s' is in the kernel's %s file system, where the container has no files of "
                      "its own: run a process to use it",
                      path, kernel_file_systems[i].name);
  return 0;
}

static const char *kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFIFO: return "FIFO";
  case S_IFSOCK: return "socket";
  case S_IFCHR: return "character device";
  case S_IFBLK: return "block device";
  default: return "file of another kind";
  }
}

static int check_kind(int fd, const char *path, hcs_error *err) {
  struct stat status;
  if (fstat(fd, &status) != 0) return hcs_fail_errno(err, errno, "cannot look at '%s'", path);
  if (S_ISREG(status.st_mode)) return 0;
  if (S_ISDIR(status.st_mode))
    return hcs_fail_errno_as(err, HCS_E_DIRECTORY, EISDIR, "'%s' is no file", path);
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "'%s' is a %s, not a regular file: run a process to use it", path,
                  kind_of(status.st_mode));
}

/* ---- errors -------------------------------------------------------------------------------------- */

static int fail_path(int error, const char *path, hcs_error *err) {
  switch (error) {
  case ENOTDIR: return hcs_fail_errno_as(err, HCS_E_DIRECTORY, error, "cannot follow '%s'", path);
  case ELOOP:
    return hcs_fail_errno_as(err, HCS_E_ACCESS_DENIED, error,
                             "cannot follow '%s' inside the container", path);
  case ENAMETOOLONG:
    return hcs_fail_errno_as(err, HCS_E_INVALID_PARAMETER, error, "path: '%.80s…'", path);
  default: return hcs_fail_errno(err, error, "cannot follow '%s'", path);
  }
}

static int fail_open(int error, const char *path, hcs_error *err) {
  switch (error) {
  case EROFS: return hcs_fail_errno_as(err, HCS_E_ACCESS_DENIED, error, "cannot write '%s'", path);
  case EAGAIN:
    return hcs_fail_errno_as(err, HCS_E_BUSY, error,
                             "a process of the container holds a lease on '%s'", path);
  case ETXTBSY:
    return hcs_fail_errno_as(err, HCS_E_BUSY, error,
                             "the container executes '%s': write another file and rename it", path);
  default: return hcs_fail_errno(err, error, "cannot open '%s'", path);
  }
}

/* The shortest beginning of the path, whole names, that cannot be followed: that is what is missing. */
int hcs_regular_fail_missing(int root, const char *path, hcs_error *err) {
  char part[PATH_MAX];
  size_t at, size = strlen(path);
  if (size >= sizeof part) return fail_path(ENAMETOOLONG, path, err);
  for (at = 1; at < size; at++) {
    HCS_AUTO_FD fd = -1;
    if (path[at] != '/' || path[at - 1] == '/') continue;
    memcpy(part, path, at);
    part[at] = '\0';
    fd = hcs_guest_root_openat(root, part, O_PATH | O_DIRECTORY, 0, 0);
    if (fd >= 0) continue;
    if (errno == ENOENT)
      return hcs_fail_errno(err, errno, "'%s': the container has no directory '%s'", path, part);
    return fail_path(errno, part, err);
  }
  return hcs_fail_errno(err, ENOENT, "the container has no file '%s'", path);
}

/* ---- files that are there ------------------------------------------------------------------------ */

int hcs_regular_find(int root, const char *path, hcs_error *err) {
  HCS_AUTO_FD fd = hcs_guest_root_openat(root, path, O_PATH, 0, 0);
  if (fd < 0 && errno == ENOENT) return HCS_FILE_MISSING;
  if (fd < 0) return fail_path(errno, path, err);
  if (check_kind(fd, path, err) != 0 || check_file_system(fd, path, err) != 0) return -1;
  return hcs_fd_take(&fd);
}

/* What was found cannot be exchanged any more: it is opened by its descriptor. */
int hcs_regular_open(int found, int flags, const char *path, hcs_error *err) {
  char link[32];
  int fd;
  snprintf(link, sizeof link, "/proc/self/fd/%d", found);
  fd = hcs_fd_raise(open(link, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return fd >= 0 ? fd : fail_open(errno, path, err);
}

/* ---- files that are not -------------------------------------------------------------------------- */

/* Cuts the path into a directory and a name in it; "" is the root. */
static int split(const char *path, char directory[PATH_MAX], char name[NAME_MAX + 1],
                 hcs_error *err) {
  const char *slash = strrchr(path, '/');
  const char *last = slash != NULL ? slash + 1 : path;
  size_t size = (size_t)(last - path);
  if (size >= PATH_MAX || strlen(last) > NAME_MAX) return fail_path(ENAMETOOLONG, path, err);
  if (*last == '\0')
    return hcs_fail_errno_as(err, HCS_E_DIRECTORY, EISDIR, "'%s' ends with a slash", path);
  memcpy(directory, path, size);
  directory[size] = '\0';
  strcpy(name, last);
  return 0;
}

/* 1: `path` becomes what the link in its place says; 0: nothing is there; HCS_FILE_MISSING: something. */
static int follow(const hcs_new_place *place, const char *directory, char path[PATH_MAX],
                  hcs_error *err) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(place->directory, place->name, target, sizeof target - 1);
  int length;
  if (size < 0 && errno == ENOENT) return 0;
  if (size < 0) return errno == EINVAL ? HCS_FILE_MISSING : fail_path(errno, path, err);
  target[size] = '\0';
  length = snprintf(path, PATH_MAX, "%s%s", target[0] == '/' ? "" : directory, target);
  return length < PATH_MAX ? 1 : fail_path(ENAMETOOLONG, target, err);
}

/* One step; as follow(). */
static int place_step(int root, char path[PATH_MAX], hcs_new_place *place, hcs_error *err) {
  char directory[PATH_MAX];
  if (split(path, directory, place->name, err) != 0) return -1;
  place->directory =
      hcs_guest_root_openat(root, *directory != '\0' ? directory : "/", O_PATH | O_DIRECTORY, 0, 0);
  if (place->directory < 0 && errno == ENOENT) return hcs_regular_fail_missing(root, path, err);
  if (place->directory < 0) return fail_path(errno, directory, err);
  return follow(place, directory, path, err);
}

int hcs_new_place_find(int root, const char *path, hcs_new_place *place, hcs_error *err) {
  char now[PATH_MAX];
  int links, r = -1;
  if (strlen(path) >= sizeof now) return fail_path(ENAMETOOLONG, path, err);
  strcpy(now, path);
  for (links = 0; links <= LINKS_MAX; links++) {
    r = place_step(root, now, place, err);
    if (r == 0) r = check_file_system(place->directory, path, err);
    if (r == 0) return 0;
    hcs_fd_close(&place->directory);
    if (r != 1) return r;
  }
  return fail_path(ELOOP, path, err);
}
