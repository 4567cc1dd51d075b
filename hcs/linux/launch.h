/*
 * launch.h - starting setup so that the host program cannot see it.
 */
#ifndef HCS_LINUX_LAUNCH_H
#define HCS_LINUX_LAUNCH_H

#include <stddef.h>
#include <sys/types.h>

#include "../error.h"

typedef struct hcs_launch hcs_launch;

/*
 * Starts the guest binary in the role `role` with descriptors[i] as its descriptor i (-1 is left
 * closed), born in the v2 control group `group` if that is not -1. NULL on failure.
 */
hcs_launch *hcs_launch_start(const char *role, const int *descriptors, size_t count, int group,
                             hcs_error *err);
/*
 * Waits until that process has ended, and frees. -1 with ETIMEDOUT when it does not end before the
 * deadline: what it still uses is left behind then, unless this is called again.
 */
int hcs_launch_finish(hcs_launch *launch, int64_t deadline_ns);
/* Before it is finished. It has ended soon then, unless it is in a call that the kernel does not break off. */
void hcs_launch_kill(const hcs_launch *launch);

#endif
