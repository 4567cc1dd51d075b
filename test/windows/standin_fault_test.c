/*
 * standin_fault_test.c - every way in which the stand-in vmcompute.dll can be told to misbehave.
 */
#include "test/windows/standin_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static HCS_SYSTEM created(const char *id, watcher *watch) {
  HCS_SYSTEM system = NULL;
  assert_int_equal(create(id, HYPER_V, &system), PENDING);
  watch_system(watch, system);
  assert_int_equal(watch_wait(watch, CREATE_COMPLETED), S_OK);
  return system;
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static void answers_what_it_is_told(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Skip\":1,\"Times\":2,\"Status\":\"0x80070005\","
       "\"Result\":{\"ErrorMessage\":\"no\"}}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(call_system(dll.HcsStartComputeSystem, system), (HRESULT)0x80070005);
    assert_string_equal(last_result, "{\"ErrorMessage\":\"no\"}");
  }
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), INVALID_STATE);
  end(system, &watch);
  assert_clean();
}

static void answers_for_one_container_alone(void **state) {
  watcher watch[2];
  HCS_SYSTEM a = created("a", &watch[0]), b = created("b", &watch[1]);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Id\":\"a\",\"Status\":-2147024891}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, b), PENDING);
  assert_int_equal(watch_wait(&watch[1], START_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, a), (HRESULT)0x80070005);
  end(a, &watch[0]);
  end(b, &watch[1]);
  assert_clean();
}

static void carries_out_and_says_no(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Status\":\"0x80070005\",\"Carry\":true}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), (HRESULT)0x80070005);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  end(system, &watch);
  assert_clean();
}

static void has_results_on_success_and_that_are_no_json(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Result\":\"{no json\"}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_string_equal(last_result, "{no json");
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  end(system, &watch);
  assert_clean();
}

static void has_other_documents(void **state) {
  static const struct {
    const char *told, *given;
  } documents[] = {
      {"{\"On\":\"HcsEnumerateComputeSystems\",\"Document\":\"\"}", ""},
      {"{\"On\":\"HcsEnumerateComputeSystems\",\"Document\":\"[{\"}", "[{"},
      {"{\"On\":\"HcsEnumerateComputeSystems\",\"Document\":[{\"Id\":\"x\"}]}", "[{\"Id\":\"x\"}]"},
      {"{\"On\":\"HcsEnumerateComputeSystems\",\"Document\":null}", NULL},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(documents); i++) {
    PWSTR systems = NULL, result = NULL;
    char text[100];
    tell(documents[i].told);
    assert_int_equal(dll.HcsEnumerateComputeSystems(L"{}", &systems, &result), S_OK);
    (void)snprintf(text, sizeof text, "%ls", systems != NULL ? systems : L"");
    CoTaskMemFree(systems);
    assert_int_equal(systems == NULL, documents[i].given == NULL);
    if (documents[i].given != NULL) assert_string_equal(text, documents[i].given);
    dll.StandinReset();
  }
}

static void has_the_newer_codes(void **state) {
  watcher watch;
  HCS_SYSTEM system = NULL;
  (void)state;
  tell("{\"Set\":{\"Twins\":true}}");
  assert_int_equal(create("c", HYPER_V, &system), PENDING);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), (HRESULT)0x80370105);
  tell("{\"Do\":\"Crash\",\"Id\":\"c\"}");
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), (HRESULT)0x80370106);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), (HRESULT)0x80370110);
  close_system(system, &watch);
  assert_clean();
}

/* ---- time -------------------------------------------------------------------------------------------- */

