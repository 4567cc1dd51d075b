/*
 * poll_test.c - waiting for many streams at once.
 */
#include "pipe_fixture.h"

#define MANY 200

/* As the core does it: a platform may wake early. */
static int poll_until(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns) {
  int result, any = 0;

  do {
    result = hcs_windows_poll(items, count, deadline_ns, err);
    for (size_t i = 0; i < count; i++) any |= items[i].ready;
  } while (result == 0 && !any && deadline_ns > hcs_windows_clock_ns());
  return result;
}

/* A stdin, which is written to, and a stdout. */
static void pair_make(int is_overlapped, hcs_platform_poll_item items[2], HANDLE peers[2]) {
  for (int i = 0; i < 2; i++) {
    hcs_stdio which = i == 0 ? HCS_STDIN : HCS_STDOUT;

    items[i] = (hcs_platform_poll_item){
        .stream = stream_make(is_overlapped, which, no_end, &peers[i]), .for_write = i == 0};
  }
}

/* A stdin that takes nothing before somebody reads. */
static void pair_make_full(int is_overlapped, hcs_platform_poll_item items[2], HANDLE peers[2]) {
  static char data[CHUNK_BYTES];
  size_t size;

  pair_make(is_overlapped, items, peers);
  assert_ok(hcs_windows_stream_write(items[0].stream, data, sizeof data, &size, 0, err));
  assert_int_equal(size, sizeof data);
}

static void a_stream_is_ready_when_a_call_would_not_wait(void **state) {
  static char data[CHUNK_BYTES];
  hcs_platform_poll_item items[2];
  HANDLE peers[2];
  size_t size;

  pair_make(KIND(state), items, peers);
  for (int again = 0; again < 2; again++) {
    assert_ok(poll_until(items, 2, HCS_FOREVER));
    assert_int_equal(items[0].ready, 1);
    assert_int_equal(items[1].ready, 0);
  }
  assert_ok(hcs_windows_stream_write(items[0].stream, data, sizeof data, &size, 0, err));
  assert_ok(poll_until(items, 2, 0));
  assert_int_equal(items[0].ready + items[1].ready, 0);
  assert_ok(poll_until(items, 2, in_ms(30)));
  assert_int_equal(items[0].ready + items[1].ready, 0);
  peer_put(peers[1], "x", 1);
  assert_ok(poll_until(items, 2, HCS_FOREVER));
  assert_int_equal(items[0].ready, 0);
  assert_int_equal(items[1].ready, 1);
  assert_int_equal(peer_take(peers[0], data, sizeof data), sizeof data);
  assert_ok(poll_until(items, 1, in_ms(5000)));
  assert_int_equal(items[0].ready, 1);
  for (int i = 0; i < 2; i++) {
    CloseHandle(peers[i]);
    stream_close(items[i].stream);
  }
}

static void what_has_ended_stays_ready(void **state) {
  hcs_platform_poll_item items[2];
  HANDLE peers[2];
  char data[8];
  size_t size;

  pair_make_full(KIND(state), items, peers);
  CloseHandle(peers[0]);
  CloseHandle(peers[1]);
  for (int again = 0; again < 3; again++) {
    for (int i = 0; i < 2; i++) {
      assert_ok(poll_until(&items[i], 1, in_ms(5000)));
      assert_int_equal(items[i].ready, 1);
    }
    assert_ok(hcs_windows_stream_read(items[1].stream, data, sizeof data, &size, 0, err));
    assert_int_equal(size, 0);
  }
  stream_close(items[0].stream);
  stream_close(items[1].stream);
}

/* With 0, too: a read that is on its way is brought to its end to know. */
static void the_answer_at_the_deadline_is_final(void **state) {
  HANDLE peer;
  hcs_platform_poll_item item = {.stream = stream_make(KIND(state), HCS_STDOUT, no_end, &peer)};
  char data[8];
  size_t size;

  for (int i = 0; i < 100; i++) {
    assert_ok(poll_until(&item, 1, i % 4 == 3 ? in_ms(1) : 0));
    assert_int_equal(item.ready, 0);
    peer_put(peer, "now", 3);
    assert_ok(poll_until(&item, 1, 0));
    assert_int_equal(item.ready, 1);
    assert_ok(hcs_windows_stream_read(item.stream, data, sizeof data, &size, 0, err));
    assert_int_equal(size, 3);
  }
  CloseHandle(peer);
  stream_close(item.stream);
}

