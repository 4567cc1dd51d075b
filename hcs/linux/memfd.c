/*
 * memfd.c - bytes in a sealed memory file.
 */
#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "quiet_write.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8u /* Linux 6.3 */
#endif

int hcs_memfd_fill(int fd, const void *data, size_t size, hcs_error *err) {
  if (hcs_write_whole(fd, data, size) != 0)
    return hcs_fail_errno(err, errno, "cannot write a memory file of %zu bytes%s", size,
                          errno == EFBIG ? " (ulimit -f)" : "");
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return hcs_fail_errno(err, errno, "cannot seal a memory file");
  return 0;
}

int hcs_memfd_make(const char *name, const void *data, size_t size, hcs_error *err) {
  HCS_AUTO_FD fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return hcs_fail_errno(err, errno, "cannot make a memory file");
  if (hcs_memfd_fill(fd, data, size, err) != 0) return -1;
  return hcs_fd_take(&fd);
}
