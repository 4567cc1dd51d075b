/*
 * storage_device.h - the disk that what a container writes ends up on.
 */
#ifndef HCS_LINUX_STORAGE_DEVICE_H
#define HCS_LINUX_STORAGE_DEVICE_H

#include "../error.h"

#define HCS_DEVICE_SIZE 24 /* "4294967295:4294967295" and a NUL */

/*
 * The whole disk under `folder` (NULL: the scratch is a tmpfs) as "M:m", which limits want; or a word
 * that tells why there is none to limit.
 */
void hcs_storage_device(const char *folder, int is_volatile, char device[HCS_DEVICE_SIZE]);
/*
 * Whether the kernel knows who has written what to the page cache of that file system, as v2 needs it for
 * its limits.
 */
int hcs_storage_counts_buffered(const char *folder);
/* 0 for a disk; otherwise NotSupported, saying why the field `where`.`field` cannot be had. */
int hcs_storage_device_check(const char *device, const char *where, const char *field,
                             hcs_error *err);

#endif
