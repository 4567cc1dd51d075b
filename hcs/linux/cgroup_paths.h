/*
 * cgroup_paths.h - where a container's control groups are, by controller. Its record is the truth: the
 * parent that this client would choose may be another one than its creator's.
 */
#ifndef HCS_LINUX_CGROUP_PATHS_H
#define HCS_LINUX_CGROUP_PATHS_H

#include "state.h"

#define HCS_CGROUP_ROOT "/sys/fs/cgroup"

typedef enum hcs_cgroup_layout {
  HCS_CGROUP_V1,     /* no v2 tree at all */
  HCS_CGROUP_HYBRID, /* v2 without controllers (freeze, kill, events), v1 with them */
  HCS_CGROUP_V2
} hcs_cgroup_layout;

typedef enum hcs_controller {
  HCS_CONTROLLER_UNIFIED, /* the v2 tree, on hybrid and v2 */
  HCS_CONTROLLER_PIDS,
  HCS_CONTROLLER_MEMORY,
  HCS_CONTROLLER_CPU,
  HCS_CONTROLLER_IO, /* v1 calls it blkio */
  HCS_CONTROLLER_FREEZER,
  HCS_CONTROLLER_CPUACCT,
  HCS_CONTROLLERS
} hcs_controller;

/* A container's directories: that of each tree which it is in; NULL for the others. Owned. */
typedef struct hcs_group_paths {
  hcs_cgroup_layout layout;
  char *container[HCS_CONTROLLERS];
} hcs_group_paths;

/* What this machine (as this process sees it) has now. */
hcs_cgroup_layout hcs_cgroup_layout_get(void);
/* The directory where a v1 controller, or hybrid's v2 tree, is mounted by convention. Static. */
const char *hcs_cgroup_tree(hcs_controller controller);

/* Reads them out of the record; to be cleared also on failure. */
int hcs_group_paths_init(hcs_group_paths *paths, const hcs_record *record, hcs_error *err);
void hcs_group_paths_clear(hcs_group_paths *paths);

/* Is the container in a tree that has the controller? */
int hcs_group_is_in(const hcs_group_paths *paths, hcs_controller controller);
/*
 * An O_PATH descriptor of `work` in the tree that has the controller (on v2 always the one tree), for
 * hcs_file_get() and hcs_file_put(). NotSupported when the container is in no such tree.
 */
int hcs_group_work_open(const hcs_group_paths *paths, hcs_controller controller, hcs_error *err);
/* The same of the container's own group, the one that competes with other containers'. */
int hcs_group_container_open(const hcs_group_paths *paths, hcs_controller controller,
                             hcs_error *err);

#endif