static void takes_its_time(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"DelayMs\":50,\"NotifyDelayMs\":50}");
  ULONGLONG began = GetTickCount64();
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_true(GetTickCount64() - began >= 40);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  assert_true(GetTickCount64() - began >= 80);
  tell("{\"On\":\"HcsShutdownComputeSystem\",\"ShutdownMs\":50}");
  began = GetTickCount64();
  assert_int_equal(call_system(dll.HcsShutdownComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_true(GetTickCount64() - began >= 40);
  close_system(system, &watch);
  assert_clean();
}

static void does_it_at_once(void **state) {
  watcher watch;
  HCS_SYSTEM system = NULL;
  (void)state;
  tell("{\"Set\":{\"Synchronous\":true}}");
  assert_int_equal(create("c", HYPER_V, &system), S_OK);
  watch_system(&watch, system);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), S_OK);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), S_OK);
  assert_int_equal(call_system(dll.HcsResumeComputeSystem, system), S_OK);
  assert_int_equal(call_system(dll.HcsShutdownComputeSystem, system), S_OK);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  Sleep(MOMENT_MS);
  assert_int_equal(watch.count, 1);
  close_system(system, &watch);
  assert_clean();
}

typedef struct blocked {
  HCS_PROCESS process;
  HRESULT status;
  HANDLE thread;
} blocked_call;

static DWORD WINAPI signal_it(void *context) {
  blocked_call *blocked = context;
  PWSTR result = NULL;
  HRESULT status = dll.HcsSignalProcess(blocked->process, L"{\"Signal\":\"CtrlC\"}", &result);
  CoTaskMemFree(result);
  blocked->status = status;
  return 0;
}

static void signal_in_thread(blocked_call *blocked, HCS_PROCESS process) {
  blocked->process = process;
  blocked->thread = CreateThread(NULL, 0, signal_it, blocked, 0, NULL);
  assert_int_equal(WaitForSingleObject(blocked->thread, MOMENT_MS), WAIT_TIMEOUT);
}

static void join(blocked_call *blocked) {
  assert_int_equal(WaitForSingleObject(blocked->thread, PATIENCE_MS), WAIT_OBJECT_0);
  assert_true(CloseHandle(blocked->thread));
}

/* Through the same handle on the container a second one waits behind it, through another it does not. */
static void blocks_a_signal_and_what_comes_behind(void **state) {
  watcher watch;
  subprocess child, other;
  HCS_SYSTEM system = running("c", ISOLATED, &watch), another = NULL;
  PWSTR result = NULL;
  blocked_call first, second;
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  tell("{\"On\":\"HcsSignalProcess\",\"Block\":true,\"Times\":1}");
  signal_in_thread(&first, child.process);
  signal_in_thread(&second, child.process);
  assert_int_equal(dll.HcsOpenComputeSystem(L"c", &another, &result), S_OK);
  memset(&other, 0, sizeof other);
  assert_int_equal(
      dll.HcsOpenProcess(another, child.information.ProcessId, &other.process, &result), S_OK);
  assert_int_equal(dll.HcsTerminateProcess(other.process, &result), S_OK);
  assert_int_equal(exit_code(&child), 1067);
  join(&first);
  join(&second);
  assert_int_equal(first.status, (HRESULT)0x80070490);
  assert_int_equal(dll.HcsCloseProcess(other.process), S_OK);
  close_system(another, NULL);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void releases_what_is_blocked(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  blocked_call blocked;
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  tell("{\"On\":\"HcsSignalProcess\",\"Block\":true}");
  signal_in_thread(&blocked, child.process);
  tell("{\"Do\":\"Release\"}");
  join(&blocked);
  assert_int_equal(blocked.status, S_OK);
  assert_int_equal(exit_code(&child), 0xC000013A);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

/* ---- completions ------------------------------------------------------------------------------------- */

static void never_completes(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Notify\":\"never\"}");
  tell("{\"On\":\"HcsShutdownComputeSystem\",\"Ignore\":true}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  Sleep(MOMENT_MS);
  assert_int_equal(watch_count(&watch, START_COMPLETED), 0);
  assert_int_equal(call_system(dll.HcsShutdownComputeSystem, system), PENDING);
  Sleep(MOMENT_MS);
  assert_int_equal(watch_count(&watch, SYSTEM_EXITED), 0);
  end(system, &watch);
  assert_clean();
}

static void completes_twice(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("[{\"On\":\"HcsStartComputeSystem\",\"Notify\":\"twice\"},"
       "{\"On\":\"SystemExited\",\"Notify\":\"twice\"}]");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait_for(&watch, START_COMPLETED, 2), S_OK);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait_for(&watch, SYSTEM_EXITED, 2), S_OK);
  close_system(system, &watch);
  assert_clean();
}

