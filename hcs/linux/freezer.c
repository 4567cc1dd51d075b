/*
 * freezer.c - stopping the processes of a container, all at once, and letting them go on.
 */
#include "freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "fd.h"
#include "wait.h"

#define V1_STATE "freezer.state"
#define V1_LOOK_NS 1000000 /* between two looks, 1 ms */

static int is_v1(const hcs_group_paths *groups) { return groups->layout == HCS_CGROUP_V1; }

static int work_open(const hcs_group_paths *groups, hcs_error *err) {
  return hcs_group_work_open(groups,
                             is_v1(groups) ? HCS_CONTROLLER_FREEZER : HCS_CONTROLLER_UNIFIED, err);
}

static int put(const hcs_group_paths *groups, int work, int frozen) {
  if (is_v1(groups)) return hcs_file_put(work, V1_STATE, frozen ? "FROZEN" : "THAWED");
  return hcs_file_put(work, "cgroup.freeze", frozen ? "1" : "0");
}

/* cgroup.events raises POLLPRI when a line of it changes (kernel, cgroup-v2.rst, "frozen"). */
static hcs_wait_result await_v2(int work, int64_t deadline_ns) {
  HCS_AUTO_FD events = openat(work, "cgroup.events", O_RDONLY | O_CLOEXEC);
  hcs_wait_result r = events < 0 ? HCS_WAIT_FAILED : HCS_WAIT_READY;
  while (r == HCS_WAIT_READY) {
    char text[256];
    ssize_t n = pread(events, text, sizeof text - 1, 0);
    if (n < 0) return HCS_WAIT_FAILED;
    text[n] = '\0';
    if (strstr(text, "frozen 1") != NULL) return HCS_WAIT_READY;
    r = hcs_wait_fd_uninterrupted(events, POLLPRI, deadline_ns);
  }
  return r;
}

/* v1 tells nobody: who wants to know must look, and it is looking that moves FREEZING on to FROZEN. */
static hcs_wait_result await_v1(int work, int64_t deadline_ns) {
  const struct timespec pause = {0, V1_LOOK_NS};
  char text[32];
  for (;;) {
    if (hcs_file_get(work, V1_STATE, text, sizeof text) < 0) return HCS_WAIT_FAILED;
    if (strncmp(text, "FROZEN", 6) == 0) return HCS_WAIT_READY;
    if (hcs_clock_ns() >= deadline_ns) return HCS_WAIT_TIMEOUT;
    nanosleep(&pause, NULL);
  }
}

/* What is not frozen in time is not left half frozen. */
static int give_up(const hcs_group_paths *groups, int work, hcs_wait_result r, hcs_error *err) {
  int saved = errno;
  put(groups, work, 0);
  if (r == HCS_WAIT_TIMEOUT)
    return hcs_fail(err, HCS_E_TIMEOUT,
                    "a process of the container cannot be stopped now (it waits for a disk or a "
                    "network file system, say)");
  return hcs_fail_errno(err, saved, "cannot see whether the container's processes stand still");
}

int hcs_freeze(const hcs_group_paths *groups, int64_t deadline_ns, hcs_error *err) {
  HCS_AUTO_FD work = work_open(groups, err);
  hcs_wait_result r;
  if (work < 0) return -1;
  if (put(groups, work, 1) != 0)
    return hcs_fail_errno(err, errno, "cannot freeze the container's processes");
  r = is_v1(groups) ? await_v1(work, deadline_ns) : await_v2(work, deadline_ns);
  return r == HCS_WAIT_READY ? 0 : give_up(groups, work, r, err);
}

int hcs_thaw(const hcs_group_paths *groups, hcs_error *err) {
  HCS_AUTO_FD work = work_open(groups, err);
  if (work < 0) return -1;
  if (put(groups, work, 0) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot thaw the container's processes");
}

void hcs_thaw_dying(const hcs_group_paths *groups) {
  hcs_error *ignored = is_v1(groups) ? hcs_error_new() : NULL;
  if (ignored == NULL) return;
  hcs_thaw(groups, ignored);
  hcs_error_free(ignored);
}

int hcs_freezer_open(const hcs_group_paths *groups, int *freezer, hcs_error *err) {
  HCS_AUTO_FD work = -1;
  *freezer = -1;
  if (!is_v1(groups)) return 0;
  work = work_open(groups, err);
  if (work < 0) return -1;
  *freezer = openat(work, V1_STATE, O_WRONLY | O_CLOEXEC);
  return *freezer >= 0 ? 0 : hcs_fail_errno(err, errno, "cannot open the container's " V1_STATE);
}
