/*
 * process_test.c - handles on processes, and what the service is sent for them.
 */
#include "service_fixture.h"

/* ---- handles ----------------------------------------------------------------------------------- */

static void test_open(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "sleep 200", "");
  hcs_process *other = hcs_process_open(system, hcs_process_pid(process), err);

  (void)state;
  assert_non_null(other);
  assert_int_equal(hcs_process_pid(other), hcs_process_pid(process));
  assert_null_with(hcs_process_stream(other, HCS_STDOUT, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_exits_with(other, 0);
  assert_exits_with(process, 0);
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
  assert_exits_with(process, 0);
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
    assert_exits_with(process, 4);
    assert_int_equal(received("HcsCreateProcess", config), (int)i + 1);
    hcs_process_free(process);
  }
  hcs_system_free(other);
  gone(system);
}

/* ---- the console ---------------------------------------------------------------------------------- */

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
      TEST(test_open),
      TEST(test_wait_after_close),
      TEST(test_close_releases_waiters),
      TEST(test_without_container_handle),
      TEST(test_registration_fails),
      TEST(test_documents),
      TEST(test_linux_container),
      TEST(test_resize),
      TEST(test_command_not_found),
      TEST(test_pollfd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
