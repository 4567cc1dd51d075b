/*
 * process_stat.c - telling a process from a later one with the same pid.
 */
#include "process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

#define START_FIELD 22
#define NAME_FIELD 2 /* may hold spaces and brackets: fields are counted from its last ')' */

static int start_get(int pid, uint64_t *ticks) {
  char path[32], text[1024];
  const char *at;
  int field;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (hcs_file_get(AT_FDCWD, path, text, sizeof text) <= 0) return -1;
  at = strrchr(text, ')');
  for (field = NAME_FIELD; at != NULL && field < START_FIELD; field++) at = strchr(at + 1, ' ');
  if (at == NULL) {
    errno = EIO;
    return -1;
  }
  *ticks = strtoull(at + 1, NULL, 10);
  return 0;
}

int hcs_process_start_get(int pid, uint64_t *ticks, hcs_error *err) {
  if (start_get(pid, ticks) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot read the guest's /proc/%d/stat", pid);
}

int hcs_process_pidfd(int pid, uint64_t ticks) {
  uint64_t now;
  HCS_AUTO_FD pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
  /* compared after the pidfd is there: from then on the pid cannot come to mean somebody else */
  if (pidfd < 0 || start_get(pid, &now) != 0 || now != ticks) return -1;
  return hcs_fd_take(&pidfd);
}
