/*
 * lifecycle_test.c - containers from creation to their end, as the service goes along.
 */
#include "service_fixture.h"

/* ---- creating and opening ---------------------------------------------------------------------- */

static void test_create_and_end(void **state) {
  hcs_system *system = created("c1");

  (void)state;
  assert_string_equal(hcs_system_state(system, err), "Created");
  assert_ok(hcs_system_start(system, err));
  assert_string_equal(hcs_system_state(system, err), "Running");
  assert_fails(hcs_system_wait(system, 0, err), HCS_E_TIMEOUT);
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  assert_string_equal(hcs_system_state(system, err), "Stopped");
  assert_ok(hcs_system_close(system, 0, err));
  assert_ok(hcs_system_close(system, 0, err));
  hcs_system_free(system);
  assert_int_equal(systems(), 0);
}

/* HCS says it in three ways, or not at all (hcs-contract §1.1). */
static void test_created_state(void **state) {
  static const char *const ways[] = {"absent", "empty", "Created"};

  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    hcs_system *system;
    char *list;

    tell("{\"Set\":{\"BlankState\":\"%s\"}}", ways[i]);
    system = created("c1");
    assert_string_equal(hcs_system_state(system, err), "Created");
    list = hcs_enumerate(NULL, NULL, err);
    assert_non_null(strstr(list, "\"State\":\"Created\""));
    hcs_string_free(list);
    gone(system);
  }
}

static void test_create_without_pending(void **state) {
  hcs_system *system;

  (void)state;
  tell("{\"Set\":{\"Synchronous\":true}}");
  system = running_as("c1", HYPER_V);
  assert_ok(hcs_system_pause(system, err));
  assert_ok(hcs_system_resume(system, err));
  gone(system);
}

static void test_identity(void **state) {
  hcs_system *system = created("web-1");
  hcs_system *nameless = created_as(NULL, CONFIG);

  (void)state;
  assert_string_equal(hcs_system_id(system), "web-1");
  assert_int_equal(strlen(hcs_system_id(nameless)), 28);
  assert_null_with(hcs_system_create("web-1", CONFIG, err), HCS_E_SYSTEM_ALREADY_EXISTS);
  assert_true(hcs_error_is(err, HCS_IS_ALREADY_EXISTS));
  assert_null_with(hcs_system_open("web-2", err), HCS_E_SYSTEM_NOT_FOUND);
  assert_true(hcs_error_is(err, HCS_IS_NOT_EXIST));
  assert_string_equal(hcs_error_operation(err), "hcs::OpenComputeSystem");
  gone(system);
  gone(nameless);
}

/* What is asked for in the config is what the service gets, byte for byte as Go writes it. */
static void test_config(void **state) {
  hcs_system *system = created_as("c1", "{\"Owner\":\"lab\",\"MemoryMaximumInMB\":512," LAYER "}");

  (void)state;
  assert_int_equal(received("HcsCreateComputeSystem",
                            "{\"SystemType\":\"Container\",\"Name\":\"\",\"Owner\":\"lab\"," LAYER
                            ",\"MemoryMaximumInMB\":512,\"HvPartition\":false}"),
                   1);
  gone(system);
}

static void test_two_handles(void **state) {
  hcs_system *first = running("c1"), *second = opened("c1");
  background waits[2];

  (void)state;
  begin(&waits[0], wait_system, first);
  begin(&waits[1], wait_system, second);
  assert_string_equal(hcs_system_state(second, err), "Running");
  assert_ok(hcs_system_terminate(second, err));
  assert_int_equal(joined(&waits[0]), 0);
  assert_int_equal(joined(&waits[1]), 0);
  assert_ok(hcs_system_wait(first, 0, err));
  assert_ok(hcs_system_wait(second, 0, err));
  hcs_system_free(first);
  hcs_system_free(second);
}

/* ---- what is allowed when ---------------------------------------------------------------------- */

/* The service decides, and its answer is explained. */
static void test_refused_by_state(void **state) {
  hcs_system *system = created_as("c1", HYPER_V);

  (void)state;
  assert_fails(hcs_system_pause(system, err), HCS_E_INVALID_STATE);
  assert_says("the container is Created, not Running: call start() first");
  assert_fails(hcs_system_resume(system, err), HCS_E_INVALID_STATE);
  assert_says("there is nothing to resume");
  assert_null_with(hcs_process_create(system, "{\"CommandLine\":\"standin exit 0\"}", err),
                   HCS_E_INVALID_STATE);
  assert_says("the container is Created, not Running: call start() first");
  assert_ok(hcs_system_start(system, err));
  assert_fails(hcs_system_start(system, err), HCS_E_INVALID_STATE);
  assert_says("the container is Running, not Created: it has been started already");
  assert_ok(hcs_system_pause(system, err));
  assert_string_equal(hcs_system_state(system, err), "Paused");
  assert_fails(hcs_system_pause(system, err), HCS_E_INVALID_STATE);
  assert_says("it has been paused already");
  assert_ok(hcs_system_resume(system, err));
  assert_string_equal(hcs_system_state(system, err), "Running");
  assert_true(hcs_error_is(err, HCS_IS_OPERATION_INVALID_STATE));
  gone(system);
}

