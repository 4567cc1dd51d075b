/*
 * plan.h - the config as a plan: the ordered facts that setup and guest build a container from.
 */
#ifndef HCS_LINUX_PLAN_H
#define HCS_LINUX_PLAN_H

#include "../guest/protocol.h"
#include "cgroup.h"
#include "config.h"
#include "scratch_image.h"

/* The descriptors that setup gets, in the order of their numbers there. */
#define HCS_PLAN_DESCRIPTORS_MAX (HCS_FD_FIRST + 4 + 3 * HCS_PLAN_HIERARCHIES)

typedef struct hcs_plan_descriptors {
  int list[HCS_PLAN_DESCRIPTORS_MAX]; /* borrowed, but for HCS_FD_PLAN, which is owned */
  size_t count;
} hcs_plan_descriptors;

/* What a creation has made for its container; all borrowed. */
typedef struct hcs_plan_parts {
  const char *workspace;
  const char *resolv; /* content of /etc/resolv.conf */
  int boot, control;
  int lock;    /* of the scratch folder, or -1 */
  int network; /* namespace to join, or -1 */
} hcs_plan_parts;

/*
 * Writes the plan into a memory file and lists what setup is to be started with; close list[HCS_FD_PLAN]
 * afterwards.
 */
int hcs_plan_make(hcs_plan_descriptors *descriptors, const hcs_config *config,
                  const hcs_scratch_plan *scratch, const hcs_cgroup *group,
                  const hcs_plan_parts *parts, hcs_error *err);

/* The plan for a helper: a memory file, owned, or -1. */
int hcs_plan_make_helper(hcs_plan_operation operation, const hcs_mappings *mappings,
                         hcs_error *err);

#endif
