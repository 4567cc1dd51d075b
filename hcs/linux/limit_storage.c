/*
 * limit_storage.c - StorageIOPSMaximum and StorageBandwidthMaximum: reads and writes each, on the disk
 * that holds the scratch folder.
 */
#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "group_file.h"
#include "limits.h"

#define BANDWIDTH "StorageBandwidthMaximum"
#define IOPS "StorageIOPSMaximum"

typedef struct throttle {
  const char *v1, *v2, *field;
} throttle;

static const throttle throttles[] = {
    {"blkio.throttle.read_bps_device", "rbps", BANDWIDTH},
    {"blkio.throttle.write_bps_device", "wbps", BANDWIDTH},
    {"blkio.throttle.read_iops_device", "riops", IOPS},
    {"blkio.throttle.write_iops_device", "wiops", IOPS},
};
#define THROTTLE_COUNT (sizeof throttles / sizeof *throttles)

/* By throttle; NULL for those that stay. */
typedef const uint64_t *const values[THROTTLE_COUNT];

static int put_v1(const hcs_group_paths *groups, int work, const char *device, values value,
                  const char *where, hcs_error *err) {
  hcs_group_file files[THROTTLE_COUNT];
  const hcs_group_file *failed;
  size_t count = 0, i;
  for (i = 0; i < THROTTLE_COUNT; i++) {
    if (value[i] == NULL) continue;
    files[count] = (hcs_group_file){work, throttles[i].v1, "", device};
    snprintf(files[count].text, sizeof files[count].text, "%s %llu", device,
             (unsigned long long)*value[i]);
    count++;
  }
  if (hcs_group_files_put(files, count, &failed) == 0) return 0;
  return hcs_limit_fail(groups, failed->name, where, value[0] != NULL ? BANDWIDTH : IOPS, err);
}

/* The kernel takes 1 on v1 only (blk-throttle.c, tg_set_limit: `val > 1`). */
static int check_v2(values value, const char *where, hcs_error *err) {
  size_t i;
  for (i = 0; i < THROTTLE_COUNT; i++)
    if (value[i] != NULL && *value[i] == 1)
      return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                      "%s.%s: 1 is too little: on cgroup v2 the kernel limits to 2 at least", where,
                      throttles[i].field);
  return 0;
}

/* One line for all, which the kernel takes or refuses as a whole. */
static int put_v2(const hcs_group_paths *groups, int work, const char *device, values value,
                  const char *where, hcs_error *err) {
  char text[4 * 32 + 32];
  size_t used = (size_t)snprintf(text, sizeof text, "%s", device), i;
  if (check_v2(value, where, err) != 0) return -1;
  for (i = 0; i < THROTTLE_COUNT; i++) {
    if (value[i] == NULL) continue;
    if (*value[i] == 0)
      used += (size_t)snprintf(text + used, sizeof text - used, " %s=max", throttles[i].v2);
    else
      used += (size_t)snprintf(text + used, sizeof text - used, " %s=%llu", throttles[i].v2,
                               (unsigned long long)*value[i]);
  }
  if (hcs_file_put(work, "io.max", text) == 0) return 0;
  return hcs_limit_fail(groups, "io.max", where, value[0] != NULL ? BANDWIDTH : IOPS, err);
}

/* Each line of these files begins with a device: "8:0 1048576", "8:0 rbps=1048576 wbps=max …". */
static void lift(int work, const char *file, const char *nothing) {
  char content[4096], text[64];
  const char *line = content;
  if (hcs_file_get(work, file, content, sizeof content) < 0) return;
  for (; line != NULL && line[0] != '\0'; line = strchr(line, '\n')) {
    if (line[0] == '\n') line++;
    snprintf(text, sizeof text, "%.*s %s", (int)strcspn(line, " \n"), line, nothing);
    if (text[0] != ' ') hcs_file_put(work, file, text);
  }
}

void hcs_limit_storage_lift(const hcs_group_paths *groups) {
  hcs_error *ignored = hcs_error_new();
  HCS_AUTO_FD work = ignored != NULL ? hcs_group_work_open(groups, HCS_CONTROLLER_IO, ignored) : -1;
  size_t i;
  hcs_error_free(ignored);
  if (work < 0) return;
  if (groups->layout == HCS_CGROUP_V2)
    lift(work, "io.max", "rbps=max wbps=max riops=max wiops=max");
  else
    for (i = 0; i < THROTTLE_COUNT; i++) lift(work, throttles[i].v1, "0");
}

int hcs_limit_storage(const hcs_group_paths *groups, const char *device, const uint64_t *iops,
                      const uint64_t *bandwidth_bytes_per_s, const char *where, hcs_error *err) {
  values value = {bandwidth_bytes_per_s, bandwidth_bytes_per_s, iops, iops};
  HCS_AUTO_FD work = hcs_group_work_open(groups, HCS_CONTROLLER_IO, err);
  if (work < 0)
    return hcs_error_wrap(err, "%s.%s", where, bandwidth_bytes_per_s != NULL ? BANDWIDTH : IOPS);
  if (groups->layout == HCS_CGROUP_V2) return put_v2(groups, work, device, value, where, err);
  return put_v1(groups, work, device, value, where, err);
}
