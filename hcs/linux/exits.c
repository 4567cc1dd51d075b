/*
 * exits.c - exit sockets.
 */
#include "exits.h"

#include <errno.h>
#include <sys/socket.h>

#define SIGNAL_MAX 64
#define EXIT_CODE_MAX 255

/* What a process can end with: exit(3) gives eight bits, a signal 128 more than its number. */
static int is_process_end(const hcs_exit_record *record) {
  if (record->signal != 0)
    return record->signal <= SIGNAL_MAX && record->code == 128 + record->signal;
  return record->code <= EXIT_CODE_MAX;
}

static int is_record(const hcs_exit_record *record, hcs_exit_kind kind) {
  return record->magic == HCS_EXIT_MAGIC && record->kind == (uint16_t)kind &&
         record->version >= HCS_PROTOCOL_OLDEST && record->version <= HCS_PROTOCOL_VERSION &&
         (kind == HCS_EXIT_SYSTEM || is_process_end(record));
}

hcs_exit_look hcs_exit_peek(int fd, hcs_exit_kind kind, hcs_exit_record *record) {
  char bytes[sizeof *record + 1];
  ssize_t n;
  do n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return HCS_EXIT_PENDING;
  if (n != (ssize_t)sizeof *record) return HCS_EXIT_LOST;
  __builtin_memcpy(record, bytes, sizeof *record);
  return is_record(record, kind) ? HCS_EXIT_KNOWN : HCS_EXIT_LOST;
}

hcs_wait_result hcs_exit_wait(int fd, int64_t deadline_ns) {
  return hcs_wait_fd(fd, POLLIN, deadline_ns);
}
