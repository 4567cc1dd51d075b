/*
 * scratch_image.h - the ext4 image in a scratch folder: what is to be done about it.
 */
#ifndef HCS_LINUX_SCRATCH_IMAGE_H
#define HCS_LINUX_SCRATCH_IMAGE_H

#include <stdint.h>

#include "../error.h"
#include "../guest/protocol.h"

typedef struct hcs_scratch_wanted {
  uint64_t bytes; /* what it is to hold, 0: not said */
  int is_volatile;
} hcs_scratch_wanted;

typedef struct hcs_scratch_plan {
  hcs_scratch_image image;
  uint64_t image_bytes; /* with HCS_SCRATCH_MAKE and HCS_SCRATCH_GROW */
} hcs_scratch_plan;

/* The size of an image that holds `bytes` of files besides what ext4 needs for itself. */
uint64_t hcs_scratch_image_bytes(uint64_t bytes);
/*
 * Looks into the scratch folder `dir` (named `folder`), whose lock is held. An image that is there is
 * used whatever is wanted, and never made smaller.
 */
int hcs_scratch_image_plan(hcs_scratch_plan *plan, int dir, const char *folder,
                           const hcs_scratch_wanted *wanted, hcs_error *err);
/* Fills the error for a failed HCS_STAGE_SCRATCH_IMAGE. Returns -1. */
int hcs_scratch_image_fail(const hcs_boot *report, const char *folder, hcs_error *err);

#endif
