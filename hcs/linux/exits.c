/*
 * exits.c - exit sockets.
 */
#include "exits.h"

#include <errno.h>
#include <sys/socket.h>

hcs_exit_look hcs_exit_peek(int fd, hcs_exit_kind kind, hcs_exit_record *record) {
  char bytes[sizeof *record + 1];
  ssize_t n;
  do n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return HCS_EXIT_PENDING;
  if (n != (ssize_t)sizeof *record) return HCS_EXIT_LOST;
  __builtin_memcpy(record, bytes, sizeof *record);
  if (record->magic != HCS_EXIT_MAGIC || record->kind != (uint16_t)kind ||
      record->version < HCS_PROTOCOL_OLDEST)
    return HCS_EXIT_LOST;
  return HCS_EXIT_KNOWN;
}

hcs_wait_result hcs_exit_wait(int fd, int64_t deadline_ns) {
  return hcs_wait_fd(fd, POLLIN, deadline_ns);
}
