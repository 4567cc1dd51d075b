/*
 * pipe.c - standard streams: kernel pipes between the process and us, nothing in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "wait.h"

/* Many reads of a long output each cost a system call and a wake-up: a larger pipe halves both. */
#define PIPE_BYTES (256 * 1024)

struct hcs_platform_stream {
  pthread_mutex_t mutex;
  int fd;    /* -1 after release, once no call uses it any more */
  int users; /* calls that are using fd */
  int released;
  hcs_stdio which;
};

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
  pthread_mutex_init(&stream->mutex, NULL);
  stream->fd = ends[ours];
  stream->which = which;
  *container_end = ends[1 - ours];
  return stream;
}

/* The descriptor for the duration of one call, or -1. A release meanwhile takes effect after it. */
static int use_begin(hcs_platform_stream *stream) {
  int fd;
  pthread_mutex_lock(&stream->mutex);
  fd = stream->released ? -1 : stream->fd;
  if (fd >= 0) stream->users++;
  pthread_mutex_unlock(&stream->mutex);
  return fd;
}

static void use_end(hcs_platform_stream *stream) {
  pthread_mutex_lock(&stream->mutex);
  if (--stream->users == 0 && stream->released) hcs_fd_close(&stream->fd);
  pthread_mutex_unlock(&stream->mutex);
}

static int wait_more(int fd, short events, int64_t deadline_ns, hcs_error *err) {
  switch (hcs_wait_fd(fd, events, deadline_ns)) {
  case HCS_WAIT_READY: return 0;
  case HCS_WAIT_INTERRUPTED: return HCS_INTERRUPTED;
  case HCS_WAIT_TIMEOUT: return hcs_fail(err, HCS_E_TIMEOUT, NULL);
  default: return hcs_fail_errno(err, errno, "cannot wait for a stream");
  }
}

/* ---- reading ------------------------------------------------------------------------------------- */

static int read_until(int fd, void *data, size_t capacity, size_t *size, int64_t deadline_ns,
                      hcs_error *err) {
  for (;;) {
    ssize_t n = read(fd, data, capacity);
    int r;
    if (n >= 0) {
      *size = (size_t)n;
      return 0;
    }
    if (errno == EINTR) return HCS_INTERRUPTED;
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot read a stream");
    r = wait_more(fd, POLLIN, deadline_ns, err);
    if (r != 0) return r;
  }
}

int hcs_linux_stream_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                          int64_t deadline_ns, hcs_error *err) {
  int fd = use_begin(stream), r;
  if (fd < 0) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  r = read_until(fd, data, capacity, size, deadline_ns, err);
  use_end(stream);
  return r;
}

/* ---- writing ------------------------------------------------------------------------------------- */

/*
 * write(2) on a pipe without a reader raises SIGPIPE, which would end the host program. Blocked for
 * this thread around the call, it stays pending and is taken back; one that was pending before, or
 * that the program blocks itself, is left alone.
 */
static ssize_t write_quietly(int fd, const void *data, size_t size) {
  static const struct timespec at_once;
  sigset_t pipe_only, before, pending;
  ssize_t n;
  int saved;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  n = write(fd, data, size);
  saved = errno;
  if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
    while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR) continue;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return n;
}

static int write_until(int fd, const void *data, size_t size, size_t *written, int64_t deadline_ns,
                       hcs_error *err) {
  for (;;) {
    ssize_t n = write_quietly(fd, data, size);
    int r;
    if (n >= 0) {
      *written = (size_t)n;
      return 0;
    }
    if (errno == EINTR) return HCS_INTERRUPTED;
    if (errno == EPIPE) return hcs_fail_errno(err, EPIPE, "nobody reads the process' stdin");
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot write a stream");
    r = wait_more(fd, POLLOUT, deadline_ns, err);
    if (r != 0) return r;
  }
}

int hcs_linux_stream_write(hcs_platform_stream *stream, const void *data, size_t size,
                           size_t *written, int64_t deadline_ns, hcs_error *err) {
  int fd = use_begin(stream), r;
  if (fd < 0) return hcs_fail_errno(err, EPIPE, "the process' stdin is closed");
  r = write_until(fd, data, size, written, deadline_ns, err);
  use_end(stream);
  return r;
}

/* ---- the handle ---------------------------------------------------------------------------------- */

void hcs_linux_stream_release(hcs_platform_stream *stream) {
  pthread_mutex_lock(&stream->mutex);
  stream->released = 1;
  if (stream->users == 0) hcs_fd_close(&stream->fd);
  pthread_mutex_unlock(&stream->mutex);
}

void hcs_linux_stream_free(hcs_platform_stream *stream) {
  if (stream == NULL) return;
  hcs_fd_close(&stream->fd);
  pthread_mutex_destroy(&stream->mutex);
  free(stream);
}

int hcs_pipe_poll_get(const hcs_platform_stream *stream, short *events) {
  *events = stream->which == HCS_STDIN ? POLLOUT : POLLIN;
  return stream->released ? -1 : stream->fd;
}

int hcs_linux_stream_pollfd(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err) {
  short events;
  int fd = hcs_pipe_poll_get(stream, &events);
  if (fd < 0) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  *descriptor = fd;
  return 0;
}
