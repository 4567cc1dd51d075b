/*
 * kill_test.c - Kill and signals, and what the service may answer to them (hcs-contract §1.6).
 */
#include "service_fixture.h"

/* ---- kill -------------------------------------------------------------------------------------- */

static void test_kill(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  assert_ok(hcs_process_kill(process, err));
  assert_exits_with(process, 1067); /* ERROR_PROCESS_ABORTED */
  assert_fails(hcs_process_kill(process, err), HCS_E_PROCESS_ALREADY_STOPPED);
  assert_true(hcs_error_is(err, HCS_IS_ALREADY_STOPPED));
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Kill");
  hcs_process_free(process);
  gone(system);
}

/* Through handles of its own, which are given back; a second one after the delivery sends nothing. */
static void test_own_handles(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  tell("{\"On\":\"ProcessExited\",\"NotifyDelayMs\":100}");
  assert_ok(hcs_process_kill(process, err));
  assert_ok(hcs_process_kill(process, err));
  assert_int_equal(calls("HcsOpenComputeSystem"), 1);
  assert_int_equal(calls("HcsOpenProcess"), 1);
  assert_int_equal(calls("HcsTerminateProcess"), 1);
  assert_int_equal(calls("HcsCloseProcess"), 1);
  assert_int_equal(calls("HcsCloseComputeSystem"), 1);
  hcs_process_free(process);
  gone(system);
}

static int hang_up(void *object, hcs_error *error) {
  return hcs_process_signal(object, "CtrlClose", 0, error);
}

/* A signal that hangs does not hold a kill up. */
static void test_kill_behind_a_signal(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  background signalling;

  (void)state;
  tell("{\"On\":\"HcsSignalProcess\",\"Times\":1,\"Block\":true}");
  begin(&signalling, hang_up, process);
  Sleep(50);
  assert_ok(hcs_process_kill(process, err));
  assert_exits_with(process, 1067);
  joined(&signalling);
  hcs_process_free(process);
  gone(system);
}

/* Also when the container's own handle is closed. */
static void test_kill_without_container_handle(void **state) {
  hcs_system *system = running("c1"), *other = opened("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  hcs_system_free(system);
  assert_ok(hcs_process_kill(process, err));
  assert_exits_with(process, 1067);
  hcs_process_free(process);
  gone(other);
}

/* Somebody else was quicker: that is a kill as well. `exits`: its exit is told meanwhile. */
static const struct {
  const char *function, *status;
} delivered[] = {
    {"HcsTerminateProcess", "0x80070005"}, {"HcsTerminateProcess", "0xC0370110"},
    {"HcsTerminateProcess", "0x80370110"}, {"HcsTerminateProcess", "0x8037011F"},
    {"HcsTerminateProcess", "0x80070490"}, {"HcsOpenProcess", "0x80070490"},
    {"HcsOpenProcess", "0x8037011F"},      {"HcsOpenProcess", "0xC0370110"},
};

static void test_delivered_otherwise(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(delivered); i++) {
    hcs_process *process = spawned(system, "sleep 100", "");

    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"%s\"}", delivered[i].function,
         delivered[i].status);
    assert_ok(hcs_process_kill(process, err));
    assert_exits_with(process, 0);
    hcs_process_free(process);
  }
  gone(system);
}

static const struct {
  const char *function, *status;
  uint64_t code;
} refused[] = {
    {"HcsTerminateProcess", "0x80004005", HCS_E_ELEMENT_NOT_FOUND},
    {"HcsTerminateProcess", "0x800706BE", HCS_E_ELEMENT_NOT_FOUND},
    {"HcsTerminateProcess", "0x80070057", HCS_E_ELEMENT_NOT_FOUND},
    {"HcsOpenProcess", "0x80004005", 0x80004005},
    {"HcsOpenProcess", "0x80070005", HCS_E_ACCESS_DENIED},
};

