/*
 * setup.h - the role that makes a container's root and its guest.
 */
#ifndef HCS_GUEST_SETUP_H
#define HCS_GUEST_SETUP_H

#include "protocol.h"

/* `name` is argv[0] in this process' memory: what ps(1) shows. */
_Noreturn void setup_run(char *name);

/*
 * root.c: builds the container's root file system in this process' own mount namespace, at ROOT_NAME
 * below the new working directory. Reports and exits on failure.
 */
void root_build(const hcs_plan *plan);
#define ROOT_NAME "r"

/* init.c: the guest's first steps: isolates itself as the plan says and becomes the service. */
_Noreturn void init_run(const hcs_plan *plan, int work_group, char *name);

#endif
