/*
 * fd.c - descriptors that close themselves, and small reads and writes by name.
 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void hcs_fd_close(int *fd) {
  int saved = errno;
  if (*fd >= 0) close(*fd);
  *fd = -1;
  errno = saved;
}

void hcs_fd_cleanup(int *fd) { hcs_fd_close(fd); }

void hcs_free_cleanup(void *pointer_to_pointer) { free(*(void **)pointer_to_pointer); }

int hcs_fd_raise(int fd) {
  int raised;
  if (fd < 0 || fd > 2) return fd;
  raised = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (raised < 0) return fd;
  hcs_fd_close(&fd);
  return raised;
}

int hcs_fd_take(int *fd) {
  int taken = *fd;
  *fd = -1;
  return taken;
}

int hcs_file_put(int dir, const char *path, const char *text) {
  HCS_AUTO_FD fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

long hcs_file_get(int dir, const char *path, char *text, size_t size) {
  HCS_AUTO_FD fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  ssize_t n;
  if (fd < 0) return -1;
  n = read(fd, text, size - 1);
  if (n < 0) return -1;
  text[n] = '\0';
  return n;
}
