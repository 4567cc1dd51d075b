/*
 * scratch.h - a container's scratch folder: upper, work, lock.
 */
#ifndef HCS_LINUX_SCRATCH_H
#define HCS_LINUX_SCRATCH_H

#include <stdint.h>

#include "../error.h"
#include "scratch_image.h"

/*
 * Prepares the folder (made when missing, mode 0700) and takes its lock, which the guest is to hold
 * as long as it lives: two containers on one scratch would be undefined behaviour, and are 0xAA. A
 * `volatile` mark of this boot is cleared after a sync, one of another boot refused. A descriptor; in
 * `image`, what setup is to do about the image in it (`wanted`: see scratch_image.h).
 */
int hcs_scratch_lock(const char *folder, const char *boot_id, const hcs_scratch_wanted *wanted,
                     hcs_scratch_plan *image, hcs_error *err);

#endif
