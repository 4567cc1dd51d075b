/*
 * state.c - the state directory: finding it, one directory for each container, their locks.
 * record.c has the files in them.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "end.h"
#include "fd.h"
#include "spare.h"
#include "wait.h"

/* Between two tries to lock: a change takes some ms, and whoever takes longer is not asked much oftener. */
#define TRY_FIRST_NS 500000
#define TRY_LAST_NS 50000000

static int root_path(char path[PATH_MAX], hcs_error *err) {
  const char *given = secure_getenv("HCS_STATE_DIR");
  const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
  int n;
  if (given != NULL && given[0] != '\0') {
    if (given[0] != '/')
      return hcs_fail(err, HCS_E_INVALID_PARAMETER, "HCS_STATE_DIR: '%s' is not an absolute path",
                      given);
    n = snprintf(path, PATH_MAX, "%s", given);
  } else if (geteuid() == 0) {
    n = snprintf(path, PATH_MAX, "/run/hcs");
  } else if (runtime != NULL && runtime[0] == '/') {
    n = snprintf(path, PATH_MAX, "%s/hcs", runtime);
  } else {
    return hcs_fail(err, HCS_E_FILE_NOT_FOUND,
                    "no state directory: set HCS_STATE_DIR (XDG_RUNTIME_DIR is not set either)");
  }
  if (n >= PATH_MAX) return hcs_fail_errno(err, ENAMETOOLONG, "the state directory");
  return 0;
}

int hcs_state_root_open(hcs_error *err) {
  char path[PATH_MAX];
  struct stat info;
  HCS_AUTO_FD root = -1;
  if (root_path(path, err) != 0) return -1;
  if (mkdir(path, 0700) != 0 && errno != EEXIST)
    return hcs_fail_errno(err, errno, "cannot make the state directory %s", path);
  root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (root < 0) return hcs_fail_errno(err, errno, "cannot open the state directory %s", path);
  if (fstat(root, &info) != 0) return hcs_fail_errno(err, errno, "state directory %s", path);
  if (info.st_uid != geteuid() || (info.st_mode & 077) != 0)
    return hcs_fail(err, HCS_E_ACCESS_DENIED,
                    "the state directory %s must belong to uid %u with mode 0700: chown and chmod "
                    "it, or name another one in HCS_STATE_DIR",
                    path, (unsigned)geteuid());
  return hcs_fd_take(&root);
}

int hcs_state_open(int root, const char *id, hcs_error *err) {
  int dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (dir >= 0) return dir;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
    return hcs_fail(err, HCS_E_SYSTEM_NOT_FOUND, "there is no container with the id '%s'", id);
  return hcs_fail_errno(err, errno, "cannot open the state of container '%s'", id);
}

