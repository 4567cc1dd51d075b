/*
 * terminal_test.c - the caller's terminal: who may join it to what, and who puts it back.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "memory_fixture.h"

static hcs_process *with_console(hcs_system *system) {
  hcs_process *process =
      hcs_process_create(system, "{\"CommandArgs\":[\"sleep\"],\"EmulateConsole\":true}", err);

  assert_non_null(process);
  return process;
}

static void a_terminal_is_left_as_often_as_it_is_entered(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = with_console(system);
  unsigned left = memory_platform_calls("terminal_leave");
  hcs_terminal *terminal = hcs_terminal_enter(process, err);

  (void)unused;
  assert_non_null(terminal);
  hcs_process_free(process); /* does not disturb it */
  assert_int_equal(memory_platform_calls("terminal_leave"), left);
  hcs_terminal_leave(terminal);
  assert_int_equal(memory_platform_calls("terminal_leave"), left + 1);
  hcs_terminal_leave(NULL);
  gone(system);
}

static void bytes_go_both_ways(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = with_console(system);
  hcs_poll_item item = {.descriptor = -1};
  uint16_t width = 1, height = 1;
  char keys[2];
  size_t size;

  (void)unused;
  memory_platform_type("abc");
  item.terminal = hcs_terminal_enter(process, err);
  assert_ok(hcs_poll(&item, 1, HCS_FOREVER, err));
  assert_int_equal(item.ready, 1);
  assert_ok(hcs_terminal_read(item.terminal, keys, sizeof keys, &size, err));
  assert_int_equal(size, 2);
  assert_memory_equal(keys, "ab", 2);
  assert_ok(hcs_terminal_read(item.terminal, keys, sizeof keys, &size, err));
  assert_int_equal(size, 1);
  assert_ok(hcs_terminal_read(item.terminal, keys, sizeof keys, &size, err));
  assert_int_equal(size, 0);
  assert_ok(hcs_poll(&item, 1, 0, err));
  assert_int_equal(item.ready, 0);
  memory_platform_interrupt("terminal_write");
  assert_int_equal(hcs_terminal_write(item.terminal, "said", 4, &size, err), HCS_INTERRUPTED);
  assert_ok(hcs_terminal_write(item.terminal, "said", 4, &size, err));
  assert_int_equal(size, 4);
  assert_string_equal(memory_platform_shown(), "said");
  assert_ok(hcs_terminal_size(item.terminal, &width, &height, err));
  assert_int_equal(width, 0);
  hcs_terminal_leave(item.terminal);
  memory_platform_type("");
  hcs_process_free(process);
  gone(system);
}

static void a_console_of_ours_is_wanted(void **unused) {
  hcs_system *system = running("web");
  hcs_process *plain = spawned(system, "\"sleep\"", "io");
  hcs_process *process = with_console(system);
  hcs_process *opened = hcs_process_open(system, hcs_process_pid(process), err);
  unsigned entered = memory_platform_calls("terminal_enter");

  (void)unused;
  assert_null_with(hcs_terminal_enter(plain, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_says("EmulateConsole");
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Interact");
  assert_null_with(hcs_terminal_enter(opened, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_says("belongs to the client");
  assert_ok(hcs_process_close(process, err));
  assert_null_with(hcs_terminal_enter(process, err), HCS_E_ALREADY_CLOSED);
  assert_int_equal(memory_platform_calls("terminal_enter"), entered);
  hcs_process_free(plain);
  hcs_process_free(opened);
  hcs_process_free(process);
  gone(system);
}

static void failures_say_whose_they_are(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = with_console(system);
  hcs_terminal *terminal;
  uint16_t width, height;
  char key;
  size_t size;

  (void)unused;
  memory_platform_fail("terminal_enter", HCS_E_INVALID_PARAMETER);
  assert_null_with(hcs_terminal_enter(process, err), HCS_E_INVALID_PARAMETER);
  assert_string_equal(hcs_error_id(err), "web");
  assert_int_equal(hcs_error_pid(err), hcs_process_pid(process));
  terminal = hcs_terminal_enter(process, err);
  memory_platform_fail("terminal_size", HCS_E_GEN_FAILURE);
  assert_fails(hcs_terminal_size(terminal, &width, &height, err), HCS_E_GEN_FAILURE);
  memory_platform_fail("terminal_write", HCS_E_GEN_FAILURE);
  assert_fails(hcs_terminal_write(terminal, "x", 1, &size, err), HCS_E_GEN_FAILURE);
  memory_platform_fail("terminal_read", HCS_E_GEN_FAILURE);
  assert_fails(hcs_terminal_read(terminal, &key, 1, &size, err), HCS_E_GEN_FAILURE);
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Interact");
  assert_int_equal(hcs_error_pid(err), hcs_process_pid(process));
  hcs_terminal_leave(terminal);
  hcs_process_free(process);
  gone(system);
}

/* The modes are the parent's business. */
static int child_of(hcs_terminal *terminal) {
  unsigned left = memory_platform_calls("terminal_leave");
  uint16_t width, height;

  if (hcs_terminal_size(terminal, &width, &height, err) != -1 ||
      hcs_error_kind(err) != HCS_E_INVALID_STATE)
    return 1;
  hcs_terminal_leave(terminal);
  if (memory_platform_foreign_frees() != 1) return 2;
  return memory_platform_calls("terminal_leave") == left ? 0 : 3;
}

static void a_forked_child_leaves_it_alone(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = with_console(system);
  hcs_terminal *terminal = hcs_terminal_enter(process, err);
  int status;
  pid_t child = fork();

  (void)unused;
  if (child == 0) _exit(child_of(terminal));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  hcs_terminal_leave(terminal);
  hcs_process_free(process);
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_terminal_is_left_as_often_as_it_is_entered),
      TEST(bytes_go_both_ways),
      TEST(a_console_of_ours_is_wanted),
      TEST(failures_say_whose_they_are),
      TEST(a_forked_child_leaves_it_alone),
  };

  return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
