/*
 * cgroup_remove.c - taking a container's control groups away: kill, wait until empty, remove.
 *
 * Normally everything is dead already and this is a handful of rmdir(2). After a crash of the creator
 * there may be a setup or a guest on its way out; nothing here sleeps, it waits on descriptors.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "fd.h"
#include "wait.h"

#define PATIENCE_NS (5ll * 1000000000)
#define ATTEMPTS 64

static int is_member(int group, long pid) {
  char pids[4096];
  char *next = pids, *end;
  if (hcs_file_get(group, "cgroup.procs", pids, sizeof pids) <= 0) return 0;
  for (; *next != '\0'; next = end) {
    if (strtol(next, &end, 10) == pid) return 1;
    if (end == next) return 0;
  }
  return 0;
}

/*
 * Kills one process that was found in a group and waits for its end. Looks again with the pidfd in
 * hand: the pid may have come to be somebody else's in between.
 */
static void kill_and_wait(int group, long pid, int64_t deadline_ns) {
  HCS_AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, (int)pid, 0);
  if (pidfd < 0 || !is_member(group, pid)) return;
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
  while (hcs_wait_fd(pidfd, POLLIN, deadline_ns) == HCS_WAIT_INTERRUPTED) continue;
}

/* One by one. */
static void members_kill(int group, int64_t deadline_ns) {
  char pids[4096];
  char *next = pids, *end;
  if (hcs_file_get(group, "cgroup.procs", pids, sizeof pids) <= 0) return;
  for (;;) {
    long pid = strtol(next, &end, 10);
    if (end == next || *end == '\0') return; /* a pid cut off at the buffer's end: next round */
    if (pid > 0) kill_and_wait(group, pid, deadline_ns);
    next = end;
  }
}

/* v2 has one file that kills all, also in the groups below. */
static void group_kill(int group, int64_t deadline_ns) {
  if (hcs_file_put(group, "cgroup.kill", "1") != 0) members_kill(group, deadline_ns);
}

/* Removes the groups right below; the first that cannot go yet is opened, and -1 when there is none. */
static int children_remove(int group) {
  int child = -1, copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
  const struct dirent *entry;
  if (stream == NULL) {
    hcs_fd_close(&copy);
    return -1;
  }
  while (child < 0 && (entry = readdir(stream)) != NULL) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    if (unlinkat(group, entry->d_name, AT_REMOVEDIR) == 0) continue;
    child = openat(group, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  }
  closedir(stream);
  return child;
}

static ino_t inode(int group) {
  struct stat status;
  return fstat(group, &status) == 0 ? status.st_ino : 0;
}

/*
 * Removes what somebody else has made inside, however deep and wide that is, with two descriptors and one
 * visit on the way down and one on the way up. Ends also where a group is still in use.
 */
static void below_remove(int group, int64_t deadline_ns) {
  HCS_AUTO_FD here = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ino_t left = 0;
  size_t depth = 0;
  while (here >= 0 && hcs_clock_ns() < deadline_ns) {
    HCS_AUTO_FD next = children_remove(here);
    if (next < 0 && depth == 0) return;
    if (next >= 0) {
      if (inode(next) == left) return;
      members_kill(next, deadline_ns);
      left = 0;
      depth++;
    } else {
      next = openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      left = inode(here);
      depth--;
    }
    hcs_fd_close(&here);
    here = hcs_fd_take(&next);
  }
}

/* A task leaves its group a moment after its parent or pidfd hears of its end: hence the attempts. */
static int directory_remove(const char *path, int64_t deadline_ns) {
  int attempt;
  for (attempt = 0; attempt < ATTEMPTS; attempt++) {
    HCS_AUTO_FD group = -1;
    if (rmdir(path) == 0 || errno == ENOENT) return 0;
    if (errno != EBUSY) return -1;
    group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0) continue;
    group_kill(group, deadline_ns);
    hcs_wait_group_empty(group, deadline_ns);
    below_remove(group, deadline_ns);
    if (hcs_clock_ns() >= deadline_ns) break;
  }
  errno = EBUSY;
  return -1;
}

int hcs_cgroup_remove(const hcs_record *record, hcs_error *err) {
  int64_t deadline_ns = hcs_clock_ns() + PATIENCE_NS;
  size_t i;
  for (i = 0; i < record->group_count; i++)
    if (directory_remove(record->groups[i], deadline_ns) != 0)
      return hcs_fail_errno(err, errno, "cannot remove the control group %s of container '%s'",
                            record->groups[i], record->id);
  return 0;
}
