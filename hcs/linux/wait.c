/*
 * wait.c - waiting for descriptors until a deadline.
 */
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../platform.h"
#include "fd.h"

#define NS_PER_S 1000000000ll

static struct timespec time_left(int64_t deadline_ns) {
  int64_t left = deadline_ns - hcs_clock_ns();
  struct timespec time;
  if (left < 0) left = 0;
  time.tv_sec = (time_t)(left / NS_PER_S);
  time.tv_nsec = (long)(left % NS_PER_S);
  return time;
}

static hcs_wait_result sleep_until(struct pollfd *fds, size_t count, int64_t deadline_ns,
                                   const sigset_t *mask) {
  struct timespec time = time_left(deadline_ns);
  int r = ppoll(fds, count, deadline_ns == HCS_FOREVER ? NULL : &time, mask);
  if (r > 0) return HCS_WAIT_READY;
  if (r == 0) return HCS_WAIT_TIMEOUT;
  return errno == EINTR ? HCS_WAIT_INTERRUPTED : HCS_WAIT_FAILED;
}

/* From the question on until it sleeps no handler can run: none runs unnoticed in between. */
hcs_wait_result hcs_wait_fds(struct pollfd *fds, size_t count, int64_t deadline_ns) {
  sigset_t all, before;
  hcs_wait_result r;
  int is_due, saved;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  is_due = hcs_interrupt_due();
  r = sleep_until(fds, count, is_due ? 0 : deadline_ns, &before);
  if (is_due && r == HCS_WAIT_TIMEOUT && hcs_clock_ns() < deadline_ns) r = HCS_WAIT_INTERRUPTED;
  saved = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return r;
}

hcs_wait_result hcs_wait_fd(int fd, short events, int64_t deadline_ns) {
  struct pollfd item = {fd, events, 0};
  return hcs_wait_fds(&item, 1, deadline_ns);
}

int hcs_wait_more(int fd, short events, int64_t deadline_ns, hcs_error *err) {
  switch (hcs_wait_fd(fd, events, deadline_ns)) {
  case HCS_WAIT_READY: return 0;
  case HCS_WAIT_INTERRUPTED: return HCS_INTERRUPTED;
  case HCS_WAIT_TIMEOUT: return hcs_fail(err, HCS_E_TIMEOUT, NULL);
  default: return hcs_fail_errno(err, errno, "cannot wait for a stream");
  }
}

hcs_wait_result hcs_wait_fd_uninterrupted(int fd, short events, int64_t deadline_ns) {
  struct pollfd item = {fd, events, 0};
  hcs_wait_result r;
  do r = sleep_until(&item, 1, deadline_ns, NULL);
  while (r == HCS_WAIT_INTERRUPTED);
  return r;
}

/* cgroup.events raises POLLPRI when a line of it changes (kernel, cgroup-v2.rst, "populated"). */
hcs_wait_result hcs_wait_group_empty(int group, int64_t deadline_ns) {
  HCS_AUTO_FD events = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
  hcs_wait_result r = HCS_WAIT_READY;
  if (events < 0) return HCS_WAIT_READY;
  while (r == HCS_WAIT_READY) {
    char text[256];
    ssize_t n = pread(events, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (strstr(text, "populated 1") == NULL) return HCS_WAIT_READY;
    r = hcs_wait_fd_uninterrupted(events, POLLPRI, deadline_ns);
  }
  return r;
}
