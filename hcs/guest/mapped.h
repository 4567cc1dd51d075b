/*
 * mapped.h - what is mapped into the container out of the host: directories, pipes, devices, disks.
 */
#ifndef HCS_GUEST_MAPPED_H
#define HCS_GUEST_MAPPED_H

#include "protocol.h"

typedef struct mapped_failure {
  uint32_t stage; /* hcs_stage */
  long error;     /* -errno */
} mapped_failure;

/*
 * A detached mount of what `mount` names on the host, which nothing that happens there later reaches. To be
 * called in the host's mount namespace. -1 with `failure` filled.
 */
int mapped_source(const hcs_plan *plan, const hcs_plan_mount *mount, mapped_failure *failure);
/* Its place below `root`, made when it is missing: a descriptor, or -1. */
int mapped_place(int root, const hcs_plan *plan, const hcs_plan_mount *mount,
                 mapped_failure *failure);
/* Attaches the one to the other, in the mount namespace that the place belongs to. 0 or -1. */
int mapped_attach(int source, int place, mapped_failure *failure);
/* What the host is to know of the mount that `source` is. */
hcs_boot_mount mapped_describe(const hcs_plan_mount *mount, int source);
/* Tells the host of the mounts. */
void mapped_report(int boot, const hcs_boot_mount *mounts, uint32_t count);

/* All of the plan's, in their order, and the report of their mounts. Reports and exits on failure. */
void mapped_build(int root, const hcs_plan *plan);

#endif
