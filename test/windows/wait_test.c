/*
 * wait_test.c - waiting for Windows' objects: how many, until when, and who may interrupt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hcs/windows/wait.h"
#include "test/error_fixture.h"

#define NS_PER_MS INT64_C(1000000)
#define MANY 200

static int64_t in_ms(int64_t ms) { return hcs_windows_clock_ns() + ms * NS_PER_MS; }

static int64_t ms_since(int64_t before) { return (hcs_windows_clock_ns() - before) / NS_PER_MS; }

static HANDLE events[MANY];

static int events_make(void **state) {
  for (int i = 0; i < MANY; i++)
    if ((events[i] = CreateEventW(NULL, TRUE, FALSE, NULL)) == NULL) return -1;
  return setup(state);
}

static int events_close(void **state) {
  for (int i = 0; i < MANY; i++) CloseHandle(events[i]);
  hcs_interrupt_check(NULL, NULL);
  return teardown(state);
}

#define WITH_EVENTS(function) cmocka_unit_test_setup_teardown(function, events_make, events_close)

/* Sets an event in a while. */
typedef struct later {
  HANDLE event, thread;
  DWORD ms;
} later;

static DWORD WINAPI later_run(void *context) {
  const later *l = context;

  Sleep(l->ms);
  SetEvent(l->event);
  return 0;
}

static void later_begin(later *l, HANDLE event, DWORD ms) {
  *l = (later){.event = event, .ms = ms};
  l->thread = CreateThread(NULL, 0, later_run, l, 0, NULL);
  assert_non_null(l->thread);
}

static void later_end(later *l) {
  WaitForSingleObject(l->thread, INFINITE);
  CloseHandle(l->thread);
}

static void assert_timeout(int result) {
  assert_int_equal(result, -1);
  assert_true(hcs_error_is(err, HCS_IS_TIMEOUT));
}

/* ---- the clock ---------------------------------------------------------------------------------------- */

static void the_clock_goes_forward_in_ns(void **state) {
  int64_t before = hcs_windows_clock_ns(), now, last = before;
  ULONGLONG ticks = GetTickCount64();

  (void)state;
  for (int i = 0; i < 100000; i++) {
    now = hcs_windows_clock_ns();
    assert_true(now >= last);
    last = now;
  }
  Sleep(100);
  assert_in_range(ms_since(before), 100, GetTickCount64() - ticks + 50);
}

static void what_is_left_is_rounded_up_and_has_an_upper_end(void **state) {
  (void)state;
  assert_int_equal(hcs_windows_left_ms(HCS_FOREVER), INFINITE);
  assert_int_equal(hcs_windows_left_ms(HCS_FOREVER - 1), INFINITE - 1);
  assert_int_equal(hcs_windows_left_ms(0), 0);
  assert_int_equal(hcs_windows_left_ms(hcs_windows_clock_ns() - 1), 0);
  assert_in_range(hcs_windows_left_ms(in_ms(60000)), 59000, 60000);
  for (int i = 0; i < 1000; i++) {
    int64_t deadline = hcs_windows_clock_ns() + 100000;
    DWORD left = hcs_windows_left_ms(deadline);

    if (hcs_windows_clock_ns() < deadline) assert_int_equal(left, 1);
  }
}

/* ---- objects ------------------------------------------------------------------------------------------- */

static const size_t counts[] = {1, 2, 63, 64, 65, 128, MANY};

#define EACH(count)                                                                                \
  for (const size_t *count = counts; count < counts + sizeof counts / sizeof counts[0]; count++)

static void one_that_is_set_ends_the_wait(void **state) {
  (void)state;
  EACH(count) {
    SetEvent(events[*count - 1]);
    assert_int_equal(hcs_wait_any(events, *count, HCS_FOREVER, err), 0);
    assert_int_equal(hcs_wait_any(events, *count, 0, err), 0); /* it is not consumed */
    ResetEvent(events[*count - 1]);
  }
}

static void one_that_is_set_later_ends_the_wait(void **state) {
  (void)state;
  EACH(count) {
    later l;
    int64_t before = hcs_windows_clock_ns();

    later_begin(&l, events[*count - 1], 40);
    assert_int_equal(hcs_wait_any(events, *count, HCS_FOREVER, err), 0);
    assert_in_range(ms_since(before), 35, 2000);
    later_end(&l);
    ResetEvent(events[*count - 1]);
  }
}

