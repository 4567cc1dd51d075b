/*
 * pipe_fixture.h - named pipes as the service makes them: a stream on our end, the far end plain, in the
 * hands of the test. Every test runs on an overlapped and on a plain end of ours.
 */
#ifndef PIPE_FIXTURE_H
#define PIPE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/windows/objects.h"
#include "hcs/windows/operations.h"
#include "hcs/windows/wait.h"
#include "test/error_fixture.h"

#define NS_PER_MS INT64_C(1000000)
#define PIPE_BYTES 4096 /* as much does the pipe itself hold, each way */
#define CHUNK_BYTES 65536

static const int overlapped = 1, plain = 0;

/* The test as a row for each kind of pipe; the kind is its state. */
#define BOTH(function)                                                                             \
  {#function ", overlapped", function, setup, teardown, (void *)(uintptr_t)&overlapped}, {         \
#function ", plain", function, setup, teardown, (void *)(uintptr_t)&plain                      \
  }
#define KIND(state) (*(const int *)*(state))

static inline int64_t in_ms(int64_t ms) { return hcs_windows_clock_ns() + ms * NS_PER_MS; }

typedef struct pipe_ends {
  HANDLE ours, peer;
} pipe_ends;

static inline pipe_ends pipe_make(int is_overlapped) {
  static LONG last;
  char name[64];
  pipe_ends ends;

  (void)snprintf(name, sizeof name, "\\\\.\\pipe\\hcs-test-%lu-%ld", GetCurrentProcessId(),
                 InterlockedIncrement(&last));
  ends.ours =
      CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | (is_overlapped ? FILE_FLAG_OVERLAPPED : 0),
                       PIPE_TYPE_BYTE, 1, PIPE_BYTES, PIPE_BYTES, 0, NULL);
  assert_ptr_not_equal(ends.ours, INVALID_HANDLE_VALUE);
  ends.peer = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  assert_ptr_not_equal(ends.peer, INVALID_HANDLE_VALUE);
  return ends;
}

/* A stream, and the far end of its pipe in `*peer`. */
static inline hcs_platform_stream *stream_make(int is_overlapped, hcs_stdio which,
                                               hcs_stream_end end, HANDLE *peer) {
  pipe_ends ends = pipe_make(is_overlapped);
  hcs_platform_stream *stream = hcs_windows_stream_new(ends.ours, which, end, err);

  assert_non_null(stream);
  *peer = ends.peer;
  return stream;
}

static const hcs_stream_end no_end = {NULL, NULL};

/* What the core does, in its order. */
static inline void stream_close(hcs_platform_stream *stream) {
  hcs_windows_stream_release(stream);
  hcs_windows_stream_free(stream);
}

static inline void peer_put(HANDLE peer, const void *data, size_t size) {
  DWORD written = 0;

  assert_true(WriteFile(peer, data, (DWORD)size, &written, NULL));
  assert_int_equal(written, size);
}

/* Reads until `size` bytes are there or the pipe has ended; how many. */
static inline size_t peer_take(HANDLE peer, char *data, size_t size) {
  size_t taken = 0;
  DWORD count;

  while (taken < size && ReadFile(peer, data + taken, (DWORD)(size - taken), &count, NULL))
    taken += count;
  return taken;
}

static inline void assert_ok(int result) {
  if (result != 0) fail_msg("%d: %s", result, hcs_error_message(err));
}

static inline void assert_timeout(int result) {
  assert_int_equal(result, -1);
  assert_int_equal(hcs_error_is(err, HCS_IS_TIMEOUT), 1);
}

/* Bytes that tell where they belong. */
static inline char byte_at(size_t position) { return (char)(position * 7 + position / 251); }

static inline void pattern_put(char *data, size_t size, size_t position) {
  for (size_t i = 0; i < size; i++) data[i] = byte_at(position + i);
}

static inline int pattern_is(const char *data, size_t size, size_t position) {
  for (size_t i = 0; i < size; i++)
    if (data[i] != byte_at(position + i)) return 0;
  return 1;
}

#endif
