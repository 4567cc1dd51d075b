/*
 * disk_image.c - what a disk image file holds, told by its bytes: pure functions over what was read.
 *
 * The kernel's own file systems look at the rest; this looks at as much as is needed to name the file
 * system, and to refuse what would lead the kernel to another device than the image.
 */
#include "disk_image.h"

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- numbers in bytes -------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *at, size_t size) {
  uint64_t value = 0;
  while (size-- > 0) value = value << 8 | at[size];
  return value;
}

static uint64_t big(const unsigned char *at, size_t size) {
  uint64_t value = 0;
  size_t i;
  for (i = 0; i < size; i++) value = value << 8 | at[i];
  return value;
}

/* A little-endian number at `offset` of the disk, 0 where there are not as many bytes. */
static uint64_t number(const hcs_disk_bytes *disk, size_t offset, size_t size) {
  if (offset + size > disk->head_size) return 0;
  return little(disk->head + offset, size);
}

static int has_bytes(const hcs_disk_bytes *disk, size_t offset, const char *bytes, size_t size) {
  return offset + size <= disk->head_size && memcmp(disk->head + offset, bytes, size) == 0;
}

/* ---- VHD: [MS-VHD], "Hard Disk Footer Format" ---------------------------------------------------- */

#define VHD_COOKIE "conectix"
#define VHD_CURRENT_SIZE 48 /* 8 bytes; every number is big-endian */
#define VHD_TYPE 60         /* 4 */
#define VHD_CHECKSUM 64     /* 4: the complement of the sum of all other bytes */
#define VHD_FIXED 2u

static uint32_t vhd_checksum(const unsigned char *footer) {
  uint32_t sum = 0;
  size_t i;
  for (i = 0; i < HCS_DISK_SECTOR_BYTES; i++)
    if (i < VHD_CHECKSUM || i >= VHD_CHECKSUM + 4) sum += footer[i];
  return ~sum;
}

static int vhd_parse(hcs_disk_image *image, const hcs_disk_bytes *bytes, hcs_error *err) {
  const unsigned char *footer = bytes->footer;
  uint64_t room = bytes->file_size - HCS_DISK_SECTOR_BYTES;
  uint64_t size = big(footer + VHD_CURRENT_SIZE, 8);
  if (big(footer + VHD_CHECKSUM, 4) != vhd_checksum(footer))
    return hcs_fail(
        err, HCS_E_INVALID_PARAMETER,
        "it is a VHD whose footer is damaged (wrong checksum); `qemu-img check` tells more");
  if (big(footer + VHD_TYPE, 4) != VHD_FIXED)
    return hcs_fail(
        err, HCS_E_NOT_SUPPORTED,
        "it is a dynamic or differencing VHD, and only fixed ones are a plain disk: convert "
        "it with `qemu-img convert -f vpc -O raw`");
  if (size == 0 || size > room || size % HCS_DISK_SECTOR_BYTES != 0)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "it is a VHD whose footer speaks of a disk of %llu bytes, but there are %llu",
                    (unsigned long long)size, (unsigned long long)room);
  image->size_limit = size;
  return 0;
}

/* ---- container formats --------------------------------------------------------------------------- */

typedef struct container_format {
  const char *name;   /* for people */
  const char *format; /* qemu-img's name */
  size_t offset;
  const char *magic;
  size_t size;
} container_format;

static const container_format container_formats[] = {
    {"a dynamic or differencing VHD", "vpc", 0, VHD_COOKIE, 8},
    {"a VHDX", "vhdx", 0, "vhdxfile", 8},       /* [MS-VHDX] */
    {"a QCOW2", "qcow2", 0, "QFI\xfb", 4},      /* QEMU, docs/interop/qcow2.txt */
    {"a VMDK", "vmdk", 0, "KDMV", 4},           /* VMware, Virtual Disk Format 5.0 */
    {"a VDI", "vdi", 64, "\x7f\x10\xda\xbe", 4} /* VirtualBox, VDICore.h */
};

static int refuse_containers(const hcs_disk_bytes *bytes, hcs_error *err) {
  size_t i;
  for (i = 0; i < COUNT(container_formats); i++) {
    const container_format *format = &container_formats[i];
    if (has_bytes(bytes, format->offset, format->magic, format->size))
      return hcs_fail(
          err, HCS_E_NOT_SUPPORTED,
          "it is %s image, not a plain disk: convert it with `qemu-img convert -f %s -O raw`",
          format->name, format->format);
  }
  return 0;
}

/* ---- file systems -------------------------------------------------------------------------------- */

static int refuse_devices(const char *what, hcs_error *err) {
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "it holds a file system that wants other devices besides the image (%s)", what);
}

/* Linux, fs/ext4/ext4.h, struct ext4_super_block: at 1024 of the disk. */
#define EXT4_BLOCKS_LOW (1024 + 0x04)
#define EXT4_LOG_BLOCK_SIZE (1024 + 0x18)
#define EXT4_MAGIC (1024 + 0x38)
#define EXT4_STATE (1024 + 0x3A)
#define EXT4_COMPAT (1024 + 0x5C)
#define EXT4_INCOMPAT (1024 + 0x60)
#define EXT4_JOURNAL_INODE (1024 + 0xE0)
#define EXT4_JOURNAL_DEVICE (1024 + 0xE4)
#define EXT4_BLOCKS_HIGH (1024 + 0x150)
#define EXT4_COMPAT_JOURNAL 0x4u
#define EXT4_INCOMPAT_JOURNAL_DEVICE 0x8u
#define EXT4_INCOMPAT_64BIT 0x80u
#define EXT4_STATE_ERROR 0x2u
#define EXT4_LARGEST_BLOCK_LOG 6 /* 64 KiB */

