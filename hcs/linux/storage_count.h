/*
 * storage_count.h - having a container's block I/O counted. For v1 alone: from Linux 6.10 on it counts only
 * on a disk that some group has been given a limit on, be it "no limit". What cannot be had is not counted.
 */
#ifndef HCS_LINUX_STORAGE_COUNT_H
#define HCS_LINUX_STORAGE_COUNT_H

#include "cgroup_paths.h"
#include "mapped.h"

/* On one hcs_storage_device(); a limit that the container has there stays. */
void hcs_storage_count_device(const hcs_group_paths *groups, const char *device);
/* On the disks under these folders; a NULL is none. */
void hcs_storage_count(const hcs_group_paths *groups, const char *const folders[], size_t count);
/* On what is under something mapped, once it is there. */
void hcs_storage_count_mapping(const hcs_group_paths *groups, const hcs_mapping *mapping);

#endif
