/*
 * process_exit_test.c - how processes end, and what is known of it.
 */
#include "service_fixture.h"

/* ---- exit codes -------------------------------------------------------------------------------- */

/* With the code in the notification, and without: then the process is asked for it. */
static void test_exit_codes(void **state) {
  static const uint32_t codes[] = {0, 1, 64, 255, 259, 3221225786U, 4294967295U};
  hcs_system *system = running("c1");
  int asked;

  (void)state;
  for (int with_data = 1; with_data >= 0; with_data--) {
    asked = calls("HcsGetProcessProperties");
    for (size_t i = 0; i < COUNT(codes); i++) {
      char words[32];
      hcs_process *process;

      snprintf(words, sizeof words, "exit %lu", (unsigned long)codes[i]);
      process = spawned(system, words, "");
      assert_exits_with(process, codes[i]);
      hcs_process_free(process);
    }
    assert_int_equal(calls("HcsGetProcessProperties") - asked, with_data ? 0 : (int)COUNT(codes));
    tell("{\"Set\":{\"ExitData\":false}}");
  }
  gone(system);
}

static void test_before_the_end(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  hcs_process_exit exit;

  (void)state;
  assert_fails(hcs_process_wait(process, 0, &exit, err), HCS_E_TIMEOUT);
  assert_fails(hcs_process_wait(process, in_ms(20), &exit, err), HCS_E_TIMEOUT);
  assert_fails(hcs_process_exit_get(process, &exit, err), HCS_E_INVALID_PROCESS_STATE);
  assert_int_not_equal(hcs_process_pid(process), 0);
  hcs_process_free(process);
  gone(system);
}

/* It ends before anybody waits, or looks, or has even registered: nothing is lost. */
static void test_exit_before_wait(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process, *again;

  (void)state;
  tell("{\"On\":\"HcsRegisterProcessCallback\",\"Times\":1,\"DelayMs\":100}");
  process = spawned(system, "exit 7", "");
  again = spawned(system, "exit 8", "");
  Sleep(50);
  assert_exits_with(process, 7);
  assert_exits_with(again, 8);
  hcs_process_free(process);
  hcs_process_free(again);
  gone(system);
}

static void test_notified_twice_and_late(void **state) {
  static const char *const ways[] = {"\"Notify\":\"twice\"", "\"NotifyDelayMs\":50",
                                     "\"Twins\":true"};
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    hcs_process *process;

    tell("{\"On\":\"ProcessExited\",\"Times\":1,%s}", ways[i]);
    process = spawned(system, "exit 3", "");
    assert_exits_with(process, 3);
    hcs_process_free(process);
  }
  gone(system);
}

/* LastWaitResult: the code is not known, and waiting has not failed (hcs-contract §1.6). */
static void test_unknown_code(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (int with_data = 1; with_data >= 0; with_data--) {
    hcs_process *process;
    hcs_process_exit exit;

    tell("{\"Set\":{\"LastWaitResult\":-2147467259,\"ExitData\":%s}}",
         with_data ? "true" : "false");
    process = spawned(system, "exit 3", "");
    exit = exited(process);
    assert_int_equal(exit.tracked, 0);
    assert_fails(hcs_process_exit_get(process, &exit, err), HCS_E_INVALID_PROCESS_STATE);
    hcs_process_free(process);
  }
  gone(system);
}

/* What goes wrong with the question is what the wait says; another one may be luckier. */
static void test_code_cannot_be_asked(void **state) {
  static const char *const ways[] = {"\"Status\":\"0x800706BE\"", "\"Document\":null",
                                     "\"Document\":\"nonsense\"",
                                     "\"Document\":{\"Exited\":false}"};
  static const uint64_t codes[] = {0x6BE, HCS_E_UNEXPECTED_VALUE, HCS_E_UNEXPECTED_VALUE,
                                   HCS_E_UNEXPECTED_VALUE};
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"Set\":{\"ExitData\":false}}");
  for (size_t i = 0; i < COUNT(ways); i++) {
    hcs_process *process;
    hcs_process_exit exit;

    tell("{\"On\":\"HcsGetProcessProperties\",\"Times\":1,%s}", ways[i]);
    process = spawned(system, "exit 3", "");
    assert_fails(hcs_process_wait(process, in_ms(10000), &exit, err), codes[i]);
    assert_exits_with(process, 3);
    hcs_process_free(process);
  }
  gone(system);
}

static void test_many_waiters(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "sleep 100", "");
  background waits[4];

  (void)state;
  tell("{\"Set\":{\"ExitData\":false}}");
  for (size_t i = 0; i < COUNT(waits); i++) begin(&waits[i], wait_process, process);
  for (size_t i = 0; i < COUNT(waits); i++) assert_int_equal(joined(&waits[i]), 0);
  assert_int_equal(calls("HcsGetProcessProperties"), 1);
  hcs_process_free(process);
  gone(system);
}

/* ---- the container's end ------------------------------------------------------------------------ */

static void test_end_of_the_container(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  assert_ok(hcs_system_terminate(system, err));
  assert_exits_with(process, 1067); /* ERROR_PROCESS_ABORTED */
  hcs_process_free(process);
  gone(system);
}

static void test_exit_behind_the_container(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  tell("[{\"Set\":{\"ProcessExitsLate\":true}},"
       "{\"On\":\"ProcessExited\",\"NotifyDelayMs\":200}]");
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  assert_exits_with(process, 1067);
  hcs_process_free(process);
  gone(system);
}

/* Its own exit is never told: the container's end releases whoever waits. */
static void test_exit_never_told(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  hcs_process_exit exit;
  background waiting;

  (void)state;
  tell("{\"On\":\"ProcessExited\",\"Notify\":\"never\"}");
  begin(&waiting, wait_process, process);
  assert_ok(hcs_system_terminate(system, err));
  assert_fails(joined(&waiting), HCS_E_UNEXPECTED_PROCESS_ABORT);
  assert_fails(hcs_process_wait(process, 0, &exit, err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  hcs_process_free(process);
  gone(system);
}

/* The same for who looks from time to time. */
static void test_exit_never_told_to_polls(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  hcs_process_exit exit;
  int64_t give_up_ns = in_ms(5000);

  (void)state;
  tell("{\"On\":\"ProcessExited\",\"Notify\":\"never\"}");
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  do assert_int_equal(hcs_process_wait(process, in_ms(50), &exit, err), -1);
  while (hcs_error_kind(err) == HCS_E_TIMEOUT && hcs_clock_ns() < give_up_ns);
  assert_failed_with(HCS_E_UNEXPECTED_PROCESS_ABORT);
  hcs_process_free(process);
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_exit_codes),
      TEST(test_before_the_end),
      TEST(test_exit_before_wait),
      TEST(test_notified_twice_and_late),
      TEST(test_unknown_code),
      TEST(test_code_cannot_be_asked),
      TEST(test_many_waiters),
      TEST(test_end_of_the_container),
      TEST(test_exit_behind_the_container),
      TEST(test_exit_never_told),
      TEST(test_exit_never_told_to_polls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
