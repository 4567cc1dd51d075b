/*
 * image.h - the guest binary, embedded in this library.
 */
#ifndef HCS_LINUX_IMAGE_H
#define HCS_LINUX_IMAGE_H

#include "../error.h"

/* A sealed memfd with the guest binary: nothing on disk to find or to overwrite (CVE-2019-5736). */
int hcs_image_open(hcs_error *err);

#endif
