/*
 * limits.h - a container's limits: as the documents say them, and put into its control groups.
 *
 * docs/cgroups.md says which file is written for which field on which layout.
 */
#ifndef HCS_LINUX_LIMITS_H
#define HCS_LINUX_LIMITS_H

#include <stdint.h>

#include "../document.h"
#include "cgroup_paths.h"

typedef enum hcs_processor_limit {
  HCS_PROCESSOR_UNLIMITED,
  HCS_PROCESSOR_COUNT,   /* processors */
  HCS_PROCESSOR_MAXIMUM, /* in 1/10000 of all the host's processors */
  HCS_PROCESSOR_WEIGHT   /* 1 to 10000, 100 is everybody's */
} hcs_processor_limit;

/* 0 is "no limit" everywhere. */
typedef struct hcs_limits {
  uint64_t memory_bytes;
  hcs_processor_limit processor;
  uint32_t processor_value;
  uint64_t iops;
  uint64_t bandwidth_bytes_per_s;
} hcs_limits;

/* Out of a ContainerConfig, or of the Settings of a modification: their fields have the same names. */
void hcs_limits_read(hcs_limits *limits, const json_t *object);

/*
 * Each puts one limit in the place of what was there, or fails and leaves that. Errors begin with the
 * field, below `where` ("config", "request.Settings").
 */
int hcs_limit_memory(const hcs_group_paths *groups, const hcs_limits *limits, const char *where,
                     hcs_error *err);
int hcs_limit_processor(const hcs_group_paths *groups, const hcs_limits *limits, const char *where,
                        hcs_error *err);
/* `device`: hcs_storage_device()'s "M:m". NULL for a field that stays as it is. */
int hcs_limit_storage(const hcs_group_paths *groups, const char *device, const uint64_t *iops,
                      const uint64_t *bandwidth_bytes_per_s, const char *where, hcs_error *err);
/*
 * Takes all limits of block I/O away, as far as it goes: who waits for a throttled disk does not die
 * before he got what he waits for.
 */
void hcs_limit_storage_lift(const hcs_group_paths *groups);

/*
 * What errno says of a control file that could not be read or written: for which field, and what would
 * help. Returns -1.
 */
int hcs_limit_fail(const hcs_group_paths *groups, const char *file, const char *where,
                   const char *field, hcs_error *err);

/* All that a new container is to have. */
int hcs_limits_apply(const hcs_group_paths *groups, const hcs_limits *limits, const char *device,
                     hcs_error *err);

#endif