static void fails_to_start(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"Times\":1,\"NotifyStatus\":\"0xC0370101\","
       "\"NotifyData\":{\"ErrorMessage\":\"wrong image\"}}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), (HRESULT)0xC0370101);
  assert_string_equal(watch_data(&watch, START_COMPLETED), "{\"ErrorMessage\":\"wrong image\"}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait_for(&watch, START_COMPLETED, 2), S_OK);
  end(system, &watch);
  assert_clean();
}

static void fails_to_create(void **state) {
  watcher watch;
  HCS_SYSTEM system = NULL;
  (void)state;
  tell("{\"On\":\"HcsCreateComputeSystem\",\"Times\":1,\"NotifyStatus\":\"0xC0370102\"}");
  /* Also to who comes late. */
  tell("{\"On\":\"CreateCompleted\",\"Times\":1,\"NotifyStatus\":\"0xC0370102\"}");
  assert_int_equal(create("c", HYPER_V, &system), PENDING);
  Sleep(MOMENT_MS);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), (HRESULT)0xC0370102);
  close_system(system, &watch);
  system = created("c", &watch);
  end(system, &watch);
  assert_clean();
}

static void flags_failures(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"FailureFlag\":true,\"NotifyStatus\":\"0xC0370109\"}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, 0x80000000U | START_COMPLETED), (HRESULT)0xC0370109);
  end(system, &watch);
  assert_clean();
}

static void tells_one_handle_alone(void **state) {
  watcher watch, other;
  HCS_SYSTEM system = running("c", HYPER_V, &watch), another = NULL;
  PWSTR result = NULL;
  (void)state;
  tell("{\"Set\":{\"Broadcast\":false}}");
  assert_int_equal(dll.HcsOpenComputeSystem(L"c", &another, &result), S_OK);
  watch_system(&other, another);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, another), PENDING);
  assert_int_equal(watch_wait(&other, PAUSE_COMPLETED), S_OK);
  Sleep(MOMENT_MS);
  assert_int_equal(watch_count(&watch, PAUSE_COMPLETED), 0);
  close_system(another, &other);
  end(system, &watch);
  assert_clean();
}

/* What Terminate has overtaken is not completed. */
static void is_overtaken_by_its_end(void **state) {
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"DelayMinMs\":40,\"DelayMaxMs\":40}");
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  Sleep(MOMENT_MS + 40);
  assert_int_equal(watch_count(&watch, START_COMPLETED), 0);
  assert_int_equal(watch_count(&watch, SYSTEM_EXITED), 1);
  close_system(system, &watch);
  assert_clean();
}

/* ---- exits ------------------------------------------------------------------------------------------- */

static void crashes(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  tell("{\"Do\":\"Crash\",\"Id\":\"c\"}");
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), UNEXPECTED_EXIT);
  assert_string_equal(watch_data(&watch, SYSTEM_EXITED),
                      "{\"Status\":-1070137082,\"ExitType\":\"UnexpectedExit\"}");
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  close_system(system, &watch);
  assert_clean();
}

static void exits_by_itself(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"On\":\"SystemExited\",\"ExitData\":false}");
  tell("{\"Do\":\"Exit\",\"Id\":\"c\"}");
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_string_equal(watch_data(&watch, SYSTEM_EXITED), "");
  close_system(system, &watch);
  assert_clean();
}

