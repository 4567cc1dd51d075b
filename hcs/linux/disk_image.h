/*
 * disk_image.h - what a disk image file holds, told by its bytes: pure functions over what was read.
 */
#ifndef HCS_LINUX_DISK_IMAGE_H
#define HCS_LINUX_DISK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "../error.h"

/* What must be read of a file: its beginning (less if the file is shorter) and its last bytes. */
#define HCS_DISK_HEAD_BYTES 66048u /* up to the end of btrfs' superblock magic, in whole sectors */
#define HCS_DISK_SECTOR_BYTES 512u

typedef struct hcs_disk_bytes {
  const unsigned char *head;
  size_t head_size;
  const unsigned char *footer; /* the last HCS_DISK_SECTOR_BYTES; NULL: the file is shorter */
  uint64_t file_size;
} hcs_disk_bytes;

typedef struct hcs_disk_image {
  const char *file_system; /* the kernel's name for it; NULL: none of the five */
  int is_read_only;        /* a file system that is never written */
  uint64_t size_limit;     /* bytes of the disk, where the file is longer (a fixed VHD); else 0 */
} hcs_disk_image;

/*
 * Tells the disk from the file around it and finds the file system. Refused, with a message that goes
 * behind "field: 'path' ": container formats that only look like raw disks (VHDX, dynamic VHD, …),
 * damaged VHD footers, file systems that would make the kernel open other devices than this one. That
 * there is no file system is refused unless `attach_only`. 0 or -1.
 */
int hcs_disk_image_parse(hcs_disk_image *image, const hcs_disk_bytes *bytes, int attach_only,
                         hcs_error *err);

/* The size in bytes of an ext4 file system, from the beginning of its image; 0 if it is none. */
uint64_t hcs_disk_ext4_bytes(const hcs_disk_bytes *bytes);
/* Whether the kernel found errors in that ext4 file system, or a tool was interrupted in it. */
int hcs_disk_ext4_has_errors(const hcs_disk_bytes *bytes);

#endif
