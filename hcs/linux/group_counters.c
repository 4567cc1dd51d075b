/*
 * group_counters.c - what a container's processes have used, as its control groups count it.
 */
#include "group_counters.h"

#include <errno.h>
#include <string.h>

#include "fd.h"
#include "kernel_text.h"

#define TICKS_PER_US 10          /* of 100 ns */
#define TICKS_PER_USER_HZ 100000 /* cpuacct.stat counts 1/100 s, on every architecture of ours */
#define NS_PER_TICK 100

static int get(int work, const char *file, char *text, size_t size, hcs_error *err) {
  if (hcs_file_get(work, file, text, size) >= 0) return 0;
  return hcs_fail_errno(err, errno, "cannot read %s of the container's control group", file);
}

static int get_number(int work, const char *file, uint64_t *value, hcs_error *err) {
  char text[32];
  const char *at = text;
  if (get(work, file, text, sizeof text, err) != 0) return -1;
  return hcs_kernel_number(&at, value)
             ? 0
             : hcs_fail_errno(err, EIO, "%s of the container's control group: no number", file);
}

/* ---- processor ------------------------------------------------------------------------------------- */

/*
 * The kernel rounds its three numbers for itself: the total is made from the other two, both of which
 * never go back.
 */
static int read_processor_v2(int work, hcs_group_counters *counters, hcs_error *err) {
  char text[2048];
  if (get(work, "cpu.stat", text, sizeof text, err) != 0) return -1;
  counters->user_100ns = hcs_kernel_value(text, "user_usec") * TICKS_PER_US;
  counters->kernel_100ns = hcs_kernel_value(text, "system_usec") * TICKS_PER_US;
  counters->runtime_100ns = counters->user_100ns + counters->kernel_100ns;
  return 0;
}

/*
 * v1 knows the total exactly and the parts in 1/100 s: the total is kept, and is up to 20 ms more than
 * the parts. It is read last, so never less.
 */
static int read_processor_v1(int work, hcs_group_counters *counters, hcs_error *err) {
  char text[128];
  uint64_t runtime_ns;
  if (get(work, "cpuacct.stat", text, sizeof text, err) != 0 ||
      get_number(work, "cpuacct.usage", &runtime_ns, err) != 0)
    return -1;
  counters->user_100ns = hcs_kernel_value(text, "user") * TICKS_PER_USER_HZ;
  counters->kernel_100ns = hcs_kernel_value(text, "system") * TICKS_PER_USER_HZ;
  counters->runtime_100ns = runtime_ns / NS_PER_TICK;
  return 0;
}

/* ---- memory ---------------------------------------------------------------------------------------- */

static int read_memory_v2(int work, hcs_group_counters *counters, hcs_error *err) {
  char text[8192];
  if (get_number(work, "memory.current", &counters->memory_bytes, err) != 0 ||
      get(work, "memory.stat", text, sizeof text, err) != 0)
    return -1;
  counters->anonymous_bytes = hcs_kernel_value(text, "anon");
  if (hcs_file_get(work, "memory.peak", text, sizeof text) > 0) { /* Linux 5.19 */
    const char *at = text;
    hcs_kernel_number(&at, &counters->memory_peak_bytes);
  }
  return 0;
}

static int read_memory_v1(int work, hcs_group_counters *counters, hcs_error *err) {
  char text[8192];
  if (get_number(work, "memory.usage_in_bytes", &counters->memory_bytes, err) != 0 ||
      get_number(work, "memory.max_usage_in_bytes", &counters->memory_peak_bytes, err) != 0 ||
      get(work, "memory.stat", text, sizeof text, err) != 0)
    return -1;
  counters->anonymous_bytes = hcs_kernel_value(text, "total_rss");
  return 0;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

typedef int (*reader)(int work, hcs_group_counters *counters, hcs_error *err);

/* By layout; on v2 every controller is the one tree. */
static const struct source {
  hcs_controller controller;
  reader read;
  int is_optional;
} sources[][3] = {
    [HCS_CGROUP_V1] = {{HCS_CONTROLLER_CPUACCT, read_processor_v1, 1},
                       {HCS_CONTROLLER_MEMORY, read_memory_v1, 0},
                       {HCS_CONTROLLER_IO, hcs_storage_read_v1, 1}},
    [HCS_CGROUP_HYBRID] = {{HCS_CONTROLLER_UNIFIED, read_processor_v2, 0},
                           {HCS_CONTROLLER_MEMORY, read_memory_v1, 0},
                           {HCS_CONTROLLER_IO, hcs_storage_read_v1, 1}},
    [HCS_CGROUP_V2] = {{HCS_CONTROLLER_UNIFIED, read_processor_v2, 0},
                       {HCS_CONTROLLER_UNIFIED, read_memory_v2, 0},
                       {HCS_CONTROLLER_UNIFIED, hcs_storage_read_v2, 1}},
};
#define SOURCE_COUNT (sizeof sources[0] / sizeof sources[0][0])

static int read_source(const hcs_group_paths *paths, const struct source *source,
                       hcs_group_counters *counters, hcs_error *err) {
  HCS_AUTO_FD work = -1;
  if (source->is_optional && !hcs_group_is_in(paths, source->controller)) return 0;
  work = hcs_group_work_open(paths, source->controller, err);
  return work < 0 ? -1 : source->read(work, counters, err);
}

int hcs_group_counters_read(const hcs_group_paths *paths, hcs_group_counters *counters,
                            hcs_error *err) {
  size_t i;
  memset(counters, 0, sizeof *counters);
  for (i = 0; i < SOURCE_COUNT; i++)
    if (read_source(paths, &sources[paths->layout][i], counters, err) != 0) return -1;
  return 0;
}
