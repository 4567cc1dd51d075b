/*
 * misbehaviour_test.c - a service that does not notify, notifies twice, ends meanwhile or goes away.
 */
#include "service_fixture.h"

/* A call that waits for its completion, by name. */
typedef struct timed_call {
  const char *function;
  const wchar_t *timeout;
  int (*prepare)(hcs_system *system, hcs_error *error); /* to the state it needs; NULL: none */
  int (*call)(hcs_system *system, hcs_error *error);
} timed_call;

static int to_paused(hcs_system *system, hcs_error *error) {
  return hcs_system_start(system, error) != 0 ? -1 : hcs_system_pause(system, error);
}

static const timed_call timed_calls[] = {
    {"HcsStartComputeSystem", L"HCSSHIM_TIMEOUT_SYSTEMSTART", NULL, hcs_system_start},
    {"HcsPauseComputeSystem", L"HCSSHIM_TIMEOUT_SYSTEMPAUSE", hcs_system_start, hcs_system_pause},
    {"HcsResumeComputeSystem", L"HCSSHIM_TIMEOUT_SYSTEMRESUME", to_paused, hcs_system_resume},
};

static hcs_system *prepared(const timed_call *row) {
  hcs_system *system = created_as("c1", HYPER_V);

  if (row->prepare != NULL) assert_ok(row->prepare(system, err));
  return system;
}

/* ---- never ------------------------------------------------------------------------------------- */

static void test_never(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(timed_calls); i++) {
    const timed_call *row = &timed_calls[i];
    hcs_system *system = prepared(row);
    int64_t begun_ns = hcs_clock_ns();

    set_timeout(row->timeout, L"1");
    tell("{\"On\":\"%s\",\"Times\":1,\"Notify\":\"never\"}", row->function);
    assert_fails(row->call(system, err), HCS_E_TIMEOUT);
    set_timeout(row->timeout, NULL);
    assert_in_range(hcs_clock_ns() - begun_ns, 950 * MS, 3000 * MS);
    assert_true(hcs_error_is(err, HCS_IS_TIMEOUT));
    assert_says("HCSSHIM_TIMEOUT_SYSTEM");
    gone(system);
  }
}

/* A container that nobody will have a handle on is not left behind. */
static void test_never_created(void **state) {
  (void)state;
  set_timeout(L"HCSSHIM_TIMEOUT_SYSTEMCREATE", L"1");
  tell("{\"On\":\"HcsCreateComputeSystem\",\"Times\":1,\"Notify\":\"never\"}");
  assert_null_with(hcs_system_create("c1", CONFIG, err), HCS_E_TIMEOUT);
  assert_string_equal(hcs_error_operation(err), "hcs::CreateComputeSystem");
  set_timeout(L"HCSSHIM_TIMEOUT_SYSTEMCREATE", NULL);
  assert_int_equal(calls("HcsTerminateComputeSystem"), 1);
  gone(created("c1"));
}

/* The call after the one that timed out works. */
static void test_late(void **state) {
  hcs_system *system = running_as("c1", HYPER_V);

  (void)state;
  set_timeout(L"HCSSHIM_TIMEOUT_SYSTEMPAUSE", L"1");
  tell("{\"On\":\"HcsPauseComputeSystem\",\"Times\":1,\"NotifyDelayMs\":1200}");
  assert_fails(hcs_system_pause(system, err), HCS_E_TIMEOUT);
  set_timeout(L"HCSSHIM_TIMEOUT_SYSTEMPAUSE", NULL);
  Sleep(400);
  assert_ok(hcs_system_resume(system, err));
  assert_ok(hcs_system_pause(system, err));
  gone(system);
}

/* ---- twice, elsewhere, otherwise ---------------------------------------------------------------- */

static void work_through(void) {
  hcs_system *system = running_as("c1", HYPER_V), *other = opened("c1");

  assert_ok(hcs_system_pause(system, err));
  assert_ok(hcs_system_resume(other, err));
  assert_ok(hcs_system_pause(other, err));
  assert_ok(hcs_system_resume(system, err));
  hcs_system_free(other);
  gone(system);
}

