/*
 * files.c - files of a container, read and written by the host itself: a container that has not been
 * started can run no process, and an image may lack every tool.
 *
 * An existing file is written in place: it keeps its inode, and with it owner, mode, hard links, mounts
 * and watchers. Room for the new content is reserved before any of it is touched. A new file gets its
 * name when it is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "file_owner.h"
#include "guest_root.h"
#include "regular_file.h"

#define NEW_MODE 0644
/* Somebody in the container makes and removes the file again and again; after that we give up. */
#define TRIES_MAX 16
/* fallocate(2) may be interrupted at each try; without it we write all the same. */
#define RESERVE_TRIES_MAX 16

/* What is to be written, and to whom it is to belong. */
typedef struct content {
  const char *path;
  const char *data;
  size_t size;
  int mode; /* -1: not said */
  hcs_file_owner owner;
} content;

static int root_open(const hcs_platform_system *system, hcs_error *err) {
  int root = hcs_guest_root_open(system->link->status, err);
  return root >= 0 ? root : hcs_linux_explain(system, err);
}

/* ---- reading ------------------------------------------------------------------------------------- */

/*
 * The size is the file's when it is opened: what is appended while it is read is not waited for, so a
 * file that never stops growing is read, too.
 */
static char *read_whole(int fd, const char *path, size_t *size, hcs_error *err) {
  struct stat status;
  size_t at = 0;
  ssize_t n = 1;
  char *data;
  if (fstat(fd, &status) != 0) {
    hcs_fail_errno(err, errno, "cannot look at '%s'", path);
    return NULL;
  }
  if (status.st_size > (off_t)HCS_FILE_BYTES_MAX) {
    hcs_fail_errno(err, EFBIG,
                   "'%s' has %lld bytes, more than %u: let a process write them to a stream", path,
                   (long long)status.st_size, HCS_FILE_BYTES_MAX);
    return NULL;
  }
  data = malloc((size_t)status.st_size + 1);
  if (data == NULL) hcs_fail_memory(err);
  while (data != NULL && n > 0 && at < (size_t)status.st_size) {
    n = read(fd, data + at, (size_t)status.st_size - at);
    if (n > 0) at += (size_t)n;
    if (n < 0 && errno == EINTR) n = 1;
  }
  if (data != NULL && n < 0) {
    hcs_fail_errno(err, errno, "cannot read '%s'", path);
    free(data);
    return NULL;
  }
  if (data != NULL) data[at] = '\0';
  *size = at;
  return data;
}

char *hcs_linux_system_read_file(hcs_platform_system *system, const char *path, size_t *size,
                                 hcs_error *err) {
  HCS_AUTO_FD root = root_open(system, err);
  HCS_AUTO_FD found = root < 0 ? -1 : hcs_regular_find(root, path, err);
  HCS_AUTO_FD fd = -1;
  if (found == HCS_FILE_MISSING) hcs_regular_fail_missing(root, path, err);
  if (found < 0) return NULL;
  fd = hcs_regular_open(found, O_RDONLY, path, err);
  return fd < 0 ? NULL : read_whole(fd, path, size, err);
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int write_all(int fd, const content *c, hcs_error *err) {
  size_t at = 0;
  while (at < c->size) {
    ssize_t n = pwrite(fd, c->data + at, c->size - at, (off_t)at);
    if (n >= 0)
      at += (size_t)n;
    else if (errno != EINTR)
      return hcs_fail_errno(err, errno, "cannot write '%s' beyond byte %zu", c->path, at);
  }
  return 0;
}

/* The owner first: a change of it takes set-id bits away. */
static int set_attributes(int fd, const content *c, int mode, hcs_error *err) {
  if (c->owner.known && fchown(fd, c->owner.uid, c->owner.gid) != 0)
    return hcs_fail_errno(err, errno, "cannot give '%s' to %u:%u", c->path, c->owner.uid,
                          c->owner.gid);
  if (mode >= 0 && fchmod(fd, (mode_t)mode) != 0)
    return hcs_fail_errno(err, errno, "cannot set the mode of '%s' to %04o", c->path,
                          (unsigned)mode);
  return 0;
}

/*
 * The program's own limit: crossing it raises SIGXFSZ, which would end a program that did not expect to
 * be writing here.
 */
static int check_limit(const content *c, hcs_error *err) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      c->size <= limit.rlim_cur)
    return 0;
  return hcs_fail_errno(err, EFBIG,
                        "'%s': this program may write no files of %zu bytes (ulimit -f)", c->path,
                        c->size);
}

