/*
 * open.c - another handle on an existing container.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "socket.h"

static int fail_gone(const char *id, hcs_error *err) {
  return hcs_fail(err, HCS_E_SYSTEM_NOT_FOUND, "there is no container with the id '%s'", id);
}

/* The first words on a new connection: a version that both speak. */
static int greet(hcs_link *link, int64_t deadline_ns, hcs_error *err) {
  const hcs_hello hello = {HCS_PROTOCOL_OLDEST, HCS_PROTOCOL_VERSION, 0};
  hcs_reply reply;
  if (hcs_link_call(link, HCS_HELLO, &hello, sizeof hello, NULL, 0, deadline_ns, &reply, err) != 0)
    return -1;
  return hcs_reply_check(&reply, err);
}

static int acquire(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  int pair[2], r;
  hcs_reply reply;
  if (hcs_socket_pair(pair, err) != 0) return -1;
  system->exit_socket = pair[0];
  r = hcs_link_call(system->link, HCS_ACQUIRE, NULL, 0, &pair[1], 1, deadline_ns, &reply, err);
  hcs_fd_close(&pair[1]);
  return r != 0 ? -1 : hcs_reply_check(&reply, err);
}

static int link_open(hcs_platform_system *system, const char *id, int dir, hcs_error *err) {
  hcs_record record;
  int fd, r = hcs_record_read(dir, &record, err);
  if (r < 0) return -1;
  if (r == 0 || !record.committed) {
    if (r != 0) hcs_record_clear(&record);
    return fail_gone(id, err);
  }
  fd = hcs_socket_connect(dir, err);
  if (fd >= 0) system->link = hcs_link_new(&record, fd, err);
  hcs_record_clear(&record);
  if (fd == HCS_SOCKET_REFUSED) return fail_gone(id, err);
  if (fd == HCS_SOCKET_BUSY)
    return hcs_fail(err, HCS_E_BUSY, "too many clients wait for the container '%s': try again", id);
  if (fd < 0 || system->link == NULL) return -1;
  system->link->status = hcs_status_map(dir, err);
  if (system->link->status != NULL) return 0;
  /* cleaned up between the connection and now */
  return hcs_error_kind(err) == HCS_E_FILE_NOT_FOUND ? fail_gone(id, err) : -1;
}

hcs_platform_system *hcs_linux_system_open(const char *id, hcs_error *err) {
  HCS_AUTO_FD root = hcs_state_root_open(err);
  HCS_AUTO_FD dir = root < 0 ? -1 : hcs_state_open(root, id, err);
  hcs_platform_system *system;
  int64_t deadline_ns = hcs_clock_ns() + HCS_GUEST_PATIENCE_NS;
  if (dir < 0) return NULL;
  system = calloc(1, sizeof *system);
  if (system == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  system->exit_socket = -1;
  if (link_open(system, id, dir, err) == 0 && greet(system->link, deadline_ns, err) == 0 &&
      acquire(system, deadline_ns, err) == 0)
    return system;
  /* it ended while we were at the door */
  if (hcs_error_kind(err) == HCS_E_UNEXPECTED_PROCESS_ABORT) fail_gone(id, err);
  hcs_linux_system_free(system);
  return NULL;
}