static void test_notified_oddly(void **state) {
  static const char *const ways[] = {
      "\"Notify\":\"twice\"",
      "\"Broadcast\":false",
      "\"Twins\":true",
      "\"NotifyDelayMs\":60",
      "\"NotifyData\":\"nonsense\"",
      "\"Result\":{\"ErrorMessage\":\"fine\"}",
      "\"Result\":\"nonsense\"",
      "\"DelayMs\":10",
  };

  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    tell("{\"Set\":{%s}}", ways[i]);
    work_through();
    standin.reset();
  }
}

/* An end that is told twice is one end. */
static void test_exit_twice(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"On\":\"SystemExited\",\"Notify\":\"twice\"}");
  assert_ok(hcs_system_shutdown(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  Sleep(30);
  assert_ok(hcs_system_wait(system, 0, err));
  hcs_system_free(system);
}

static void test_failed_completion(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(timed_calls); i++) {
    const timed_call *row = &timed_calls[i];
    hcs_system *system = prepared(row);

    tell("{\"On\":\"%s\",\"Times\":1,\"NotifyStatus\":\"0xC0370109\",\"FailureFlag\":true,"
         "\"NotifyData\":{\"ErrorMessage\":\"no answer from the guest\",\"ErrorEvents\":[{"
         "\"Message\":\"vmwp\"}]}}",
         row->function);
    assert_fails(row->call(system, err), 0xC0370109);
    assert_true(hcs_error_is(err, HCS_IS_TIMEOUT));
    assert_string_equal(hcs_error_message(err), "no answer from the guest");
    assert_non_null(strstr(hcs_error_events(err), "vmwp"));
    assert_string_equal(hcs_error_id(err), "c1");
    assert_ok(row->call(system, err));
    gone(system);
  }
}

static void test_failed_creation(void **state) {
  (void)state;
  tell("{\"On\":\"HcsCreateComputeSystem\",\"Times\":1,\"NotifyStatus\":\"0x800700AA\","
       "\"NotifyData\":{\"ErrorMessage\":\"the layer is in use\"}}");
  assert_null_with(hcs_system_create("c1", CONFIG, err), HCS_E_BUSY);
  assert_string_equal(hcs_error_message(err), "the layer is in use");
  assert_int_equal(systems(), 0);
  gone(created("c1"));
}

/* A step after the creation that fails leaves nothing behind. */
static void test_failing_steps(void **state) {
  static const char *const steps[] = {"HcsRegisterComputeSystemCallback",
                                      "HcsGetComputeSystemProperties"};

  (void)state;
  for (size_t i = 0; i < COUNT(steps); i++) {
    hcs_system *other;

    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"0x80070005\"}", steps[i]);
    assert_null_with(hcs_system_create("c1", CONFIG, err), HCS_E_ACCESS_DENIED);
    for (int tries = 0; tries < 200 && systems() > 0; tries++) Sleep(10);
    assert_int_equal(systems(), 0);

    other = created("c1");
    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"0x80070005\"}", steps[i]);
    assert_null_with(hcs_system_open("c1", err), HCS_E_ACCESS_DENIED);
    assert_int_equal(systems(), 1); /* opening is no reason to end it */
    gone(other);
  }
}

static void test_no_properties(void **state) {
  static const char *const documents[] = {"null", "\"\"", "\"nonsense\"", "[]"};

  (void)state;
  for (size_t i = 0; i < COUNT(documents); i++) {
    tell("{\"On\":\"HcsGetComputeSystemProperties\",\"Times\":1,\"Document\":%s}", documents[i]);
    assert_null_with(hcs_system_create("c1", CONFIG, err), HCS_E_UNEXPECTED_VALUE);
  }
}

/* ---- exits meanwhile --------------------------------------------------------------------------- */

static void assert_has_crashed(hcs_system *system) {
  assert_fails(hcs_system_wait(system, in_ms(10000), err), HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_system_state(system, err), "Stopped");
  hcs_system_free(system);
}

/* The exit is for the waiter too, though the call has seen it. */
static void test_exit_meanwhile(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(timed_calls); i++) {
    const timed_call *row = &timed_calls[i];
    hcs_system *system = prepared(row);
    background waiting;

    begin(&waiting, wait_system, system);
    tell("{\"On\":\"%s\",\"Times\":1,\"Exit\":\"instead\"}", row->function);
    assert_fails(row->call(system, err), HCS_E_UNEXPECTED_CONTAINER_EXIT);
    assert_string_equal(hcs_error_name(err), "UnexpectedContainerExit");
    assert_fails(joined(&waiting), HCS_E_UNEXPECTED_EXIT);
    assert_has_crashed(system);
  }
}

