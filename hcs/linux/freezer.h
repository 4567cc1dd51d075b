/*
 * freezer.h - stopping the processes of a container, all at once, and letting them go on.
 *
 * The v2 tree does it, also in hybrid mode; v1's own freezer only where there is no v2 tree.
 */
#ifndef HCS_LINUX_FREEZER_H
#define HCS_LINUX_FREEZER_H

#include "cgroup_paths.h"

/* 0 when every process stands still; Timeout when one does not by then: they go on, then. */
int hcs_freeze(const hcs_group_paths *groups, int64_t deadline_ns, hcs_error *err);
int hcs_thaw(const hcs_group_paths *groups, hcs_error *err);
/*
 * Frozen by v1's freezer nobody dies, whatever signal he got. For who has killed them all, or waits for
 * their end; elsewhere it does nothing.
 */
void hcs_thaw_dying(const hcs_group_paths *groups);
/* v1's freezer.state for the guest, which must be able to end its processes; -1 where none is needed. */
int hcs_freezer_open(const hcs_group_paths *groups, int *freezer, hcs_error *err);

#endif
