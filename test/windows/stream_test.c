/*
 * stream_test.c - standard streams on the pipes of the service: what a call waits for, and what goes on
 * when nobody waits.
 */
#include "pipe_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int read_in(hcs_platform_stream *stream, char *data, size_t capacity, size_t *size,
                   int64_t deadline_ns) {
  return hcs_windows_stream_read(stream, data, capacity, size, deadline_ns, err);
}

/* Expects exactly these bytes from one read. */
static void reads(hcs_platform_stream *stream, const char *text, int64_t deadline_ns) {
  char data[64];
  size_t size = 99;

  assert_ok(read_in(stream, data, sizeof data, &size, deadline_ns));
  assert_int_equal(size, strlen(text));
  assert_memory_equal(data, text, size);
}

static int write_in(hcs_platform_stream *stream, const void *data, size_t size, size_t *written,
                    int64_t deadline_ns) {
  return hcs_windows_stream_write(stream, data, size, written, deadline_ns, err);
}

static void assert_broken(int result) {
  assert_int_equal(result, -1);
  assert_string_equal(hcs_error_errno(err), "EPIPE");
}

/* ---- threads ------------------------------------------------------------------------------------------ */

static HANDLE thread_run(LPTHREAD_START_ROUTINE function, void *context) {
  HANDLE thread = CreateThread(NULL, 0, function, context, 0, NULL);

  assert_non_null(thread);
  return thread;
}

static DWORD thread_join(HANDLE thread) {
  DWORD code = 0;

  assert_int_equal(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
  GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}

/* A call on a stream, made by another thread; it asserts nothing itself. */
typedef struct call {
  hcs_platform_stream *stream;
  const void *data;
  size_t size;
  int64_t deadline_ns;
  int result;
  size_t count;
} call;

static DWORD WINAPI read_call(void *context) {
  call *c = context;
  hcs_error *own = hcs_error_new();
  char data[64];

  c->result = hcs_windows_stream_read(c->stream, data, sizeof data, &c->count, c->deadline_ns, own);
  hcs_error_free(own);
  return 0;
}

/* Eight threads that wait for bytes. */
typedef struct readers {
  HANDLE threads[8];
  call calls[8];
} readers;

static void readers_begin(readers *r, hcs_platform_stream *stream) {
  for (size_t i = 0; i < COUNT(r->calls); i++) {
    r->calls[i] = (call){.stream = stream, .deadline_ns = HCS_FOREVER};
    r->threads[i] = thread_run(read_call, &r->calls[i]);
  }
  Sleep(50);
}

/* How much they have got, all together. */
static size_t readers_end(readers *r) {
  size_t total = 0;

  for (size_t i = 0; i < COUNT(r->calls); i++) {
    thread_join(r->threads[i]);
    assert_int_equal(r->calls[i].result, 0);
    total += r->calls[i].count;
  }
  return total;
}

static DWORD WINAPI write_call(void *context) {
  call *c = context;
  hcs_error *own = hcs_error_new();

  c->result = hcs_windows_stream_write(c->stream, c->data, c->size, &c->count, c->deadline_ns, own);
  hcs_error_free(own);
  return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static void bytes_are_read_as_they_come(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);

  peer_put(peer, "hello", 5);
  reads(out, "hello", HCS_FOREVER);
  peer_put(peer, "a", 1);
  peer_put(peer, "b", 1);
  reads(out, "ab", in_ms(5000));
  CloseHandle(peer);
  stream_close(out);
}

static void what_does_not_fit_is_kept(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
  char data[3];
  size_t size;

  peer_put(peer, "hello", 5);
  assert_ok(read_in(out, data, 3, &size, HCS_FOREVER));
  assert_int_equal(size, 3);
  reads(out, "lo", 0);
  CloseHandle(peer);
  stream_close(out);
}

static void the_end_is_told_again_and_again(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDERR, no_end, &peer);

  peer_put(peer, "last", 4);
  CloseHandle(peer);
  reads(out, "last", HCS_FOREVER);
  for (int i = 0; i < 3; i++) reads(out, "", HCS_FOREVER);
  reads(out, "", 0);
  stream_close(out);
}

