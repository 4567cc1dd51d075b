/*
 * loop.h - an image file as a block device.
 */
#ifndef HCS_GUEST_LOOP_H
#define HCS_GUEST_LOOP_H

#include <stdint.h>

#define LOOP_PATH_BYTES 32 /* "/dev/loop" and a number */

typedef struct loop_device {
  int fd;
  uint32_t number; /* of /dev/loopN */
  uint32_t major, minor;
  char path[LOOP_PATH_BYTES];
} loop_device;

typedef enum loop_step {
  LOOP_IMAGE,   /* opening the image */
  LOOP_LOCK,    /* -EAGAIN: the image is in use, and one of the two writes to it */
  LOOP_CONTROL, /* /dev/loop-control */
  LOOP_DEVICE
} loop_step;

/*
 * Attaches the image file `path` to a free loop device, whose descriptor is all that holds it until
 * something is mounted from it: with its last user the device lets go of the image. While it is
 * attached the image is locked, shared if `read_only`. `size_limit` in bytes, 0: the whole file.
 * 0, or -errno with what was being done in `step`.
 */
long loop_attach(const char *path, int read_only, uint64_t size_limit, loop_device *device,
                 loop_step *step);

#endif