/* The superblock may name a device for the journal by its number: any of the host's. */
static int check_ext4(const hcs_disk_bytes *disk, hcs_error *err) {
  if (number(disk, EXT4_INCOMPAT, 4) & EXT4_INCOMPAT_JOURNAL_DEVICE)
    return refuse_devices("it is the journal of an ext4", err);
  if (number(disk, EXT4_JOURNAL_DEVICE, 4) != 0 ||
      ((number(disk, EXT4_COMPAT, 4) & EXT4_COMPAT_JOURNAL) &&
       number(disk, EXT4_JOURNAL_INODE, 4) == 0))
    return refuse_devices("an ext4 with an external journal", err);
  return 0;
}

/* Linux, include/uapi/linux/btrfs_tree.h, struct btrfs_super_block: at 64 KiB. */
#define BTRFS_MAGIC (65536 + 0x40)
#define BTRFS_DEVICES (65536 + 0x88)

static int check_btrfs(const hcs_disk_bytes *disk, hcs_error *err) {
  if (number(disk, BTRFS_DEVICES, 8) > 1) return refuse_devices("a btrfs over several disks", err);
  return 0;
}

/* Linux, fs/erofs/erofs_fs.h, struct erofs_super_block: at 1024. */
#define EROFS_MAGIC 1024
#define EROFS_INCOMPAT (1024 + 80)
#define EROFS_EXTRA_DEVICES (1024 + 86)
#define EROFS_INCOMPAT_DEVICE_TABLE 0x8u

/* A device table holds paths, which the kernel opens on the host. */
static int check_erofs(const hcs_disk_bytes *disk, hcs_error *err) {
  if ((number(disk, EROFS_INCOMPAT, 4) & EROFS_INCOMPAT_DEVICE_TABLE) ||
      number(disk, EROFS_EXTRA_DEVICES, 2) != 0)
    return refuse_devices("an erofs with a device table", err);
  return 0;
}

typedef struct file_system {
  const char *name;
  size_t offset;
  const char *magic;
  size_t size;
  int is_read_only;
  int (*check)(const hcs_disk_bytes *disk, hcs_error *err);
} file_system;

/* ext2 and ext3 are ext4 to the kernel's ext4. */
static const file_system file_systems[] = {
    {"xfs", 0, "XFSB", 4, 0, NULL},      /* fs/xfs/libxfs/xfs_format.h */
    {"squashfs", 0, "hsqs", 4, 1, NULL}, /* fs/squashfs/squashfs_fs.h */
    {"erofs", EROFS_MAGIC, "\xe2\xe1\xf5\xe0", 4, 1, check_erofs},
    {"btrfs", BTRFS_MAGIC, "_BHRfS_M", 8, 0, check_btrfs},
    {"ext4", EXT4_MAGIC, "\x53\xef", 2, 0, check_ext4},
};

static const file_system *file_system_find(const hcs_disk_bytes *disk) {
  size_t i;
  for (i = 0; i < COUNT(file_systems); i++)
    if (has_bytes(disk, file_systems[i].offset, file_systems[i].magic, file_systems[i].size))
      return &file_systems[i];
  return NULL;
}

static int fail_unknown(const hcs_disk_bytes *disk, hcs_error *err) {
  /* an MBR, which a GPT has too */
  int partitions = has_bytes(disk, 510, "\x55\xaa", 2);
  return hcs_fail(
      err, HCS_E_NOT_SUPPORTED,
      "it holds no file system that can be mounted (ext4, xfs, btrfs, squashfs, erofs)%s",
      partitions ? ", it seems to be divided into partitions: copy the file system out of "
                   "it, or attach the disk alone with AttachOnly"
                 : "; AttachOnly attaches the disk alone");
}

int hcs_disk_image_parse(hcs_disk_image *image, const hcs_disk_bytes *bytes, int attach_only,
                         hcs_error *err) {
  hcs_disk_bytes disk = *bytes;
  const file_system *found;
  memset(image, 0, sizeof *image);
  if (refuse_containers(bytes, err) != 0) return -1;
  if (bytes->footer != NULL && memcmp(bytes->footer, VHD_COOKIE, 8) == 0 &&
      vhd_parse(image, bytes, err) != 0)
    return -1;
  if (image->size_limit != 0 && image->size_limit < disk.head_size)
    disk.head_size = (size_t)image->size_limit;
  found = file_system_find(&disk);
  if (attach_only) return 0;
  if (found == NULL) return fail_unknown(&disk, err);
  image->file_system = found->name;
  image->is_read_only = found->is_read_only;
  return found->check != NULL ? found->check(&disk, err) : 0;
}

uint64_t hcs_disk_ext4_bytes(const hcs_disk_bytes *bytes) {
  uint64_t blocks = number(bytes, EXT4_BLOCKS_LOW, 4);
  uint64_t log = number(bytes, EXT4_LOG_BLOCK_SIZE, 4);
  if (!has_bytes(bytes, EXT4_MAGIC, "\x53\xef", 2) || log > EXT4_LARGEST_BLOCK_LOG) return 0;
  if (number(bytes, EXT4_INCOMPAT, 4) & EXT4_INCOMPAT_64BIT)
    blocks |= number(bytes, EXT4_BLOCKS_HIGH, 4) << 32;
  return blocks << (10 + log); /* more than 2^64 is no size that a file has */
}

int hcs_disk_ext4_has_errors(const hcs_disk_bytes *bytes) {
  return (number(bytes, EXT4_STATE, 2) & EXT4_STATE_ERROR) != 0;
}
