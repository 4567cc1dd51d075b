/*
 * scratch.h - the ext4 image in a scratch folder: made, grown, checked, and attached.
 */
#ifndef HCS_GUEST_SCRATCH_H
#define HCS_GUEST_SCRATCH_H

#include "protocol.h"

/*
 * Does what the plan says about the image and attaches it to a loop device, while this process is in
 * the host's mount namespace still. Reports and exits on failure.
 */
void scratch_prepare(const hcs_plan *plan);
/* The device that it is attached to. */
void scratch_device(uint32_t *major, uint32_t *minor);
/* Mounts it at `name` below the working directory; the mount keeps the device. */
void scratch_mount(const char *name);

#endif