/* ReadFile's page: no bytes are what somebody wrote who wrote no bytes. */
static void an_empty_write_is_no_end(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
  char data[8];
  size_t size;

  assert_timeout(read_in(out, data, sizeof data, &size, in_ms(20)));
  peer_put(peer, "", 0);
  assert_timeout(read_in(out, data, sizeof data, &size, in_ms(20)));
  peer_put(peer, "more", 4);
  reads(out, "more", in_ms(5000));
  CloseHandle(peer);
  stream_close(out);
}

static void a_read_keeps_its_deadline(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
  char data[8];
  size_t size;
  int64_t before;

  assert_timeout(read_in(out, data, sizeof data, &size, 0));
  before = hcs_windows_clock_ns();
  assert_timeout(read_in(out, data, sizeof data, &size, in_ms(60)));
  assert_in_range((hcs_windows_clock_ns() - before) / NS_PER_MS, 60, 2000);
  peer_put(peer, "x", 1);
  reads(out, "x", 0);
  CloseHandle(peer);
  stream_close(out);
}

/* However the read that is on its way has come about: what is in the pipe wins over the deadline. */
static void what_is_in_the_pipe_is_there_without_waiting(void **state) {
  HANDLE peer, event;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
  char data[8];
  size_t size;

  for (int i = 0; i < 100; i++) {
    if (i % 3 == 1) assert_timeout(read_in(out, data, sizeof data, &size, 0));
    if (i % 3 == 2) assert_int_equal(hcs_windows_stream_ready(out, &event), 0);
    peer_put(peer, "now", 3);
    reads(out, "now", 0);
  }
  assert_timeout(read_in(out, data, sizeof data, &size, 0));
  CloseHandle(peer);
  reads(out, "", 0);
  stream_close(out);
}

static void readers_share_a_stream(void **state) {
  HANDLE peer;
  readers r;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);

  readers_begin(&r, out);
  peer_put(peer, "abc", 3);
  Sleep(50);
  CloseHandle(peer);
  assert_int_equal(readers_end(&r), 3);
  stream_close(out);
}

static void release_brings_back_those_who_read(void **state) {
  HANDLE peer;
  readers r;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);

  readers_begin(&r, out);
  hcs_windows_stream_release(out);
  assert_int_equal(readers_end(&r), 0);
  hcs_windows_stream_free(out);
  assert_int_equal(WriteFile(peer, "x", 1, &(DWORD){0}, NULL), 0); /* nobody has the other end */
  CloseHandle(peer);
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static void bytes_are_written_as_they_are(void **state) {
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  char data[8];
  size_t size = 0;

  assert_ok(write_in(in, "hello", 5, &size, HCS_FOREVER));
  assert_int_equal(size, 5);
  assert_int_equal(peer_take(peer, data, 5), 5);
  assert_memory_equal(data, "hello", 5);
  stream_close(in);
  assert_int_equal(peer_take(peer, data, 1), 0); /* the end */
  CloseHandle(peer);
}

/* A chunk goes even when there is no room, and then nothing until it is in the pipe. */
static void an_idle_stream_takes_a_chunk(void **state) {
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  size_t size = 0, more = 99;
  char *data = malloc(3 * CHUNK_BYTES), *got = malloc(3 * CHUNK_BYTES);

  assert_non_null(data);
  assert_non_null(got);
  pattern_put(data, 3 * CHUNK_BYTES, 0);
  assert_ok(write_in(in, data, 3 * CHUNK_BYTES, &size, 0));
  assert_int_equal(size, CHUNK_BYTES);
  assert_timeout(write_in(in, data + size, CHUNK_BYTES, &more, 0));
  assert_timeout(write_in(in, data + size, CHUNK_BYTES, &more, in_ms(30)));
  assert_int_equal(more, 99);
  assert_int_equal(peer_take(peer, got, size), size);
  assert_ok(write_in(in, data + size, 10, &more, in_ms(5000)));
  assert_int_equal(more, 10);
  assert_int_equal(peer_take(peer, got + size, 10), 10);
  assert_memory_equal(got, data, CHUNK_BYTES + 10);
  stream_close(in);
  CloseHandle(peer);
  free(data);
  free(got);
}

