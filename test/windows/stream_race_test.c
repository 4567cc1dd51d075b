/*
 * stream_race_test.c - streams that many threads use, give up waiting for, and close at any moment: no
 * byte is lost, none comes twice, nobody hangs.
 */
#include "pipe_fixture.h"

#define THREADS 4
#define SUM_BYTES (256u << 10)

/* What the threads of a test share; they assert nothing themselves. */
typedef struct race {
  hcs_platform_stream *stream;
  HANDLE peer;
  LONG taken, put, sum, failures, over;
} race;

typedef struct runner {
  race *race;
  unsigned seed;
} runner;

/* The same numbers in every run, others for every thread. */
static unsigned dice(runner *r, unsigned sides) {
  r->seed = r->seed * 1664525u + 1013904223u;
  return (r->seed >> 8) % sides;
}

static LONG sum_of(const char *data, size_t size) {
  LONG sum = 0;

  for (size_t i = 0; i < size; i++) sum += (unsigned char)data[i];
  return sum;
}

static void run_all(LPTHREAD_START_ROUTINE function, runner runners[THREADS],
                    HANDLE threads[THREADS], race *shared) {
  for (unsigned i = 0; i < THREADS; i++) {
    runners[i] = (runner){shared, i * 77 + 1};
    threads[i] = CreateThread(NULL, 0, function, &runners[i], 0, NULL);
    assert_non_null(threads[i]);
  }
}

static void join_all(HANDLE threads[THREADS]) {
  assert_int_equal(WaitForMultipleObjects(THREADS, threads, TRUE, 60000), WAIT_OBJECT_0);
  for (int i = 0; i < THREADS; i++) CloseHandle(threads[i]);
}