/* Nothing is asked beforehand: one call is one call. */
static void test_no_questions(void **state) {
  hcs_system *system = created_as("c1", HYPER_V);
  int before = calls("HcsGetComputeSystemProperties");

  (void)state;
  assert_ok(hcs_system_start(system, err));
  assert_ok(hcs_system_pause(system, err));
  assert_ok(hcs_system_resume(system, err));
  assert_int_equal(calls("HcsGetComputeSystemProperties"), before);
  gone(system);
}

static void test_after_the_end(void **state) {
  hcs_system *system = running("c1");
  int terminations;

  (void)state;
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  terminations = calls("HcsTerminateComputeSystem");
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_shutdown(system, err));
  assert_int_equal(calls("HcsTerminateComputeSystem"), terminations);
  assert_fails(hcs_system_start(system, err), HCS_E_SYSTEM_ALREADY_STOPPED);
  assert_fails(hcs_system_pause(system, err), HCS_E_SYSTEM_ALREADY_STOPPED);
  assert_null_with(hcs_process_create(system, "{\"CommandLine\":\"standin exit 0\"}", err),
                   HCS_E_SYSTEM_ALREADY_STOPPED);
  assert_null_with(hcs_process_open(system, 4, err), HCS_E_SYSTEM_ALREADY_STOPPED);
  assert_says("create a new one");
  hcs_system_free(system);
}

/* ---- requests to end --------------------------------------------------------------------------- */

static void test_accepted(void **state) {
  static const char *const answers[] = {"0xC0370103", "0x80370103", "0x80370117", "0xC0370110",
                                        "0x80370110", "0xC037010E", "0x8037010E", "0"};

  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    hcs_system *system = running("c1");

    tell("[{\"On\":\"HcsShutdownComputeSystem\",\"Times\":1,\"Status\":\"%s\"},"
         "{\"On\":\"HcsTerminateComputeSystem\",\"Times\":1,\"Status\":\"%s\"}]",
         answers[i], answers[i]);
    assert_ok(hcs_system_shutdown(system, err));
    assert_ok(hcs_system_terminate(system, err));
    assert_fails(hcs_system_wait(system, in_ms(20), err), HCS_E_TIMEOUT);
    gone(system);
  }
}

static void test_twice(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"Set\":{\"ShutdownMs\":50}}");
  assert_ok(hcs_system_shutdown(system, err));
  assert_ok(hcs_system_shutdown(system, err));
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  hcs_system_free(system);
}

/* ---- how it ended ------------------------------------------------------------------------------ */

static void assert_exit_type(hcs_system *system, const char *type) {
  char expected[64], *text = hcs_system_properties(system, NULL, err);

  assert_non_null(text);
  snprintf(expected, sizeof expected, "\"ExitType\":\"%s\"", type);
  if (strstr(text, expected) == NULL) fail_msg("%s is not in %s", expected, text);
  assert_non_null(strstr(text, "\"State\":\"Stopped\""));
  assert_non_null(strstr(text, "\"Stopped\":true"));
  hcs_string_free(text);
}

