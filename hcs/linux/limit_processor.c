/*
 * limit_processor.c - ProcessorCount, ProcessorMaximum and ProcessorWeight.
 *
 * The first two are a quota of processor time for the processes. The weight is that of the container
 * among its neighbours, so it belongs to the container's own group: below it the processes compete with
 * nobody but their guest.
 */
#include <stdio.h>
#include <unistd.h>

#include "fd.h"
#include "group_file.h"
#include "limits.h"

#define PERIOD_US 100000ll          /* the kernel's default */
#define PERIOD_LONGEST_US 1000000ll /* sched-bwc.rst: 1 s at most */
#define QUOTA_LEAST_US 1000ll       /* sched-bwc.rst: 1 ms at least */
#define WHOLE_HOST 10000ll          /* ProcessorMaximum counts in 1/10000 */
#define WEIGHT_DEFAULT 100u         /* cgroup-v2.rst, cpu.weight */
#define SHARES_DEFAULT 1024u        /* v1: what weight 100 is; the kernel has the same factor */

static const char *const fields[] = {[HCS_PROCESSOR_UNLIMITED] = "ProcessorCount",
                                     [HCS_PROCESSOR_COUNT] = "ProcessorCount",
                                     [HCS_PROCESSOR_MAXIMUM] = "ProcessorMaximum",
                                     [HCS_PROCESSOR_WEIGHT] = "ProcessorWeight"};

static long long processors(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? count : 1;
}

/* In 1/10000 of one processor. More processors than there are is all of them. */
static long long share(const hcs_limits *limits) {
  long long count = limits->processor_value, all = processors();
  if (limits->processor == HCS_PROCESSOR_MAXIMUM) return limits->processor_value * all;
  return WHOLE_HOST * (count < all ? count : all);
}

typedef struct quota {
  long long quota_us, period_us; /* quota -1: none */
} quota;

/* A small quota needs a long period: the kernel hands out no less than a millisecond. */
static int quota_of(const hcs_limits *limits, quota *to, const char *where, hcs_error *err) {
  *to = (quota){-1, PERIOD_US};
  if (limits->processor != HCS_PROCESSOR_COUNT && limits->processor != HCS_PROCESSOR_MAXIMUM)
    return 0;
  if (share(limits) * PERIOD_US / WHOLE_HOST < QUOTA_LEAST_US) to->period_us = PERIOD_LONGEST_US;
  to->quota_us = share(limits) * to->period_us / WHOLE_HOST;
  if (to->quota_us >= QUOTA_LEAST_US) return 0;
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "%s.ProcessorMaximum: %u is too little on %lld processors: the kernel gives "
                  "1 ms a second at least: take %lld or more",
                  where, limits->processor_value, processors(),
                  (QUOTA_LEAST_US * WHOLE_HOST / PERIOD_LONGEST_US + processors() - 1) /
                      processors());
}

static unsigned weight_of(const hcs_limits *limits) {
  return limits->processor == HCS_PROCESSOR_WEIGHT ? limits->processor_value : WEIGHT_DEFAULT;
}

static size_t files_v1(hcs_group_file files[], int work, int container, const quota *time,
                       unsigned weight) {
  files[0] = (hcs_group_file){work, "cpu.cfs_period_us", "", NULL};
  files[1] = (hcs_group_file){work, "cpu.cfs_quota_us", "", NULL};
  files[2] = (hcs_group_file){container, "cpu.shares", "", NULL};
  snprintf(files[0].text, sizeof files[0].text, "%lld", time->period_us);
  snprintf(files[1].text, sizeof files[1].text, "%lld", time->quota_us);
  snprintf(files[2].text, sizeof files[2].text, "%u",
           (weight * SHARES_DEFAULT + WEIGHT_DEFAULT / 2) / WEIGHT_DEFAULT);
  return 3;
}

static size_t files_v2(hcs_group_file files[], int work, int container, const quota *time,
                       unsigned weight) {
  files[0] = (hcs_group_file){work, "cpu.max", "", NULL};
  files[1] = (hcs_group_file){container, "cpu.weight", "", NULL};
  if (time->quota_us < 0)
    snprintf(files[0].text, sizeof files[0].text, "max %lld", time->period_us);
  else
    snprintf(files[0].text, sizeof files[0].text, "%lld %lld", time->quota_us, time->period_us);
  snprintf(files[1].text, sizeof files[1].text, "%u", weight);
  return 2;
}

int hcs_limit_processor(const hcs_group_paths *groups, const hcs_limits *limits, const char *where,
                        hcs_error *err) {
  const char *field = fields[limits->processor];
  HCS_AUTO_FD work = hcs_group_work_open(groups, HCS_CONTROLLER_CPU, err);
  HCS_AUTO_FD container = work < 0 ? -1 : hcs_group_container_open(groups, HCS_CONTROLLER_CPU, err);
  const hcs_group_file *failed;
  hcs_group_file files[3];
  size_t count;
  quota time;
  if (container < 0) return hcs_error_wrap(err, "%s.%s", where, field);
  if (quota_of(limits, &time, where, err) != 0) return -1;
  count = groups->layout == HCS_CGROUP_V2
              ? files_v2(files, work, container, &time, weight_of(limits))
              : files_v1(files, work, container, &time, weight_of(limits));
  if (hcs_group_files_put(files, count, &failed) == 0) return 0;
  return hcs_limit_fail(groups, failed->name, where, field, err);
}
