/*
 * stream.c - standard streams: our ends of the pipes that the service makes, each with one read or write
 * on its way (pipe_io.h).
 *
 * A read that nobody waits for any more goes on, and its bytes are kept for the next. So does a write: what
 * was started counts as written, as what a POSIX pipe has buffered does. It can be said of none how far it
 * has come when it is cancelled, so none is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lock.h"
#include "operations.h"
#include "pipe_io.h"
#include "result.h"
#include "wait.h"

struct hcs_platform_stream {
  hcs_mutex mutex; /* guards what follows; held while nothing is waited for but a cancelled read */
  hcs_pipe_io *io;
  hcs_stdio which;
  hcs_stream_end end;
  int released;
  int has_started; /* what io does, or has come to, is still to be taken in */

  size_t from, to; /* of stdout and stderr: what was read and not yet taken, in io's buffer */
  int at_end;      /* and nothing more comes */
  DWORD error;     /* of a read: for the next call; of a write: for all that follow */
  unsigned writes; /* started until now */
};

hcs_platform_stream *hcs_windows_stream_new(HANDLE pipe, hcs_stdio which, hcs_stream_end end,
                                            hcs_error *err) {
  hcs_platform_stream *stream = calloc(1, sizeof *stream);

  if (stream == NULL) {
    CloseHandle(pipe);
    hcs_fail_memory(err);
    return NULL;
  }
  if ((stream->io = hcs_pipe_io_open(pipe, err)) == NULL) {
    free(stream);
    return NULL;
  }
  hcs_mutex_init(&stream->mutex);
  stream->which = which;
  stream->end = end;
  return stream;
}

/* The calls inside notice, and come back; close_stdin by another thread is one reason. */
void hcs_windows_stream_release(hcs_platform_stream *stream) {
  hcs_mutex_lock(&stream->mutex);
  stream->released = 1;
  hcs_pipe_io_cancel(stream->io);
  SetEvent(
      stream->io->idle); /* nobody resets it any more: that happens behind a look at `released` */
  hcs_mutex_unlock(&stream->mutex);
}

void hcs_windows_stream_free(hcs_platform_stream *stream) {
  if (stream == NULL) return;
  hcs_pipe_io_close(stream->io, stream->end);
  hcs_mutex_destroy(&stream->mutex);
  free(stream);
}

/* The other end is closed: ReadFile's page, and WriteFile's for the first. */
static int is_gone(DWORD error) {
  return error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE ||
         error == ERROR_PIPE_NOT_CONNECTED || error == ERROR_HANDLE_EOF;
}

/* ---- reading; all but the last with the mutex held ---------------------------------------------------- */

/*
 * No bytes and no error: somebody wrote none of them into the pipe (ReadFile's page), which is no end while
 * there is a pipe; anything else has ended.
 */
static int is_connected(const hcs_pipe_io *io) {
  return PeekNamedPipe(io->pipe, NULL, 0, NULL, NULL, NULL) != 0;
}

static void take_in_read(hcs_platform_stream *stream) {
  const hcs_pipe_io *io = stream->io;

  stream->has_started = 0;
  stream->from = 0;
  stream->to = io->count;
  switch (io->error) {
  case ERROR_SUCCESS: stream->at_end = io->count == 0 && !is_connected(io); break;
  case ERROR_MORE_DATA: break;         /* a message, whose rest comes next */
  case ERROR_OPERATION_ABORTED: break; /* by us; the next call asks again */
  default:
    stream->at_end = is_gone(io->error);
    stream->error = stream->at_end ? ERROR_SUCCESS : io->error;
  }
}

static int read_is_there(const hcs_platform_stream *stream) {
  return stream->released || stream->from < stream->to || stream->at_end ||
         stream->error != ERROR_SUCCESS;
}

/* 1: take_read() has something; 0: a read is on its way. */
static int read_ready(hcs_platform_stream *stream) {
  while (!read_is_there(stream)) {
    if (!stream->has_started) hcs_pipe_io_read(stream->io);
    stream->has_started = 1;
    if (hcs_pipe_io_busy(stream->io)) return 0;
    take_in_read(stream);
  }
  return 1;
}

/* As read_ready(), but what is in the pipe now is there, and no read on its way. */
static int read_settled(hcs_platform_stream *stream) {
  if (!stream->released && stream->has_started) {
    hcs_pipe_io_settle(stream->io);
    if (!hcs_pipe_io_busy(stream->io)) take_in_read(stream);
  }
  return read_is_there(stream);
}