static void end_with(int (*end)(hcs_system *, hcs_error *), const char *type) {
  hcs_system *system = running("c1");
  int before;

  assert_ok(end(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  before = calls("HcsGetComputeSystemProperties");
  assert_exit_type(system, type);
  assert_string_equal(hcs_system_state(system, err), "Stopped");
  assert_int_equal(calls("HcsGetComputeSystemProperties"), before);
  hcs_system_free(system);
}

/* With what the notification says, and without it, as with older releases. */
static void test_exit_types(void **state) {
  (void)state;
  end_with(hcs_system_shutdown, "GracefulExit");
  end_with(hcs_system_terminate, "ForcedExit");
  tell("{\"Set\":{\"ExitData\":false}}");
  end_with(hcs_system_shutdown, "GracefulExit");
  end_with(hcs_system_terminate, "ForcedExit");
}

static const struct {
  const char *status; /* of the notification */
  uint64_t expected;  /* 0: a clean end */
  const char *type;
} exits[] = {
    {"0", 0, "GracefulExit"},
    {"0xC0370110", 0, "GracefulExit"},
    {"0x80370110", 0, "GracefulExit"},
    {"0xC0370107", 0, "ForcedExit"},
    {"0x80370107", 0, "ForcedExit"},
    {"0xC0370106", HCS_E_UNEXPECTED_EXIT, "UnexpectedExit"},
    {"0x80370106", HCS_E_UNEXPECTED_EXIT, "UnexpectedExit"},
    {"0xC0370100", 0xC0370100, "UnexpectedExit"},
    {"0x80004005", 0x80004005, "UnexpectedExit"},
    {"0x80070005", 0x5, "UnexpectedExit"},
};

static void test_exit_statuses(void **state) {
  (void)state;
  tell("{\"Set\":{\"ExitData\":false}}");
  for (size_t i = 0; i < COUNT(exits); i++) {
    hcs_system *system = running("c1");

    tell("{\"Do\":\"Crash\",\"Id\":\"c1\",\"Status\":\"%s\"}", exits[i].status);
    if (exits[i].expected == 0)
      assert_ok(hcs_system_wait(system, in_ms(10000), err));
    else
      assert_fails(hcs_system_wait(system, in_ms(10000), err), exits[i].expected);
    assert_exit_type(system, exits[i].type);
    assert_ok(hcs_system_close(system, 0, err));
    if (exits[i].expected == 0)
      assert_ok(hcs_system_wait(system, HCS_FOREVER, err));
    else
      assert_fails(hcs_system_wait(system, HCS_FOREVER, err), exits[i].expected);
    hcs_system_free(system);
  }
}

/* Why it died is what everybody asks (hcs-contract §7, 3). */
static void test_reason_of_a_crash(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"On\":\"SystemExited\",\"NotifyData\":{\"Status\":-1070137082,\"ExitType\":"
       "\"UnexpectedExit\",\"ErrorMessage\":\"smss.exe ended\",\"Attribution\":[{\"SystemExit\":{"
       "\"Detail\":\"HcsApiFatalError\"}}]}}");
  tell("{\"Do\":\"Crash\",\"Id\":\"c1\"}");
  assert_fails(hcs_system_wait(system, in_ms(10000), err), HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_error_message(err), "smss.exe ended");
  assert_non_null(strstr(hcs_error_events(err), "HcsApiFatalError"));
  assert_fails(hcs_system_wait(system, 0, err), HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_error_message(err), "smss.exe ended");
  assert_ok(hcs_system_close(system, 0, err));
  hcs_fail(err, HCS_E_TIMEOUT, NULL);
  assert_fails(hcs_system_wait(system, 0, err), HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_error_message(err), "smss.exe ended");
  assert_non_null(strstr(hcs_error_events(err), "HcsApiFatalError"));
  hcs_system_free(system);
}

/* ---- waiting and closing ----------------------------------------------------------------------- */

static void test_wait_after_close(void **state) {
  hcs_system *ended = running("c1"), *closed = running("c2");

  (void)state;
  assert_ok(hcs_system_terminate(ended, err));
  assert_ok(hcs_system_wait(ended, in_ms(10000), err));
  assert_ok(hcs_system_close(ended, 0, err));
  assert_ok(hcs_system_wait(ended, HCS_FOREVER, err));
  assert_ok(hcs_system_close(closed, 0, err));
  for (int i = 0; i < 3; i++)
    assert_fails(hcs_system_wait(closed, HCS_FOREVER, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_system_start(closed, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_system_terminate(closed, err), HCS_E_ALREADY_CLOSED);
  assert_int_equal(systems(), 1);
  hcs_system_free(ended);
  hcs_system_free(closed);
  gone(opened("c2"));
}

static void test_close_releases_waiters(void **state) {
  hcs_system *system = running("c1");
  background waits[3];

  (void)state;
  for (size_t i = 0; i < COUNT(waits); i++) begin(&waits[i], wait_system, system);
  Sleep(20);
  assert_ok(hcs_system_close(system, 0, err));
  for (size_t i = 0; i < COUNT(waits); i++) assert_fails(joined(&waits[i]), HCS_E_ALREADY_CLOSED);
  hcs_system_free(system);
  gone(opened("c1"));
}

static void test_refusals(void **state) {
  hcs_system *system = running("c1");
  intptr_t descriptor;
  size_t size;

  (void)state;
  assert_fails(hcs_system_pollfd(system, &descriptor, err), HCS_E_NOT_SUPPORTED);
  assert_says("hcs.poll");
  assert_null_with(hcs_system_read_file(system, "C:\\x", &size, err), HCS_E_NOT_SUPPORTED);
  assert_says("MappedDirectories");
  assert_fails(hcs_system_write_file(system, "C:\\x", "", 0, &(hcs_file_options){.mode = -1}, err),
               HCS_E_NOT_SUPPORTED);
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_create_and_end),
      TEST(test_created_state),
      TEST(test_create_without_pending),
      TEST(test_identity),
      TEST(test_config),
      TEST(test_two_handles),
      TEST(test_refused_by_state),
      TEST(test_no_questions),
      TEST(test_after_the_end),
      TEST(test_accepted),
      TEST(test_twice),
      TEST(test_exit_types),
      TEST(test_exit_statuses),
      TEST(test_reason_of_a_crash),
      TEST(test_wait_after_close),
      TEST(test_close_releases_waiters),
      TEST(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