typedef struct put_later {
  HANDLE peer;
  DWORD ms;
} put_later;

static DWORD WINAPI put_run(void *context) {
  const put_later *p = context;
  DWORD written;

  Sleep(p->ms);
  return !WriteFile(p->peer, "x", 1, &written, NULL);
}

/* More than Windows waits for at once; each of them in the list twice. */
static void many_are_waited_for_at_once(void **state) {
  static hcs_platform_poll_item items[2 * MANY];
  static HANDLE peers[MANY];
  static const int chosen[] = {0, 63, 64, MANY - 1};

  for (int i = 0; i < MANY; i++) {
    items[i] =
        (hcs_platform_poll_item){.stream = stream_make(KIND(state), HCS_STDOUT, no_end, &peers[i])};
    items[MANY + i] = items[i];
  }
  for (size_t c = 0; c < sizeof chosen / sizeof chosen[0]; c++) {
    put_later later = {peers[chosen[c]], 30};
    HANDLE thread = CreateThread(NULL, 0, put_run, &later, 0, NULL);
    char data[8];
    size_t size;

    assert_ok(poll_until(items, 2 * MANY, in_ms(10000)));
    for (int i = 0; i < 2 * MANY; i++)
      if (i % MANY != chosen[c]) assert_int_equal(items[i].ready, 0);
    /* its twin may have been looked at just before */
    assert_true(items[chosen[c]].ready || items[MANY + chosen[c]].ready);
    assert_ok(hcs_windows_stream_read(items[chosen[c]].stream, data, 8, &size, 0, err));
    assert_int_equal(size, 1);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
  }
  for (int i = 0; i < MANY; i++) {
    stream_close(items[i].stream);
    CloseHandle(peers[i]);
  }
}

static DWORD WINAPI release_run(void *context) {
  Sleep(50);
  hcs_windows_stream_release(context);
  return 0;
}

/* The core answers AlreadyClosed then, and needs to hear of it. */
static void release_ends_the_wait(void **state) {
  hcs_platform_poll_item items[2];
  HANDLE peers[2];

  pair_make_full(KIND(state), items, peers);
  for (int i = 0; i < 2; i++) {
    HANDLE thread = CreateThread(NULL, 0, release_run, items[i].stream, 0, NULL);

    assert_ok(poll_until(&items[i], 1, HCS_FOREVER));
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    hcs_windows_stream_free(items[i].stream);
    CloseHandle(peers[i]);
  }
}

static int always_due(void *context) {
  (void)context;
  return 1;
}

static void an_interrupt_ends_the_wait(void **state) {
  HANDLE peer;
  hcs_platform_poll_item item = {.stream = stream_make(KIND(state), HCS_STDOUT, no_end, &peer)};
  int result;

  hcs_interrupt_check(always_due, NULL);
  result = poll_until(&item, 1, HCS_FOREVER);
  hcs_interrupt_check(NULL, NULL);
  assert_int_equal(result, HCS_INTERRUPTED);
  CloseHandle(peer);
  stream_close(item.stream);
}

static void nothing_is_a_sleep(void **state) {
  int64_t before = hcs_windows_clock_ns();

  (void)state;
  assert_ok(poll_until(NULL, 0, in_ms(50)));
  assert_in_range((hcs_windows_clock_ns() - before) / NS_PER_MS, 50, 2000);
}

static void a_descriptor_is_refused(void **state) {
  hcs_platform_poll_item item = {.descriptor = 3};

  (void)state;
  assert_int_equal(poll_until(&item, 1, 0), -1);
  assert_true(hcs_error_is(err, HCS_IS_NOT_SUPPORTED));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(a_stream_is_ready_when_a_call_would_not_wait),
      BOTH(what_has_ended_stays_ready),
      BOTH(the_answer_at_the_deadline_is_final),
      BOTH(many_are_waited_for_at_once),
      BOTH(release_ends_the_wait),
      BOTH(an_interrupt_ends_the_wait),
      TEST(nothing_is_a_sleep),
      TEST(a_descriptor_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
