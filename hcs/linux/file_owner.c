/*
 * file_owner.c - whom a file is to belong to, as the container names its users.
 */
#include "file_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../guest/user_files.h"
#include "fd.h"
#include "regular_file.h"

typedef struct lookup {
  user_files files; /* first: open_regular() gets the whole by it */
  user_identity found;
  int lacking; /* errno, if it was this program that had no room to look */
} lookup;

static int open_noting(lookup *l, const char *path, hcs_error *err) {
  HCS_AUTO_FD found = hcs_regular_find(l->files.root, path, err);
  int fd = found >= 0 ? hcs_regular_open(found, O_RDONLY, path, err) : -1;
  if (fd >= 0 || found == HCS_FILE_MISSING) return fd;
  if (hcs_error_kind(err) == HCS_E_TOO_MANY_OPEN_FILES) l->lacking = EMFILE;
  if (hcs_error_kind(err) == HCS_E_NOT_ENOUGH_MEMORY) l->lacking = ENOMEM;
  return fd;
}

/* A file that cannot be read names nobody, as for processes: why the container's file cannot is not told. */
static int open_regular(const user_files *files, const char *path) {
  lookup *l = (lookup *)(uintptr_t)files;
  hcs_error *ignored = hcs_error_new();
  int fd = ignored != NULL ? open_noting(l, path, ignored) : -1;
  if (ignored == NULL) l->lacking = ENOMEM;
  hcs_error_free(ignored);
  return fd;
}

static long read_file(int fd, void *bytes, size_t size) { return read(fd, bytes, size); }

static void close_file(int fd) { close(fd); }

int hcs_file_owner_find(int root, const char *user, hcs_file_owner *owner, hcs_error *err) {
  HCS_AUTO_FREE lookup *l = NULL;
  int r;
  owner->known = user != NULL && *user != '\0';
  if (!owner->known) return 0;
  l = calloc(1, sizeof *l); /* 20 KiB: not for the stack of somebody's thread */
  if (l == NULL) return hcs_fail_memory(err);
  l->files.open = open_regular;
  l->files.read = read_file;
  l->files.close = close_file;
  l->files.root = root;
  r = user_files_find(&l->files, user, &l->found);
  if (l->lacking != 0)
    return hcs_fail_errno(err, l->lacking, "user: cannot look for '%s' in the container's files",
                          user);
  if (r != 0)
    return hcs_fail(err, HCS_E_NO_SUCH_USER,
                    "user: '%s' is not in the container's /etc/passwd or /etc/group", user);
  owner->uid = l->found.uid;
  owner->gid = l->found.gid;
  return 0;
}
