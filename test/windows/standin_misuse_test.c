/*
 * standin_misuse_test.c - what a client of the stand-in vmcompute.dll may not do, and does not get away with.
 */
#include "test/windows/standin_fixture.h"

/* ---- strings ----------------------------------------------------------------------------------------- */

static void misses_strings(void **state) {
  PWSTR systems = NULL, result = NULL;
  (void)state;
  assert_int_equal(dll.HcsEnumerateComputeSystems(L"{}", &systems, &result), S_OK);
  json_t *seen = report(), *first = json_array_get(json_object_get(seen, "Strings"), 0);
  assert_string_equal(json_string_value(json_object_get(first, "From")),
                      "HcsEnumerateComputeSystems");
  assert_string_equal(json_string_value(json_object_get(first, "Text")), "[]");
  json_decref(seen);
  CoTaskMemFree(systems);
  assert_clean();
}

static void misses_the_document_of_a_refusal(void **state) {
  HCS_SYSTEM system;
  PWSTR result = NULL;
  (void)state;
  assert_int_equal(dll.HcsOpenComputeSystem(L"c", &system, &result), NO_SUCH_SYSTEM);
  assert_non_null(result);
  json_t *seen = report();
  assert_int_equal(json_array_size(json_object_get(seen, "Strings")), 1);
  json_decref(seen);
  CoTaskMemFree(result);
  assert_clean();
}

/* The second free is seen by the spy before the allocator, and withheld from it. */
static void sees_a_second_free(void **state) {
  PWSTR systems = NULL, result = NULL;
  (void)state;
  assert_int_equal(dll.HcsEnumerateComputeSystems(L"{}", &systems, &result), S_OK);
  CoTaskMemFree(systems);
  CoTaskMemFree(systems);
  assert_complaint("a string of HcsEnumerateComputeSystems is freed twice");
}

/* ---- handles ----------------------------------------------------------------------------------------- */

static void misses_handles_and_pipes(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  spawn_watched(system, "\"CommandLine\":\"standin hang\",\"CreateStdOutPipe\":true,", &child);
  json_t *seen = report();
  assert_int_equal(json_array_size(json_object_get(seen, "Handles")), 4);
  const json_t *pipes = json_object_get(seen, "Pipes");
  assert_int_equal(json_array_size(pipes), 1);
  assert_int_equal(strncmp(json_string_value(json_array_get(pipes, 0)), "stdout of process ", 18),
                   0);
  json_decref(seen);
  close_child(&child);
  end(system, &watch);
  assert_clean();
}

static void knows_closed_handles(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  end(system, &watch);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), (HRESULT)0x80070006);
  assert_complaint("HcsStartComputeSystem: the system handle");
  dll.StandinReset();
  assert_int_equal(dll.HcsCloseComputeSystem(system), (HRESULT)0x80070006);
  assert_complaint("is closed (by StandinReset)");
}

static void knows_handles_of_another_kind(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(dll.HcsCloseProcess((HCS_PROCESS)system), (HRESULT)0x80070006);
  assert_complaint("HcsCloseProcess: a process handle is wanted");
  dll.StandinReset();
  assert_int_equal(dll.HcsCloseProcess(NULL), (HRESULT)0x80070006);
  assert_complaint("is no handle");
}

static void complains_of_a_close_before_the_unregister(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(dll.HcsCloseComputeSystem(system), S_OK);
  assert_complaint("HcsCloseComputeSystem: a callback is still registered on the system handle");
}

typedef struct slow_call {
  HCS_SYSTEM system;
  HRESULT status;
} slow_call;

static DWORD WINAPI call_slowly(void *context) {
  slow_call *slow = context;
  slow->status = call_system(dll.HcsStartComputeSystem, slow->system);
  return 0;
}

static size_t calls_of(const char *name) {
  json_t *seen = report();
  json_int_t count = json_integer_value(json_object_get(json_object_get(seen, "Calls"), name));
  json_decref(seen);
  return (size_t)count;
}

