/*
 * latch_test.c - what the service tells is kept, whoever it was told to first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/windows/latch.h"
#include "hcs/windows/wait.h"
#include "test/error_fixture.h"

#define CREATED HcsNotificationSystemCreateCompleted
#define STARTED HcsNotificationSystemStartCompleted
#define PAUSED HcsNotificationSystemPauseCompleted
#define RESUMED HcsNotificationSystemResumeCompleted
#define EXITED HcsNotificationSystemExited
#define DISCONNECTED HcsNotificationServiceDisconnect

#define MS INT64_C(1000000)

static hcs_latch latch;
static hcs_completion completion;

static int setup_latch(void **state) {
  memset(&latch, 0, sizeof latch);
  return setup(state) != 0 || hcs_latch_init(&latch, EXITED, err) != 0 ? -1 : 0;
}

static int teardown_latch(void **state) {
  hcs_latch_clear(&latch);
  return teardown(state);
}

static void tell(DWORD type, uint32_t status, PCWSTR document) {
  hcs_latch_notify(type, &latch, (HRESULT)status, document);
}

static void expect(DWORD type) {
  assert_int_equal(hcs_completion_expect(&completion, &latch, type, err), 0);
}

static int await(int64_t within_ms) {
  return hcs_completion_await(&completion, &latch, hcs_windows_clock_ns() + within_ms * MS, err);
}

static int is_ended(void) { return WaitForSingleObject(latch.ended, 0) == WAIT_OBJECT_0; }

/* ---- completions ------------------------------------------------------------------------------- */

static void test_completion(void **state) {
  static const DWORD types[] = {CREATED, STARTED, PAUSED, RESUMED};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    expect(types[i]);
    tell(types[i], 0, NULL);
    assert_int_equal(await(0), 0);
  }
  assert_false(is_ended());
}

static void test_failed_completion(void **state) {
  (void)state;
  expect(STARTED);
  tell(STARTED, 0xC0370106, L"{\"ErrorMessage\":\"smss died\"}");
  assert_int_equal(await(0), -1);
  assert_true(hcs_error_kind(err) == HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_error_message(err), "smss died");
}

/* The first one counts, and another type's is none. */
static void test_repeated_and_foreign(void **state) {
  (void)state;
  expect(PAUSED);
  tell(RESUMED, 0xC0370105, NULL);
  tell(PAUSED, 0, NULL);
  tell(PAUSED, 0xC0370105, NULL);
  assert_int_equal(await(0), 0);
  tell(PAUSED, 0xC0370105, NULL); /* nobody waits */
  expect(PAUSED);
  assert_int_equal(await(10), -1);
  assert_true(hcs_error_kind(err) == HCS_E_TIMEOUT);
}

/* hcs-contract §4.1: the upper four bits are flags. */
static void test_flags(void **state) {
  (void)state;
  expect(STARTED);
  tell(STARTED | HcsNotificationFlagFailure, 0xC0370105, NULL);
  assert_int_equal(await(0), -1);
  assert_true(hcs_error_kind(err) == HCS_E_INVALID_STATE);
}

static void test_one_at_a_time(void **state) {
  hcs_completion other;
  (void)state;
  expect(STARTED);
  assert_int_equal(hcs_completion_expect(&other, &latch, STARTED, err), -1);
  assert_true(hcs_error_kind(err) == HCS_E_INVALID_STATE);
  assert_int_equal(hcs_completion_expect(&other, &latch, PAUSED, err), 0);
  hcs_completion_cancel(&other, &latch);
  hcs_completion_cancel(&completion, &latch);
  expect(STARTED);
  hcs_completion_cancel(&completion, &latch);
}

/* ---- ends -------------------------------------------------------------------------------------- */

