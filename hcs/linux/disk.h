/*
 * disk.h - MappedVirtualDisks: image files, checked on the host before anything is made.
 */
#ifndef HCS_LINUX_DISK_H
#define HCS_LINUX_DISK_H

#include <sys/stat.h>

#include "mapped.h"

/* Looks into the image and fills what the mapping is to know of it; `field` names it in errors. */
int hcs_disk_check(hcs_mapping *mapping, const char *field, const struct stat *image,
                   hcs_error *err);
/* Fills the error of a failed HCS_STAGE_DISK_…; returns -1. */
int hcs_disk_fail(const hcs_mapping *mapping, uint32_t stage, int32_t error, hcs_error *err);

/* disk_users.c */
/*
 * Busy if a loop device that is none of ours has the image `fd` attached, and one of the two may write:
 * the kernel would not notice. (Containers find each other by the lock: see guest/loop.c.)
 */
int hcs_disk_users_check(int fd, const struct stat *image, int read_only, hcs_error *err);

#endif