/* From none to two ms, or for ever. */
static int64_t some_deadline(runner *r, int may_be_forever) {
  unsigned kind = dice(r, 4);

  if (kind == 0 && may_be_forever) return HCS_FOREVER;
  return kind == 1 ? 0 : in_ms(dice(r, 3));
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static DWORD WINAPI read_until_the_end(void *context) {
  runner *r = context;
  hcs_error *own = hcs_error_new();
  char data[3000];
  size_t size = 1;

  while (size > 0) {
    int result = hcs_windows_stream_read(r->race->stream, data, 1 + dice(r, sizeof data), &size,
                                         some_deadline(r, 1), own);

    if (result == 0) {
      InterlockedExchangeAdd(&r->race->taken, (LONG)size);
      InterlockedExchangeAdd(&r->race->sum, sum_of(data, size));
    } else if (!hcs_error_is(own, HCS_IS_TIMEOUT)) {
      InterlockedIncrement(&r->race->failures);
      break;
    }
  }
  hcs_error_free(own);
  return 0;
}

static void readers_that_give_up_lose_nothing(void **state) {
  race shared = {.stream = NULL};
  runner runners[THREADS], own = {&shared, 5};
  HANDLE threads[THREADS];
  char *data = malloc(SUM_BYTES);
  size_t put = 0;

  assert_non_null(data);
  pattern_put(data, SUM_BYTES, 0);
  shared.stream = stream_make(KIND(state), HCS_STDOUT, no_end, &shared.peer);
  run_all(read_until_the_end, runners, threads, &shared);
  while (put < SUM_BYTES) {
    size_t size = 1 + dice(&own, 5000);

    if (size > SUM_BYTES - put) size = SUM_BYTES - put;
    peer_put(shared.peer, data + put, size);
    put += size;
    if (dice(&own, 20) == 0) Sleep(dice(&own, 3));
  }
  CloseHandle(shared.peer);
  join_all(threads);
  assert_int_equal(shared.failures, 0);
  assert_int_equal(shared.taken, SUM_BYTES);
  assert_int_equal(shared.sum, sum_of(data, SUM_BYTES));
  stream_close(shared.stream);
  free(data);
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static DWORD WINAPI write_its_part(void *context) {
  runner *r = context;
  hcs_error *own = hcs_error_new();
  static const char data[3000] = {1, 2, 3, 4, 5};
  size_t size, left = SUM_BYTES / THREADS;

  while (left > 0) {
    size_t asked = 1 + dice(r, sizeof data);
    int result = hcs_windows_stream_write(r->race->stream, data, asked < left ? asked : left, &size,
                                          some_deadline(r, 1), own);

    if (result == 0) {
      left -= size;
      InterlockedExchangeAdd(&r->race->put, (LONG)size);
      InterlockedExchangeAdd(&r->race->sum, sum_of(data, size));
    } else if (!hcs_error_is(own, HCS_IS_TIMEOUT)) {
      InterlockedIncrement(&r->race->failures);
      break;
    }
  }
  hcs_error_free(own);
  return 0;
}

static void writers_that_give_up_write_nothing_twice(void **state) {
  race shared = {.stream = NULL};
  runner runners[THREADS];
  HANDLE threads[THREADS];
  char *got = malloc(SUM_BYTES + 1);

  assert_non_null(got);
  shared.stream = stream_make(KIND(state), HCS_STDIN, no_end, &shared.peer);
  run_all(write_its_part, runners, threads, &shared);
  assert_int_equal(peer_take(shared.peer, got, SUM_BYTES), SUM_BYTES);
  join_all(threads);
  stream_close(shared.stream);
  assert_int_equal(peer_take(shared.peer, got + SUM_BYTES, 1), 0);
  assert_int_equal(shared.failures, 0);
  assert_int_equal(shared.put, SUM_BYTES);
  assert_int_equal(shared.sum, sum_of(got, SUM_BYTES));
  CloseHandle(shared.peer);
  free(got);
}

/* ---- closing -------------------------------------------------------------------------------------------- */

/* All three calls, until the stream is released; then they come back, whatever they say. */
static DWORD WINAPI use_until_released(void *context) {
  runner *r = context;
  hcs_error *own = hcs_error_new();
  hcs_platform_poll_item item = {.stream = r->race->stream};
  int is_stdin = r->race->put;
  static const char out[40000];
  char in[1000];
  size_t size;

  while (!InterlockedExchangeAdd(&r->race->over, 0)) {
    if (dice(r, 3) == 0)
      hcs_windows_poll(&item, 1, some_deadline(r, 0), own);
    else if (is_stdin)
      hcs_windows_stream_write(r->race->stream, out, sizeof out, &size, some_deadline(r, 1), own);
    else
      hcs_windows_stream_read(r->race->stream, in, sizeof in, &size, some_deadline(r, 1), own);
  }
  hcs_error_free(own);
  return 0;
}

static DWORD WINAPI peer_run(void *context) {
  const race *shared = context;
  static char data[20000];
  DWORD size;

  for (int i = 0; i < 20; i++)
    if (shared->put ? !ReadFile(shared->peer, data, sizeof data, &size, NULL)
                    : !WriteFile(shared->peer, data, sizeof data, &size, NULL))
      break;
  return 0;
}

static volatile LONG ends;

static void count_end(void *context) {
  (void)context;
  InterlockedIncrement(&ends);
}

static void one_close(int kind, int is_stdin, DWORD ms, int peer_goes_first) {
  race shared = {.put = is_stdin};
  runner runners[THREADS];
  HANDLE threads[THREADS], peer;
  hcs_stream_end end = {count_end, NULL};

  shared.stream = stream_make(kind, is_stdin ? HCS_STDIN : HCS_STDOUT, end, &shared.peer);
  peer = CreateThread(NULL, 0, peer_run, &shared, 0, NULL);
  assert_non_null(peer);
  run_all(use_until_released, runners, threads, &shared);
  Sleep(ms);
  InterlockedExchange(&shared.over, 1);
  hcs_windows_stream_release(shared.stream);
  join_all(threads);
  if (!peer_goes_first) hcs_windows_stream_free(shared.stream);
  CancelSynchronousIo(peer);
  while (WaitForSingleObject(peer, 10) == WAIT_TIMEOUT) CancelSynchronousIo(peer);
  CloseHandle(peer);
  CloseHandle(shared.peer);
  if (peer_goes_first) hcs_windows_stream_free(shared.stream);
}

static void a_stream_may_be_closed_at_any_moment(void **state) {
  DWORD before = 0, after = 0;

  ends = 0;
  for (int i = 0; i < 120; i++) {
    if (i == 20) GetProcessHandleCount(GetCurrentProcess(), &before);
    one_close(KIND(state), i % 2, (DWORD)(i % 7), i % 3 == 0);
  }
  for (int i = 0; i < 500 && ends < 120; i++) Sleep(10); /* of what was left behind */
  assert_int_equal(ends, 120);
  GetProcessHandleCount(GetCurrentProcess(), &after);
  assert_in_range(after, 0, before + 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(readers_that_give_up_lose_nothing),
      BOTH(writers_that_give_up_write_nothing_twice),
      BOTH(a_stream_may_be_closed_at_any_moment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
