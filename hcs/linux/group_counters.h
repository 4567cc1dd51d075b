/*
 * group_counters.h - what a container's processes have used, as its control groups count it: those that
 * have ended too.
 */
#ifndef HCS_LINUX_GROUP_COUNTERS_H
#define HCS_LINUX_GROUP_COUNTERS_H

#include <stdint.h>

#include "cgroup_paths.h"

typedef struct hcs_group_counters {
  uint64_t runtime_100ns, user_100ns, kernel_100ns;
  uint64_t memory_bytes, memory_peak_bytes; /* all that the container's limit counts */
  uint64_t anonymous_bytes;                 /* of it what belongs to no file */
  uint64_t reads, read_bytes, writes, written_bytes;
} hcs_group_counters;

/* Counters that this kernel or this machine does not have stay 0. */
int hcs_group_counters_read(const hcs_group_paths *paths, hcs_group_counters *counters,
                            hcs_error *err);

/* storage_counters.c; `work` is a descriptor of the group in the tree that counts. */
int hcs_storage_read_v1(int work, hcs_group_counters *counters, hcs_error *err);
int hcs_storage_read_v2(int work, hcs_group_counters *counters, hcs_error *err);
/* One line of a v1 file: adds to `*read` or `*written`. */
void hcs_storage_add_v1(const char *line, uint64_t *read, uint64_t *written);
/* One line of io.stat. */
void hcs_storage_add_v2(const char *line, hcs_group_counters *counters);

#endif
