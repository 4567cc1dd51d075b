/*
 * closing_test.c - what close gives back, waits for and survives.
 */
#include "service_fixture.h"

#define ENDS_WITH_HANDLES "{" LAYER ",\"TerminateOnLastHandleClosed\":true}"

/* ---- the last handle ----------------------------------------------------------------------------- */

/* Asked to, close returns when the container is gone: its id can be had at once. */
static void test_waits_for_the_end(void **state) {
  (void)state;
  tell("{\"On\":\"SystemExited\",\"NotifyDelayMs\":100}");
  for (int started = 0; started < 2; started++) {
    hcs_system *system = created_as("c1", ENDS_WITH_HANDLES);

    if (started) assert_ok(hcs_system_start(system, err));
    if (started) hcs_process_free(spawned(system, "hang", ""));
    assert_ok(hcs_system_close(system, 1, err));
    assert_int_equal(systems(), 0);
    assert_null_with(hcs_system_open("c1", err), HCS_E_SYSTEM_NOT_FOUND);
    hcs_system_free(system);
  }
}

static void test_stays_without_it(void **state) {
  hcs_system *system = running("c1");
  int before = calls("HcsEnumerateComputeSystems");

  (void)state;
  assert_ok(hcs_system_close(system, 1, err));
  assert_int_equal(calls("HcsEnumerateComputeSystems"), before);
  hcs_system_free(system);
  system = opened("c1");
  assert_string_equal(hcs_system_state(system, err), "Running");
  gone(system);
}

/* Whichever handle of this program is the last one: that one waits, and no other. */
static void test_last_of_this_program(void **state) {
  hcs_system *first = running_as("c1", ENDS_WITH_HANDLES), *second = opened("c1");
  int before = calls("HcsEnumerateComputeSystems");

  (void)state;
  assert_ok(hcs_system_close(first, 1, err));
  assert_int_equal(calls("HcsEnumerateComputeSystems"), before);
  assert_string_equal(hcs_system_state(second, err), "Running");
  assert_ok(hcs_system_close(second, 1, err));
  assert_int_equal(systems(), 0);
  hcs_system_free(first);
  hcs_system_free(second);
}

/* One that had ended before has no successor's end to wait for. */
static void test_had_ended(void **state) {
  hcs_system *old = running_as("c1", ENDS_WITH_HANDLES), *young;
  int before;

  (void)state;
  assert_ok(hcs_system_terminate(old, err));
  assert_ok(hcs_system_wait(old, in_ms(10000), err));
  young = running_as("c1", ENDS_WITH_HANDLES);
  before = calls("HcsEnumerateComputeSystems");
  assert_ok(hcs_system_close(old, 1, err));
  assert_int_equal(calls("HcsEnumerateComputeSystems"), before);
  assert_string_equal(hcs_system_state(young, err), "Running");
  hcs_system_free(old);
  assert_ok(hcs_system_close(young, 1, err));
  assert_int_equal(systems(), 0);
  hcs_system_free(young);
}

static int interrupted_after_ms;
static int64_t begun_ns;

static int interrupt(void *context) {
  (void)context;
  return hcs_clock_ns() > begun_ns + interrupted_after_ms * MS;
}

/*
 * Another program's handle keeps it: the patience is 10 s, which Ctrl-C ends; the handle is closed all the
 * same.
 */
static void test_another_program(void **state) {
  hcs_system *system = running_as("c1", ENDS_WITH_HANDLES);

  (void)state;
  tell("{\"Do\":\"Hold\",\"Id\":\"c1\"}");
  begun_ns = hcs_clock_ns();
  interrupted_after_ms = 300;
  hcs_interrupt_check(interrupt, NULL);
  assert_ok(hcs_system_close(system, 1, err));
  hcs_interrupt_check(NULL, NULL);
  assert_in_range(hcs_clock_ns() - begun_ns, 300 * MS, 5000 * MS);
  assert_int_equal(hcs_system_closed(system), 1);
  hcs_system_free(system);
  tell("{\"Do\":\"Drop\",\"Id\":\"c1\"}");
}