static void complains_of_a_close_with_a_call_inside(void **state) {
  slow_call slow = {NULL, S_OK};
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"DelayMs\":100}");
  assert_int_equal(create("c", ISOLATED, &slow.system), PENDING);
  HANDLE thread = CreateThread(NULL, 0, call_slowly, &slow, 0, NULL);
  while (calls_of("HcsStartComputeSystem") == 0) Sleep(1);
  assert_int_equal(dll.HcsCloseComputeSystem(slow.system), S_OK);
  assert_complaint("is closed with a call inside");
  assert_int_equal(WaitForSingleObject(thread, PATIENCE_MS), WAIT_OBJECT_0);
  assert_true(CloseHandle(thread));
}

/* ---- arguments --------------------------------------------------------------------------------------- */

static void complains_of_addresses_that_are_missing(void **state) {
  HCS_SYSTEM system;
  PWSTR result = NULL;
  (void)state;
  assert_int_equal(dll.HcsOpenComputeSystem(L"c", &system, NULL), NO_SUCH_SYSTEM);
  assert_complaint("HcsOpenComputeSystem: result is NULL");
  dll.StandinReset();
  assert_int_equal(dll.HcsOpenComputeSystem(L"c", NULL, &result), E_POINTER);
  assert_complaint("HcsOpenComputeSystem: system is NULL");
  dll.StandinReset();
  assert_int_equal(dll.HcsOpenComputeSystem(NULL, &system, &result), E_POINTER);
  assert_complaint("HcsOpenComputeSystem: no id");
}

static void complains_of_an_identity(void **state) {
  static const WCHAR config[] =
      L"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false}";
  HCS_SYSTEM system;
  PWSTR result = NULL;
  (void)state;
  assert_int_equal(dll.HcsCreateComputeSystem(L"c", config, GetCurrentProcess(), &system, &result),
                   PENDING);
  assert_complaint("HcsCreateComputeSystem: an identity");
}

/* ---- callbacks --------------------------------------------------------------------------------------- */

typedef struct rude_client {
  HCS_SYSTEM system;
  HCS_CALLBACK handle;
  DWORD sleep_ms;
  int calls, unregisters;
  volatile LONG done, was_inside;
} rude_client;

static void CALLBACK rude_callback(DWORD type, void *context, HRESULT status, PCWSTR data) {
  rude_client *rude = context;
  (void)status;
  (void)data;
  if (type != START_COMPLETED) return;
  InterlockedIncrement(&rude->was_inside);
  Sleep(rude->sleep_ms);
  if (rude->calls) (void)call_system(dll.HcsTerminateComputeSystem, rude->system);
  if (rude->unregisters) (void)dll.HcsUnregisterComputeSystemCallback(rude->handle);
  InterlockedIncrement(&rude->done);
}

static void start_rudely(rude_client *rude) {
  assert_int_equal(create("c", ISOLATED, &rude->system), PENDING);
  assert_int_equal(
      dll.HcsRegisterComputeSystemCallback(rude->system, rude_callback, rude, &rude->handle), S_OK);
  while (call_system(dll.HcsStartComputeSystem, rude->system) != PENDING) Sleep(1);
}

static void complains_of_calls_from_a_callback(void **state) {
  rude_client rude = {.calls = 1};
  (void)state;
  start_rudely(&rude);
  while (rude.done == 0) Sleep(1);
  assert_complaint("HcsTerminateComputeSystem: called from inside a callback");
}

static void complains_of_unregistering_itself(void **state) {
  rude_client rude = {.unregisters = 1};
  (void)state;
  start_rudely(&rude);
  while (rude.done == 0) Sleep(1);
  assert_complaint("HcsUnregisterComputeSystemCallback: called from inside a callback");
}

static void complains_of_callbacks_that_block(void **state) {
  rude_client rude = {.sleep_ms = 60};
  (void)state;
  tell("{\"Set\":{\"CallbackLimitMs\":50}}");
  start_rudely(&rude);
  while (rude.done == 0) Sleep(1);
  /* Its unregistering waits for it. */
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(rude.handle), S_OK);
  assert_complaint("ms for notification 0x3: it must not block");
}

static void unregistering_waits_for_what_runs(void **state) {
  rude_client rude = {.sleep_ms = 60};
  (void)state;
  start_rudely(&rude);
  while (rude.was_inside == 0) Sleep(1);
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(rude.handle), S_OK);
  assert_int_equal(rude.done, 1);
  assert_int_equal(dll.HcsCloseComputeSystem(rude.system), S_OK);
}

