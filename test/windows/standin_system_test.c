/*
 * standin_system_test.c - the stand-in vmcompute.dll itself: compute systems, their states and what is told of
 * them, through the DLL's functions alone.
 */
#include "test/windows/standin_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- lifecycle ----------------------------------------------------------------------------------- */

static void lives_and_ends(void **state) {
  HCS_SYSTEM system = NULL;
  watcher watch;
  (void)state;
  assert_int_equal(create("c", ISOLATED, &system), PENDING);
  assert_non_null(system);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
  assert_int_not_equal(watch.thread, GetCurrentThreadId());
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  assert_int_equal(watch_count(&watch, SYSTEM_EXITED), 0);
  assert_int_equal(call_system(dll.HcsShutdownComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_string_equal(watch_data(&watch, SYSTEM_EXITED),
                      "{\"Status\":0,\"ExitType\":\"GracefulExit\"}");
  close_system(system, &watch);
  assert_clean();
}

static void terminates_by_force(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_string_equal(watch_data(&watch, SYSTEM_EXITED),
                      "{\"Status\":0,\"ExitType\":\"ForcedExit\"}");
  close_system(system, &watch);
  assert_clean();
}

/* ---- states -------------------------------------------------------------------------------------- */

static HRESULT properties(HCS_SYSTEM system, PCWSTR query, char *text, size_t size) {
  PWSTR document = NULL, result = NULL;
  HRESULT status = dll.HcsGetComputeSystemProperties(system, query, &document, &result);
  (void)snprintf(text, size, "%ls", document != NULL ? document : L"");
  CoTaskMemFree(document);
  return status_of(status, &result);
}

static HRESULT WINAPI call_properties(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  PWSTR document = NULL;
  (void)options;
  HRESULT status = dll.HcsGetComputeSystemProperties(system, L"{}", &document, result);
  CoTaskMemFree(document);
  return status;
}

static HRESULT WINAPI call_process(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  HCS_PROCESS_INFORMATION information;
  HCS_PROCESS process;
  (void)options;
  HRESULT status =
      dll.HcsCreateProcess(system, L"{\"CommandLine\":\"standin exit 0\",\"ConsoleSize\":[0,0]}",
                           &information, &process, result);
  if (process != NULL) (void)dll.HcsCloseProcess(process);
  return status;
}

static HRESULT WINAPI call_open_process(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  HCS_PROCESS process;
  (void)options;
  return dll.HcsOpenProcess(system, 12, &process, result);
}

typedef struct expectation {
  system_call function;
  HRESULT status;
} expectation;

static void expect_all(HCS_SYSTEM system, const expectation *expected, size_t count) {
  for (size_t i = 0; i < count; i++) {
    HRESULT status = call_system(expected[i].function, system);
    if (status != expected[i].status) {
      fail_msg("number %zu: 0x%08lX instead of 0x%08lX", i, (unsigned long)status,
               (unsigned long)expected[i].status);
    }
    if (status < 0 && status != PENDING) assert_string_not_equal(last_result, "");
  }
}

static void created_takes_start_and_ends(void **state) {
  const expectation expected[] = {
      {dll.HcsPauseComputeSystem, INVALID_STATE}, {dll.HcsResumeComputeSystem, INVALID_STATE},
      {dll.HcsSaveComputeSystem, INVALID_STATE},  {call_process, INVALID_STATE},
      {call_open_process, INVALID_STATE},         {call_properties, S_OK},
      {dll.HcsTerminateComputeSystem, PENDING},
  };
  HCS_SYSTEM system = NULL;
  watcher watch;
  (void)state;
  assert_int_equal(create("c", HYPER_V, &system), PENDING);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
  expect_all(system, expected, COUNT(expected));
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  close_system(system, &watch);
  assert_clean();
}

static void running_takes_all_but_start_and_resume(void **state) {
  const expectation expected[] = {
      {dll.HcsStartComputeSystem, INVALID_STATE},
      {dll.HcsResumeComputeSystem, INVALID_STATE},
      {dll.HcsSaveComputeSystem, INVALID_STATE},
      {call_open_process, (HRESULT)0x80070490},
      {call_process, S_OK},
      {call_properties, S_OK},
  };
  watcher watch;
  HCS_SYSTEM system = running("c", HYPER_V, &watch);
  (void)state;
  expect_all(system, expected, COUNT(expected));
  end(system, &watch);
  assert_clean();
}

static void paused_takes_resume(void **state) {
  const expectation expected[] = {
      {dll.HcsStartComputeSystem, INVALID_STATE},
      {dll.HcsPauseComputeSystem, INVALID_STATE},
      {call_process, INVALID_STATE},
      {call_properties, S_OK},
  };
  watcher watch;
  HCS_SYSTEM system = running("c", HYPER_V, &watch);
  (void)state;
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, PAUSE_COMPLETED), S_OK);
  expect_all(system, expected, COUNT(expected));
  assert_int_equal(call_system(dll.HcsSaveComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SAVE_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsResumeComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, RESUME_COMPLETED), S_OK);
  assert_int_equal(call_system(call_process, system), S_OK);
  end(system, &watch);
  assert_clean();
}