/* Not delivered: it can be tried again. */
static void test_not_delivered(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  for (size_t i = 0; i < COUNT(refused); i++) {
    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"%s\",\"Result\":{\"ErrorMessage\":\"no luck\"}}",
         refused[i].function, refused[i].status);
    assert_fails(hcs_process_kill(process, err), refused[i].code);
    assert_says("no luck");
  }
  assert_ok(hcs_process_kill(process, err));
  assert_exits_with(process, 1067);
  hcs_process_free(process);
  gone(system);
}

/* If the container cannot be opened it is ended as a whole; the caller's handle stays. */
static void test_container_cannot_be_opened(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  tell("{\"On\":\"HcsOpenComputeSystem\",\"Times\":1,\"Status\":\"0x80070008\"}");
  assert_ok(hcs_process_kill(process, err));
  assert_int_equal(calls("HcsTerminateComputeSystem"), 1);
  assert_exits_with(process, 1067);
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  assert_string_equal(hcs_system_state(system, err), "Stopped");
  hcs_process_free(process);
  hcs_system_free(system);
}

/* Neither opened nor ended: the first failure is told. */
static void test_nothing_can_be_done(void **state) {
  hcs_system *system = running("c1"), *other = opened("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  tell("[{\"On\":\"HcsOpenComputeSystem\",\"Times\":2,\"Status\":\"0x80070008\"},"
       "{\"On\":\"HcsTerminateComputeSystem\",\"Times\":1,\"Status\":\"0x80070005\"}]");
  assert_fails(hcs_process_kill(process, err), HCS_E_NOT_ENOUGH_MEMORY);
  hcs_system_free(system);
  assert_fails(hcs_process_kill(process, err), HCS_E_NOT_ENOUGH_MEMORY);
  assert_int_equal(calls("HcsTerminateComputeSystem"), 1);
  hcs_process_free(process);
  gone(other);
}

/* ---- gone, and its exit is never told ------------------------------------------------------------ */

/* "It is gone": whoever waits is released after a second, also of the caller's own handle. */
static void test_waiters_are_released(void **state) {
  static const char *const answers[] = {"0xC0370105", "0x80370105", "0xC037010E"};
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    hcs_process *process = spawned(system, "hang", "");
    hcs_process_exit exit;
    background waiting;
    int64_t begun_ns;

    begin(&waiting, wait_process, process);
    tell("{\"On\":\"HcsTerminateProcess\",\"Times\":1,\"Status\":\"%s\"}", answers[i]);
    begun_ns = hcs_clock_ns();
    assert_fails(hcs_process_kill(process, err), HCS_E_PROCESS_ALREADY_STOPPED);
    assert_in_range(hcs_clock_ns() - begun_ns, 950 * MS, 3000 * MS);
    assert_int_equal(joined(&waiting), -1);
    assert_says("has not told how it ended");
    assert_int_equal(hcs_process_wait(process, HCS_FOREVER, &exit, err), -1);
    hcs_process_free(process);
  }
  gone(system);
}

/* Its exit comes within the second: then that counts. */
static void test_exit_is_on_its_way(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "sleep 200", "");

  (void)state;
  tell("{\"On\":\"HcsSignalProcess\",\"Times\":1,\"Status\":\"0x80070490\"}");
  assert_fails(hcs_process_signal(process, "TERM", 0, err), HCS_E_PROCESS_ALREADY_STOPPED);
  assert_exits_with(process, 0);
  hcs_process_free(process);
  gone(system);
}

/* ---- signals ------------------------------------------------------------------------------------- */