/* In the pipe: as much as the pipe does not hold itself has been read. */
static void a_write_waits_until_it_is_in_the_pipe(void **state) {
  static char data[CHUNK_BYTES], got[CHUNK_BYTES];
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  call c = {.stream = in, .data = data, .size = CHUNK_BYTES, .deadline_ns = HCS_FOREVER};
  HANDLE thread = thread_run(write_call, &c);

  assert_int_equal(WaitForSingleObject(thread, 60), WAIT_TIMEOUT);
  assert_int_equal(peer_take(peer, got, CHUNK_BYTES), CHUNK_BYTES);
  thread_join(thread);
  assert_int_equal(c.result, 0);
  assert_int_equal(c.count, CHUNK_BYTES);
  stream_close(in);
  CloseHandle(peer);
}

static void a_lost_reader_is_a_broken_pipe(void **state) {
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  size_t size;

  CloseHandle(peer);
  assert_broken(write_in(in, "x", 1, &size, HCS_FOREVER));
  assert_broken(write_in(in, "x", 1, &size, 0));
  stream_close(in);
}

/* The error of a chunk that was on its way is the next call's. */
static void a_reader_lost_later_breaks_the_next_write(void **state) {
  static char data[CHUNK_BYTES];
  HANDLE peer, event;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  size_t size;

  assert_ok(write_in(in, data, sizeof data, &size, 0));
  assert_int_equal(hcs_windows_stream_ready(in, &event), 0);
  CloseHandle(peer);
  assert_broken(write_in(in, data, 1, &size, in_ms(5000)));
  assert_int_equal(hcs_windows_stream_ready(in, &event), 1);
  assert_broken(write_in(in, data, 1, &size, 0));
  stream_close(in);
}

static void a_reader_lost_meanwhile_breaks_the_write(void **state) {
  static char data[CHUNK_BYTES];
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  call c = {.stream = in, .data = data, .size = CHUNK_BYTES, .deadline_ns = HCS_FOREVER};
  HANDLE thread = thread_run(write_call, &c);

  Sleep(50);
  CloseHandle(peer);
  thread_join(thread);
  assert_int_equal(c.result, -1);
  stream_close(in);
}

/* One whose bytes are on their way: written; one who waits for room: not. */
static void release_brings_back_those_who_write(void **state) {
  static char data[CHUNK_BYTES], got[CHUNK_BYTES];
  HANDLE peer, event, threads[2];
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  call first = {.stream = in, .data = data, .size = CHUNK_BYTES, .deadline_ns = HCS_FOREVER};
  call second = first;

  threads[0] = thread_run(write_call, &first);
  while (hcs_windows_stream_ready(in, &event)) Sleep(1);
  threads[1] = thread_run(write_call, &second);
  Sleep(50);
  hcs_windows_stream_release(in);
  thread_join(threads[0]);
  thread_join(threads[1]);
  assert_int_equal(first.result, 0);
  assert_int_equal(first.count, CHUNK_BYTES);
  assert_int_equal(second.result, -1);
  hcs_windows_stream_free(in);
  assert_int_equal(peer_take(peer, got, CHUNK_BYTES), CHUNK_BYTES);
  assert_int_equal(peer_take(peer, got, 1), 0);
  CloseHandle(peer);
}

/* ---- threads that come and go ---------------------------------------------------------------------------- */

/* Windows cancels what a thread has started when it ends, if one lets it. */
static void a_write_outlives_its_thread(void **state) {
  static char data[CHUNK_BYTES], got[CHUNK_BYTES];
  HANDLE peer;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  call c = {.stream = in, .data = data, .size = CHUNK_BYTES};

  pattern_put(data, CHUNK_BYTES, 5);
  thread_join(thread_run(write_call, &c));
  assert_int_equal(c.result, 0);
  Sleep(50);
  assert_int_equal(peer_take(peer, got, CHUNK_BYTES), CHUNK_BYTES);
  assert_memory_equal(got, data, CHUNK_BYTES);
  stream_close(in);
  CloseHandle(peer);
}

