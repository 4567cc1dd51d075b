/*
 * process_list.c - the document ProcessList of a running container.
 *
 * Its control group says who belongs to it; each of them is one look at two files. A process that ends
 * under our eyes is left out.
 */
#include "process_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fd.h"
#include "kernel_text.h"
#include "proc_text.h"
#include "process_stat.h"
#include "result.h"
#include "wall_clock.h"

#define NS_PER_S 1000000000ll
#define TICKS_100NS_PER_S 10000000ull
#define BYTES_PER_KB 1024u

/* What is the same for all processes of one list. */
typedef struct listing {
  int proc;        /* /proc */
  uint32_t levels; /* pid namespaces from ours to the container's, both counted */
  uint64_t ticks_per_s;
  int64_t started_ns, wall_offset_ns;
  json_t *list;
} listing;

/* ---- one process ----------------------------------------------------------------------------------- */

/* Ticks are coarse: no process of the container is older than it. */
static int64_t created_ns(const listing *of, uint64_t start_ticks) {
  uint64_t seconds = start_ticks / of->ticks_per_s, rest = start_ticks % of->ticks_per_s;
  int64_t boot_ns = (int64_t)seconds * NS_PER_S + (int64_t)(rest * NS_PER_S / of->ticks_per_s);
  return (boot_ns < of->started_ns ? of->started_ns : boot_ns) + of->wall_offset_ns;
}

/* Private memory that may be written, used or not; some pages of it are made read-only after use. */
static uint64_t commit_kb(const hcs_proc_status *status) {
  uint64_t mapped = status->data_kb + status->stack_kb;
  uint64_t used = status->anonymous_kb + status->swap_kb;
  return mapped > used ? mapped : used;
}

static json_t *row_make(const listing *of, const hcs_proc_stat *stat,
                        const hcs_proc_status *status) {
  uint64_t unit_100ns = TICKS_100NS_PER_S / of->ticks_per_s;
  hcs_result row;
  hcs_result_open(&row);
  hcs_result_time(&row, "CreateTimestamp", created_ns(of, stat->start_ticks));
  hcs_result_string(&row, "ImageName", stat->name);
  hcs_result_number(&row, "KernelTime100ns", stat->kernel_ticks * unit_100ns);
  hcs_result_number(&row, "UserTime100ns", stat->user_ticks * unit_100ns);
  hcs_result_number(&row, "MemoryCommitBytes", commit_kb(status) * BYTES_PER_KB);
  hcs_result_number(&row, "MemoryWorkingSetPrivateBytes", status->anonymous_kb * BYTES_PER_KB);
  hcs_result_number(&row, "MemoryWorkingSetSharedBytes",
                    (status->file_kb + status->shared_kb) * BYTES_PER_KB);
  hcs_result_number(&row, "ProcessId", status->pids[of->levels - 1]);
  return hcs_result_take(&row);
}

/*
 * A process whose main thread has ended has the state of a zombie, but other threads. One that is waited
 * for between our two looks has no pid any more.
 */
static int has_ended(const hcs_proc_stat *stat, uint32_t pid) {
  return pid == 0 || stat->state == 'X' || (stat->state == 'Z' && stat->threads <= 1);
}

static int status_read(int proc, int64_t pid, hcs_proc_status *status) {
  char path[32];
  HCS_AUTO_FD fd = -1;
  snprintf(path, sizeof path, "%lld/status", (long long)pid);
  fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -1 : hcs_proc_status_read(fd, status);
}

static int stat_read(int proc, int64_t pid, hcs_proc_stat *stat) {
  char path[32], text[HCS_PROC_STAT_SIZE];
  snprintf(path, sizeof path, "%lld/stat", (long long)pid);
  if (hcs_file_get(proc, path, text, sizeof text) < 0) return -1;
  if (hcs_proc_stat_parse(text, stat) == 0) return 0;
  errno = EIO;
  return -1;
}

static int fail_process(int64_t pid, hcs_error *err) {
  if (errno == ENOENT || errno == ESRCH) return 0;
  return hcs_fail_errno(err, errno, "cannot read /proc/%lld of the container", (long long)pid);
}

static int add(const listing *of, int64_t pid, hcs_error *err) {
  hcs_proc_status status;
  hcs_proc_stat stat;
  if (status_read(of->proc, pid, &status) != 0 || stat_read(of->proc, pid, &stat) != 0)
    return fail_process(pid, err);
  if (status.levels < of->levels || has_ended(&stat, status.pids[of->levels - 1])) return 0;
  if (json_array_append_new(of->list, row_make(of, &stat, &status)) == 0) return 0;
  return hcs_fail_memory(err);
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static int add_all(const listing *of, int procs, hcs_error *err) {
  hcs_lines lines;
  const char *line;
  hcs_lines_init(&lines, procs);
  while ((line = hcs_lines_next(&lines)) != NULL) {
    uint64_t pid;
    if (hcs_kernel_number(&line, &pid) && pid > 0 && add(of, (int64_t)pid, err) != 0) return -1;
  }
  if (lines.error == 0) return 0;
  return hcs_fail_errno(err, lines.error, "cannot read the container's cgroup.procs");
}

static int procs_open(const hcs_group_paths *groups, hcs_error *err) {
  hcs_controller tree =
      groups->layout == HCS_CGROUP_V1 ? HCS_CONTROLLER_PIDS : HCS_CONTROLLER_UNIFIED;
  HCS_AUTO_FD work = hcs_group_work_open(groups, tree, err);
  int procs = work < 0 ? -1 : openat(work, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  if (work >= 0 && procs < 0)
    hcs_fail_errno(err, errno, "cannot open the container's cgroup.procs");
  return procs;
}

/* The guest is PID 1 of the container: as many levels as it has pids. */
static int listing_open(listing *of, const hcs_status_page *page, hcs_error *err) {
  hcs_proc_status guest;
  of->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (of->proc < 0) return hcs_fail_errno(err, errno, "cannot open /proc");
  if (status_read(of->proc, page->guest, &guest) != 0)
    return hcs_fail_errno(err, errno, "cannot read the guest's /proc/%d/status", page->guest);
  of->levels = guest.levels;
  of->ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
  of->started_ns = atomic_load(&page->started_ns);
  of->wall_offset_ns = hcs_wall_offset_ns();
  of->list = json_array();
  return of->list != NULL ? 0 : hcs_fail_memory(err);
}

json_t *hcs_process_list_make(const hcs_group_paths *groups, const hcs_status_page *status,
                              hcs_error *err) {
  listing of = {.proc = -1};
  HCS_AUTO_FD procs = procs_open(groups, err);
  int failed = procs < 0 || listing_open(&of, status, err) != 0 || add_all(&of, procs, err) != 0;
  hcs_fd_close(&of.proc);
  if (!failed) return of.list;
  json_decref(of.list);
  return NULL;
}
