/*
 * network.c - whose network a new container has: NetworkSharedContainerName.
 */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../platform.h"
#include "fd.h"
#include "guest_root.h"
#include "state.h"

#define FIELD "config.NetworkSharedContainerName"

/* ---- by path --------------------------------------------------------------------------------------- */

/* Nothing but a namespace is opened for good: what else stands there might be a device. */
static int is_namespace_file(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == NSFS_MAGIC;
}

static int fail_open(const char *path, hcs_error *err) {
  if (errno == EACCES && strncmp(path, "/proc/", 6) == 0)
    return hcs_fail_errno(err, errno,
                          FIELD ": cannot use '%s': another process' namespaces want "
                                "CAP_SYS_PTRACE over it; this program's own network is "
                                "'/proc/self/ns/net'",
                          path);
  return hcs_fail_errno(err, errno, FIELD ": cannot use '%s'", path);
}

static int open_path(hcs_network *network, const char *path, hcs_error *err) {
  HCS_AUTO_FD found = open(path, O_PATH | O_CLOEXEC);
  HCS_AUTO_FD fd = -1;
  char link[32];
  if (found < 0) return fail_open(path, err);
  if (is_namespace_file(found)) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", found);
    fd = hcs_fd_raise(open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd < 0) return hcs_fail_errno(err, errno, FIELD ": cannot open '%s'", path);
  }
  if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    FIELD ": '%s' is not a network namespace: make one with 'ip netns add', or "
                          "name a container",
                    path);
  network->path = strdup(path);
  if (network->path == NULL) return hcs_fail_memory(err);
  network->fd = hcs_fd_take(&fd);
  return 0;
}

/* ---- by id ----------------------------------------------------------------------------------------- */

static int fail_none(const char *id, hcs_error *err) {
  return hcs_fail(err, HCS_E_SYSTEM_NOT_FOUND,
                  FIELD ": there is no container with the id '%s', or it has ended", id);
}

static int open_guest(hcs_network *network, int dir, hcs_error *err) {
  hcs_status_page *status = hcs_status_map(dir, err);
  if (status == NULL) return -1;
  network->fd = hcs_guest_open(status, "ns/net", O_RDONLY, "its network namespace", err);
  hcs_status_unmap(status);
  return network->fd < 0 ? -1 : 0;
}

/* Of a record of another boot the pid is somebody else's now. */
static int is_of_this_boot(const hcs_record *record, hcs_error *err) {
  char boot_id[HCS_BOOT_ID_SIZE];
  return hcs_boot_id_get(boot_id, err) == 0 && strcmp(boot_id, record->boot_id) == 0;
}

static int open_recorded(hcs_network *network, int dir, const hcs_record *record, hcs_error *err) {
  if (!record->committed || !is_of_this_boot(record, err)) return -1;
  if (record->network != NULL && (network->path = strdup(record->network)) == NULL)
    return hcs_fail_memory(err);
  return open_guest(network, dir, err);
}

static int fail_open_container(const char *id, hcs_error *err) {
  switch (hcs_error_kind(err)) {
  case HCS_E_ACCESS_DENIED:
  case HCS_E_TOO_MANY_OPEN_FILES:
  case HCS_E_NOT_ENOUGH_MEMORY: return hcs_error_wrap(err, FIELD);
  default: return fail_none(id, err);
  }
}

/* Why it cannot be joined comes down to its not being there, but for what the host denies or lacks. */
static int open_container(hcs_network *network, const char *id, hcs_error *err) {
  HCS_AUTO_FD root = hcs_state_root_open(err);
  HCS_AUTO_FD dir = -1;
  hcs_record record;
  int r;
  if (root < 0) return -1;
  if (!hcs_id_is_valid(id))
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    FIELD ": '%.80s' is neither a container's id nor an absolute path", id);
  dir = hcs_state_open(root, id, err);
  if (dir < 0) return fail_open_container(id, err);
  r = hcs_record_read(dir, &record, err);
  if (r <= 0) return r < 0 ? fail_open_container(id, err) : fail_none(id, err);
  r = open_recorded(network, dir, &record, err);
  hcs_record_clear(&record);
  return r == 0 ? 0 : fail_open_container(id, err);
}

int hcs_network_open(hcs_network *network, const char *name, hcs_error *err) {
  network->fd = -1;
  network->path = NULL;
  if (name == NULL) return 0;
  return name[0] == '/' ? open_path(network, name, err) : open_container(network, name, err);
}

void hcs_network_close(hcs_network *network) {
  hcs_fd_close(&network->fd);
  free(network->path);
  network->path = NULL;
}
