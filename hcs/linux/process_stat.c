/*
 * process_stat.c - telling a process from a later one with the same pid.
 */
#include "process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "proc_text.h"

static int start_get(int dir, const char *path, uint64_t *ticks) {
  char text[HCS_PROC_STAT_SIZE];
  hcs_proc_stat stat;
  if (hcs_file_get(dir, path, text, sizeof text) < 0) return -1;
  if (hcs_proc_stat_parse(text, &stat) != 0) {
    errno = EIO;
    return -1;
  }
  *ticks = stat.start_ticks;
  return 0;
}

static int start_get_by_pid(int pid, uint64_t *ticks) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return start_get(AT_FDCWD, path, ticks);
}

int hcs_process_start_get(int pid, uint64_t *ticks, hcs_error *err) {
  if (start_get_by_pid(pid, ticks) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot read the guest's /proc/%d/stat", pid);
}

int hcs_process_pidfd(int pid, uint64_t ticks) {
  uint64_t now;
  HCS_AUTO_FD pidfd = -1;
  errno = ESRCH;
  if (pid > 0) pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  /* compared after the pidfd is there: from then on the pid cannot come to mean somebody else */
  if (pidfd < 0 || start_get_by_pid(pid, &now) != 0) return -1;
  if (now == ticks) return hcs_fd_take(&pidfd);
  errno = ESRCH;
  return -1;
}

int hcs_process_directory_open(int pid, uint64_t ticks) {
  char path[32];
  uint64_t now;
  HCS_AUTO_FD dir = -1;
  snprintf(path, sizeof path, "/proc/%d", pid);
  dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || start_get(dir, "stat", &now) != 0) return -1;
  if (now == ticks) return hcs_fd_take(&dir);
  errno = ESRCH;
  return -1;
}