static int is_running(const char *id) {
  json_t *seen = report();
  const json_t *first = json_array_get(json_object_get(seen, "Systems"), 0);
  int found = strcmp(json_string_value(json_object_get(first, "Id")), id) == 0 &&
              strcmp(json_string_value(json_object_get(first, "State")), "Running") == 0;
  json_decref(seen);
  return found;
}

static void nothing_is_told_behind_it(void **state) {
  watcher watch;
  (void)state;
  tell("{\"On\":\"HcsStartComputeSystem\",\"NotifyDelayMs\":30}");
  HCS_SYSTEM system = NULL;
  assert_int_equal(create("c", ISOLATED, &system), PENDING);
  watch_system(&watch, system);
  assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  while (!is_running("c")) Sleep(1); /* it has started, and will say so */
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(watch.handle), S_OK);
  Sleep(MOMENT_MS);
  assert_int_equal(watch_count(&watch, START_COMPLETED), 0);
  assert_int_equal(dll.HcsCloseComputeSystem(system), S_OK);
}

static void complains_of_a_second_callback(void **state) {
  watcher watch, other;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  watch_system(&other, system);
  assert_complaint("has a callback already");
  assert_int_equal(dll.HcsUnregisterComputeSystemCallback(other.handle), S_OK);
  end(system, &watch);
}

/* ---- control ----------------------------------------------------------------------------------------- */

static void does_not_take_nonsense_itself(void **state) {
  (void)state;
  assert_int_equal(dll.StandinTell("{"), -1);
  assert_int_equal(dll.StandinTell("{\"On\":\"HcsStartComputeSystem\",\"Statsu\":1}"), -1);
  assert_int_equal(dll.StandinTell("{\"Set\":{\"On\":\"x\"}}"), -1);
  assert_int_equal(dll.StandinTell("{\"Do\":\"Dance\"}"), -1);
  assert_int_equal(dll.StandinTell("{\"Do\":\"Crash\",\"Id\":\"nobody\"}"), -1);
  json_t *seen = report();
  assert_int_equal(json_array_size(json_object_get(seen, "Complaints")), 5);
  json_decref(seen);
}

static void forgets_when_told(void **state) {
  watcher watch;
  subprocess child;
  HCS_SYSTEM system = running("c", ISOLATED, &watch);
  (void)state;
  assert_int_equal(spawn(system, "\"CommandLine\":\"standin hang\",", &child), S_OK);
  assert_int_equal(dll.HcsCloseProcess(NULL), (HRESULT)0x80070006);
  dll.StandinReset();
  json_t *seen = report();
  static const char *const fields[] = {"Complaints", "Handles", "Pipes",
                                       "Strings",    "Systems", "Received"};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) assert_empty(seen, fields[i]);
  json_decref(seen);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(misses_strings, dll_reset),
    cmocka_unit_test_teardown(misses_the_document_of_a_refusal, dll_reset),
    cmocka_unit_test_teardown(sees_a_second_free, dll_reset),
    cmocka_unit_test_teardown(misses_handles_and_pipes, dll_reset),
    cmocka_unit_test_teardown(knows_closed_handles, dll_reset),
    cmocka_unit_test_teardown(knows_handles_of_another_kind, dll_reset),
    cmocka_unit_test_teardown(complains_of_a_close_before_the_unregister, dll_reset),
    cmocka_unit_test_teardown(complains_of_a_close_with_a_call_inside, dll_reset),
    cmocka_unit_test_teardown(complains_of_addresses_that_are_missing, dll_reset),
    cmocka_unit_test_teardown(complains_of_an_identity, dll_reset),
    cmocka_unit_test_teardown(complains_of_calls_from_a_callback, dll_reset),
    cmocka_unit_test_teardown(complains_of_unregistering_itself, dll_reset),
    cmocka_unit_test_teardown(complains_of_callbacks_that_block, dll_reset),
    cmocka_unit_test_teardown(unregistering_waits_for_what_runs, dll_reset),
    cmocka_unit_test_teardown(nothing_is_told_behind_it, dll_reset),
    cmocka_unit_test_teardown(complains_of_a_second_callback, dll_reset),
    cmocka_unit_test_teardown(does_not_take_nonsense_itself, dll_reset),
    cmocka_unit_test_teardown(forgets_when_told, dll_reset),
};

int main(void) { return cmocka_run_group_tests(tests, dll_load, NULL); }