static const struct {
  const char *signal, *options; /* NULL: a kill */
} windows_signals[] = {
    {"KILL", NULL},
    {"SIGKILL", NULL},
    {"9", NULL},
    {"INT", "{\"Signal\":\"CtrlC\"}"},
    {"SIGINT", "{\"Signal\":\"CtrlC\"}"},
    {"2", "{\"Signal\":\"CtrlC\"}"},
    {"TERM", "{\"Signal\":\"CtrlShutdown\"}"},
    {"15", "{\"Signal\":\"CtrlShutdown\"}"},
    {"CtrlC", "{\"Signal\":\"CtrlC\"}"},
    {"ctrlbreak", "{\"Signal\":\"CtrlBreak\"}"},
    {"CtrlClose", "{\"Signal\":\"CtrlClose\"}"},
    {"CtrlLogOff", "{\"Signal\":\"CtrlLogOff\"}"},
    {"CtrlShutdown", "{\"Signal\":\"CtrlShutdown\"}"},
};

static void test_windows_signals(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(windows_signals); i++) {
    hcs_process *process = spawned(system, "hang", "");
    const char *options = windows_signals[i].options;
    int before = options != NULL ? received("HcsSignalProcess", options) : 0;

    assert_ok(hcs_process_signal(process, windows_signals[i].signal, 0, err));
    if (options != NULL) assert_int_equal(received("HcsSignalProcess", options), before + 1);
    assert_exits_with(process, options != NULL ? 0xC000013A : 1067);
    hcs_process_free(process);
  }
  gone(system);
}

static void test_no_such_signals(void **state) {
  static const char *const foreign[] = {"HUP", "USR1", "SIGUSR1", "10", "64"};
  static const char *const nonsense[] = {"0", "65", "-1", "", "nonsense", "SIG", "SIGSIGTERM"};
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  for (size_t i = 0; i < COUNT(foreign); i++) {
    assert_fails(hcs_process_signal(process, foreign[i], 0, err), HCS_E_NOT_SUPPORTED);
    assert_says("KILL");
  }
  for (size_t i = 0; i < COUNT(nonsense); i++)
    assert_fails(hcs_process_signal(process, nonsense[i], 0, err), HCS_E_INVALID_PARAMETER);
  assert_int_equal(calls("HcsSignalProcess"), 0);
  hcs_process_free(process);
  gone(system);
}

/* As run does at its timeout: the service has no groups. */
static void test_group(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");

  (void)state;
  assert_ok(hcs_process_signal(process, "KILL", 1, err));
  assert_exits_with(process, 1067);
  hcs_process_free(process);
  gone(system);
}

static const struct {
  const char *signal;
  int number;
} linux_signals[] = {{"HUP", 1},   {"INT", 2},   {"SIGQUIT", 3}, {"USR1", 10},
                     {"TERM", 15}, {"CHLD", 17}, {"SYS", 31},    {"34", 34}};

static void test_linux_signals(void **state) {
  hcs_system *system = running_as("c1", "{" LAYER ",\"ContainerType\":\"Linux\"}");

  (void)state;
  for (size_t i = 0; i < COUNT(linux_signals); i++) {
    hcs_process *process = spawned(system, "hang", "");
    char options[32];

    assert_fails(hcs_process_signal(process, "CtrlC", 0, err), HCS_E_INVALID_PARAMETER);
    assert_fails(hcs_process_signal(process, "65", 0, err), HCS_E_INVALID_PARAMETER);
    snprintf(options, sizeof options, "{\"Signal\":%d}", linux_signals[i].number);
    assert_ok(hcs_process_signal(process, linux_signals[i].signal, 0, err));
    assert_int_equal(received("HcsSignalProcess", options), 1);
    hcs_process_free(process);
  }
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_kill),
      TEST(test_own_handles),
      TEST(test_kill_behind_a_signal),
      TEST(test_kill_without_container_handle),
      TEST(test_delivered_otherwise),
      TEST(test_not_delivered),
      TEST(test_container_cannot_be_opened),
      TEST(test_nothing_can_be_done),
      TEST(test_waiters_are_released),
      TEST(test_exit_is_on_its_way),
      TEST(test_windows_signals),
      TEST(test_no_such_signals),
      TEST(test_group),
      TEST(test_linux_signals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