static DWORD WINAPI look_call(void *context) {
  HANDLE event;

  return (DWORD)hcs_windows_stream_ready(context, &event);
}

static void a_read_outlives_its_thread(void **state) {
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);

  assert_int_equal(thread_join(thread_run(look_call, out)), 0);
  Sleep(50);
  peer_put(peer, "still here", 10);
  reads(out, "still here", in_ms(5000));
  CloseHandle(peer);
  stream_close(out);
}

/* ---- closing --------------------------------------------------------------------------------------------- */

static void note_end(void *context) { SetEvent((HANDLE)context); }

static HANDLE end_event(hcs_stream_end *end) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  assert_non_null(event);
  *end = (hcs_stream_end){note_end, event};
  return event;
}

static int is_set(HANDLE event) { return WaitForSingleObject(event, 0) == WAIT_OBJECT_0; }

static void an_idle_stdin_ends_at_once(void **state) {
  hcs_stream_end end;
  HANDLE peer, ended;
  hcs_platform_stream *in;
  size_t size;
  char data[4];

  for (int i = 0; i < 50; i++) {
    ended = end_event(&end);
    in = stream_make(KIND(state), HCS_STDIN, end, &peer);
    assert_ok(write_in(in, "abc", 3, &size, HCS_FOREVER));
    hcs_windows_stream_release(in);
    assert_false(is_set(ended));
    hcs_windows_stream_free(in);
    assert_true(is_set(ended));
    assert_int_equal(peer_take(peer, data, 4), 3);
    CloseHandle(peer);
    CloseHandle(ended);
  }
}

static void a_write_goes_on_after_the_close(void **state) {
  static char data[CHUNK_BYTES], got[CHUNK_BYTES];
  hcs_stream_end end;
  HANDLE peer, ended = end_event(&end);
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, end, &peer);
  size_t size;

  pattern_put(data, CHUNK_BYTES, 3);
  assert_ok(write_in(in, data, CHUNK_BYTES, &size, 0));
  stream_close(in);
  Sleep(30);
  assert_false(is_set(ended));
  assert_int_equal(peer_take(peer, got, CHUNK_BYTES), CHUNK_BYTES);
  assert_memory_equal(got, data, CHUNK_BYTES);
  assert_int_equal(peer_take(peer, got, 1), 0); /* the end came after it */
  assert_int_equal(WaitForSingleObject(ended, 5000), WAIT_OBJECT_0);
  CloseHandle(peer);
  CloseHandle(ended);
}

static void a_write_that_nobody_reads_ends_with_its_reader(void **state) {
  static char data[CHUNK_BYTES];
  hcs_stream_end end;
  HANDLE peer, ended = end_event(&end);
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, end, &peer);
  size_t size;

  assert_ok(write_in(in, data, CHUNK_BYTES, &size, 0));
  stream_close(in);
  Sleep(30);
  assert_false(is_set(ended));
  CloseHandle(peer);
  assert_int_equal(WaitForSingleObject(ended, 5000), WAIT_OBJECT_0);
  CloseHandle(ended);
}

static void a_read_is_cancelled_by_the_close(void **state) {
  HANDLE peer, event;
  hcs_platform_stream *out;

  for (int i = 0; i < 50; i++) {
    out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
    assert_int_equal(hcs_windows_stream_ready(out, &event), 0);
    stream_close(out);
    assert_int_equal(WriteFile(peer, "x", 1, &(DWORD){0}, NULL), 0);
    CloseHandle(peer);
  }
}

/* ---- handles ------------------------------------------------------------------------------------------------ */

