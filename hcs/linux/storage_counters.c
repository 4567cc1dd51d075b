/*
 * storage_counters.c - what a container has read from and written to block devices.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "group_counters.h"
#include "kernel_text.h"

#define LOOP_MAJOR 7 /* kernel, devices.txt */

/* Opens a file that is not there without the controller: 1, 0 without, or -1. */
static int open_lines(int work, const char *file, int *fd, hcs_lines *lines, hcs_error *err) {
  *fd = openat(work, file, O_RDONLY | O_CLOEXEC);
  hcs_lines_init(lines, *fd);
  if (*fd >= 0) return 1;
  if (errno == ENOENT) return 0;
  return hcs_fail_errno(err, errno, "cannot read %s of the container's control group", file);
}

static int lines_end(const hcs_lines *lines, const char *file, hcs_error *err) {
  if (lines->error == 0) return 0;
  return hcs_fail_errno(err, lines->error, "cannot read %s of the container's control group", file);
}

/* ---- v1 -------------------------------------------------------------------------------------------- */

/* "254:0 Write 8388608"; the lines Sync, Async and Total count the same once more. */
void hcs_storage_add_v1(const char *line, uint64_t *read, uint64_t *written) {
  const char *kind = strchr(line, ' ');
  if (kind == NULL) return;
  *read += hcs_kernel_value(kind + 1, "Read");
  *written += hcs_kernel_value(kind + 1, "Write");
}

static int read_file_v1(int work, const char *file, uint64_t *read, uint64_t *written,
                        hcs_error *err) {
  HCS_AUTO_FD fd = -1;
  hcs_lines lines;
  const char *line;
  int r = open_lines(work, file, &fd, &lines, err);
  if (r <= 0) return r;
  while ((line = hcs_lines_next(&lines)) != NULL) hcs_storage_add_v1(line, read, written);
  return lines_end(&lines, file, err);
}

int hcs_storage_read_v1(int work, hcs_group_counters *counters, hcs_error *err) {
  if (read_file_v1(work, "blkio.throttle.io_serviced", &counters->reads, &counters->writes, err) !=
      0)
    return -1;
  return read_file_v1(work, "blkio.throttle.io_service_bytes", &counters->read_bytes,
                      &counters->written_bytes, err);
}

/* ---- v2 -------------------------------------------------------------------------------------------- */

static uint64_t value_of(const char *line, const char *key) {
  const char *at = strstr(line, key);
  uint64_t value;
  if (at == NULL) return 0;
  at += strlen(key);
  return hcs_kernel_number(&at, &value) ? value : 0;
}

/* "254:0 rbytes=0 wbytes=8388608 rios=0 wios=8 dbytes=0 dios=0" */
void hcs_storage_add_v2(const char *line, hcs_group_counters *counters) {
  counters->read_bytes += value_of(line, " rbytes=");
  counters->written_bytes += value_of(line, " wbytes=");
  counters->reads += value_of(line, " rios=");
  counters->writes += value_of(line, " wios=");
}

static int has_entry(const char *path) {
  DIR *directory = opendir(path);
  const struct dirent *entry;
  int found = 0;
  while (directory != NULL && !found && (entry = readdir(directory)) != NULL)
    found = entry->d_name[0] != '.';
  if (directory != NULL) closedir(directory);
  return found;
}

enum place { DISK, LOOP, ABOVE_OTHERS };

static enum place place_of(const char *line) {
  const char *at = line;
  uint64_t major, minor;
  char path[64];
  if (!hcs_kernel_number(&at, &major) || *at++ != ':' || !hcs_kernel_number(&at, &minor))
    return DISK;
  if (major == LOOP_MAJOR) return LOOP;
  snprintf(path, sizeof path, "/sys/dev/block/%u:%u/slaves", (unsigned)major, (unsigned)minor);
  return has_entry(path) ? ABOVE_OTHERS : DISK;
}

static uint64_t greater(uint64_t a, uint64_t b) { return a > b ? a : b; }

/*
 * What goes through a mapped device or a RAID is counted once more on the disks that it arrives at. What
 * goes through a loop device is counted there for the container or for nobody, depending on who wrote to
 * the image before: the greater of the two sums is nearly the truth in either case, and never more.
 */
int hcs_storage_read_v2(int work, hcs_group_counters *counters, hcs_error *err) {
  hcs_group_counters sums[ABOVE_OTHERS + 1] = {0};
  HCS_AUTO_FD fd = -1;
  hcs_lines lines;
  const char *line;
  int r = open_lines(work, "io.stat", &fd, &lines, err);
  if (r <= 0) return r;
  while ((line = hcs_lines_next(&lines)) != NULL) hcs_storage_add_v2(line, &sums[place_of(line)]);
  counters->reads = greater(sums[DISK].reads, sums[LOOP].reads);
  counters->read_bytes = greater(sums[DISK].read_bytes, sums[LOOP].read_bytes);
  counters->writes = greater(sums[DISK].writes, sums[LOOP].writes);
  counters->written_bytes = greater(sums[DISK].written_bytes, sums[LOOP].written_bytes);
  return lines_end(&lines, "io.stat", err);
}
