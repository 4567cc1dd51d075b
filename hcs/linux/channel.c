/*
 * channel.c - requests to a guest, one at a time on one connection.
 *
 * The guest is not trusted: a reply has exactly one form, anything else ends the connection for us,
 * and no wait is without a deadline.
 */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "memfd.h"
#include "socket.h"
#include "wait.h"

typedef struct reply_message {
  hcs_frame frame;
  hcs_reply reply;
} reply_message;

void hcs_channel_init(hcs_channel *channel, int fd) {
  pthread_mutex_init(&channel->mutex, NULL);
  channel->fd = fd;
  channel->last_request = 0;
}

void hcs_channel_clear(hcs_channel *channel) {
  hcs_fd_close(&channel->fd);
  pthread_mutex_destroy(&channel->mutex);
}

/* A request that hangs (a command on a dead network file system) must not hold up a terminate. */
static int lock_until(hcs_channel *channel, int64_t deadline_ns) {
  struct timespec until = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)};
  return pthread_mutex_clocklock(&channel->mutex, CLOCK_MONOTONIC, &until) == 0;
}

static int fail_lost(hcs_error *err) {
  return hcs_fail(err, HCS_E_UNEXPECTED_PROCESS_ABORT, "the container's guest is gone");
}

/* ---- sending ------------------------------------------------------------------------------------ */

static int send_until(int fd, const hcs_message_part parts[2], const int *fds, size_t fd_count,
                      int64_t deadline_ns, hcs_error *err) {
  while (hcs_socket_send_parts(fd, parts, fds, fd_count) != 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) return fail_lost(err);
    /* ETOOMANYREFS: more descriptors in flight than the limit of this user */
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot send to the container's guest");
    if (hcs_wait_fd_uninterrupted(fd, POLLOUT, deadline_ns) != HCS_WAIT_READY)
      return hcs_fail(err, HCS_E_TIMEOUT, "the container's guest takes no request");
  }
  return 0;
}

static int send_inline(int fd, const hcs_frame *frame, const void *payload, size_t size,
                       const int *fds, size_t fd_count, int64_t deadline_ns, hcs_error *err) {
  const hcs_message_part parts[2] = {{frame, sizeof *frame}, {payload, size}};
  return send_until(fd, parts, fds, fd_count, deadline_ns, err);
}

/* A socket refuses long messages; argv and environment may have megabytes. */
static int send_by_memfd(int fd, const hcs_frame *frame, const void *payload, size_t size,
                         const int *fds, size_t fd_count, int64_t deadline_ns, hcs_error *err) {
  const hcs_message_part parts[2] = {{frame, sizeof *frame}, {NULL, 0}};
  int all[HCS_FRAME_FDS_MAX];
  HCS_AUTO_FD memfd = hcs_memfd_make("hcs-request", payload, size, err);
  if (memfd < 0) return -1;
  all[0] = memfd;
  if (fd_count > 0) memcpy(all + 1, fds, fd_count * sizeof *fds);
  return send_until(fd, parts, all, fd_count + 1, deadline_ns, err);
}

static int send_request(hcs_channel *channel, hcs_frame_type type, const void *payload, size_t size,
                        const int *fds, size_t fd_count, int64_t deadline_ns, hcs_error *err) {
  const hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, (uint16_t)type,
                           ++channel->last_request, (uint32_t)size};
  if (size > HCS_PAYLOAD_MAX)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "arguments and environment take %zu bytes, at most %u fit", size,
                    HCS_PAYLOAD_MAX);
  if (size > HCS_INLINE_MAX)
    return send_by_memfd(channel->fd, &frame, payload, size, fds, fd_count, deadline_ns, err);
  return send_inline(channel->fd, &frame, payload, size, fds, fd_count, deadline_ns, err);
}

/* ---- receiving ---------------------------------------------------------------------------------- */

static int is_reply(const reply_message *message, long size) {
  return size == (long)sizeof *message && message->frame.magic == HCS_FRAME_MAGIC &&
         message->frame.version >= HCS_PROTOCOL_OLDEST &&
         message->frame.version <= HCS_PROTOCOL_VERSION && message->frame.type == HCS_REPLY &&
         message->frame.length == sizeof message->reply;
}

/* Late replies to requests that were given up, or only posted, are passed over. */
static int receive_reply(hcs_channel *channel, int64_t deadline_ns, hcs_reply *reply,
                         hcs_error *err) {
  reply_message message;
  int resets = 0;
  for (;;) {
    long n = hcs_socket_receive(channel->fd, &message, sizeof message);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (hcs_wait_fd_uninterrupted(channel->fd, POLLIN, deadline_ns) == HCS_WAIT_READY) continue;
      return hcs_fail(err, HCS_E_TIMEOUT, "the container's guest does not answer");
    }
    /* said once, in front of what is queued, when the guest ended with something of ours unread */
    if (n < 0 && errno == ECONNRESET && resets++ == 0) continue;
    if (n == 0 || (n < 0 && errno == ECONNRESET)) return fail_lost(err);
    if (n < 0 || !is_reply(&message, n)) {
      shutdown(channel->fd, SHUT_RDWR); /* nothing on it can be believed any more */
      return hcs_fail(err, HCS_E_UNEXPECTED_PROCESS_ABORT,
                      "the container's guest gave an answer that is none");
    }
    /* request 0 is what a guest says that will not hear us: no version in common, or no room */
    if (message.frame.request == channel->last_request || message.frame.request == 0) {
      *reply = message.reply;
      return 0;
    }
    if (hcs_clock_ns() >= deadline_ns)
      return hcs_fail(err, HCS_E_TIMEOUT, "the container's guest answers something else");
  }
}

int hcs_channel_call(hcs_channel *channel, hcs_frame_type type, const void *payload, size_t size,
                     const int *fds, size_t fd_count, int64_t deadline_ns, hcs_reply *reply,
                     hcs_error *err) {
  int r;
  if (!lock_until(channel, deadline_ns))
    return hcs_fail(err, HCS_E_TIMEOUT, "the container's guest is busy with an earlier request");
  r = send_request(channel, type, payload, size, fds, fd_count, deadline_ns, err);
  /* one that turned us away may have said why before it closed its end */
  if (r == 0 || hcs_error_kind(err) == HCS_E_UNEXPECTED_PROCESS_ABORT)
    r = receive_reply(channel, deadline_ns, reply, err);
  pthread_mutex_unlock(&channel->mutex);
  return r;
}

void hcs_channel_post(hcs_channel *channel, hcs_frame_type type) {
  hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, (uint16_t)type, 0, 0};
  if (pthread_mutex_trylock(&channel->mutex) != 0) return;
  frame.request = ++channel->last_request;
  hcs_socket_send(channel->fd, &frame, sizeof frame, NULL, 0);
  pthread_mutex_unlock(&channel->mutex);
}