/* Takes the room that the content needs, with the old one as it was; not every file system can. */
static int reserve(int fd, const content *c, off_t old_size, hcs_error *err) {
  int tries = 0, r, error;
  if (c->size == 0) return 0;
  do r = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)c->size);
  while (r != 0 && errno == EINTR && ++tries < RESERVE_TRIES_MAX);
  error = errno;
  if (r == 0 || error == EINTR || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL)
    return 0;
  r = ftruncate(fd, old_size); /* gives back what was reserved behind the end */
  (void)r;
  return hcs_fail_errno(err, error, "'%s' stays as it is, there is no room for %zu bytes", c->path,
                        c->size);
}

static int overwrite(int found, const content *c, hcs_error *err) {
  HCS_AUTO_FD fd = hcs_regular_open(found, O_WRONLY, c->path, err);
  struct stat status;
  if (fd < 0) return -1;
  if (fstat(fd, &status) != 0) return hcs_fail_errno(err, errno, "cannot look at '%s'", c->path);
  if (reserve(fd, c, status.st_size, err) != 0 || set_attributes(fd, c, c->mode, err) != 0 ||
      write_all(fd, c, err) != 0)
    return -1;
  if (ftruncate(fd, (off_t)c->size) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot cut '%s' to %zu bytes", c->path, c->size);
}

static int fail_create(int error, const content *c, hcs_error *err) {
  if (error == EROFS)
    return hcs_fail_errno_as(err, HCS_E_ACCESS_DENIED, error, "cannot make '%s'", c->path);
  return hcs_fail_errno(err, error, "cannot make '%s'", c->path);
}

static int fill(int fd, const content *c, hcs_error *err) {
  content owned = *c;
  owned.owner.known = 1; /* 0:0 if not said, also in a directory that hands its group on */
  if (write_all(fd, c, err) != 0) return -1;
  return set_attributes(fd, &owned, c->mode >= 0 ? c->mode : NEW_MODE, err);
}

/* Where there are no files without a name (overlayfs before Linux 6.1): half of it may be seen. */
static int create_named(const hcs_new_place *place, const content *c, hcs_error *err) {
  HCS_AUTO_FD fd = openat(place->directory, place->name,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0 && errno == EEXIST) return HCS_FILE_MISSING;
  if (fd < 0) return fail_create(errno, c, err);
  fd = hcs_fd_raise(fd);
  if (fill(fd, c, err) == 0) return 0;
  unlinkat(place->directory, place->name, 0);
  return -1;
}

static int create(const hcs_new_place *place, const content *c, hcs_error *err) {
  char link[32];
  HCS_AUTO_FD fd = hcs_fd_raise(openat(place->directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0));
  if (fd < 0 && errno == EOPNOTSUPP) return create_named(place, c, err);
  if (fd < 0) return fail_create(errno, c, err);
  if (fill(fd, c, err) != 0) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (linkat(AT_FDCWD, link, place->directory, place->name, AT_SYMLINK_FOLLOW) == 0) return 0;
  return errno == EEXIST ? HCS_FILE_MISSING : fail_create(errno, c, err);
}

/* One try; HCS_FILE_MISSING, `err` untouched: the file has come or gone meanwhile. */
static int write_once(int root, const content *c, hcs_error *err) {
  HCS_AUTO_FD found = hcs_regular_find(root, c->path, err);
  hcs_new_place place = {.directory = -1};
  int r;
  if (found >= 0) return overwrite(found, c, err);
  if (found != HCS_FILE_MISSING) return -1;
  r = hcs_new_place_find(root, c->path, &place, err);
  if (r == 0) r = create(&place, c, err);
  hcs_fd_close(&place.directory);
  return r;
}

int hcs_linux_system_write_file(hcs_platform_system *system, const char *path, const void *data,
                                size_t size, const hcs_file_options *options, hcs_error *err) {
  content c = {.path = path, .data = data, .size = size, .mode = options->mode};
  HCS_AUTO_FD root = root_open(system, err);
  int tries, r = HCS_FILE_MISSING;
  if (root < 0 || check_limit(&c, err) != 0 ||
      hcs_file_owner_find(root, options->user, &c.owner, err) != 0)
    return -1;
  for (tries = 0; r == HCS_FILE_MISSING && tries < TRIES_MAX; tries++)
    r = write_once(root, &c, err);
  if (r != HCS_FILE_MISSING) return r;
  return hcs_fail(err, HCS_E_BUSY, "'%s' is made and removed again and again: try later", path);
}