static void the_deadline_ends_the_wait(void **state) {
  (void)state;
  assert_timeout(hcs_wait_any(NULL, 0, 0, err));
  EACH(count) {
    int64_t before = hcs_windows_clock_ns();

    assert_timeout(hcs_wait_any(events, *count, 0, err));
    assert_timeout(hcs_wait_any(events, *count, in_ms(40), err));
    assert_in_range(ms_since(before), 40, 2000);
  }
}

static void none_is_a_sleep(void **state) {
  int64_t before = hcs_windows_clock_ns();

  (void)state;
  assert_timeout(hcs_wait_any(NULL, 0, in_ms(50), err));
  assert_in_range(ms_since(before), 50, 2000);
}

/* A failed wait is told at once, not at the deadline. */
static void a_bad_handle_is_an_error(void **state) {
  HANDLE bad = events[0];

  (void)state;
  CloseHandle(bad);
  assert_int_equal(hcs_wait_any(&bad, 1, HCS_FOREVER, err), -1);
  assert_int_equal(hcs_error_code(err), ERROR_INVALID_HANDLE);
  assert_int_equal(hcs_wait_any(events, MANY, HCS_FOREVER, err), -1);
  assert_int_equal(hcs_error_code(err), ERROR_INVALID_HANDLE);
  events[0] = CreateEventW(NULL, TRUE, FALSE, NULL);
}

static void waiting_for_many_leaves_nothing(void **state) {
  DWORD before = 0, after = 0;

  (void)state;
  for (int i = 0; i < 30; i++) {
    if (i == 10) GetProcessHandleCount(GetCurrentProcess(), &before);
    assert_timeout(hcs_wait_any(events, MANY, in_ms(1), err));
  }
  GetProcessHandleCount(GetCurrentProcess(), &after);
  assert_in_range(after, 0, before + 10);
}

/* ---- interrupts ------------------------------------------------------------------------------------------ */

static LONG due, asked;

static int is_due(void *context) {
  assert_ptr_equal(context, &due);
  InterlockedIncrement(&asked);
  return InterlockedExchangeAdd(&due, 0);
}

static DWORD WINAPI interrupt_run(void *context) {
  (void)context;
  Sleep(150);
  InterlockedExchange(&due, 1);
  return 0;
}

static void an_interrupt_ends_the_wait(void **state) {
  size_t numbers[] = {0, 1, MANY};

  (void)state;
  hcs_interrupt_check(is_due, &due);
  for (int i = 0; i < 3; i++) {
    int64_t before = hcs_windows_clock_ns();
    HANDLE thread;

    due = 0;
    thread = CreateThread(NULL, 0, interrupt_run, NULL, 0, NULL);
    assert_int_equal(hcs_wait_any(events, numbers[i], HCS_FOREVER, err), HCS_INTERRUPTED);
    assert_in_range(ms_since(before), 140, 2000);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
  }
}

/* What is complete comes first, then the deadline, then the interrupt. */
static void an_interrupt_that_is_due_comes_last(void **state) {
  (void)state;
  hcs_interrupt_check(is_due, &due);
  due = 1;
  assert_int_equal(hcs_wait_any(events, 3, HCS_FOREVER, err), HCS_INTERRUPTED);
  assert_timeout(hcs_wait_any(events, 3, 0, err));
  SetEvent(events[2]);
  assert_int_equal(hcs_wait_any(events, 3, HCS_FOREVER, err), 0);
}

static void a_wait_that_must_be_seen_through_does_not_ask(void **state) {
  later l;

  (void)state;
  hcs_interrupt_check(is_due, &due);
  due = 1;
  asked = 0;
  later_begin(&l, events[0], 150);
  assert_int_equal(hcs_wait_through(events[0], HCS_FOREVER, err), 0);
  later_end(&l);
  assert_timeout(hcs_wait_through(events[1], in_ms(20), err));
  assert_int_equal(asked, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_clock_goes_forward_in_ns),
      TEST(what_is_left_is_rounded_up_and_has_an_upper_end),
      WITH_EVENTS(one_that_is_set_ends_the_wait),
      WITH_EVENTS(one_that_is_set_later_ends_the_wait),
      WITH_EVENTS(the_deadline_ends_the_wait),
      WITH_EVENTS(none_is_a_sleep),
      WITH_EVENTS(a_bad_handle_is_an_error),
      WITH_EVENTS(waiting_for_many_leaves_nothing),
      WITH_EVENTS(an_interrupt_ends_the_wait),
      WITH_EVENTS(an_interrupt_that_is_due_comes_last),
      WITH_EVENTS(a_wait_that_must_be_seen_through_does_not_ask),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
