/*
 * scratch.c - a container's scratch folder: upper, work, lock.
 *
 * overlayfs leaves work/work/incompat/volatile behind when it was mounted with "volatile": after a
 * crash of the host, what had been written may be missing. `lock` says in which boot that was.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "quiet_write.h"
#include "state.h"

#define VOLATILE_MARK "work/work/incompat/volatile"

/* Who may write into the folder decides which directories the container gets. */
static int check_owner(int dir, const char *folder, hcs_error *err) {
  static const char *const parts[] = {"upper", "work"};
  struct stat info;
  size_t i;
  if (fstat(dir, &info) != 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot use '%s'", folder);
  if (info.st_uid != geteuid())
    return hcs_fail(
        err, HCS_E_ACCESS_DENIED,
        "config.LayerFolderPath: '%s' belongs to uid %u: chown it to uid %u, or leave it "
        "to be made",
        folder, (unsigned)info.st_uid, (unsigned)geteuid());
  for (i = 0; i < sizeof parts / sizeof *parts; i++)
    if (fstatat(dir, parts[i], &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode))
      return hcs_fail(err, HCS_E_DIRECTORY,
                      "config.LayerFolderPath: '%s/%s' is not a directory: use another folder",
                      folder, parts[i]);
  return 0;
}

static int folder_open(const char *folder, hcs_error *err) {
  HCS_AUTO_FD dir = -1;
  if (mkdir(folder, 0700) != 0 && errno != EEXIST)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot make '%s'", folder);
  dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot use '%s'", folder);
  if (check_owner(dir, folder, err) != 0) return -1;
  /* set-id programs that a container leaves in `upper` are not for the host's users */
  if (fchmod(dir, 0700) != 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot set the mode of '%s'",
                          folder);
  return hcs_fd_take(&dir);
}

static int clear_volatile(int dir, int lock, const char *folder, const char *boot_id,
                          hcs_error *err) {
  char last_boot[HCS_BOOT_ID_SIZE] = "";
  if (faccessat(dir, VOLATILE_MARK, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  if (pread(lock, last_boot, sizeof last_boot - 1, 0) < 0 || strcmp(last_boot, boot_id) != 0)
    return hcs_fail(err, HCS_E_GEN_FAILURE,
                    "config.LayerFolderPath: contents of '%s' may be lost: it was used with "
                    "IgnoreFlushesDuringBoot and the host has been restarted since. Use another "
                    "folder, or remove %s in it to take what there is",
                    folder, VOLATILE_MARK);
  if (syncfs(dir) != 0 || (unlinkat(dir, VOLATILE_MARK "/dirty", 0) != 0 && errno != ENOENT) ||
      unlinkat(dir, VOLATILE_MARK, AT_REMOVEDIR) != 0 ||
      unlinkat(dir, "work/work/incompat", AT_REMOVEDIR) != 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot clear the mark in '%s'",
                          folder);
  return 0;
}

int hcs_scratch_lock(const char *folder, const char *boot_id, const hcs_scratch_wanted *wanted,
                     hcs_scratch_plan *image, hcs_error *err) {
  HCS_AUTO_FD dir = folder_open(folder, err);
  HCS_AUTO_FD lock = -1;
  struct stat info;
  int locked;
  if (dir < 0) return -1;
  lock = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (lock < 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot open the lock of '%s'",
                          folder);
  if (fstat(lock, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1)
    return hcs_fail(
        err, HCS_E_ACCESS_DENIED,
        "config.LayerFolderPath: '%s/lock' is not a file of its own: use another folder", folder);
  locked = flock(lock, LOCK_EX | LOCK_NB);
  if (locked != 0 && errno == EWOULDBLOCK)
    return hcs_fail(
        err, HCS_E_BUSY,
        "config.LayerFolderPath: '%s' is in use by another container: wait for its end, "
        "or give every container a folder of its own",
        folder);
  if (locked != 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot lock '%s'", folder);
  if (clear_volatile(dir, lock, folder, boot_id, err) != 0) return -1;
  if (hcs_scratch_image_plan(image, dir, folder, wanted, err) != 0) return -1;
  if (ftruncate(lock, 0) != 0 || hcs_write_whole(lock, boot_id, strlen(boot_id)) != 0)
    return hcs_fail_errno(err, errno, "config.LayerFolderPath: cannot write the lock of '%s'",
                          folder);
  return hcs_fd_take(&lock);
}
