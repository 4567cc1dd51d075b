/*
 * disk.h - disk images that are mapped into a container.
 */
#ifndef HCS_GUEST_DISK_H
#define HCS_GUEST_DISK_H

#include "mapped.h"
#include "protocol.h"

/*
 * Attaches the image to a loop device and makes a detached mount of the file system in it, or of the
 * device's node (ATTACH_ONLY). In the host's mount namespace. The mount's descriptor, or -1 with `failure`
 * filled.
 */
int disk_source(const hcs_plan *plan, const hcs_plan_mount *mount, mapped_failure *failure);
/* The same for all of a plan, ahead: disk_source() finds them then. Reports and exits on failure. */
void disks_prepare(const hcs_plan *plan);
/* One more than the number of the device that it is attached to. */
uint32_t disk_loop(const hcs_plan_mount *mount);

/* Detaches a device by its descriptor, which it closes: at once if there is no other user. */
void disk_detach(int device);

#endif
