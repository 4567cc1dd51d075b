/*
 * image.c - the guest binary, embedded in this library, as a sealed memfd.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "memfd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u /* Linux 6.3: executable on purpose, whatever vm.memfd_noexec says */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20 /* Linux 6.3 */
#endif

/* The build makes these two from hcs/guest/. */
extern const unsigned char hcs_guest_image[];
extern const size_t hcs_guest_image_size;

static int image_make(hcs_error *err) {
  int fd = memfd_create("hcs-guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0 && errno == EINVAL) fd = memfd_create("hcs-guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0) return fd;
  if (errno == EACCES)
    return hcs_fail_errno(err, errno,
                          "the kernel refuses executable memory files: set the sysctl "
                          "vm.memfd_noexec to 0 or 1");
  return hcs_fail_errno(err, errno, "cannot make the guest's memory file");
}

int hcs_image_open(hcs_error *err) {
  HCS_AUTO_FD fd = image_make(err);
  if (fd < 0) return -1;
  if (hcs_memfd_fill(fd, hcs_guest_image, hcs_guest_image_size, err) != 0) return -1;
  fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC); /* unknown before 6.3; the other seals hold the content */
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) != 0)
    return hcs_fail_errno(err, errno, "cannot seal the guest's memory file");
  return hcs_fd_take(&fd);
}
