/*
 * disk_users.c - who else has a disk image attached to a loop device: somebody's `mount -o loop`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "disk.h"
#include "fd.h"

#define BLOCK "/sys/block"

/* Has it that file attached? What is not attached to anything has no such file in sysfs. */
static int is_on(int block, const char *loop, const struct stat *image) {
  char name[64], path[4096];
  struct stat info;
  snprintf(name, sizeof name, "%.32s/loop/backing_file", loop);
  if (hcs_file_get(block, name, path, sizeof path) <= 0) return 0;
  path[strcspn(path, "\n")] = '\0';
  return stat(path, &info) == 0 && info.st_ino == image->st_ino && info.st_dev == image->st_dev;
}

static int is_read_only(int block, const char *loop) {
  char name[64], text[4];
  snprintf(name, sizeof name, "%.32s/ro", loop);
  return hcs_file_get(block, name, text, sizeof text) > 0 && text[0] == '1';
}

static int fail_busy(const char *loop, hcs_error *err) {
  return hcs_fail(
      err, HCS_E_BUSY,
      "it is attached to /dev/%s on the host, and only ReadOnly disks can be shared: detach "
      "it there first (`umount`, or `losetup -d /dev/%s`)",
      loop, loop);
}

static int check_all(DIR *block, const struct stat *image, int read_only, hcs_error *err) {
  const struct dirent *entry;
  while ((entry = readdir(block)) != NULL) {
    if (strncmp(entry->d_name, "loop", 4) != 0) continue;
    if (!is_on(dirfd(block), entry->d_name, image)) continue;
    if (!read_only || !is_read_only(dirfd(block), entry->d_name))
      return fail_busy(entry->d_name, err);
  }
  return 0;
}

/* Who is locked out is another container's: to be told, or waited for, by who attaches it. */
static int is_ours(int fd, int read_only) {
  if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  /* for the open file: also for a child that some thread has just forked */
  flock(fd, LOCK_UN);
  return 0;
}

int hcs_disk_users_check(int fd, const struct stat *image, int read_only, hcs_error *err) {
  DIR *block;
  int r;
  if (is_ours(fd, read_only)) return 0;
  block = opendir(BLOCK);
  if (block == NULL) return hcs_fail_errno(err, errno, "it cannot be looked for in " BLOCK);
  r = check_all(block, image, read_only, err);
  closedir(block);
  return r;
}