/* Either the exit or the failure is told first (hcs-contract §1.5, Start). */
static void test_exit_before_completion(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(timed_calls); i++) {
    const timed_call *row = &timed_calls[i];
    hcs_system *system = prepared(row);

    tell("{\"On\":\"%s\",\"Times\":1,\"Exit\":\"before\"}", row->function);
    assert_int_equal(row->call(system, err), -1);
    if (hcs_error_kind(err) != HCS_E_UNEXPECTED_CONTAINER_EXIT)
      assert_failed_with(HCS_E_UNEXPECTED_EXIT);
    assert_has_crashed(system);
  }
}

static void test_exit_after_completion(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(timed_calls); i++) {
    const timed_call *row = &timed_calls[i];
    hcs_system *system = prepared(row);

    tell("[{\"On\":\"%s\",\"Times\":1,\"Exit\":\"after\"},"
         "{\"On\":\"SystemExited\",\"NotifyDelayMs\":100}]",
         row->function);
    assert_ok(row->call(system, err));
    assert_has_crashed(system);
  }
}

static void test_exit_before_wait(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"Do\":\"Exit\",\"Id\":\"c1\"}");
  Sleep(50);
  assert_ok(hcs_system_wait(system, 0, err));
  hcs_system_free(system);
}

static void test_exit_during_creation(void **state) {
  (void)state;
  tell("{\"On\":\"HcsCreateComputeSystem\",\"Times\":1,\"Exit\":\"instead\"}");
  assert_null_with(hcs_system_create("c1", CONFIG, err), HCS_E_UNEXPECTED_CONTAINER_EXIT);
  assert_int_equal(systems(), 0);
}

/* ---- the service goes away ----------------------------------------------------------------------- */

static void test_disconnect_releases_all(void **state) {
  hcs_system *system = running("c1"), *other = opened("c1");
  hcs_process *process = spawned(system, "hang", "");
  background waits[3];

  (void)state;
  begin(&waits[0], wait_system, system);
  begin(&waits[1], wait_system, other);
  begin(&waits[2], wait_process, process);
  Sleep(20);
  tell("{\"Do\":\"Disconnect\",\"Calls\":true}");
  for (size_t i = 0; i < COUNT(waits); i++) {
    assert_fails(joined(&waits[i]), HCS_E_UNEXPECTED_PROCESS_ABORT);
    assert_string_equal(hcs_error_name(err), "UnexpectedProcessAbort");
  }
  assert_fails(hcs_system_wait(system, HCS_FOREVER, err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  assert_fails(hcs_system_pause(system, err), 0x6BA);
  hcs_process_free(process);
  hcs_system_free(system);
  hcs_system_free(other);
}

static void test_disconnect_during_start(void **state) {
  hcs_system *system = created("c1");
  background starting;

  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Ignore\":true}");
  begin(&starting, start_system, system);
  Sleep(50);
  tell("{\"Do\":\"Disconnect\"}");
  assert_fails(joined(&starting), HCS_E_UNEXPECTED_PROCESS_ABORT);
  hcs_system_free(system);
}

/* Another thread's start is on its way: the service would refuse the second one. */
static void test_start_twice_at_once(void **state) {
  hcs_system *system = created("c1");
  background starting;

  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Times\":1,\"NotifyDelayMs\":300}");
  begin(&starting, start_system, system);
  Sleep(100);
  assert_fails(hcs_system_start(system, err), HCS_E_INVALID_STATE);
  assert_int_equal(joined(&starting), 0);
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_never),
      TEST(test_never_created),
      TEST(test_late),
      TEST(test_notified_oddly),
      TEST(test_exit_twice),
      TEST(test_failed_completion),
      TEST(test_failed_creation),
      TEST(test_failing_steps),
      TEST(test_no_properties),
      TEST(test_exit_meanwhile),
      TEST(test_exit_before_completion),
      TEST(test_exit_after_completion),
      TEST(test_exit_before_wait),
      TEST(test_exit_during_creation),
      TEST(test_disconnect_releases_all),
      TEST(test_disconnect_during_start),
      TEST(test_start_twice_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
