/*
 * pipe.c - standard streams: kernel pipes between the process and us, nothing in between; or the two
 * descriptors of a console's master, which read and write like pipes but for their ends (console.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "quiet_write.h"
#include "stream.h"
#include "wait.h"

/* Many reads of a long output each cost a system call and a wake-up: a larger pipe halves both. */
#define PIPE_BYTES (256 * 1024)

hcs_platform_stream *hcs_pipe_make(hcs_stdio which, int *container_end, hcs_error *err) {
  hcs_platform_stream *stream = calloc(1, sizeof *stream);
  int ends[2], ours = which == HCS_STDIN ? 1 : 0;
  if (stream == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  if (pipe2(ends, O_CLOEXEC) != 0) {
    hcs_fail_errno(err, errno, "cannot make a pipe");
    free(stream);
    return NULL;
  }
  /* Only our end: each end is a file description of its own, the process sees a blocking pipe. */
  fcntl(ends[ours], F_SETFL, (ours == 1 ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
  fcntl(ends[ours], F_SETPIPE_SZ, PIPE_BYTES); /* refused beyond the user's quota: 64 KiB then */
  stream->fd = hcs_fd_raise(ends[ours]);
  stream->which = which;
  *container_end = ends[1 - ours];
  return stream;
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* A master whose other side nobody has open any more says EIO when all is read. */
static ssize_t read_some(const hcs_platform_stream *stream, void *data, size_t capacity) {
  ssize_t n = read(stream->fd, data, capacity);
  return n < 0 && errno == EIO && stream->console != NULL ? 0 : n;
}

int hcs_linux_stream_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                          int64_t deadline_ns, hcs_error *err) {
  for (;;) {
    short events;
    int fd = hcs_pipe_poll_get(stream, &events), r;
    ssize_t n = read_some(stream, data, capacity);
    if (n >= 0) {
      *size = (size_t)n;
      return 0;
    }
    if (errno == EINTR) return HCS_INTERRUPTED;
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot read a stream");
    r = hcs_wait_more(fd, events, deadline_ns, err);
    if (r != 0) return r;
  }
}

/* ---- writing ------------------------------------------------------------------------------------- */

/* A master goes on taking bytes when nobody has its other side open any more. */
static ssize_t write_some(const hcs_platform_stream *stream, const void *data, size_t size) {
  ssize_t n;
  if (stream->console == NULL) return hcs_write_quietly(stream->fd, data, size);
  /* for no event: a hangup is told unasked */
  if (hcs_wait_fd_uninterrupted(stream->fd, 0, 0) == HCS_WAIT_READY) {
    errno = EPIPE;
    return -1;
  }
  n = write(stream->fd, data, size);
  if (n > 0) hcs_console_note_input(stream->console, data, (size_t)n);
  return n;
}

int hcs_linux_stream_write(hcs_platform_stream *stream, const void *data, size_t size,
                           size_t *written, int64_t deadline_ns, hcs_error *err) {
  for (;;) {
    ssize_t n = write_some(stream, data, size);
    int r;
    if (n >= 0) {
      *written = (size_t)n;
      return 0;
    }
    if (errno == EINTR) return HCS_INTERRUPTED;
    if (errno == EPIPE) return hcs_fail_errno(err, EPIPE, "nobody reads the process' stdin");
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot write a stream");
    r = hcs_wait_more(stream->fd, POLLOUT, deadline_ns, err);
    if (r != 0) return r;
  }
}

/* ---- the handle ---------------------------------------------------------------------------------- */

/*
 * For a pipe there is nothing to do here: free follows when the last call inside has returned, and
 * closes. Nothing wakes a call that waits; it comes back with bytes, with the end, or at its deadline.
 */
void hcs_linux_stream_release(hcs_platform_stream *stream) {
  if (stream->console != NULL && stream->which == HCS_STDIN) hcs_console_end_input(stream);
}

void hcs_linux_stream_free(hcs_platform_stream *stream) {
  if (stream == NULL) return;
  hcs_fd_close(&stream->fd);
  if (stream->console != NULL) hcs_console_drop(stream);
  free(stream);
}

int hcs_pipe_poll_get(hcs_platform_stream *stream, short *events) {
  *events = stream->which == HCS_STDIN ? POLLOUT : POLLIN;
  if (stream->console != NULL && stream->which == HCS_STDOUT && hcs_console_settle(stream))
    *events = POLLIN | POLLOUT;
  return stream->fd;
}

int hcs_pipe_poll_ready(const hcs_platform_stream *stream, short found) {
  return stream->which == HCS_STDIN ? found != 0 : (found & ~POLLOUT) != 0;
}

int hcs_linux_stream_pollfd(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err) {
  (void)err;
  *descriptor = stream->fd;
  return 0;
}
