/*
 * process_test.c - processes from creation to their exit code.
 */
#include "service_fixture.h"

static hcs_process_exit exited(hcs_process *process) {
  hcs_process_exit exit = {0};

  assert_ok(hcs_process_wait(process, in_ms(10000), &exit, err));
  return exit;
}

static void assert_code(hcs_process *process, uint32_t code) {
  hcs_process_exit exit = exited(process), again = {0};

  assert_int_equal(exit.code, code);
  assert_int_equal(exit.tracked, 1);
  assert_null(exit.signal);
  assert_ok(hcs_process_exit_get(process, &again, err));
  assert_int_equal(again.code, code);
}

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
      assert_code(process, codes[i]);
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
  assert_code(process, 7);
  assert_code(again, 8);
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
    assert_code(process, 3);
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
    assert_code(process, 3);
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

/* ---- handles ----------------------------------------------------------------------------------- */

static void test_open(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "sleep 200", "");
  hcs_process *other = hcs_process_open(system, hcs_process_pid(process), err);

  (void)state;
  assert_non_null(other);
  assert_int_equal(hcs_process_pid(other), hcs_process_pid(process));
  assert_null_with(hcs_process_stream(other, HCS_STDOUT, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_code(other, 0);
  assert_code(process, 0);
  assert_null_with(hcs_process_open(system, 999999, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_true(hcs_error_is(err, HCS_IS_NOT_EXIST));
  hcs_process_free(other);
  hcs_process_free(process);
  gone(system);
}

static void test_wait_after_close(void **state) {
  hcs_system *system = running("c1");
  hcs_process *ended = spawned(system, "exit 5", ""), *closed = spawned(system, "hang", "");
  hcs_process_exit exit = {0};

  (void)state;
  exited(ended);
  assert_ok(hcs_process_close(ended, err));
  assert_ok(hcs_process_wait(ended, HCS_FOREVER, &exit, err));
  assert_int_equal(exit.code, 5);
  assert_ok(hcs_process_close(closed, err));
  assert_ok(hcs_process_close(closed, err));
  for (int i = 0; i < 3; i++)
    assert_fails(hcs_process_wait(closed, HCS_FOREVER, &exit, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_kill(closed, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_resize_console(closed, 80, 25, err), HCS_E_ALREADY_CLOSED);
  hcs_process_free(ended);
  hcs_process_free(closed);
  gone(system);
}

static void test_close_releases_waiters(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  background waits[3];

  (void)state;
  for (size_t i = 0; i < COUNT(waits); i++) begin(&waits[i], wait_process, process);
  Sleep(20);
  assert_ok(hcs_process_close(process, err));
  for (size_t i = 0; i < COUNT(waits); i++) assert_fails(joined(&waits[i]), HCS_E_ALREADY_CLOSED);
  hcs_process_free(process);
  gone(system);
}

/* A process handle works on after its container handle is closed. */
static void test_without_container_handle(void **state) {
  hcs_system *system = running("c1"), *other = opened("c1");
  hcs_process *process = spawned(system, "sleep 100", "");

  (void)state;
  assert_ok(hcs_system_close(system, 0, err));
  hcs_system_free(system);
  assert_code(process, 0);
  hcs_process_free(process);
  gone(other);
}

static void test_registration_fails(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  tell("{\"On\":\"HcsRegisterProcessCallback\",\"Times\":1,\"Status\":\"0x80070005\"}");
  assert_null_with(hcs_process_create(system, "{\"CommandLine\":\"standin hang\"}", err),
                   HCS_E_ACCESS_DENIED);
  assert_says("cannot be notified");
  assert_int_equal(calls("HcsTerminateProcess"), 1);
  gone(system);
}

/* ---- the container's end ------------------------------------------------------------------------ */

static void test_end_of_the_container(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  assert_ok(hcs_system_terminate(system, err));
  assert_code(process, 1067); /* ERROR_PROCESS_ABORTED */
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
  assert_code(process, 1067);
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

/* ---- what is sent ------------------------------------------------------------------------------- */

static void test_documents(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = hcs_process_create(
      system, "{\"CommandArgs\":[\"standin\",\"exit\",\"0\",\"a b\",\"\"]}", err);

  (void)state;
  if (process == NULL) fail_msg("%s", hcs_error_message(err));
  exited(process);
  assert_int_equal(received("HcsCreateProcess", "{\"CommandLine\":\"standin exit 0 \\\"a b\\\" "
                                                "\\\"\\\"\",\"ConsoleSize\":[0,0]}"),
                   1);
  hcs_process_free(process);
  gone(system);
}

/* This program as the command of a Linux container: it exits with code 4. */
static void linux_command(char config[1024]) {
  char path[MAX_PATH];
  size_t used = (size_t)snprintf(config, 1024, "{\"CommandArgs\":[\"");

  assert_in_range(GetModuleFileNameA(NULL, path, sizeof path), 1, sizeof path - 1);
  for (const char *at = path; *at != '\0'; at++)
    used += (size_t)snprintf(config + used, 1024 - used, *at == '\\' ? "\\\\" : "%c", *at);
  snprintf(config + used, 1024 - used, "\",\"exit\",\"4\"],\"ConsoleSize\":[0,0]}");
}

/* What runs in a container is the service's to say, and the config's where it does not (before 1809). */
static void test_linux_container(void **state) {
  hcs_system *system = running_as("c1", "{" LAYER ",\"ContainerType\":\"Linux\"}");
  hcs_system *other = opened("c1");
  hcs_system *both[2] = {system, other};
  char config[1024];

  (void)state;
  linux_command(config);
  for (size_t i = 0; i < COUNT(both); i++) {
    hcs_process *process = hcs_process_create(both[i], config, err);

    if (process == NULL) fail_msg("%s", hcs_error_message(err));
    assert_code(process, 4);
    assert_int_equal(received("HcsCreateProcess", config), (int)i + 1);
    hcs_process_free(process);
  }
  hcs_system_free(other);
  gone(system);
}

static void test_resize(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process =
      hcs_process_create(system, "{\"CommandLine\":\"standin hang\",\"EmulateConsole\":true}", err);

  (void)state;
  if (process == NULL) fail_msg("%s", hcs_error_message(err));
  assert_ok(hcs_process_resize_console(process, 132, 43, err));
  assert_int_equal(
      received("HcsModifyProcess",
               "{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":43,\"Width\":132}}"),
      1);
  tell("{\"On\":\"HcsModifyProcess\",\"Times\":1,\"Status\":\"0x80070032\"}");
  assert_fails(hcs_process_resize_console(process, 80, 25, err), HCS_E_NOT_SUPPORTED);
  hcs_process_free(process);
  gone(system);
}

static void test_command_not_found(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  assert_null_with(hcs_process_create(system, "{\"CommandLine\":\"no-such-program x\"}", err),
                   HCS_E_FILE_NOT_FOUND);
  assert_string_equal(hcs_error_operation(err), "hcs::System::CreateProcess: no-such-program x");
  gone(system);
}

static void test_pollfd(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  intptr_t descriptor;

  (void)state;
  assert_fails(hcs_process_pollfd(process, &descriptor, err), HCS_E_NOT_SUPPORTED);
  assert_says("hcs.poll");
  hcs_process_free(process);
  gone(system);
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "exit") == 0) return atoi(arguments[2]);
  const struct CMUnitTest tests[] = {
      TEST(test_exit_codes),
      TEST(test_before_the_end),
      TEST(test_exit_before_wait),
      TEST(test_notified_twice_and_late),
      TEST(test_unknown_code),
      TEST(test_code_cannot_be_asked),
      TEST(test_many_waiters),
      TEST(test_open),
      TEST(test_wait_after_close),
      TEST(test_close_releases_waiters),
      TEST(test_without_container_handle),
      TEST(test_registration_fails),
      TEST(test_end_of_the_container),
      TEST(test_exit_behind_the_container),
      TEST(test_exit_never_told),
      TEST(test_exit_never_told_to_polls),
      TEST(test_documents),
      TEST(test_linux_container),
      TEST(test_resize),
      TEST(test_command_not_found),
      TEST(test_pollfd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