static int take_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                     hcs_error *err) {
  size_t count = stream->to - stream->from;
  DWORD error = stream->error;

  stream->error = ERROR_SUCCESS;
  if (error != ERROR_SUCCESS) return hcs_fail_windows(err, error, "cannot read a stream");
  if (count > capacity) count = capacity;
  memcpy(data, stream->io->bytes + stream->from, count);
  stream->from += count;
  *size = count;
  return 0;
}

int hcs_windows_stream_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                            int64_t deadline_ns, hcs_error *err) {
  int waited = 0, ready, result = 0;

  for (;;) {
    hcs_mutex_lock(&stream->mutex);
    ready = waited == HCS_WAIT_EXPIRED ? read_settled(stream) : read_ready(stream);
    if (ready) result = take_read(stream, data, capacity, size, err);
    hcs_mutex_unlock(&stream->mutex);
    if (ready) return result;
    if (waited == HCS_WAIT_EXPIRED) return hcs_fail(err, HCS_E_TIMEOUT, NULL);
    waited = hcs_wait_try(&stream->io->idle, 1, deadline_ns, err);
    if (waited < 0 || waited == HCS_INTERRUPTED) return waited;
  }
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

/* With the mutex: 1 when nothing is on its way. A part of a chunk would leave a hole. */
static int write_ready(hcs_platform_stream *stream) {
  const hcs_pipe_io *io = stream->io;

  if (stream->released) return 1;
  if (hcs_pipe_io_busy(stream->io)) return 0;
  if (stream->has_started && stream->error == ERROR_SUCCESS)
    stream->error =
        io->error == ERROR_SUCCESS && io->count != io->size ? ERROR_WRITE_FAULT : io->error;
  stream->has_started = 0;
  return 1;
}

static int fail_write(DWORD error, hcs_error *err) {
  if (error == ERROR_SUCCESS || is_gone(error))
    return hcs_fail_errno(err, EPIPE, "nobody reads the process' stdin");
  return hcs_fail_windows(err, error, "cannot write a stream");
}

/* With the mutex, and the chunk before in the pipe. */
static int start_write(hcs_platform_stream *stream, const void *data, size_t size, size_t *written,
                       hcs_error *err) {
  if (stream->released || stream->error != ERROR_SUCCESS) return fail_write(stream->error, err);
  *written = size < HCS_PIPE_IO_BYTES ? size : HCS_PIPE_IO_BYTES;
  hcs_pipe_io_write(stream->io, data, (DWORD)*written);
  stream->has_started = 1;
  stream->writes++;
  return 0;
}

/*
 * Until the chunk with this number is in the pipe; 0 also when the deadline passes or an interrupt comes: it
 * goes on, and counts as written.
 */
static int finish_write(hcs_platform_stream *stream, unsigned number, int64_t deadline_ns,
                        hcs_error *err) {
  int waited = 0;

  while (waited == 0) {
    DWORD error = ERROR_SUCCESS;
    int ready;

    hcs_mutex_lock(&stream->mutex);
    ready = write_ready(stream) || stream->writes != number;
    if (!stream->released) error = stream->error;
    hcs_mutex_unlock(&stream->mutex);
    if (error != ERROR_SUCCESS) return fail_write(error, err);
    if (ready) return 0;
    waited = hcs_wait_try(&stream->io->idle, 1, deadline_ns, err);
  }
  return waited < 0 ? -1 : 0;
}

int hcs_windows_stream_write(hcs_platform_stream *stream, const void *data, size_t size,
                             size_t *written, int64_t deadline_ns, hcs_error *err) {
  unsigned number;
  size_t taken = 0;
  int ready, result = 0;

  for (;;) {
    hcs_mutex_lock(&stream->mutex);
    ready = write_ready(stream);
    if (ready) result = start_write(stream, data, size, &taken, err);
    number = stream->writes;
    hcs_mutex_unlock(&stream->mutex);
    if (ready) break;
    result = hcs_wait_any(&stream->io->idle, 1, deadline_ns, err);
    if (result != 0) return result;
  }
  if (result == 0) result = finish_write(stream, number, deadline_ns, err);
  if (result == 0) *written = taken;
  return result;
}

/* ---- poll ---------------------------------------------------------------------------------------------------- */

int hcs_windows_stream_ready(hcs_platform_stream *stream, HANDLE *event) {
  int ready;

  hcs_mutex_lock(&stream->mutex);
  ready = stream->which == HCS_STDIN ? write_ready(stream) : read_ready(stream);
  *event = stream->io->idle;
  hcs_mutex_unlock(&stream->mutex);
  return ready;
}

int hcs_windows_stream_settled(hcs_platform_stream *stream) {
  int ready;

  hcs_mutex_lock(&stream->mutex);
  ready = stream->which == HCS_STDIN ? write_ready(stream) : read_settled(stream);
  hcs_mutex_unlock(&stream->mutex);
  return ready;
}
