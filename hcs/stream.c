/*
 * stream.c - a process' standard streams: counted pipes, their shared read buffers, stream objects.
 *
 * A pipe ends in one of three ways: close_stdin, the closing of the last open stdin object, or when
 * nobody can reach it any more (the process handle hands out no more and no object is open). An
 * object that is freed without close just no longer counts: collecting garbage ends nothing that
 * somebody could still use.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

#define CHUNK_BYTES 65536 /* what a Linux pipe holds unless told otherwise, see pipe(7) */
#define KEPT_BYTES (4 * CHUNK_BYTES) /* an empty buffer that is larger is given back */

struct hcs_pipe {
  hcs_handle handle; /* holders: the process handle and every stream object */
  hcs_mutex mutex;   /* guards what follows; never held while something is waited for */
  hcs_platform_stream *native;
  int offered;    /* the process handle can still hand out objects */
  unsigned open;  /* objects that are neither closed nor freed */
  unsigned users; /* calls inside the platform: native stays until they are back */
  int ended;      /* the platform's stream was released: the other side sees the end */
  int at_end;     /* a read has met the end; it is not asked again */

  char *bytes; /* read but not consumed: bytes[start..end) */
  size_t start, end, capacity;
  unsigned readers; /* each has CHUNK_BYTES reserved behind end */
  char *spare;      /* a chunk that waits for the next reader, or NULL */

  hcs_stdio which;
  uint32_t pid;
  char id[65];
};

struct hcs_stream {
  hcs_handle handle;
  hcs_pipe *pipe;
};

/* ---- pipes ------------------------------------------------------------------------------------ */

/*
 * In a forked child another thread of the parent may have held the mutex, in the middle of anything;
 * then only the platform's object is freed. Here at home the pipe has ended long before.
 */
static void pipe_destroy(hcs_handle *handle, int whole) {
  hcs_pipe *pipe = (hcs_pipe *)handle;

  if (pipe->native != NULL) hcs_platform_get()->stream_free(pipe->native);
  pipe->native = NULL;
  if (!whole || !hcs_mutex_trylock(&pipe->mutex)) return;
  hcs_mutex_unlock(&pipe->mutex);
  hcs_mutex_destroy(&pipe->mutex);
  free(pipe->bytes);
  free(pipe->spare);
  free(pipe);
}