/* A service that will not list while it tears down (hcs-contract §1.4) is asked again. */
static void test_busy_service(void **state) {
  hcs_system *system = running_as("c1", ENDS_WITH_HANDLES);

  (void)state;
  tell("[{\"On\":\"HcsEnumerateComputeSystems\",\"Times\":2,\"Status\":\"0xC0370105\"},"
       "{\"On\":\"HcsEnumerateComputeSystems\",\"Times\":2,\"Status\":\"0x80070005\"}]");
  assert_ok(hcs_system_close(system, 1, err));
  assert_int_equal(systems(), 0);
  hcs_system_free(system);
}

/* ---- a service that does not let go ----------------------------------------------------------------- */

static void test_close_fails(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"On\":\"HcsCloseComputeSystem\",\"Times\":1,\"Carry\":true,\"Status\":\"0x800706BE\"}");
  assert_fails(hcs_system_close(system, 0, err), 0x6BE);
  assert_string_equal(hcs_error_operation(err), "hcs::System::Close");
  assert_int_equal(hcs_system_closed(system), 1);
  assert_ok(hcs_system_close(system, 0, err));
  hcs_system_free(system);
  gone(opened("c1"));
}

/* The callback may still come: its memory stays. */
static void test_unregister_fails(void **state) {
  hcs_system *system = running("c1"), *other = opened("c1");
  hcs_process *process = spawned(other, "hang", "");

  (void)state;
  tell("[{\"On\":\"HcsUnregisterComputeSystemCallback\",\"Times\":1,\"Carry\":true,"
       "\"Status\":\"0x80004005\"},"
       "{\"On\":\"HcsUnregisterProcessCallback\",\"Times\":1,\"Carry\":true,"
       "\"Status\":\"0x80004005\"}]");
  assert_fails(hcs_system_close(system, 0, err), 0x80004005);
  assert_ok(hcs_process_close(process, err));
  hcs_process_free(process);
  hcs_system_free(system);
  gone(other);
}

/* ---- close against the rest -------------------------------------------------------------------------- */

static int close_system(void *object, hcs_error *error) {
  return hcs_system_close(object, 0, error);
}

/* Close waits for what is on its way, and for callbacks; nothing deadlocks. */
static void test_close_during_start(void **state) {
  hcs_system *system = created("c1");
  background starting, closing;

  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Times\":1,\"NotifyDelayMs\":200}");
  begin(&starting, start_system, system);
  Sleep(50);
  begin(&closing, close_system, system);
  assert_int_equal(joined(&starting), 0);
  assert_int_equal(joined(&closing), 0);
  hcs_system_free(system);
  gone(opened("c1"));
}

static void test_close_during_exit(void **state) {
  (void)state;
  for (int i = 0; i < 50; i++) {
    hcs_system *system = running("c1");
    background waiting;
    int result;

    begin(&waiting, wait_system, system);
    tell("{\"Do\":\"Exit\",\"Id\":\"c1\"}");
    if (i % 2 == 1) Sleep((DWORD)(i % 5));
    assert_ok(hcs_system_close(system, 0, err));
    result = joined(&waiting);
    if (result != 0) assert_failed_with(HCS_E_ALREADY_CLOSED);
    assert_int_equal(hcs_system_wait(system, HCS_FOREVER, err), result);
    hcs_system_free(system);
    for (int tries = 0; tries < 200 && systems() > 0; tries++) Sleep(5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_waits_for_the_end), TEST(test_stays_without_it), TEST(test_last_of_this_program),
      TEST(test_had_ended),         TEST(test_another_program),  TEST(test_busy_service),
      TEST(test_close_fails),       TEST(test_unregister_fails), TEST(test_close_during_start),
      TEST(test_close_during_exit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