/* A stream in every state that a close can meet. */
static void one_of_each(int kind) {
  static char data[CHUNK_BYTES];
  hcs_stream_end end;
  HANDLE peer, event, ended = end_event(&end);
  hcs_platform_stream *stream;
  size_t size;

  stream_close(stream_make(kind, HCS_STDIN, no_end, &peer));
  CloseHandle(peer);
  stream = stream_make(kind, HCS_STDOUT, no_end, &peer);
  hcs_windows_stream_ready(stream, &event);
  peer_put(peer, "x", 1);
  stream_close(stream);
  CloseHandle(peer);
  stream = stream_make(kind, HCS_STDERR, no_end, &peer);
  hcs_windows_stream_ready(stream, &event);
  stream_close(stream);
  CloseHandle(peer);
  stream = stream_make(kind, HCS_STDIN, end, &peer);
  assert_ok(write_in(stream, data, CHUNK_BYTES, &size, 0));
  stream_close(stream);
  CloseHandle(peer);
  assert_int_equal(WaitForSingleObject(ended, 5000), WAIT_OBJECT_0);
  CloseHandle(ended);
}

static DWORD handle_count(void) {
  DWORD count = 0;

  assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
  return count;
}

/* The pool has handles of its own, which come and go with its threads. */
static void no_handle_is_left(void **state) {
  DWORD before;

  for (int i = 0; i < 10; i++) one_of_each(KIND(state));
  before = handle_count();
  for (int i = 0; i < 200; i++) one_of_each(KIND(state));
  assert_in_range(handle_count(), 0, before + 20);
}

/* ---- interrupts ---------------------------------------------------------------------------------------------- */

static LONG interrupts;

static int due(void *context) {
  (void)context;
  return InterlockedExchangeAdd(&interrupts, 0) > 0;
}

static void interrupts_lose_nothing(void **state) {
  static char data[CHUNK_BYTES], got[2 * CHUNK_BYTES];
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer), *in;
  size_t size = 99;

  interrupts = 1;
  hcs_interrupt_check(due, NULL);
  assert_int_equal(read_in(out, got, 8, &size, HCS_FOREVER), HCS_INTERRUPTED);
  assert_int_equal(size, 99);
  interrupts = 0;
  peer_put(peer, "kept", 4);
  reads(out, "kept", in_ms(5000));
  interrupts = 1;
  assert_int_equal(read_in(out, got, 8, &size, in_ms(5000)), HCS_INTERRUPTED);
  assert_timeout(read_in(out, got, 8, &size, 0));
  CloseHandle(peer);
  stream_close(out);

  in = stream_make(KIND(state), HCS_STDIN, no_end, &peer);
  assert_ok(write_in(in, data, CHUNK_BYTES, &size, HCS_FOREVER)); /* taken */
  assert_int_equal(size, CHUNK_BYTES);
  assert_int_equal(write_in(in, data, CHUNK_BYTES, &size, HCS_FOREVER), HCS_INTERRUPTED);
  hcs_interrupt_check(NULL, NULL);
  stream_close(in);
  assert_int_equal(peer_take(peer, got, sizeof got), CHUNK_BYTES); /* once */
  CloseHandle(peer);
}

/* ---- much --------------------------------------------------------------------------------------------------- */

#define MUCH_BYTES (8u << 20)

/* The process of these tests: writes back what it reads, until the end. */
typedef struct echo {
  HANDLE in, out;
} echo;

static DWORD WINAPI echo_run(void *context) {
  const echo *e = context;
  static char data[3][30000]; /* one for each that runs at once, and of no size in particular */
  static LONG last;
  char *own = data[InterlockedIncrement(&last) % 3];
  DWORD got, put;

  while (ReadFile(e->in, own, sizeof data[0], &got, NULL))
    if (!WriteFile(e->out, own, got, &put, NULL)) return 1;
  CloseHandle(e->in);
  CloseHandle(e->out);
  return 0;
}

