/*
 * message.c - one frame in or out, with its descriptors.
 *
 * The peers are the host's processes, but a frame is checked as if they were not: the guest serves
 * every client of the container, and one that is broken or of another version must not end it.
 */
#include "message.h"
#include "kernel.h"
#include "sys.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define CONTROL_BYTES (sizeof(kernel_control) + HCS_FRAME_FDS_MAX * sizeof(int))

/* All that a SEQPACKET message may hold; one buffer, for a message is handled before the next. */
static struct {
  hcs_frame frame;
  uint8_t payload[HCS_INLINE_MAX];
} buffer __attribute__((aligned(16)));

_Static_assert(sizeof(hcs_frame) == 16, "the payload is aligned as the buffer is");
_Static_assert(sizeof(buffer) == sizeof(hcs_frame) + HCS_INLINE_MAX, "nothing in between");

static void take_descriptors(message *m, const kernel_message *raw) {
  const kernel_control *control = raw->control;
  if (raw->control_size < sizeof *control || control->level != SOL_SOCKET ||
      control->type != SYS_SCM_RIGHTS)
    return;
  m->fd_count = (uint32_t)((control->size - sizeof *control) / sizeof(int));
  memcpy(m->fds, control + 1, m->fd_count * sizeof(int));
}

/*
 * The room for descriptors is exact: of more than that the kernel installs none and says CTRUNC.
 * Nothing else than descriptors comes as control data, for no socket option asks for it.
 */
static long receive(int fd, message *m, unsigned *flags) {
  union {
    kernel_control header;
    uint8_t bytes[CONTROL_BYTES];
  } control = {{0, 0, 0}};
  struct iovec part = {&buffer, sizeof buffer};
  kernel_message raw = {NULL, 0, &part, 1, &control, CONTROL_BYTES, 0};
  long size = SYS3(__NR_recvmsg, fd, &raw, SYS_MSG_DONTWAIT | SYS_MSG_CMSG_CLOEXEC);
  if (size < 0) return size;
  take_descriptors(m, &raw);
  *flags = raw.flags;
  return size;
}

/* The memfd's bytes must stay what they are while we and the new process read them. */
static int is_sealed(int fd, uint32_t length) {
  struct statx status = {0};
  long seals = SYS3(__NR_fcntl, fd, F_GET_SEALS, 0);
  if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_WRITE)) != (F_SEAL_SHRINK | F_SEAL_WRITE))
    return 0;
  return SYS5(__NR_statx, fd, "", SYS_AT_EMPTY_PATH, STATX_SIZE, &status) == 0 &&
         status.stx_size == length;
}

static int map_payload(message *m) {
  uint32_t length = m->frame.length;
  long address;
  int fd;
  if (length > HCS_PAYLOAD_MAX || m->fd_count == 0 || !is_sealed(m->fds[0], length)) return -1;
  fd = message_take(m, 0);
  m->fd_count--;
  memmove(m->fds, m->fds + 1, m->fd_count * sizeof(int));
  address = sys_call(__NR_mmap, 0, length, PROT_READ, MAP_PRIVATE, fd, 0);
  sys_close(fd);
  if (address <= 0) return -1;
  m->payload = (const void *)address;
  m->mapped = length;
  return 0;
}

message_result message_receive(int fd, message *m) {
  unsigned flags = 0;
  long size;
  m->fd_count = 0;
  m->mapped = 0;
  m->payload = buffer.payload;
  size = receive(fd, m, &flags);
  /*
   * A peer that closes with replies unread leaves ECONNRESET in front of the frames it has sent. It
   * is said once; they come in the next turns, and then the end.
   */
  if (size == -EAGAIN || size == -EINTR || size == -ECONNRESET) return MESSAGE_NOTHING;
  /* A message of no bytes is like an end, and no client sends one. */
  if (size <= 0) return MESSAGE_END;
  if ((size_t)size < sizeof m->frame || buffer.frame.magic != HCS_FRAME_MAGIC)
    return MESSAGE_GARBAGE;
  m->frame = buffer.frame;
  if ((flags & (SYS_MSG_TRUNC | SYS_MSG_CTRUNC)) != 0) return MESSAGE_MALFORMED;
  size -= (long)sizeof m->frame;
  if (m->frame.length > HCS_INLINE_MAX)
    return size == 0 && map_payload(m) == 0 ? MESSAGE_FRAME : MESSAGE_MALFORMED;
  return (uint32_t)size == m->frame.length ? MESSAGE_FRAME : MESSAGE_MALFORMED;
}

int message_take(message *m, uint32_t index) {
  int fd = m->fds[index];
  m->fds[index] = -1;
  return fd;
}

void message_clear(message *m) {
  uint32_t i;
  for (i = 0; i < m->fd_count; i++)
    if (m->fds[i] >= 0) sys_close(m->fds[i]);
  m->fd_count = 0;
  if (m->mapped > 0) SYS2(__NR_munmap, m->payload, m->mapped);
  m->mapped = 0;
}

long message_send(int fd, const hcs_frame *frame, const void *payload) {
  struct iovec parts[2] = {{(void *)frame, sizeof *frame}, {(void *)payload, frame->length}};
  kernel_message raw = {NULL, 0, parts, 2, NULL, 0, 0};
  long sent = SYS3(__NR_sendmsg, fd, &raw, SYS_MSG_DONTWAIT | SYS_MSG_NOSIGNAL);
  return sent < 0 ? sent : 0;
}

static int socket_option(int fd, int option) {
  int value = -1;
  int size = sizeof value;
  long r = SYS5(__NR_getsockopt, fd, SOL_SOCKET, option, &value, &size);
  return r < 0 ? -1 : value;
}

int descriptor_is_exit_socket(int fd) {
  return socket_option(fd, SO_DOMAIN) == SYS_AF_UNIX &&
         socket_option(fd, SO_TYPE) == SYS_SOCK_SEQPACKET && socket_option(fd, SO_ACCEPTCONN) == 0;
}

int descriptor_is_stream(int fd) {
  long flags = SYS3(__NR_fcntl, fd, F_GETFL, 0);
  return flags >= 0 && (flags & SYS_O_PATH) == 0 && descriptor_type(fd) != S_IFDIR;
}

int descriptor_is_terminal(int fd) {
  struct termios modes;
  long flags = SYS3(__NR_fcntl, fd, F_GETFL, 0);
  return flags >= 0 && (flags & O_ACCMODE) == SYS_O_RDWR &&
         SYS3(__NR_ioctl, fd, TCGETS, &modes) == 0;
}
