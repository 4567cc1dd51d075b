/*
 * poll_objects.c - waiting for containers, processes, streams and foreign descriptors at once.
 */
#include "poll_objects.h"

#include <errno.h>
#include <stdlib.h>

#include "container.h"
#include "fd.h"
#include "wait.h"

static struct pollfd entry_make(const hcs_platform_poll_item *item) {
  struct pollfd entry = {-1, POLLIN, 0};
  if (item->system != NULL)
    entry.fd = item->system->exit_socket;
  else if (item->process != NULL)
    entry.fd = item->process->exit_socket;
  else if (item->stream != NULL)
    entry.fd = hcs_pipe_poll_get(item->stream, &entry.events);
  else if (item->terminal != NULL)
    entry.fd = hcs_terminal_poll_get(item->terminal);
  else {
    entry.fd = (int)item->descriptor;
    entry.events = item->for_write ? POLLOUT : POLLIN;
  }
  return entry;
}

static int is_ready(const hcs_platform_poll_item *item, short found) {
  return item->stream != NULL ? hcs_pipe_poll_ready(item->stream, found) : found != 0;
}

int hcs_linux_poll(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns,
                   hcs_error *err) {
  HCS_AUTO_FREE struct pollfd *entries = calloc(count + 1, sizeof *entries);
  hcs_wait_result r;
  size_t i;
  if (entries == NULL) return hcs_fail_memory(err);
  for (i = 0; i < count; i++) entries[i] = entry_make(&items[i]);
  r = hcs_wait_fds(entries, count, deadline_ns);
  if (r == HCS_WAIT_INTERRUPTED) return HCS_INTERRUPTED;
  if (r == HCS_WAIT_FAILED) return hcs_fail_errno(err, errno, "cannot wait for %zu objects", count);
  for (i = 0; i < count; i++) items[i].ready = is_ready(&items[i], entries[i].revents);
  return 0;
}
