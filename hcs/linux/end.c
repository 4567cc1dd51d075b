/*
 * end.c - after a container's end: everything that it held on the host is given back.
 */
#include "end.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "container.h"
#include "disk_hold.h"
#include "events.h"
#include "fd.h"
#include "freezer.h"
#include "limits.h"
#include "process_stat.h"
#include "socket.h"
#include "wait.h"

#define DEATH_PATIENCE_NS (10ll * 1000000000)

void hcs_end_unlimit(const hcs_status_page *status, const hcs_group_paths *groups) {
  if ((atomic_load(&status->storage) & HCS_STORAGE_LIMITED) != 0) hcs_limit_storage_lift(groups);
}

/* A dying PID 1 takes its namespace along, and waits for it: also for who is frozen. */
static void kill_and_await(int pidfd, const hcs_status_page *status,
                           const hcs_group_paths *groups) {
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
  hcs_thaw_dying(groups);
  hcs_end_unlimit(status, groups);
  hcs_wait_fd_uninterrupted(pidfd, POLLIN, hcs_clock_ns() + DEATH_PATIENCE_NS);
}

/*
 * The guest is nobody's child but the system's, unless the host program is PID 1 (of a container, say)
 * or a subreaper: then it is ours to reap. Otherwise this is ECHILD.
 */
static void reap(int pidfd) {
  siginfo_t info;
  waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | __WALL);
}

/* When PID 1 has gone, so has every process of its namespace, and with them the mounts. */
static void guest_await(const hcs_status_page *status, const hcs_group_paths *groups,
                        int64_t patience_ns) {
  HCS_AUTO_FD pidfd = hcs_process_pidfd(status->guest, status->guest_start);
  if (pidfd < 0) return;
  hcs_thaw_dying(groups);
  hcs_end_unlimit(status, groups);
  if (hcs_wait_fd_uninterrupted(pidfd, POLLIN, hcs_clock_ns() + patience_ns) != HCS_WAIT_READY)
    kill_and_await(pidfd, status, groups);
  reap(pidfd);
}

void hcs_end_kill_guest(const hcs_status_page *status, const hcs_group_paths *groups) {
  HCS_AUTO_FD pidfd = hcs_process_pidfd(status->guest, status->guest_start);
  if (pidfd < 0) return;
  kill_and_await(pidfd, status, groups);
  reap(pidfd);
}

/* The lock of `dir` is held and its container is not alive. */
static int clean(int dir, const hcs_record *record, hcs_error *err) {
  char boot_id[HCS_BOOT_ID_SIZE];
  if (hcs_boot_id_get(boot_id, err) != 0) return -1;
  /* pids and groups of another boot are other people's now */
  if (strcmp(boot_id, record->boot_id) == 0) {
    hcs_group_paths groups = {0};
    hcs_error *ignored = hcs_error_new();
    hcs_status_page *status = ignored != NULL ? hcs_status_map(dir, ignored) : NULL;
    if (status != NULL && hcs_group_paths_init(&groups, record, ignored) == 0)
      guest_await(status, &groups, HCS_GUEST_PATIENCE_NS);
    if (status != NULL) hcs_events_note(&groups, status);
    hcs_group_paths_clear(&groups);
    hcs_status_unmap(status);
    hcs_error_free(ignored);
    hcs_disks_clean(record);
    if (hcs_cgroup_remove(record, err) != 0) return -1;
  }
  return hcs_state_empty(dir, record->id, err);
}

/* An intent whose lock nobody holds is a creation that died; its guest ends by itself. */
static int is_alive(int dir, const hcs_record *record, hcs_error *err) {
  HCS_AUTO_FD fd = -1;
  char boot_id[HCS_BOOT_ID_SIZE];
  if (!record->committed) return 0;
  if (hcs_boot_id_get(boot_id, err) != 0) return -1;
  if (strcmp(boot_id, record->boot_id) != 0) return 0;
  fd = hcs_socket_connect(dir, err);
  if (fd == -1) return -1;
  return fd != HCS_SOCKET_REFUSED;
}

int hcs_end_if_dead(int dir, const char *id, hcs_error *err) {
  hcs_record record;
  int r = hcs_record_read(dir, &record, err);
  if (r < 0) return hcs_error_wrap(err, "container '%s'", id);
  if (r == 0) return hcs_state_empty(dir, id, err) == 0 ? 1 : -1;
  r = is_alive(dir, &record, err);
  if (r == 0)
    r = clean(dir, &record, err) == 0 ? 1 : -1;
  else if (r == 1)
    r = 0;
  hcs_record_clear(&record);
  return r;
}

int hcs_end_finish(const char *id, const char *nonce, int64_t deadline_ns, hcs_error *err) {
  HCS_AUTO_LOCKED dir = -1;
  HCS_AUTO_FD root = -1;
  hcs_record record;
  int r = hcs_state_take(id, nonce, HCS_LOCK_SIGNALS, deadline_ns, &dir, &record, err);
  if (r == -2) return HCS_INTERRUPTED;
  if (r <= 0) return r;
  r = clean(dir, &record, err);
  hcs_record_clear(&record);
  if (r == 0) root = hcs_state_root_open(err);
  return root < 0 ? -1 : hcs_state_remove(root, id, err);
}

/* ---- gc ----------------------------------------------------------------------------------------- */

/* 1: something dead was cleaned up; 0: alive, or somebody is at work on it. */
static int collect(int root, const char *id, hcs_error *err) {
  HCS_AUTO_LOCKED dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  int r;
  if (dir < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return 0;
  if (dir < 0) return hcs_fail_errno(err, errno, "cannot open the state of container '%s'", id);
  r = hcs_state_lock(root, dir, id, HCS_LOCK_TRY, 0, err);
  if (r <= 0) return r;
  r = hcs_end_if_dead(dir, id, err);
  if (r <= 0) return r;
  return hcs_state_remove(root, id, err) == 0 ? 1 : -1;
}

int hcs_linux_gc(int *cleaned, hcs_error *err) {
  int root = hcs_state_root_open(err);
  DIR *stream = root < 0 ? NULL : fdopendir(root);
  const struct dirent *entry;
  int failed = root < 0;
  *cleaned = 0;
  if (stream == NULL) {
    hcs_fd_close(&root);
    return failed ? -1 : hcs_fail_errno(err, errno, "cannot read the state directory");
  }
  /* One that cannot be cleaned does not keep the others from it; the last failure is told. */
  while ((entry = readdir(stream)) != NULL) {
    int r = entry->d_name[0] == '.' ? 0 : collect(dirfd(stream), entry->d_name, err);
    if (r > 0) *cleaned += r;
    if (r < 0) failed = 1;
  }
  closedir(stream);
  return failed ? -1 : 0;
}
