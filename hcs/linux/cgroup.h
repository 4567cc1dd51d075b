/*
 * cgroup.h - the control groups of one container, on v1, hybrid and v2.
 *
 * In every hierarchy that is used a container has <parent>/c-<id>-<nonce>/ with two groups below it:
 * `guest` for the compute service, `work` for the processes. Limits, freezing and killing apply to
 * `work` only, so they never take the service.
 */
#ifndef HCS_LINUX_CGROUP_H
#define HCS_LINUX_CGROUP_H

#include "../guest/protocol.h"
#include "cgroup_paths.h"

#define HCS_CGROUP_PARTS 3 /* groups that a container has in each tree: work, guest and its own */

typedef struct hcs_cgroup {
  hcs_cgroup_layout layout;
  int container, guest, work; /* directories in the v2 tree, or -1 */
  int freezer;                /* hcs_freezer_open() */
  uint32_t hierarchies;       /* v1 */
  int container_tasks[HCS_PLAN_HIERARCHIES];
  int guest_tasks[HCS_PLAN_HIERARCHIES];
  int work_tasks[HCS_PLAN_HIERARCHIES];
} hcs_cgroup;

/* Puts the names of all directories that hcs_cgroup_make() would make into the record. */
int hcs_cgroup_plan(hcs_record *record, hcs_error *err);
/* Makes them and opens what setup and guest need. */
int hcs_cgroup_make(hcs_cgroup *group, const hcs_record *record, const hcs_group_paths *paths,
                    hcs_error *err);
/*
 * v2: hands out the controllers, once setup has left the container's own directory. Then the limit that
 * every container has, on the number of its processes.
 */
int hcs_cgroup_limit(const hcs_cgroup *group, const hcs_group_paths *paths, hcs_error *err);
void hcs_cgroup_close(hcs_cgroup *group);
/* Kills what may still be in the record's groups, waits until they are empty, removes them. */
int hcs_cgroup_remove(const hcs_record *record, hcs_error *err);

#endif
