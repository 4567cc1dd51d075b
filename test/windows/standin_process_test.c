/*
 * standin_process_test.c - processes of the stand-in vmcompute.dll: real programs, real pipes, exit codes.
 */
#include "test/windows/standin_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- containers with the puppet (test/puppet/puppet.c) in their layer --------------------------------- */

static char layer[MAX_PATH * 2]; /* escaped for JSON */

static int find_layer(void **state) {
  char path[MAX_PATH];
  DWORD length = GetModuleFileNameA(NULL, path, sizeof path);
  char *out = layer, *end = strrchr(path, '\\');
  if (dll_load(state) != 0 || length == 0 || end == NULL) return -1;
  *end = '\0';
  for (const char *at = path; *at != '\0'; at++) {
    if (*at == '\\') *out++ = '\\';
    *out++ = *at;
  }
  (void)strcpy(out, "\\\\layer");
  return 0;
}

static HCS_SYSTEM container(const char *more, watcher *watch) {
  char config[1000];
  (void)snprintf(config, sizeof config,
                 "{\"SystemType\":\"Container\",\"Name\":\"c\",\"Layers\":[{\"ID\":\"18955d65-d45a-"
                 "557b-bf1c-49d6dfefc526\",\"Path\":\"%s\"}],%s}",
                 layer, more);
  return running("c", config, watch);
}

#define WINDOWS_CONTAINER "\"HvPartition\":false"
#define LINUX "\"HvPartition\":true,\"ContainerType\":\"linux\""

/* ---- programs ---------------------------------------------------------------------------------------- */

static void runs_a_program_of_the_layer(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet print hello error oh exit 5\"," PIPES, &child);
  assert_int_not_equal(child.information.ProcessId, 0);
  assert_string_equal(read_all(child.information.StdOutput), "hello");
  assert_string_equal(read_all(child.information.StdError), "oh");
  assert_int_equal(exit_code(&child), 5);
  assert_non_null(strstr(watch_data(&child.watch, PROCESS_EXITED), "\"ExitCode\":5"));
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void gives_it_input_until_it_is_closed(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet cat exit 7\"," PIPES, &child);
  write_text(child.information.StdInput, "some text\n");
  close_pipe(&child.information.StdInput);
  assert_string_equal(read_all(child.information.StdOutput), "some text\n");
  assert_int_equal(exit_code(&child), 7);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static HRESULT modify(HCS_PROCESS process, PCWSTR settings) {
  PWSTR result = NULL;
  return status_of(dll.HcsModifyProcess(process, settings, &result), &result);
}

#define CLOSE_INPUT L"{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}"

