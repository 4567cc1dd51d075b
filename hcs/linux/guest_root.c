/*
 * guest_root.c - the container's root directory as the host sees it, and opening what is below it.
 */
#include "guest_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "process_stat.h"
#include "wait.h"

/* openat2(2): EAGAIN says that something was renamed while a ".." was resolved, and to try again. */
#define RENAMES_MAX 64

static int fail_gone(hcs_error *err) {
  return hcs_fail(err, HCS_E_UNEXPECTED_PROCESS_ABORT, "the container's guest is gone");
}

/* Gone is what cannot be undone: what only hinders us here is told as it is. */
static int fail_unseen(int error, hcs_error *err) {
  if (error != ESRCH && error != ENOENT)
    return hcs_fail_errno(err, error, "cannot look at the container's guest");
  return fail_gone(err);
}

/* A process that has not ended when its pidfd was asked had its pid for itself until then. */
static int is_running(int pidfd) {
  return hcs_wait_fd_uninterrupted(pidfd, POLLIN, 0) != HCS_WAIT_READY;
}

int hcs_guest_open(const hcs_status_page *status, const char *name, int flags, const char *what,
                   hcs_error *err) {
  HCS_AUTO_FD pidfd = hcs_process_pidfd(status->guest, status->guest_start);
  HCS_AUTO_FD fd = -1;
  char path[48];
  int error;
  if (pidfd < 0) return fail_unseen(errno, err);
  snprintf(path, sizeof path, "/proc/%d/%s", status->guest, name);
  fd = hcs_fd_raise(open(path, flags | O_CLOEXEC));
  error = errno;
  if (!is_running(pidfd)) return fail_gone(err);
  if (fd >= 0) return hcs_fd_take(&fd);
  if (error == EACCES)
    return hcs_fail_errno(err, error, "cannot open %s: that wants CAP_SYS_PTRACE", what);
  return hcs_fail_errno(err, error, "cannot open %s", what);
}

int hcs_guest_root_open(const hcs_status_page *status, hcs_error *err) {
  return hcs_guest_open(status, "root", O_PATH | O_DIRECTORY, "the container's root directory",
                        err);
}

int hcs_guest_root_openat(int root, const char *path, int flags, unsigned mode, unsigned resolve) {
  struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
                         .mode = mode,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
  long fd;
  int tries = 0;
  do fd = syscall(SYS_openat2, root, path, &how, sizeof how);
  while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < RENAMES_MAX)));
  return hcs_fd_raise((int)fd);
}
