/*
 * file_owner.c - whom a file is to belong to, as the container names its users.
 */
#include "file_owner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../guest/user_files.h"
#include "fd.h"
#include "regular_file.h"

/* A file that cannot be read names nobody, as for processes: the error is not told. */
static int open_regular(const user_files *files, const char *path) {
  hcs_error *ignored = hcs_error_new();
  HCS_AUTO_FD found = ignored != NULL ? hcs_regular_find(files->root, path, ignored) : -1;
  int fd = found >= 0 ? hcs_regular_open(found, O_RDONLY, path, ignored) : -1;
  hcs_error_free(ignored);
  return fd;
}

static long read_file(int fd, void *bytes, size_t size) { return read(fd, bytes, size); }

static void close_file(int fd) { close(fd); }

typedef struct lookup {
  user_files files;
  user_identity found;
} lookup;

int hcs_file_owner_find(int root, const char *user, hcs_file_owner *owner, hcs_error *err) {
  HCS_AUTO_FREE lookup *l = NULL;
  owner->known = user != NULL && *user != '\0';
  if (!owner->known) return 0;
  l = calloc(1, sizeof *l); /* 20 KiB: not for the stack of somebody's thread */
  if (l == NULL) return hcs_fail_memory(err);
  l->files.open = open_regular;
  l->files.read = read_file;
  l->files.close = close_file;
  l->files.root = root;
  if (user_files_find(&l->files, user, &l->found) != 0)
    return hcs_fail(err, HCS_E_NO_SUCH_USER,
                    "user: '%s' is not in the container's /etc/passwd or /etc/group", user);
  owner->uid = l->found.uid;
  owner->gid = l->found.gid;
  return 0;
}