static void stopped_takes_nothing(void **state) {
  const expectation expected[] = {
      {dll.HcsStartComputeSystem, ALREADY_STOPPED},
      {dll.HcsPauseComputeSystem, ALREADY_STOPPED},
      {dll.HcsResumeComputeSystem, ALREADY_STOPPED},
      {dll.HcsSaveComputeSystem, ALREADY_STOPPED},
      {dll.HcsShutdownComputeSystem, ALREADY_STOPPED},
      {dll.HcsTerminateComputeSystem, ALREADY_STOPPED},
      {call_process, ALREADY_STOPPED},
      {call_open_process, ALREADY_STOPPED},
      {call_properties, ALREADY_STOPPED},
  };
  watcher watch;
  HCS_SYSTEM system = running("c", HYPER_V, &watch);
  (void)state;
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  expect_all(system, expected, COUNT(expected));
  close_system(system, &watch);
  assert_clean();
}

static void isolated_cannot_be_paused(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), (HRESULT)0x80070032);
  end(system, &watch);
  system = running("l", LINUX_CONTAINER, &watch);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, PAUSE_COMPLETED), S_OK);
  end(system, &watch);
  assert_clean();
}

/* ---- ids and handles ------------------------------------------------------------------------------- */

static HRESULT open_system(PCWSTR id, HCS_SYSTEM *system) {
  PWSTR result = NULL;
  return status_of(dll.HcsOpenComputeSystem(id, system, &result), &result);
}

static void an_id_is_known_until_the_end(void **state) {
  HCS_SYSTEM system, other;
  watcher watch;
  (void)state;
  assert_int_equal(open_system(L"c", &other), NO_SUCH_SYSTEM);
  assert_string_equal(last_result, "{\"Error\":-1070137074,\"ErrorMessage\":\"A container with the "
                                   "specified identifier does not exist.\"}");
  system = running("c", ISOLATED, &watch);
  assert_int_equal(create("c", ISOLATED, &other), ALREADY_EXISTS);
  assert_null(other);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, SYSTEM_EXITED), S_OK);
  assert_int_equal(open_system(L"c", &other), NO_SUCH_SYSTEM);
  close_system(system, &watch);
  system = running("c", ISOLATED, &watch);
  end(system, &watch);
  assert_clean();
}

static void every_handle_hears_of_everything(void **state) {
  watcher first, second, late;
  HCS_SYSTEM system = running("c", HYPER_V, &first), other;
  (void)state;
  assert_int_equal(open_system(L"c", &other), S_OK);
  watch_system(&second, other);
  assert_int_equal(call_system(dll.HcsPauseComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&first, PAUSE_COMPLETED), S_OK);
  assert_int_equal(watch_wait(&second, PAUSE_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, other), PENDING);
  assert_int_equal(watch_wait(&first, SYSTEM_EXITED), S_OK);
  assert_int_equal(watch_wait(&second, SYSTEM_EXITED), S_OK);
  /* It sticks: who registers afterwards is told, too. */
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(second.handle), S_OK);
  watch_system(&late, other);
  assert_int_equal(watch_wait(&late, SYSTEM_EXITED), S_OK);
  close_system(other, &late);
  close_system(system, &first);
  assert_clean();
}

static void the_last_handle_ends_it(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", KILL_ON_CLOSE, &watch), other;
  (void)state;
  assert_int_equal(open_system(L"c", &other), S_OK);
  tell("{\"Do\":\"Hold\",\"Id\":\"c\"}");
  close_system(system, &watch);
  close_system(other, NULL);
  assert_int_equal(open_system(L"c", &other), S_OK);
  close_system(other, NULL);
  tell("{\"Do\":\"Drop\",\"Id\":\"c\"}");
  assert_int_equal(open_system(L"c", &other), NO_SUCH_SYSTEM);
  assert_clean();
}

static void without_that_it_stays(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  close_system(system, &watch);
  assert_int_equal(open_system(L"c", &system), S_OK);
  watch_system(&watch, system);
  end(system, &watch);
  assert_clean();
}

