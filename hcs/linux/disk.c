/*
 * disk.c - MappedVirtualDisks: image files, checked on the host before anything is made.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../document.h"
#include "disk_image.h"
#include "fd.h"
#include "stage.h"

/* ---- looking into the image ------------------------------------------------------------------------ */

/* As much of the file as there is. */
static long read_at(int fd, unsigned char *data, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, data + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += (size_t)n;
  }
  return (long)done;
}

static int parse(hcs_disk_image *image, int fd, uint64_t file_size, int attach_only,
                 hcs_error *err) {
  HCS_AUTO_FREE unsigned char *data = malloc(HCS_DISK_HEAD_BYTES + HCS_DISK_SECTOR_BYTES);
  unsigned char *footer;
  hcs_disk_bytes bytes = {.head = data, .file_size = file_size};
  long head, end = 0;
  if (data == NULL) return hcs_fail_memory(err);
  footer = data + HCS_DISK_HEAD_BYTES;
  head = read_at(fd, data, HCS_DISK_HEAD_BYTES, 0);
  if (file_size >= HCS_DISK_SECTOR_BYTES)
    end = read_at(fd, footer, HCS_DISK_SECTOR_BYTES, file_size - HCS_DISK_SECTOR_BYTES);
  if (head < 0 || end < 0) return hcs_fail_errno(err, errno, "it cannot be read");
  bytes.head_size = (size_t)head;
  if (end == HCS_DISK_SECTOR_BYTES) bytes.footer = footer;
  return hcs_disk_image_parse(image, &bytes, attach_only, err);
}

static int look(hcs_mapping *mapping, const struct stat *expected, hcs_error *err) {
  HCS_AUTO_FD fd = open(mapping->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  hcs_disk_image image;
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) return hcs_fail_errno(err, errno, "it cannot be opened");
  if (info.st_ino != expected->st_ino || info.st_dev != expected->st_dev)
    return hcs_fail(err, HCS_E_BUSY, "it is being replaced: try again when that is done");
  if (parse(&image, fd, (uint64_t)info.st_size, mapping->flags & HCS_MOUNT_ATTACH_ONLY, err) != 0)
    return -1;
  if (image.is_read_only) mapping->flags |= HCS_MOUNT_READ_ONLY;
  mapping->disk.file_system = image.file_system;
  mapping->disk.size_limit = image.size_limit;
  mapping->disk.device = info.st_dev;
  mapping->disk.inode = info.st_ino;
  return hcs_disk_users_check(fd, &info, mapping->flags & HCS_MOUNT_READ_ONLY, err);
}

int hcs_disk_check(hcs_mapping *mapping, const char *field, const struct stat *image,
                   hcs_error *err) {
  if (!S_ISREG(image->st_mode))
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is not a disk image: no file%s", field,
                    mapping->source,
                    S_ISBLK(image->st_mode) ? ", but a device, which AssignedDevices gives to a "
                                              "container"
                                            : "");
  if (hcs_document_bool(mapping->document, "ReadOnly")) mapping->flags |= HCS_MOUNT_READ_ONLY;
  if (hcs_document_bool(mapping->document, "AttachOnly")) mapping->flags |= HCS_MOUNT_ATTACH_ONLY;
  if (look(mapping, image, err) == 0) return 0;
  return hcs_error_wrap(err, "%s: '%s'", field, mapping->source);
}

/* ---- what the kernel made of it -------------------------------------------------------------------- */

static int fail_busy(const hcs_mapping *mapping, hcs_error *err) {
  return hcs_fail(
      err, HCS_E_BUSY,
      "'%s' is in use as a disk or as a scratch already, and only disks that all have ReadOnly can be shared",
      mapping->source);
}

static int fail_loop(const hcs_mapping *mapping, int32_t error, hcs_error *err) {
  return hcs_fail_errno(
      err, error,
      "cannot get a loop device for '%s' (is there a /dev/loop-control? `modprobe "
      "loop` makes it)",
      mapping->source);
}

static int fail_mount(const hcs_mapping *mapping, int32_t error, hcs_error *err) {
  const char *type = mapping->disk.file_system != NULL ? mapping->disk.file_system : "device";
  switch (error) {
  case ENODEV:
    return hcs_fail_errno_as(err, HCS_E_NOT_SUPPORTED, error,
                             "this kernel does not know the file system %s, which '%s' holds (try "
                             "`modprobe %s`)",
                             type, mapping->source, type);
  case EROFS:
    return hcs_fail_errno(
        err, error,
        "the %s in '%s' was not unmounted, and its journal must be replayed before "
        "it can be read: map it once without ReadOnly",
        type, mapping->source);
  case EEXIST:
    return hcs_fail_errno(err, error,
                          "a %s with the same UUID as that in '%s' is mounted already (a copy? "
                          "`btrfstune -u` gives it another)",
                          type, mapping->source);
  default:
    return hcs_fail_errno(err, error,
                          "the kernel refuses the %s in '%s' (is it damaged? `dmesg` says more)",
                          type, mapping->source);
  }
}

int hcs_disk_fail(const hcs_mapping *mapping, uint32_t stage, int32_t error, hcs_error *err) {
  if (error <= 0 || error > 4095) error = EIO;
  if (stage == HCS_STAGE_DISK_BUSY && error == EAGAIN) return fail_busy(mapping, err);
  if (stage == HCS_STAGE_DISK_MOUNT) return fail_mount(mapping, error, err);
  return fail_loop(mapping, error, err);
}