static void exits_during_the_start(void **state) {
  static const struct {
    const char *when;
    int is_completed;
    HRESULT completion;
  } exits[] = {{"instead", 0, 0}, {"before", 1, UNEXPECTED_EXIT}, {"after", 1, S_OK}};
  (void)state;
  for (size_t i = 0; i < COUNT(exits); i++) {
    char rule[100];
    watcher watch;
    HCS_SYSTEM system = created("c", &watch);
    (void)snprintf(rule, sizeof rule, "{\"On\":\"HcsStartComputeSystem\",\"Exit\":\"%s\"}",
                   exits[i].when);
    tell(rule);
    assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
    assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), UNEXPECTED_EXIT);
    if (exits[i].is_completed) {
      assert_int_equal(watch_wait(&watch, START_COMPLETED), exits[i].completion);
    } else {
      Sleep(MOMENT_MS);
      assert_int_equal(watch_count(&watch, START_COMPLETED), 0);
    }
    close_system(system, &watch);
    assert_clean();
    dll.StandinReset();
  }
}

static void ends_processes_at_will(void **state) {
  watcher watch;
  subprocess child;
  char order[100];
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"Set\":{\"LastWaitResult\":5}}");
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  (void)snprintf(order, sizeof order,
                 "{\"Do\":\"ExitProcess\",\"Id\":\"c\",\"ProcessId\":%lu,\"ExitCode\":3221225786}",
                 child.information.ProcessId);
  tell(order);
  assert_int_equal(exit_code(&child), 0xC000013A);
  assert_non_null(strstr(watch_data(&child.watch, PROCESS_EXITED), "\"LastWaitResult\":5"));
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void tells_process_exits_late_or_never(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("[{\"On\":\"ProcessExited\",\"NotifyDelayMs\":100},"
       "{\"On\":\"SystemExited\",\"ProcessExitsLate\":true}]");
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_int_equal(watch_count(&child.watch, PROCESS_EXITED), 0);
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  close_system(system, &watch);
  assert_clean();
}

static void waits_for_process_exits_otherwise(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("[{\"On\":\"ProcessExited\",\"NotifyDelayMs\":60},"
       "{\"On\":\"SystemExited\",\"NotifyDelayMs\":30}]");
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_int_equal(watch_count(&child.watch, PROCESS_EXITED), 1);
  close_child(&child);
  close_system(system, &watch);
  assert_clean();
}

/* ---- the service ------------------------------------------------------------------------------------- */

static void is_lost(void **state) {
  watcher watch, late;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin hang\",", &child);
  tell("{\"Do\":\"Disconnect\"}");
  assert_int_equal(watch_wait(&watch, DISCONNECT), S_OK);
  assert_int_equal(watch_wait(&child.watch, DISCONNECT), S_OK);
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(watch.handle), S_OK);
  watch_system(&late, system);
  assert_int_equal(watch_wait(&late, DISCONNECT), S_OK);
  tell("{\"Do\":\"Disconnect\",\"Calls\":true}");
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), (HRESULT)0x800706BA);
  close_child(&child);
  tell("{\"Do\":\"Reconnect\"}");
  end(system, &late);
  assert_clean();
}

static void tells_anything(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"Do\":\"Notify\",\"Id\":\"c\",\"Type\":10,\"Status\":\"0x80070005\",\"Data\":\"why\"}");
  assert_int_equal(watch_wait(&watch, 10), (HRESULT)0x80070005);
  assert_string_equal(watch_data(&watch, 10), "why");
  end(system, &watch);
  assert_clean();
}

/* ---- pipes ------------------------------------------------------------------------------------------- */