static void closes_input_behind_the_clients_back(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  /* More than the process' own pipe holds, and it does not read yet. */
  spawn_watched(system, "\"CommandLine\":\"puppet sleep 0.3 cat\"," PIPES, &child);
  for (int i = 0; i < 30; i++) {
    static char block[4000];
    memset(block, 'a' + i % 26, sizeof block);
    assert_int_equal(transfer(child.information.StdInput, block, sizeof block, 1), sizeof block);
  }
  assert_int_equal(modify(child.process, CLOSE_INPUT), S_OK);
  const char *all = read_all(child.information.StdOutput);
  assert_int_equal(strlen(all), 30 * 4000);
  for (int i = 0; i < 30; i++) assert_int_equal(all[4000 * i], 'a' + i % 26);
  assert_int_equal(exit_code(&child), 0);
  assert_int_equal(modify(child.process, CLOSE_INPUT), (HRESULT)0x80070490);
  /* Nobody is left to take it. */
  char byte = 'x';
  while (transfer(child.information.StdInput, &byte, 1, 1) == 1) Sleep(1);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void starts_it_where_and_how_it_is_told(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container("\"HostName\":\"web\"," WINDOWS_CONTAINER, &watch);
  (void)state;
  SetEnvironmentVariableA("STANDIN_TEST_OWN", "mine");
  spawn_watched(system,
                "\"CommandLine\":\"puppet env A env EMPTY env STANDIN_TEST_OWN env COMPUTERNAME "
                "cwd\",\"WorkingDirectory\":\"C:\\\\windows\",\"Environment\":{\"A\":\"b "
                "\u00e9\",\"EMPTY\":\"\"},\"CreateStdOutPipe\":true,",
                &child);
  assert_null(child.information.StdInput);
  assert_null(child.information.StdError);
  assert_string_equal(read_all(child.information.StdOutput),
                      "b \u00e9\n(unset)\n(unset)\nweb\nC:\\windows\n");
  assert_int_equal(exit_code(&child), 0);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void refuses_what_it_cannot_start(void **state) {
  static const struct {
    const char *parameters;
    HRESULT status;
  } refused[] = {
      {"\"CommandLine\":\"no-such-program\",", (HRESULT)0x80070002},
      {"\"CommandLine\":\"puppet\",\"WorkingDirectory\":\"C:\\\\nowhere\",", (HRESULT)0x8007010B},
      {"\"CommandLine\":\"puppet\",\"User\":\"nobody\",", (HRESULT)0x80070525},
      {"\"CommandArgs\":[\"puppet\"],", (HRESULT)0x80070057},
      {"", (HRESULT)0x80070057},
  };
  watcher watch;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  for (size_t i = 0; i < COUNT(refused); i++) {
    subprocess child;
    HRESULT status = spawn(system, refused[i].parameters, &child);
    if (status != refused[i].status) fail_msg("number %zu: 0x%08lX", i, (unsigned long)status);
    assert_null(child.process);
  }
  end(system, &watch);
  assert_clean();
}

/* ---- ends ---------------------------------------------------------------------------------------------- */

static HRESULT kill_process(HCS_PROCESS process) {
  PWSTR result = NULL;
  return status_of(dll.HcsTerminateProcess(process, &result), &result);
}

static HRESULT signal_process(HCS_PROCESS process, PCWSTR options) {
  PWSTR result = NULL;
  return status_of(dll.HcsSignalProcess(process, options, &result), &result);
}

static void kills_it(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet sleep 100\",", &child);
  assert_int_equal(kill_process(child.process), S_OK);
  assert_int_equal(exit_code(&child), 1067);
  assert_int_equal(kill_process(child.process), (HRESULT)0x80070005);
  assert_int_equal(signal_process(child.process, L"{\"Signal\":\"CtrlC\"}"), (HRESULT)0x80070490);
  close_child(&child);
  spawn_watched(system, "\"CommandLine\":\"puppet sleep 100\",", &child);
  assert_int_equal(signal_process(child.process, L"{\"Signal\":\"CtrlC\"}"), S_OK);
  assert_int_equal(exit_code(&child), 0xC000013A);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void ends_what_its_processes_have_started(void **state) {
  watcher watch;
  subprocess child;
  char byte;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  /* Its own child holds the output for 100 s. */
  spawn_watched(system, "\"CommandLine\":\"puppet hold 100\",\"CreateStdOutPipe\":true,", &child);
  assert_int_equal(exit_code(&child), 0);
  assert_int_equal(transfer(child.information.StdOutput, &byte, 1, 0), 1);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  (void)read_all(child.information.StdOutput);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  close_child(&child);
  close_system(system, &watch);
  assert_clean();
}

static void ends_with_its_container(void **state) {
  static const struct {
    const char *config;
    int by_force;
    DWORD code;
  } ends[] = {{WINDOWS_CONTAINER, 1, 1067},
              {WINDOWS_CONTAINER, 0, 0xC000013A},
              {LINUX, 1, 137},
              {LINUX, 0, 143}};
  (void)state;
  for (size_t i = 0; i < COUNT(ends); i++) {
    watcher watch;
    subprocess child;
    HCS_SYSTEM system = container(ends[i].config, &watch);
    spawn_watched(system, "\"CommandLine\":\"puppet sleep 100\",", &child);
    assert_int_equal(
        call_system(ends[i].by_force ? dll.HcsTerminateComputeSystem : dll.HcsShutdownComputeSystem,
                    system),
        PENDING);
    assert_int_equal(exit_code(&child), ends[i].code);
    assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
    close_child(&child);
    close_system(system, &watch);
  }
  assert_clean();
}

static void is_told_after_the_end(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  assert_int_equal(spawn(system, "\"CommandLine\":\"puppet exit 9\",", &child), S_OK);
  for (;;) {
    char *text = process_properties(child.process);
    int exited = strstr(text, "\"Exited\":true") != NULL;
    free(text);
    if (exited) break;
    Sleep(2);
  }
  watch_process(&child.watch, child.process);
  assert_int_equal(exit_code(&child), 9);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

/* ---- other handles ----------------------------------------------------------------------------------- */

static HRESULT open_process(HCS_SYSTEM system, DWORD pid, HCS_PROCESS *process) {
  PWSTR result = NULL;
  return status_of(dll.HcsOpenProcess(system, pid, process, &result), &result);
}

static void opens_it_while_it_runs(void **state) {
  watcher watch;
  subprocess child, other;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  memset(&other, 0, sizeof other);
  spawn_watched(system, "\"CommandLine\":\"puppet sleep 100\",", &child);
  assert_int_equal(open_process(system, child.information.ProcessId, &other.process), S_OK);
  watch_process(&other.watch, other.process);
  PWSTR result = NULL;
  assert_int_equal(dll.HcsGetProcessInfo(other.process, &other.information, &result), S_OK);
  assert_int_equal(other.information.ProcessId, child.information.ProcessId);
  assert_int_equal(kill_process(other.process), S_OK);
  assert_int_equal(exit_code(&child), 1067);
  assert_int_equal(exit_code(&other), 1067);
  HCS_PROCESS late;
  assert_int_equal(open_process(system, child.information.ProcessId, &late), (HRESULT)0x80070490);
  close_child(&child);
  close_child(&other);
  end(system, &watch);
  assert_clean();
}

static void opens_what_a_process_has_started(void **state) {
  watcher watch;
  subprocess child, grandchild;
  char text[20] = "";
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  memset(&grandchild, 0, sizeof grandchild);
  spawn_watched(system, "\"CommandLine\":\"puppet hold 100\",\"CreateStdOutPipe\":true,", &child);
  assert_int_equal(exit_code(&child), 0);
  assert_true(transfer(child.information.StdOutput, text, sizeof text - 1, 0) > 0);
  DWORD pid = (DWORD)strtoul(text, NULL, 10);
  assert_int_equal(open_process(system, pid, &grandchild.process), S_OK);
  watch_process(&grandchild.watch, grandchild.process);
  assert_int_equal(kill_process(grandchild.process), S_OK);
  assert_int_equal(exit_code(&grandchild), 1067);
  close_child(&grandchild);
  close_child(&child);
  assert_int_equal(open_process(system, GetCurrentProcessId(), &grandchild.process),
                   (HRESULT)0x80070490);
  end(system, &watch);
  assert_clean();
}

static void lists_it(void **state) {
  watcher watch;
  subprocess child;
  PWSTR document = NULL, result = NULL;
  char text[2000], pid[40];
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet spin 0.2 print x cat\"," PIPES, &child);
  assert_int_equal(transfer(child.information.StdOutput, text, 1, 0), 1);
  assert_int_equal(
      dll.HcsGetComputeSystemProperties(
          system, L"{\"PropertyTypes\":[\"ProcessList\",\"Statistics\"]}", &document, &result),
      S_OK);
  (void)snprintf(text, sizeof text, "%ls", document);
  CoTaskMemFree(document);
  (void)snprintf(pid, sizeof pid, "\"ProcessId\":%lu", child.information.ProcessId);
  assert_non_null(strstr(text, pid));
  assert_non_null(strstr(text, "\"ImageName\":\"puppet.exe\""));
  assert_non_null(strstr(text, "\"UserTime100ns\":"));
  assert_non_null(strstr(text, "\"TotalRuntime100ns\":"));
  assert_non_null(strstr(text, "\"MemoryUsageCommitBytes\":"));
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void stands_still_when_paused(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container("\"HvPartition\":true", &watch);
  char byte = 0;
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet tee\"," PIPES, &child);
  write_text(child.information.StdInput, "a");
  assert_int_equal(transfer(child.information.StdOutput, &byte, 1, 0), 1);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, PAUSE_COMPLETED), S_OK);
  write_text(child.information.StdInput, "b");
  DWORD there = 0;
  Sleep(MOMENT_MS);
  assert_true(PeekNamedPipe(child.information.StdOutput, NULL, 0, NULL, &there, NULL));
  assert_int_equal(there, 0);
  assert_int_equal(call_system(dll.HcsResumeComputeSystem, system), PENDING);
  assert_int_equal(transfer(child.information.StdOutput, &byte, 1, 0), 1);
  assert_int_equal(byte, 'b');
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

/* ---- consoles -------------------------------------------------------------------------------------------- */

#define RESIZE L"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":50,\"Width\":132}}"

static void has_a_console_when_it_is_told(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"puppet cat\"," PIPES, &child);
  assert_int_equal(modify(child.process, RESIZE), (HRESULT)0x80070057);
  close_child(&child);
  spawn_watched(system, "\"CommandLine\":\"puppet cat\",\"EmulateConsole\":true," PIPES, &child);
  assert_null(child.information.StdError);
  assert_int_equal(modify(child.process, RESIZE), S_OK);
  char *seen = dll.StandinReport();
  assert_non_null(strstr(seen, "\"Console\":[50,132]"));
  dll.StandinFree(seen);
  close_child(&child);
  /* Without input a console is closed at once. */
  spawn_watched(system,
                "\"CommandLine\":\"puppet sleep 100\",\"EmulateConsole\":true,"
                "\"CreateStdOutPipe\":true,",
                &child);
  assert_int_equal(exit_code(&child), 0xC000013A);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

/* ---- Linux containers ---------------------------------------------------------------------------------- */

static void takes_arguments_and_signals_of_linux(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(LINUX, &watch);
  (void)state;
  spawn_watched(system,
                "\"CommandArgs\":[\"/puppet\",\"args\",\"a b\",\"q\\\"\\\\\",\"\"],"
                "\"WorkingDirectory\":\"/\"," PIPES,
                &child);
  assert_string_equal(read_all(child.information.StdOutput), "[a b][q\"\\][]");
  assert_int_equal(exit_code(&child), 0);
  close_child(&child);
  spawn_watched(system, "\"CommandArgs\":[\"puppet\",\"sleep\",\"100\"],", &child);
  assert_int_equal(signal_process(child.process, L"{\"Signal\":28}"), S_OK); /* SIGWINCH */
  assert_int_equal(signal_process(child.process, L"{\"Signal\":15}"), S_OK);
  assert_int_equal(exit_code(&child), 143);
  close_child(&child);
  spawn_watched(system, "\"CommandArgs\":[\"puppet\",\"sleep\",\"100\"],", &child);
  assert_int_equal(kill_process(child.process), S_OK);
  assert_int_equal(exit_code(&child), 137);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

/* ---- scripts -------------------------------------------------------------------------------------------- */

static void acts_out_scripts(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = container(WINDOWS_CONTAINER, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin out begun cat err done exit 4\"," PIPES, &child);
  write_text(child.information.StdInput, "through");
  close_pipe(&child.information.StdInput);
  assert_string_equal(read_all(child.information.StdOutput), "begun\nthrough");
  assert_string_equal(read_all(child.information.StdError), "done\n");
  assert_int_equal(exit_code(&child), 4);
  close_child(&child);
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  assert_int_equal(kill_process(child.process), S_OK);
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  spawn_watched(system, "\"CommandLine\":\"standin sleep 1 cat\"," PIPES, &child);
  end(system, &watch);
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  assert_clean();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(runs_a_program_of_the_layer, dll_reset),
    cmocka_unit_test_teardown(gives_it_input_until_it_is_closed, dll_reset),
    cmocka_unit_test_teardown(closes_input_behind_the_clients_back, dll_reset),
    cmocka_unit_test_teardown(starts_it_where_and_how_it_is_told, dll_reset),
    cmocka_unit_test_teardown(refuses_what_it_cannot_start, dll_reset),
    cmocka_unit_test_teardown(kills_it, dll_reset),
    cmocka_unit_test_teardown(ends_what_its_processes_have_started, dll_reset),
    cmocka_unit_test_teardown(ends_with_its_container, dll_reset),
    cmocka_unit_test_teardown(is_told_after_the_end, dll_reset),
    cmocka_unit_test_teardown(opens_it_while_it_runs, dll_reset),
    cmocka_unit_test_teardown(opens_what_a_process_has_started, dll_reset),
    cmocka_unit_test_teardown(lists_it, dll_reset),
    cmocka_unit_test_teardown(stands_still_when_paused, dll_reset),
    cmocka_unit_test_teardown(has_a_console_when_it_is_told, dll_reset),
    cmocka_unit_test_teardown(takes_arguments_and_signals_of_linux, dll_reset),
    cmocka_unit_test_teardown(acts_out_scripts, dll_reset),
};

int main(void) { return cmocka_run_group_tests(tests, find_layer, NULL); }