hcs_pipe *hcs_pipe_new(hcs_stdio which, const char *id, hcs_error *err) {
  hcs_pipe *pipe = calloc(1, sizeof *pipe);

  if (pipe == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  hcs_handle_init(&pipe->handle, pipe_destroy, NULL);
  hcs_mutex_init(&pipe->mutex);
  pipe->offered = 1;
  pipe->which = which;
  strncpy(pipe->id, id, sizeof pipe->id - 1); /* the rest is 0 already */
  return pipe;
}

void hcs_pipe_connect(hcs_pipe *pipe, hcs_platform_stream *stream, uint32_t pid) {
  pipe->native = stream;
  pipe->pid = pid;
}

/* With the mutex held. */
static void end_locked(hcs_pipe *pipe) {
  if (pipe->native != NULL && !pipe->ended) hcs_platform_get()->stream_release(pipe->native);
  pipe->ended = 1;
}

/* Every change ends here: the last one out of an ended pipe frees the platform's object. */
static void pipe_unlock(hcs_pipe *pipe) {
  hcs_platform_stream *unused = NULL;

  if (pipe->ended && pipe->users == 0) {
    unused = pipe->native;
    pipe->native = NULL;
  }
  hcs_mutex_unlock(&pipe->mutex);
  if (unused != NULL) hcs_platform_get()->stream_free(unused);
}

void hcs_pipe_end(hcs_pipe *pipe) {
  hcs_mutex_lock(&pipe->mutex);
  end_locked(pipe);
  pipe_unlock(pipe);
}

void hcs_pipe_abandon(hcs_pipe *pipe) {
  if (pipe == NULL) return;
  if (!hcs_handle_foreign(&pipe->handle)) {
    hcs_mutex_lock(&pipe->mutex);
    pipe->offered = 0;
    if (pipe->open == 0) end_locked(pipe);
    pipe_unlock(pipe);
  }
  hcs_handle_drop(&pipe->handle);
}

/* An object less that is open; `closing` if by close, which for stdin means "I am done". */
static void pipe_detach(hcs_pipe *pipe, int closing) {
  hcs_mutex_lock(&pipe->mutex);
  pipe->open--;
  if (pipe->open == 0 && (!pipe->offered || (closing && pipe->which == HCS_STDIN)))
    end_locked(pipe);
  pipe_unlock(pipe);
}

/* Takes the platform's stream for a call that may wait; NULL once the pipe has ended. */
static hcs_platform_stream *pipe_use(hcs_pipe *pipe) {
  hcs_platform_stream *native;

  hcs_mutex_lock(&pipe->mutex);
  native = pipe->ended ? NULL : pipe->native;
  if (native != NULL) pipe->users++;
  pipe_unlock(pipe);
  return native;
}

/* 1 if the pipe has ended since. */
static int pipe_unuse(hcs_pipe *pipe) {
  int ended;

  hcs_mutex_lock(&pipe->mutex);
  pipe->users--;
  ended = pipe->ended;
  pipe_unlock(pipe);
  return ended;
}

/* ---- the read buffer; all with the mutex held -------------------------------------------------- */

/* Moves what is left to the front if more than half is waste, else doubles: linear in the end. */
static int buffer_reserve(hcs_pipe *pipe, size_t room, hcs_error *err) {
  size_t live = pipe->end - pipe->start;
  size_t capacity = pipe->capacity > 0 ? pipe->capacity * 2 : CHUNK_BYTES;
  char *bytes;

  if (pipe->capacity - pipe->end >= room) return 0;
  if (pipe->start >= live && pipe->capacity - live >= room) {
    memmove(pipe->bytes, pipe->bytes + pipe->start, live);
  } else {
    while (capacity - live < room) capacity *= 2;
    if ((bytes = malloc(capacity)) == NULL) return hcs_fail_memory(err);
    if (live > 0) memcpy(bytes, pipe->bytes + pipe->start, live);
    free(pipe->bytes);
    pipe->bytes = bytes;
    pipe->capacity = capacity;
  }
  pipe->start = 0;
  pipe->end = live;
  return 0;
}

/*
 * Cannot fail, for the room is reserved: bytes that were read are never lost. A buffer of one chunk
 * is empty and has one reader, or it would have grown; then nothing needs to be copied.
 */
static void buffer_append(hcs_pipe *pipe, char **chunk, size_t size) {
  char *bytes = pipe->bytes;

  if (pipe->capacity == CHUNK_BYTES) {
    pipe->bytes = *chunk;
    *chunk = bytes;
  } else {
    memcpy(pipe->bytes + pipe->end, *chunk, size);
  }
  pipe->end += size;
}

/* A buffer that had to grow for somebody who wanted everything at once is not kept. */
static void buffer_consume(hcs_pipe *pipe, size_t size) {
  size_t live = pipe->end - pipe->start;

  pipe->start += size < live ? size : live;
  if (pipe->start < pipe->end) return;
  pipe->start = pipe->end = 0;
  if (pipe->capacity > KEPT_BYTES && pipe->readers == 0) {
    free(pipe->bytes);
    pipe->bytes = NULL;
    pipe->capacity = 0;
  }
}

/* ---- reading and writing ----------------------------------------------------------------------- */

/* 1 with a chunk to read into, 0 at the end, -1. */
static int read_begin(hcs_pipe *pipe, char **chunk, hcs_error *err) {
  int result = 0;

  hcs_mutex_lock(&pipe->mutex);
  if (!pipe->ended && !pipe->at_end)
    result = buffer_reserve(pipe, (pipe->readers + 1) * (size_t)CHUNK_BYTES, err) == 0 ? 1 : -1;
  if (result == 1) {
    *chunk = pipe->spare != NULL ? pipe->spare : malloc(CHUNK_BYTES);
    pipe->spare = NULL;
    if (*chunk == NULL) result = hcs_fail_memory(err);
  }
  if (result == 1) {
    pipe->users++;
    pipe->readers++;
  }
  pipe_unlock(pipe);
  return result;
}

static void read_end(hcs_pipe *pipe, char *chunk, int result, size_t size) {
  hcs_mutex_lock(&pipe->mutex);
  if (result == 0 && size > 0)
    buffer_append(pipe, &chunk, size);
  else if (result == 0)
    pipe->at_end = 1;
  pipe->users--;
  pipe->readers--;
  if (pipe->spare == NULL) {
    pipe->spare = chunk;
    chunk = NULL;
  }
  pipe_unlock(pipe);
  free(chunk);
}

/*
 * Every reader waits with a chunk of its own: the buffer may be used, consumed and moved by others
 * while this one waits, and no deadline depends on somebody else's.
 */
static int pipe_fill(hcs_pipe *pipe, size_t *size, int64_t deadline_ns, hcs_error *err) {
  char *chunk = NULL;
  size_t got = 0;
  int result;

  if (pipe->which == HCS_STDIN) return hcs_fail_errno(err, EBADF, "stdin can be written only");
  result = read_begin(pipe, &chunk, err);
  if (result < 0) return -1;
  if (result == 1) {
    result =
        hcs_platform_get()->stream_read(pipe->native, chunk, CHUNK_BYTES, &got, deadline_ns, err);
    read_end(pipe, chunk, result, got);
  }
  if (result == 0) *size = got;
  return result;
}

static int fail_ended(hcs_error *err) {
  return hcs_fail_errno(err, EPIPE, "cannot write: stdin of the process has been closed");
}

static int pipe_write(hcs_pipe *pipe, const void *data, size_t size, size_t *written,
                      int64_t deadline_ns, hcs_error *err) {
  hcs_platform_stream *native;
  size_t taken = 0;
  int result = 0;

  if (pipe->which != HCS_STDIN)
    return hcs_fail_errno(err, EBADF, "%s can be read only",
                          pipe->which == HCS_STDOUT ? "stdout" : "stderr");
  if ((native = pipe_use(pipe)) == NULL) return fail_ended(err);
  if (size > 0)
    result = hcs_platform_get()->stream_write(native, data, size, &taken, deadline_ns, err);
  if (pipe_unuse(pipe) && result != 0)
    return fail_ended(err); /* close_stdin by another thread has woken us */
  if (result == 0) *written = taken;
  return result;
}

/* ---- stream objects ---------------------------------------------------------------------------- */

static int fail_at(hcs_stream *stream, const char *operation, hcs_error *err) {
  return hcs_error_at(err, operation, stream->pipe->id, stream->pipe->pid);
}

static void stream_destroy(hcs_handle *handle, int whole) {
  hcs_stream *stream = (hcs_stream *)handle;
  hcs_pipe *pipe = stream->pipe;

  if (whole) free(stream);
  hcs_handle_drop(&pipe->handle);
}

hcs_stream *hcs_pipe_stream(hcs_pipe *pipe, hcs_error *err) {
  hcs_stream *stream = calloc(1, sizeof *stream);

  if (stream == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  hcs_handle_init(&stream->handle, stream_destroy, NULL);
  stream->pipe = pipe;
  hcs_handle_hold(&pipe->handle);
  hcs_mutex_lock(&pipe->mutex);
  pipe->open++;
  pipe_unlock(pipe);
  return stream;
}

/* The first of close and free counts. */
static void stream_detach(hcs_stream *stream, int closing) {
  int before = atomic_exchange(&stream->handle.phase, HCS_CLOSED);

  if (before != HCS_CLOSED && !hcs_handle_foreign(&stream->handle))
    pipe_detach(stream->pipe, closing);
}

int hcs_stream_close(hcs_stream *stream, hcs_error *err) {
  (void)err; /* nothing is buffered on the way in, so there is nothing that could fail */
  stream_detach(stream, 1);
  return 0;
}

void hcs_stream_free(hcs_stream *stream) {
  if (stream == NULL) return;
  stream_detach(stream, 0);
  hcs_handle_drop(&stream->handle);
}

int hcs_stream_closed(const hcs_stream *stream) { return hcs_handle_closed(&stream->handle); }

hcs_stdio hcs_stream_which(const hcs_stream *stream) { return stream->pipe->which; }

/* In, unless closed; paired with finish(). */
static int begin(hcs_stream *stream, const char *operation, hcs_error *err) {
  if (hcs_handle_visit(&stream->handle, err) != 0) return fail_at(stream, operation, err);
  if (!hcs_handle_closed(&stream->handle)) return 0;
  hcs_fail_closed(err);
  fail_at(stream, operation, err);
  hcs_handle_leave(&stream->handle);
  return -1;
}

static int finish(hcs_stream *stream, const char *operation, int result, hcs_error *err) {
  if (result < 0) fail_at(stream, operation, err);
  hcs_handle_leave(&stream->handle);
  return result;
}

const char *hcs_stream_buffer(hcs_stream *stream, size_t *size) {
  hcs_pipe *pipe = stream->pipe;
  const char *bytes = NULL;

  *size = 0;
  if (hcs_handle_foreign(&stream->handle) || hcs_handle_closed(&stream->handle)) return NULL;
  hcs_mutex_lock(&pipe->mutex);
  if (pipe->bytes != NULL) {
    bytes = pipe->bytes + pipe->start;
    *size = pipe->end - pipe->start;
  }
  hcs_mutex_unlock(&pipe->mutex);
  return bytes;
}

void hcs_stream_consume(hcs_stream *stream, size_t size) {
  hcs_pipe *pipe = stream->pipe;

  if (hcs_handle_foreign(&stream->handle) || hcs_handle_closed(&stream->handle)) return;
  hcs_mutex_lock(&pipe->mutex);
  buffer_consume(pipe, size);
  hcs_mutex_unlock(&pipe->mutex);
}

int hcs_stream_fill(hcs_stream *stream, size_t *size, int64_t deadline_ns, hcs_error *err) {
  const char *operation = "hcs::Stream::Read";
  int result;

  if (begin(stream, operation, err) != 0) return -1;
  result = pipe_fill(stream->pipe, size, deadline_ns, err);
  /* What was read stays in the pipe's buffer for its other objects. */
  if (hcs_handle_closed(&stream->handle)) result = hcs_fail_closed(err);
  return finish(stream, operation, result, err);
}

int hcs_stream_write(hcs_stream *stream, const void *data, size_t size, size_t *written,
                     int64_t deadline_ns, hcs_error *err) {
  const char *operation = "hcs::Stream::Write";
  int result;

  if (begin(stream, operation, err) != 0) return -1;
  result = pipe_write(stream->pipe, data, size, written, deadline_ns, err);
  /* Bytes that are in the pipe are a success, whatever happened to the object since. */
  if (result != 0 && hcs_handle_closed(&stream->handle)) result = hcs_fail_closed(err);
  return finish(stream, operation, result, err);
}

static int pipe_pollfd(hcs_pipe *pipe, intptr_t *descriptor, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_platform_stream *native;
  int result;

  if (platform->stream_pollfd == NULL) return hcs_fail_missing(err);
  if ((native = pipe_use(pipe)) == NULL) return fail_ended(err);
  result = platform->stream_pollfd(native, descriptor, err);
  pipe_unuse(pipe);
  return result;
}

int hcs_stream_pollfd(hcs_stream *stream, intptr_t *descriptor, hcs_error *err) {
  const char *operation = "hcs::Stream::PollFd";

  if (begin(stream, operation, err) != 0) return -1;
  return finish(stream, operation, pipe_pollfd(stream->pipe, descriptor, err), err);
}

/* ---- poll ------------------------------------------------------------------------------------- */

/* Buffered bytes and a known end are ready; so is an ended stdin, whose writes fail at once. */
static int pipe_ready(hcs_pipe *pipe) {
  int ready;

  hcs_mutex_lock(&pipe->mutex);
  ready = pipe->end > pipe->start || pipe->at_end || pipe->ended;
  hcs_mutex_unlock(&pipe->mutex);
  return ready;
}

int hcs_stream_watch(hcs_stream *stream, hcs_platform_poll_item *item, hcs_error *err) {
  if (begin(stream, "hcs::Poll", err) != 0) return -1;
  item->for_write = stream->pipe->which == HCS_STDIN;
  if (pipe_ready(stream->pipe)) return 1;
  item->stream = pipe_use(stream->pipe);
  return item->stream == NULL;
}

int hcs_stream_unwatch(hcs_stream *stream, const hcs_platform_poll_item *item, hcs_error *err) {
  int result = 0;

  if (item->stream != NULL) pipe_unuse(stream->pipe);
  if (hcs_handle_closed(&stream->handle)) result = hcs_fail_closed(err);
  return finish(stream, "hcs::Poll", result, err);
}