static void has_pipes_of_each_kind(void **state) {
  static const char *const kinds[] = {"overlapped", "plain", "client"};
  (void)state;
  for (size_t i = 0; i < COUNT(kinds); i++) {
    char rule[100];
    watcher watch;
    subprocess child;
    HCS_SYSTEM system = running("c", ISOLATED, &watch);
    (void)snprintf(rule, sizeof rule, "{\"On\":\"HcsCreateProcess\",\"Pipes\":\"%s\"}", kinds[i]);
    tell(rule);
    spawn_watched(system, "\"CommandLine\":\"standin out x cat\"," PIPES, &child);
    write_text(child.information.StdInput, "abc");
    close_pipe(&child.information.StdInput);
    assert_string_equal(read_all(child.information.StdOutput), "x\nabc");
    assert_int_equal(exit_code(&child), 0);
    close_child(&child);
    end(system, &watch);
    assert_clean();
    dll.StandinReset();
  }
}

static void reads_no_input(void **state) {
  watcher watch;
  subprocess child;
  static char much[200000];
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"On\":\"HcsCreateProcess\",\"NobodyReads\":true}");
  spawn_watched(system, "\"CommandLine\":\"standin hang\"," PIPES, &child);
  OVERLAPPED overlapped;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_false(WriteFile(child.information.StdInput, much, sizeof much, NULL, &overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  assert_int_equal(WaitForSingleObject(overlapped.hEvent, MOMENT_MS), WAIT_TIMEOUT);
  /* The process' end ends the writing, too. */
  PWSTR result = NULL;
  assert_int_equal(dll.HcsTerminateProcess(child.process, &result), S_OK);
  assert_int_equal(WaitForSingleObject(overlapped.hEvent, PATIENCE_MS), WAIT_OBJECT_0);
  assert_true(CloseHandle(overlapped.hEvent));
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void ends_input_by_request_alone(void **state) {
  watcher watch;
  subprocess child;
  PWSTR result = NULL;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"On\":\"HcsCreateProcess\",\"StdInByRequest\":true}");
  spawn_watched(system, "\"CommandLine\":\"standin cat\"," PIPES, &child);
  close_pipe(&child.information.StdInput);
  Sleep(MOMENT_MS);
  assert_int_equal(watch_count(&child.watch, PROCESS_EXITED), 0);
  assert_int_equal(dll.HcsModifyProcess(
                       child.process,
                       L"{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}",
                       &result),
                   S_OK);
  assert_int_equal(exit_code(&child), 0);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void ends_output_early(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  tell("{\"On\":\"HcsCreateProcess\",\"EarlyEofMs\":20}");
  spawn_watched(system, "\"CommandLine\":\"standin hang\"," PIPES, &child);
  assert_string_equal(read_all(child.information.StdOutput), "");
  assert_int_equal(watch_count(&child.watch, PROCESS_EXITED), 0);
  end(system, &watch);
  assert_int_equal(exit_code(&child), 1067);
  close_child(&child);
  assert_clean();
}

static void says_the_blank_state_in_three_ways(void **state) {
  static const struct {
    const char *told, *said;
  } ways[] = {{"{\"Set\":{\"BlankState\":\"absent\"}}", "\"RuntimeId\":\""},
              {"{\"Set\":{\"BlankState\":\"empty\"}}", "\"State\":\"\""},
              {"{\"Set\":{\"BlankState\":\"Created\"}}", "\"State\":\"Created\""}};
  watcher watch;
  HCS_SYSTEM system = created("c", &watch);
  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    PWSTR document = NULL, result = NULL;
    char text[500];
    tell(ways[i].told);
    assert_int_equal(dll.HcsGetComputeSystemProperties(system, L"{}", &document, &result), S_OK);
    (void)snprintf(text, sizeof text, "%ls", document);
    CoTaskMemFree(document);
    assert_non_null(strstr(text, ways[i].said));
    assert_int_equal(strstr(text, "State") == NULL, i == 0);
  }
  end(system, &watch);
  assert_clean();
}

/* ---- exports ------------------------------------------------------------------------------------------- */

/* The same program again, with fewer exports: their number that is missing is its exit code. */
static int count_missing(void) {
  static const char *const names[] = {"HcsSignalProcess", "HcsModifyProcess", "HcsCreateProcess"};
  HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  int missing = 0;
  for (size_t i = 0; i < COUNT(names); i++) missing += GetProcAddress(library, names[i]) == NULL;
  return library != NULL ? missing : -1;
}

static void lacks_exports(void **state) {
  WCHAR path[MAX_PATH], line[] = L"test missing";
  STARTUPINFOW startup;
  PROCESS_INFORMATION again;
  DWORD code = 0;
  (void)state;
  memset(&startup, 0, sizeof startup);
  startup.cb = sizeof startup;
  assert_int_not_equal(GetModuleFileNameW(NULL, path, MAX_PATH), 0);
  assert_true(SetEnvironmentVariableW(L"STANDIN_MISSING", L"HcsSignalProcess,HcsModifyProcess"));
  assert_true(CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &again));
  assert_true(SetEnvironmentVariableW(L"STANDIN_MISSING", NULL));
  assert_int_equal(WaitForSingleObject(again.hProcess, PATIENCE_MS), WAIT_OBJECT_0);
  assert_true(GetExitCodeProcess(again.hProcess, &code));
  assert_int_equal(code, 2);
  assert_true(CloseHandle(again.hProcess));
  assert_true(CloseHandle(again.hThread));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(answers_what_it_is_told, dll_reset),
    cmocka_unit_test_teardown(answers_for_one_container_alone, dll_reset),
    cmocka_unit_test_teardown(carries_out_and_says_no, dll_reset),
    cmocka_unit_test_teardown(has_results_on_success_and_that_are_no_json, dll_reset),
    cmocka_unit_test_teardown(has_other_documents, dll_reset),
    cmocka_unit_test_teardown(has_the_newer_codes, dll_reset),
    cmocka_unit_test_teardown(takes_its_time, dll_reset),
    cmocka_unit_test_teardown(does_it_at_once, dll_reset),
    cmocka_unit_test_teardown(blocks_a_signal_and_what_comes_behind, dll_reset),
    cmocka_unit_test_teardown(releases_what_is_blocked, dll_reset),
    cmocka_unit_test_teardown(never_completes, dll_reset),
    cmocka_unit_test_teardown(completes_twice, dll_reset),
    cmocka_unit_test_teardown(fails_to_start, dll_reset),
    cmocka_unit_test_teardown(fails_to_create, dll_reset),
    cmocka_unit_test_teardown(flags_failures, dll_reset),
    cmocka_unit_test_teardown(tells_one_handle_alone, dll_reset),
    cmocka_unit_test_teardown(is_overtaken_by_its_end, dll_reset),
    cmocka_unit_test_teardown(crashes, dll_reset),
    cmocka_unit_test_teardown(exits_by_itself, dll_reset),
    cmocka_unit_test_teardown(exits_during_the_start, dll_reset),
    cmocka_unit_test_teardown(ends_processes_at_will, dll_reset),
    cmocka_unit_test_teardown(tells_process_exits_late_or_never, dll_reset),
    cmocka_unit_test_teardown(waits_for_process_exits_otherwise, dll_reset),
    cmocka_unit_test_teardown(is_lost, dll_reset),
    cmocka_unit_test_teardown(tells_anything, dll_reset),
    cmocka_unit_test_teardown(has_pipes_of_each_kind, dll_reset),
    cmocka_unit_test_teardown(reads_no_input, dll_reset),
    cmocka_unit_test_teardown(ends_input_by_request_alone, dll_reset),
    cmocka_unit_test_teardown(ends_output_early, dll_reset),
    cmocka_unit_test_teardown(says_the_blank_state_in_three_ways, dll_reset),
    cmocka_unit_test_teardown(lacks_exports, dll_reset),
};

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "missing") == 0) return count_missing();
  return cmocka_run_group_tests(tests, dll_load, NULL);
}
