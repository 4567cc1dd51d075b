/*
 * disk_record.h - disks as a container's record remembers them, and what is told of them.
 */
#ifndef HCS_LINUX_DISK_RECORD_H
#define HCS_LINUX_DISK_RECORD_H

#include "mapped_record.h"

/* Adds to a disk's document in the record what there is to know of the disk. 0 or -1 (memory). */
int hcs_disk_remember(json_t *document, const hcs_mapping *mapping);
/* The reverse: kind, flags, lun, loop device and identity; the document is borrowed. */
void hcs_disk_recall(hcs_mapping *mapping, const json_t *document);

/* The lowest LUN that no disk has; -1, with the error filled, if all are taken. */
int hcs_disk_lun_free(const hcs_record *record, const char *path, hcs_error *err);
/*
 * The target, owned, of the disk that a request's settings mean by their ContainerPath, their HostPath or
 * both. NULL: 0x490, or more than one has this HostPath.
 */
char *hcs_disk_target(const hcs_record *record, const json_t *settings, const char *path,
                      hcs_error *err);

/* The document MappedVirtualDiskControllers: all disks on controller 0, by LUN. Owned; NULL: memory. */
json_t *hcs_disk_controllers(const hcs_record *record);

#endif