/* ---- documents --------------------------------------------------------------------------------------- */

static void assert_has(const char *text, const char *part, int has) {
  if ((strstr(text, part) != NULL) != has) fail_msg("'%s' in: %s", part, text);
}

static void says_what_it_is(void **state) {
  char text[4000];
  HCS_SYSTEM system = NULL;
  watcher watch;
  (void)state;
  assert_int_equal(create("c", HYPER_V, &system), PENDING);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
  assert_int_equal(properties(system, L"{\"PropertyTypes\":[\"Statistics\"]}", text, sizeof text),
                   S_OK);
  assert_has(text, "\"Id\":\"c\"", 1);
  assert_has(text, "State", 0);
  assert_has(text, "Statistics", 0);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(&watch, START_COMPLETED), S_OK);
  assert_int_equal(properties(system, L"{\"PropertyTypes\":[\"Statistics\",\"ProcessList\"]}", text,
                              sizeof text),
                   S_OK);
  assert_has(text, "\"State\":\"Running\"", 1);
  assert_has(text, "\"RuntimeOsType\":\"Windows\"", 1);
  assert_has(text, "\"Uptime100ns\":", 1);
  assert_has(text, "\"Network\":[]", 1);
  assert_has(text, "TotalRuntime100ns", 0); /* nothing has run: 0 is left out */
  assert_has(text, "\"ProcessList\":[]", 1);
  assert_int_equal(properties(system, L"{\"PropertyTypes\":[\"Weather\"]}", text, sizeof text),
                   (HRESULT)0x80070057);
  end(system, &watch);
  assert_clean();
}

static void enumerate(PCWSTR query, char *text, size_t size) {
  PWSTR systems = NULL, result = NULL;
  HRESULT status = dll.HcsEnumerateComputeSystems(query, &systems, &result);
  (void)snprintf(text, size, "%ls", systems != NULL ? systems : L"");
  CoTaskMemFree(systems);
  assert_int_equal(status_of(status, &result), S_OK);
}

static void lists_what_a_query_wants(void **state) {
  static const char owned[] = "{\"SystemType\":\"Container\",\"Name\":\"n\",\"Owner\":\"me\","
                              "\"Layers\":null,\"HvPartition\":false}";
  static const struct {
    PCWSTR query;
    int has_a, has_b;
  } queries[] = {
      {L"{}", 1, 1},
      {L"{\"Ids\":[\"a\"]}", 1, 0},
      {L"{\"Ids\":[\"a\",\"b\"]}", 1, 1},
      {L"{\"Ids\":[\"a\",\"b\"],\"Owners\":[\"me\"]}", 0, 1},
      {L"{\"Names\":[\"n\"]}", 0, 1},
      {L"{\"Types\":[\"VirtualMachine\"]}", 0, 0},
      {L"{\"Types\":[\"Container\"]}", 1, 1},
  };
  watcher watch[2];
  HCS_SYSTEM a = running("a", ISOLATED, &watch[0]), b = running("b", owned, &watch[1]);
  (void)state;
  for (size_t i = 0; i < COUNT(queries); i++) {
    char text[2000];
    enumerate(queries[i].query, text, sizeof text);
    assert_has(text, "\"Id\":\"a\"", queries[i].has_a);
    assert_has(text, "\"Id\":\"b\"", queries[i].has_b);
  }
  end(a, &watch[0]);
  end(b, &watch[1]);
  assert_clean();
}

static void refuses_what_is_not_there(void **state) {
  static const struct {
    const char *config;
    HRESULT status;
  } refused[] = {
      {"{\"SystemType\":\"VirtualMachine\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false}",
       (HRESULT)0x8007000D},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":[{\"ID\":\"\",\"Path\":"
       "\"C:\\\\nowhere\"}],\"HvPartition\":false}",
       (HRESULT)0x80070003},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":[{\"ID\":\"x\",\"Path\":"
       "\"C:\\\\\"}],\"HvPartition\":false}",
       (HRESULT)0xC037010D},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"VolumePath\":\"C:\\\\\",\"Layers\":null,"
       "\"HvPartition\":false}",
       (HRESULT)0x80070057},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"ProcessorCount\":1,"
       "\"ProcessorWeight\":1,\"HvPartition\":false}",
       (HRESULT)0x80070057},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
       "\"NetworkSharedContainerName\":\"other\"}",
       NO_SUCH_SYSTEM},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
       "\"EndpointList\":[\"eth0\"]}",
       (HRESULT)0x80070057},
      {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
       "\"MappedVirtualDisks\":[{\"HostPath\":\"C:\\\\no.vhdx\",\"ContainerPath\":\"\"}]}",
       (HRESULT)0x80070002},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(refused); i++) {
    HCS_SYSTEM system;
    HRESULT status = create("c", refused[i].config, &system);
    if (status != refused[i].status) fail_msg("number %zu: 0x%08lX", i, (unsigned long)status);
    assert_string_not_equal(last_result, "");
  }
  assert_clean();
}

