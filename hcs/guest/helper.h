/*
 * helper.h - the role that works in a running container's mount namespace.
 */
#ifndef HCS_GUEST_HELPER_H
#define HCS_GUEST_HELPER_H

#include "mapped.h"
#include "protocol.h"

_Noreturn void helper_run(void);

/*
 * unmap.c: takes the plan's mounts off, below `root`. Busy ones stay, and then all the others are put back.
 * 0, or -1 with `failure` filled.
 */
int unmap(int root, const hcs_plan *plan, mapped_failure *failure);

#endif
