/*
 * wait.h - waiting for descriptors until a deadline.
 */
#ifndef HCS_LINUX_WAIT_H
#define HCS_LINUX_WAIT_H

#include <poll.h>
#include <stdint.h>

#include "../error.h"

typedef enum hcs_wait_result {
  HCS_WAIT_READY,
  HCS_WAIT_TIMEOUT,
  HCS_WAIT_INTERRUPTED, /* a signal handler ran on this thread */
  HCS_WAIT_FAILED       /* errno */
} hcs_wait_result;

/* READY also when the descriptor is at its end or broken: what to do with it will tell. */
hcs_wait_result hcs_wait_fd(int fd, short events, int64_t deadline_ns);
hcs_wait_result hcs_wait_fds(struct pollfd *fds, size_t count, int64_t deadline_ns);
/* The same, and a signal does not end it: for short waits for our own guest. */
hcs_wait_result hcs_wait_fd_uninterrupted(int fd, short events, int64_t deadline_ns);
/* For a stream that would block: 0 when it need not any more, HCS_INTERRUPTED, or -1 (Timeout). */
int hcs_wait_more(int fd, short events, int64_t deadline_ns, hcs_error *err);
/* Until no task is left in the cgroup v2 directory or below; at once where there is no v2. */
hcs_wait_result hcs_wait_group_empty(int group, int64_t deadline_ns);

#endif