/* ---- modify ------------------------------------------------------------------------------------------ */

static HRESULT modify(HCS_SYSTEM system, PCWSTR request) {
  PWSTR result = NULL;
  return status_of(dll.HcsModifyComputeSystem(system, request, &result), &result);
}

static void plugs_endpoints(void **state) {
  static const WCHAR add[] =
      L"{\"ResourceType\":\"Network\",\"Settings\":\"eef2649d-bb17-4d53-9937-295a8efe6f2c\","
      L"\"RequestType\":\"Add\"}";
  static const WCHAR take[] =
      L"{\"ResourceType\":\"Network\",\"Settings\":\"eef2649d-bb17-4d53-9937-295a8efe6f2c\","
      L"\"RequestType\":\"Remove\"}";
  char text[2000];
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(modify(system, take), (HRESULT)0x80070490);
  assert_int_equal(modify(system, add), S_OK);
  assert_int_equal(properties(system, L"{\"PropertyTypes\":[\"Statistics\"]}", text, sizeof text),
                   S_OK);
  assert_has(text, "\"EndpointId\":\"eef2649d-bb17-4d53-9937-295a8efe6f2c\"", 1);
  assert_int_equal(modify(system, add), (HRESULT)0x800700B7);
  assert_int_equal(modify(system, take), S_OK);
  assert_int_equal(modify(system, L"{\"ResourceType\":\"Weather\",\"Settings\":null}"),
                   (HRESULT)0x80070032);
  end(system, &watch);
  assert_clean();
}

static void plugs_disks(void **state) {
  char text[2000];
  watcher watch;
  HCS_SYSTEM system = running("c", HYPER_V, &watch);
  (void)state;
  assert_int_equal(modify(system, L"{\"ResourceType\":\"MappedVirtualDisk\",\"Settings\":"
                                  L"{\"ContainerPath\":\"/x\",\"HostPath\":\"C:\\\\x.vhdx\"},"
                                  L"\"RequestType\":\"Add\"}"),
                   S_OK);
  assert_int_equal(
      properties(system, L"{\"PropertyTypes\":[\"MappedVirtualDisk\"]}", text, sizeof text), S_OK);
  assert_has(text, "\"MappedVirtualDiskControllers\":{\"0\":{\"MappedVirtualDisks\":{\"0\":{", 1);
  end(system, &watch);
  assert_clean();
}

static void says_what_the_service_can(void **state) {
  PWSTR document = NULL, result = NULL;
  (void)state;
  assert_int_equal(dll.HcsGetServiceProperties(L"{}", &document, &result), S_OK);
  assert_non_null(wcsstr(document, L"SupportedSchemaVersions"));
  CoTaskMemFree(document);
  assert_clean();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(lives_and_ends, dll_reset),
    cmocka_unit_test_teardown(terminates_by_force, dll_reset),
    cmocka_unit_test_teardown(created_takes_start_and_ends, dll_reset),
    cmocka_unit_test_teardown(running_takes_all_but_start_and_resume, dll_reset),
    cmocka_unit_test_teardown(paused_takes_resume, dll_reset),
    cmocka_unit_test_teardown(stopped_takes_nothing, dll_reset),
    cmocka_unit_test_teardown(isolated_cannot_be_paused, dll_reset),
    cmocka_unit_test_teardown(an_id_is_known_until_the_end, dll_reset),
    cmocka_unit_test_teardown(every_handle_hears_of_everything, dll_reset),
    cmocka_unit_test_teardown(the_last_handle_ends_it, dll_reset),
    cmocka_unit_test_teardown(without_that_it_stays, dll_reset),
    cmocka_unit_test_teardown(says_what_it_is, dll_reset),
    cmocka_unit_test_teardown(lists_what_a_query_wants, dll_reset),
    cmocka_unit_test_teardown(refuses_what_is_not_there, dll_reset),
    cmocka_unit_test_teardown(plugs_endpoints, dll_reset),
    cmocka_unit_test_teardown(plugs_disks, dll_reset),
    cmocka_unit_test_teardown(says_what_the_service_can, dll_reset),
};

int main(void) { return cmocka_run_group_tests(tests, dll_load, NULL); }
