/*
 * spare.c - descriptors held back, so that what was begun can be taken back when there are no more.
 */
#include "spare.h"

#include <errno.h>
#include <fcntl.h>

#include "fd.h"

int hcs_spare_open(hcs_spare *spare, int fd, hcs_error *err) {
  for (spare->count = 0; spare->count < HCS_SPARE_COUNT; spare->count++) {
    int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (held < 0) {
      hcs_spare_close(spare);
      return hcs_fail_errno(err, errno, "no descriptors are left to take it back with if it fails");
    }
    spare->held[spare->count] = held;
  }
  return 0;
}

void hcs_spare_close(hcs_spare *spare) {
  while (spare->count > 0) hcs_fd_close(&spare->held[--spare->count]);
}
