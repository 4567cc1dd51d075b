/*
 * kernel.h - the part of the kernel's interface that its headers leave to the libc: sockets; and what
 * kind of file a descriptor is.
 *
 * Values are those of x86-64 and arm64, which agree (include/linux/socket.h of the kernel).
 */
#ifndef HCS_GUEST_KERNEL_H
#define HCS_GUEST_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include <asm/poll.h>
#include <asm/socket.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/uio.h>

#include "sys.h"

#define SYS_AF_UNIX 1
#define SYS_SOCK_SEQPACKET 5
#define SYS_SHUT_WR 1
#define SYS_SHUT_RDWR 2
#define SYS_SCM_RIGHTS 1

#define SYS_MSG_CTRUNC 0x8u
#define SYS_MSG_TRUNC 0x20u
#define SYS_MSG_DONTWAIT 0x40u
#define SYS_MSG_NOSIGNAL 0x4000u
#define SYS_MSG_CMSG_CLOEXEC 0x40000000u

/* struct msghdr */
typedef struct kernel_message {
  void *name;
  int name_size;
  struct iovec *parts;
  size_t part_count;
  void *control;
  size_t control_size;
  unsigned flags;
} kernel_message;

/* struct cmsghdr; its data follows */
typedef struct kernel_control {
  size_t size; /* with this header */
  int level;
  int type;
} kernel_control;

/* struct ucred */
typedef struct kernel_peer {
  int pid;
  uint32_t uid;
  uint32_t gid;
} kernel_peer;

/* S_IFREG and its kind, 0 if that cannot be found out. */
static inline int descriptor_type(int fd) {
  struct statx status = {0};
  long r = SYS5(__NR_statx, fd, "", SYS_AT_EMPTY_PATH, STATX_TYPE, &status);
  return r < 0 ? 0 : status.stx_mode & S_IFMT;
}

/* Sleeps until there is something to read, or the other side is gone. */
static inline void descriptor_await(int fd) {
  struct pollfd item = {fd, POLLIN, 0};
  SYS5(__NR_ppoll, &item, 1, 0, 0, 0);
}

/* The other side of a socket is gone. */
static inline int descriptor_hung_up(int fd) {
  static const struct __kernel_timespec at_once;
  struct pollfd item = {fd, 0, 0};
  return SYS5(__NR_ppoll, &item, 1, &at_once, 0, 0) > 0;
}

#endif
