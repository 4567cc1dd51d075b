/*
 * boot_message.c - what setup, a new guest and helpers report on their boot sockets.
 */
#include "boot_message.h"

#include <errno.h>

#include "socket.h"
#include "wait.h"

static size_t payload(uint16_t type, size_t mounts) {
  return type == HCS_BOOT_MAPPED ? mounts * sizeof(hcs_boot_mount) : sizeof(hcs_boot);
}

int hcs_boot_receive(int fd, const char *who, size_t mounts, int64_t deadline_ns,
                     hcs_boot_message *message, hcs_error *err) {
  long n;
  for (;;) {
    n = hcs_socket_receive(fd, message, sizeof *message);
    if (n >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    if (hcs_wait_fd_uninterrupted(fd, POLLIN, deadline_ns) != HCS_WAIT_READY)
      return hcs_fail(err, HCS_E_TIMEOUT, "%s does not come to an end", who);
  }
  if (n >= (long)sizeof message->frame && message->frame.magic == HCS_FRAME_MAGIC &&
      message->frame.length == payload(message->frame.type, mounts) &&
      n == (long)(sizeof message->frame + message->frame.length))
    return 0;
  return hcs_fail(err, HCS_E_UNEXPECTED_CONTAINER_EXIT,
                  "%s ended without a word (killed? out of memory?)", who);
}
