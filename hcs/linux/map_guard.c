/*
 * map_guard.c - what must not be mapped into any container.
 */
#include "map_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "state.h"

static int is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is `wanted` the directory `from`, or one above it? 1, 0, or -1 with errno. */
static int is_above(int from, const struct stat *wanted) {
  HCS_AUTO_FD here = fcntl(from, F_DUPFD_CLOEXEC, 3);
  struct stat status, last = {0};
  while (here >= 0 && fstat(here, &status) == 0) {
    int above;
    if (is_same(&status, wanted)) return 1;
    if (is_same(&status, &last)) return 0; /* the root is its own parent */
    last = status;
    above = openat(here, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    hcs_fd_close(&here);
    here = above;
  }
  return -1;
}

/* The directory that what is mapped lies in, wherever links lead; a descriptor, or -1 with errno. */
static int folder_open(const char *path) {
  HCS_AUTO_FD file = open(path, O_PATH | O_CLOEXEC);
  char link[32], name[PATH_MAX];
  ssize_t size;
  if (file < 0) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  size = readlink(link, name, sizeof name);
  while (size > 0 && name[size - 1] != '/') size--;
  if (size <= 0 || size == sizeof name) return -1;
  name[size] = '\0';
  return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int source_open(const hcs_mapping *mapping) {
  if (mapping->kind == HCS_MOUNT_PIPE) return folder_open(mapping->source);
  return open(mapping->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int check(const hcs_mapping *mapping, int state, hcs_error *err) {
  HCS_AUTO_FD source = source_open(mapping);
  struct stat status, ours;
  int above, below;
  if (source < 0 || fstat(source, &status) != 0 || fstat(state, &ours) != 0)
    return hcs_fail_errno(err, errno, "%s.HostPath: cannot use '%s'", mapping->path,
                          mapping->source);
  above = mapping->kind == HCS_MOUNT_PIPE ? 0 : is_above(state, &status);
  below = above == 0 ? is_above(source, &ours) : 0;
  if (above < 0 || below < 0)
    return hcs_fail_errno(err, errno, "%s.HostPath: cannot tell where '%s' is", mapping->path,
                          mapping->source);
  if (!above && !below) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "%s.HostPath: '%s' %s the state directory, by which all containers are "
                  "commanded: map only what is needed",
                  mapping->path, mapping->source, above ? "has in it" : "belongs to");
}

static int guard(const hcs_mapping *mapping, int state, hcs_error *err) {
  int is_way = mapping->kind == HCS_MOUNT_DIRECTORY || mapping->kind == HCS_MOUNT_PIPE;
  return is_way ? check(mapping, state, err) : 0;
}

int hcs_map_guard(const hcs_mapping *mapping, hcs_error *err) {
  HCS_AUTO_FD state = hcs_state_root_open(err);
  return state < 0 ? -1 : guard(mapping, state, err);
}

int hcs_map_guard_all(const hcs_mappings *mappings, hcs_error *err) {
  HCS_AUTO_FD state = hcs_state_root_open(err);
  size_t i;
  if (state < 0) return -1;
  for (i = 0; i < mappings->count; i++)
    if (guard(&mappings->list[i], state, err) != 0) return -1;
  return 0;
}
