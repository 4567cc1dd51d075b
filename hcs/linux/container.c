/*
 * container.c - operations on a container. Only start asks the guest for its consent; shutdown and
 * terminate tell it, and go on without it when it does not answer.
 */
#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "end.h"
#include "fd.h"
#include "wait.h"
#include "wall_clock.h"

#define CLOSE_PATIENCE_NS (10ll * 1000000000) /* API.md: close returns within 10 s */

static int has_ended(const hcs_platform_system *system) {
  hcs_exit_type type;
  return hcs_linux_exit_type(system, &type);
}

hcs_state hcs_status_state(const hcs_status_page *status) {
  uint32_t state = atomic_load(&status->state);
  return state == HCS_RUNNING || state == HCS_PAUSED ? (hcs_state)state : HCS_CREATED;
}

int hcs_linux_system_state(hcs_platform_system *system, hcs_state *state, hcs_error *err) {
  (void)err;
  hcs_link_settle(system->link);
  *state = has_ended(system) ? HCS_STOPPED : hcs_status_state(system->link->status);
  return 0;
}

int hcs_linux_explain(const hcs_platform_system *system, hcs_error *err) {
  if (hcs_error_kind(err) == HCS_E_UNEXPECTED_PROCESS_ABORT && has_ended(system))
    hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, "the container ended meanwhile");
  return -1;
}

/* The time is noted before: a client may die when the guest has started and it has not heard of it. */
int hcs_linux_system_start(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  _Atomic int64_t *started_ns = &system->link->status->started_ns;
  int64_t nobody = 0;
  hcs_reply reply;
  atomic_compare_exchange_strong(started_ns, &nobody, hcs_boot_clock_ns());
  if (hcs_link_call(system->link, HCS_START, NULL, 0, NULL, 0, deadline_ns, &reply, err) != 0)
    return hcs_linux_explain(system, err);
  if (reply.status == HCS_STATUS_OK) atomic_store(started_ns, hcs_boot_clock_ns());
  return hcs_reply_check(&reply, err);
}

int hcs_linux_system_shutdown(hcs_platform_system *system, hcs_error *err) {
  hcs_reply reply;
  int64_t deadline_ns = hcs_clock_ns() + HCS_GUEST_PATIENCE_NS;
  if (hcs_link_call(system->link, HCS_SHUTDOWN, NULL, 0, NULL, 0, deadline_ns, &reply, err) != 0)
    return has_ended(system) ? 0 : -1; /* it ended before it could answer */
  return hcs_reply_check(&reply, err);
}

/* The note comes first: if the guest must be killed, or kills itself, the end counts as forced. */
int hcs_linux_system_terminate(hcs_platform_system *system, hcs_error *err) {
  hcs_link *link = system->link;
  int64_t deadline_ns = hcs_clock_ns() + HCS_GUEST_PATIENCE_NS;
  hcs_error *ignored = hcs_error_new();
  hcs_reply reply;
  int r;
  if (ignored == NULL) return hcs_fail_memory(err);
  if (!has_ended(system)) atomic_store(&link->status->exit, (uint32_t)HCS_EXIT_FORCED);
  r = hcs_link_call(link, HCS_TERMINATE, NULL, 0, NULL, 0, deadline_ns, &reply, ignored);
  hcs_end_unlimit(link->status, &link->groups);
  if (r != 0 || reply.status != HCS_STATUS_OK ||
      hcs_wait_fd_uninterrupted(system->exit_socket, POLLIN, deadline_ns) != HCS_WAIT_READY)
    hcs_end_kill_guest(link->status, &link->groups);
  hcs_error_free(ignored);
  return 0;
}

/* What the guest said; where it could say nothing, what the status page says. */
int hcs_linux_exit_type(const hcs_platform_system *system, hcs_exit_type *type) {
  hcs_exit_record record;
  hcs_exit_look look = hcs_exit_peek(system->exit_socket, HCS_EXIT_SYSTEM, &record);
  if (look == HCS_EXIT_PENDING) return 0;
  if (look == HCS_EXIT_KNOWN && record.code == HCS_SYSTEM_GRACEFUL)
    *type = HCS_EXIT_GRACEFUL;
  else if (look == HCS_EXIT_KNOWN && record.code == HCS_SYSTEM_FORCED)
    *type = HCS_EXIT_FORCED;
  else if (atomic_load(&system->link->status->exit) == HCS_EXIT_FORCED)
    *type = HCS_EXIT_FORCED;
  else
    *type = HCS_EXIT_UNEXPECTED;
  return 1;
}

int hcs_linux_system_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                          hcs_error *err) {
  while (!hcs_linux_exit_type(system, exit)) {
    hcs_wait_result r = hcs_exit_wait(system->exit_socket, deadline_ns);
    if (r == HCS_WAIT_INTERRUPTED) return HCS_INTERRUPTED;
    if (r == HCS_WAIT_TIMEOUT) return hcs_fail(err, HCS_E_TIMEOUT, NULL);
    if (r == HCS_WAIT_FAILED) return hcs_fail_errno(err, errno, "cannot wait for the container");
  }
  if (atomic_load(&system->released)) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  return hcs_link_end(system->link, deadline_ns, err);
}

int hcs_linux_system_pollfd(hcs_platform_system *system, intptr_t *descriptor, hcs_error *err) {
  (void)err;
  *descriptor = system->exit_socket;
  return 0;
}

/* 1: it was the last handle, and the container ends because of it; 0; -1: nobody answers. */
static int release_last(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  hcs_reply reply;
  if (hcs_link_call(system->link, HCS_RELEASE, NULL, 0, NULL, 0, deadline_ns, &reply, err) != 0)
    return has_ended(system) ? 1 : -1;
  return reply.status == HCS_STATUS_OK && reply.ending;
}

/* A guest that does not come to its end in time is put to it. */
static void end_await(hcs_platform_system *system, int64_t deadline_ns) {
  if (hcs_wait_fd_uninterrupted(system->exit_socket, POLLIN, deadline_ns) == HCS_WAIT_READY) return;
  atomic_store(&system->link->status->exit, (uint32_t)HCS_EXIT_FORCED);
  hcs_end_kill_guest(system->link->status, &system->link->groups);
}

static int release_and_wait(hcs_platform_system *system, hcs_error *err) {
  int64_t deadline_ns = hcs_clock_ns() + CLOSE_PATIENCE_NS;
  if (!has_ended(system)) {
    int r = release_last(system, deadline_ns, err);
    if (r <= 0) return r;
    hcs_end_unlimit(system->link->status, &system->link->groups);
    end_await(system, deadline_ns);
  }
  /* also after an end that nobody waited for: an explicit close leaves nothing behind */
  return hcs_link_end(system->link, deadline_ns, err);
}

int hcs_linux_system_release(hcs_platform_system *system, int wait_for_end, hcs_error *err) {
  int r = 0;
  if (wait_for_end)
    r = release_and_wait(system, err);
  else
    hcs_channel_post(&system->link->channel, HCS_RELEASE);
  atomic_store(&system->released, 1);
  shutdown(system->exit_socket, SHUT_RDWR); /* wakes our waiters, and the guest forgets us */
  return r;
}

void hcs_linux_system_free(hcs_platform_system *system) {
  if (system == NULL) return;
  hcs_fd_close(&system->exit_socket);
  hcs_link_drop(system->link);
  free(system);
}