/* hcsshim's queue of one would lose it: start takes the exit, and the waiter never hears of it. */
static void test_exit_during_start(void **state) {
  (void)state;
  expect(STARTED);
  tell(EXITED, 0xC0370106, L"{\"ErrorMessage\":\"out of memory\"}");
  assert_int_equal(await(0), -1);
  assert_true(hcs_error_kind(err) == HCS_E_UNEXPECTED_CONTAINER_EXIT);
  assert_string_equal(hcs_error_message(err), "out of memory");
  assert_true(is_ended());
  assert_int_equal(hcs_latch_exited(&latch), 1);
  assert_int_equal(hcs_latch_result(&latch, err), 0);
}

static void test_completion_wins_over_exit(void **state) {
  (void)state;
  expect(STARTED);
  tell(EXITED, 0, NULL);
  tell(STARTED, 0, NULL);
  assert_int_equal(await(0), 0);
  assert_int_equal(hcs_latch_exited(&latch), 1);
}

static void test_exit_before(void **state) {
  (void)state;
  tell(EXITED, 0, NULL);
  expect(STARTED);
  assert_int_equal(await(10000), -1);
  assert_true(hcs_error_kind(err) == HCS_E_UNEXPECTED_CONTAINER_EXIT);
}

static void test_first_exit_counts(void **state) {
  (void)state;
  tell(EXITED, 0, L"{\"ExitType\":\"GracefulExit\"}");
  tell(EXITED, 0xC0370106, L"{}");
  assert_int_equal(latch.exit.status, 0);
  assert_int_equal(wcscmp(latch.exit.document, L"{\"ExitType\":\"GracefulExit\"}"), 0);
}

static void test_disconnect(void **state) {
  (void)state;
  expect(RESUMED);
  tell(DISCONNECTED, 0, NULL);
  assert_int_equal(await(0), -1);
  assert_true(hcs_error_kind(err) == HCS_E_UNEXPECTED_PROCESS_ABORT);
  assert_true(is_ended());
  assert_int_equal(hcs_latch_exited(&latch), 0);
  assert_int_equal(hcs_latch_result(&latch, err), -1);
  assert_true(hcs_error_kind(err) == HCS_E_UNEXPECTED_PROCESS_ABORT);
}

/* An exit is better news than "it is gone somehow". */
static void test_lost(void **state) {
  (void)state;
  hcs_latch_lose(&latch, HCS_E_ELEMENT_NOT_FOUND);
  assert_true(is_ended());
  assert_int_equal(hcs_latch_result(&latch, err), -1);
  assert_true(hcs_error_kind(err) == HCS_E_ELEMENT_NOT_FOUND);
  tell(EXITED, 0, NULL);
  assert_int_equal(hcs_latch_result(&latch, err), 0);
}

/* A system's exit is none of a process, and what is not known is nothing. */
static void test_other_notifications(void **state) {
  static const DWORD others[] = {HcsNotificationInvalid,
                                 HcsNotificationSystemCrashReport,
                                 HcsNotificationSystemSiloJobCreated,
                                 HcsNotificationSystemSaveCompleted,
                                 HcsNotificationSystemShutdownFailed,
                                 HcsNotificationSystemCrashInitiated,
                                 HcsNotificationSystemPassThru,
                                 HcsNotificationProcessExited,
                                 0x02000000,
                                 0x0FFFFFFF};
  (void)state;
  expect(STARTED);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) tell(others[i], 0xC0370106, L"{}");
  assert_false(is_ended());
  assert_int_equal(await(0), -1);
  assert_true(hcs_error_kind(err) == HCS_E_TIMEOUT);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_latch, teardown_latch)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_completion),
      TEST(test_failed_completion),
      TEST(test_repeated_and_foreign),
      TEST(test_flags),
      TEST(test_one_at_a_time),
      TEST(test_exit_during_start),
      TEST(test_completion_wins_over_exit),
      TEST(test_exit_before),
      TEST(test_first_exit_counts),
      TEST(test_disconnect),
      TEST(test_lost),
      TEST(test_other_notifications),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