/* Feeds without ever waiting in a write, as run() does. */
static void much_goes_both_ways_at_once(void **state) {
  echo e;
  hcs_platform_stream *in = stream_make(KIND(state), HCS_STDIN, no_end, &e.in);
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &e.out);
  HANDLE thread = thread_run(echo_run, &e);
  char *data = malloc(MUCH_BYTES), *got = malloc(CHUNK_BYTES);
  hcs_platform_poll_item items[2];
  size_t put = 0, taken = 0, size = 1;
  unsigned rounds = 0;
  int64_t before = hcs_windows_clock_ns();

  assert_non_null(data);
  assert_non_null(got);
  pattern_put(data, MUCH_BYTES, 0);
  for (; size > 0; rounds++) {
    items[0] = (hcs_platform_poll_item){.stream = out};
    items[1] = (hcs_platform_poll_item){.stream = in, .for_write = 1};
    assert_ok(hcs_windows_poll(items, in != NULL ? 2 : 1, in_ms(20000), err));
    assert_true(items[0].ready || items[1].ready);
    if (items[1].ready) {
      assert_ok(write_in(in, data + put, MUCH_BYTES - put, &size, 0));
      put += size;
      if (put == MUCH_BYTES) {
        stream_close(in);
        in = NULL;
      }
    }
    if (items[0].ready) {
      assert_ok(read_in(out, got, CHUNK_BYTES, &size, 0));
      assert_true(pattern_is(got, size, taken));
      taken += size;
    }
  }
  assert_int_equal(taken, MUCH_BYTES);
  print_message("# 8 MiB there and back: %u rounds, %.0f ms\n", rounds,
                (double)(hcs_windows_clock_ns() - before) / 1e6);
  assert_in_range(rounds, 100, 20000); /* nobody has turned round in circles */
  thread_join(thread);
  stream_close(out);
  free(data);
  free(got);
}

static DWORD WINAPI pour(void *context) {
  static char data[CHUNK_BYTES];
  DWORD put;

  for (unsigned i = 0; i < 4 * MUCH_BYTES / CHUNK_BYTES; i++)
    if (!WriteFile((HANDLE)context, data, sizeof data, &put, NULL)) return 1;
  CloseHandle((HANDLE)context);
  return 0;
}

static void much_is_read(void **state) {
  static char got[CHUNK_BYTES];
  HANDLE peer;
  hcs_platform_stream *out = stream_make(KIND(state), HCS_STDOUT, no_end, &peer);
  int64_t before = hcs_windows_clock_ns(), took;
  HANDLE thread = thread_run(pour, peer);
  size_t taken = 0, size = 1;

  while (size > 0) {
    assert_ok(read_in(out, got, sizeof got, &size, in_ms(20000)));
    taken += size;
  }
  took = hcs_windows_clock_ns() - before;
  assert_int_equal(taken, 4 * MUCH_BYTES);
  print_message("# %s: %.0f MiB/s\n", KIND(state) ? "overlapped" : "plain",
                (double)taken / 1048576 / ((double)took / 1e9));
  thread_join(thread);
  stream_close(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(bytes_are_read_as_they_come),
      BOTH(what_does_not_fit_is_kept),
      BOTH(the_end_is_told_again_and_again),
      BOTH(an_empty_write_is_no_end),
      BOTH(a_read_keeps_its_deadline),
      BOTH(what_is_in_the_pipe_is_there_without_waiting),
      BOTH(readers_share_a_stream),
      BOTH(release_brings_back_those_who_read),
      BOTH(bytes_are_written_as_they_are),
      BOTH(an_idle_stream_takes_a_chunk),
      BOTH(a_write_waits_until_it_is_in_the_pipe),
      BOTH(a_lost_reader_is_a_broken_pipe),
      BOTH(a_reader_lost_later_breaks_the_next_write),
      BOTH(a_reader_lost_meanwhile_breaks_the_write),
      BOTH(release_brings_back_those_who_write),
      BOTH(a_write_outlives_its_thread),
      BOTH(a_read_outlives_its_thread),
      BOTH(an_idle_stdin_ends_at_once),
      BOTH(a_write_goes_on_after_the_close),
      BOTH(a_write_that_nobody_reads_ends_with_its_reader),
      BOTH(a_read_is_cancelled_by_the_close),
      BOTH(no_handle_is_left),
      BOTH(interrupts_lose_nothing),
      BOTH(much_goes_both_ways_at_once),
      BOTH(much_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