/* Is the locked directory still the one that the id names, or was it removed while we waited? */
static int still_named(int root, int dir, const char *id) {
  struct stat ours, named;
  return fstat(dir, &ours) == 0 && fstatat(root, id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static int fail_locked(const char *id, hcs_error *err) {
  char root[PATH_MAX];
  if (root_path(root, err) != 0) return -1;
  return hcs_fail(
      err, HCS_E_TIMEOUT,
      "another client is at work on the container and does not come to an end: it holds "
      "the lock of %s/%s, and lslocks or fuser tell who that is",
      root, id);
}

/*
 * No lock of Linux has a timeout, and what would end a blocking flock(2) is a signal with a handler, which
 * is the host program's to have: so it is tried, mostly with success at once, and then ever less often.
 */
static int lock_until(int dir, hcs_lock_mode mode, int64_t deadline_ns) {
  int64_t pause_ns = TRY_FIRST_NS;
  while (flock(dir, LOCK_EX | LOCK_NB) != 0) {
    int64_t now_ns = hcs_clock_ns(), next_ns = now_ns + pause_ns;
    if (errno != EWOULDBLOCK || mode == HCS_LOCK_TRY || now_ns >= deadline_ns) return -1;
    if (next_ns > deadline_ns) next_ns = deadline_ns;
    if (mode == HCS_LOCK_WAIT)
      hcs_wait_fd_uninterrupted(-1, 0, next_ns);
    else if (hcs_wait_fd(-1, 0, next_ns) == HCS_WAIT_INTERRUPTED)
      return -2;
    if (pause_ns < TRY_LAST_NS) pause_ns *= 2;
  }
  return 0;
}

int hcs_state_lock(int root, int dir, const char *id, hcs_lock_mode mode, int64_t deadline_ns,
                   hcs_error *err) {
  int r = lock_until(dir, mode, deadline_ns);
  if (r == -2) return -2;
  if (r != 0 && errno == EWOULDBLOCK) return mode == HCS_LOCK_TRY ? 0 : fail_locked(id, err);
  if (r != 0) return hcs_fail_errno(err, errno, "cannot lock the state of container '%s'", id);
  return still_named(root, dir, id);
}

/* Is the directory, now locked, still about the container with that nonce? */
static int is_ours(int dir, const char *nonce, hcs_record *record, hcs_error *err) {
  int r = hcs_record_read(dir, record, err);
  if (r <= 0) return r;
  if (strcmp(record->nonce, nonce) == 0) return 1;
  hcs_record_clear(record);
  return 0;
}

int hcs_state_take(const char *id, const char *nonce, hcs_lock_mode mode, int64_t deadline_ns,
                   int *dir, hcs_record *record, hcs_error *err) {
  HCS_AUTO_FD root = hcs_state_root_open(err);
  HCS_AUTO_LOCKED candidate = -1;
  int r;
  if (root < 0) return -1;
  candidate = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (candidate < 0 && errno == ENOENT) return 0;
  if (candidate < 0)
    return hcs_fail_errno(err, errno, "cannot open the state of container '%s'", id);
  r = hcs_state_lock(root, candidate, id, mode, deadline_ns, err);
  if (r == 1) r = is_ours(candidate, nonce, record, err);
  if (r == 1) *dir = hcs_fd_take(&candidate);
  return r;
}

void hcs_state_unlock(int *dir) {
  int saved = errno;
  if (*dir >= 0) flock(*dir, LOCK_UN);
  errno = saved;
  hcs_fd_close(dir);
}

/* 1: the directory is ours now; 0: try again; -1. */
static int claim(int root, const char *id, int64_t deadline_ns, int *dir, hcs_error *err) {
  HCS_AUTO_LOCKED candidate = -1;
  hcs_spare spare;
  int r;
  if (hcs_spare_open(&spare, root, err) != 0) return -1;
  r = mkdirat(root, id, 0700) == 0 || errno == EEXIST ? 0 : errno;
  hcs_spare_close(&spare);
  if (r != 0) return hcs_fail_errno(err, r, "cannot make the state of container '%s'", id);
  candidate = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (candidate < 0 && errno == ENOENT) return 0;
  if (candidate < 0) return hcs_fail_errno(err, errno, "the state of container '%s'", id);
  r = hcs_state_lock(root, candidate, id, HCS_LOCK_WAIT, deadline_ns, err);
  if (r <= 0) return r;
  /* Between our mkdir and our lock another create may have claimed it: what counts is what is there. */
  r = hcs_end_if_dead(candidate, id, err);
  if (r < 0) return -1;
  if (r == 0)
    return hcs_fail(err, HCS_E_SYSTEM_ALREADY_EXISTS,
                    "a container with the id '%s' exists already: open it, or choose another id",
                    id);
  *dir = hcs_fd_take(&candidate);
  return 1;
}

int hcs_state_make(int root, const char *id, int64_t deadline_ns, hcs_error *err) {
  int dir = -1, r;
  do r = claim(root, id, deadline_ns, &dir, err);
  while (r == 0);
  return r < 0 ? -1 : dir;
}

int hcs_state_empty(int dir, const char *id, hcs_error *err) {
  static const char *const files[] = {"s", "status", "record.new", "record"};
  size_t i;
  for (i = 0; i < sizeof files / sizeof *files; i++)
    if (unlinkat(dir, files[i], 0) != 0 && errno != ENOENT)
      return hcs_fail_errno(err, errno, "cannot remove %s of container '%s'", files[i], id);
  return 0;
}

int hcs_state_remove(int root, const char *id, hcs_error *err) {
  if (unlinkat(root, id, AT_REMOVEDIR) != 0 && errno != ENOENT)
    return hcs_fail_errno(err, errno, "cannot remove the state of container '%s'", id);
  return 0;
}
