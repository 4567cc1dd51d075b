/*
 * socket.c - the sockets between clients and guests.
 */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../guest/protocol.h"
#include "fd.h"
#include "state.h"

#define FLAGS (SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK)

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif

/*
 * Refuses descriptors: a guest has none to give, and the kernel's closing of one that nobody takes can
 * be made to hang (a socket with SO_LINGER). Kernels before 6.16 drop them as they come.
 */
static int refuse_descriptors(int fd) {
  const int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
  return fd;
}

int hcs_socket_pair(int pair[2], hcs_error *err) {
  if (socketpair(AF_UNIX, FLAGS, 0, pair) == 0) {
    pair[0] = refuse_descriptors(hcs_fd_raise(pair[0]));
    pair[1] = hcs_fd_raise(pair[1]);
    return 0;
  }
  pair[0] = pair[1] = -1;
  return hcs_fail_errno(err, errno, "cannot make a socket to the container");
}

/* By way of the directory's descriptor: sun_path has 108 bytes, a state directory may need more. */
static void address_make(struct sockaddr_un *address, int dir) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" HCS_SOCKET_NAME, dir);
}

int hcs_socket_bind(int dir, hcs_error *err) {
  struct sockaddr_un address;
  HCS_AUTO_FD fd = socket(AF_UNIX, FLAGS, 0);
  address_make(&address, dir);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
    return hcs_fail_errno(err, errno, "cannot make the container's socket");
  return hcs_fd_take(&fd);
}

int hcs_socket_connect(int dir, hcs_error *err) {
  struct sockaddr_un address;
  HCS_AUTO_FD fd = socket(AF_UNIX, FLAGS, 0);
  address_make(&address, dir);
  if (fd < 0) return hcs_fail_errno(err, errno, "cannot make a socket to the container");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return refuse_descriptors(hcs_fd_raise(hcs_fd_take(&fd)));
  if (errno == ECONNREFUSED || errno == ENOENT) return HCS_SOCKET_REFUSED;
  if (errno == EAGAIN) return HCS_SOCKET_BUSY;
  return hcs_fail_errno(err, errno, "cannot reach the container's guest");
}

int hcs_socket_send(int fd, const void *data, size_t size, const int *fds, size_t fd_count) {
  const hcs_message_part parts[2] = {{data, size}, {NULL, 0}};
  return hcs_socket_send_parts(fd, parts, fds, fd_count);
}

/* sendmsg(2) does not write what its vectors name, but they do not say so. */
static struct iovec vector(const hcs_message_part *part) {
  return (struct iovec){(void *)(uintptr_t)part->data, part->size};
}

int hcs_socket_send_parts(int fd, const hcs_message_part parts[2], const int *fds,
                          size_t fd_count) {
  union {
    char bytes[CMSG_SPACE(HCS_FRAME_FDS_MAX * sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec vectors[2] = {vector(&parts[0]), vector(&parts[1])};
  struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};
  if (fd_count > 0) {
    struct cmsghdr *header = &control.align;
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

long hcs_socket_receive(int fd, void *data, size_t size) {
  struct iovec part = {data, size};
  /* no room for control data: descriptors that a hostile guest sends are dropped by the kernel */
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n >= 0 && (message.msg_flags & MSG_TRUNC) != 0) {
    errno = EMSGSIZE;
    return -1;
  }
  return n;
}
