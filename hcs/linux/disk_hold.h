/*
 * disk_hold.h - who keeps the block device of a disk that is mapped AttachOnly.
 */
#ifndef HCS_LINUX_DISK_HOLD_H
#define HCS_LINUX_DISK_HOLD_H

#include "change.h"
#include "mapped.h"

#define HCS_LOOP_PATH_SIZE 32 /* "/dev/loop" and a number */

/* The node of a disk's loop device on the host. */
void hcs_disk_device(const hcs_mapping *mapping, char path[HCS_LOOP_PATH_SIZE]);

/* Gives the device to the guest, who keeps it until it is told to let go, or ends. */
int hcs_disk_hold(hcs_change *change, const hcs_mapping *mapping, hcs_error *err);
int hcs_disk_let_go(hcs_change *change, const hcs_mapping *mapping, hcs_error *err);

/*
 * After the container's end: detaches what it could have kept attached, by taking the mark off its device
 * that lets the kernel do it.
 */
void hcs_disks_clean(const hcs_record *record);

#endif
