/*
 * standin_document_test.c - the stand-in vmcompute.dll holds every document against what Go would send.
 */
#include "test/windows/standin_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- containers -------------------------------------------------------------------------------------- */

/* What is complained of, and whether the service could read it all the same. */
typedef struct wrong {
  const char *document;
  const char *complaint;
  int is_readable;
} wrong;

#define ITEM(id, path) "{\"ID\":\"" id "\",\"Path\":\"" path "\"}"

static const wrong configs[] = {
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null}",
     "HvPartition: missing, it is always emitted", 1},
    {"{\"Name\":\"\",\"SystemType\":\"Container\",\"Layers\":null,\"HvPartition\":false}",
     "SystemType: not in the order of Go's struct", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Owner\":\"\",\"Layers\":null,\"HvPartition\":"
     "false}",
     "Owner: empty, and not omitted", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
     "\"Servicing\":false}",
     "Servicing: empty, and not omitted", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
     "\"Colour\":\"red\"}",
     "Colour: unknown field", 1},
    {"{\"SystemType\":\"Container\",\"name\":\"\",\"Layers\":null,\"HvPartition\":false}",
     "name: unknown field", 1},
    {"{\"SystemType\":\"Container\",\"Name\":1,\"Layers\":null,\"HvPartition\":false}",
     "Name: a string is wanted", 0},
    {"{\"SystemType\":\"Container\",\"Name\":null,\"Layers\":null,\"HvPartition\":false}",
     "Name: a string is wanted", 0},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":{},\"HvPartition\":false}",
     "Layers: a list of objects is wanted", 0},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":[{\"ID\":\"\"}],\"HvPartition\":"
     "false}",
     "Layers[0].Path: missing, it is always emitted", 0 /* and nowhere */},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"ProcessorCount\":1.5,"
     "\"HvPartition\":false}",
     "ProcessorCount: an integer is wanted", 0},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"ProcessorCount\":4294967296,"
     "\"HvPartition\":false}",
     "ProcessorCount: out of its type's range", 0},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":0}",
     "HvPartition: a bool is wanted", 0},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":false,"
     "\"EndpointList\":[1]}",
     "EndpointList[0]: a string is wanted", 0},
    {"{\"SystemType\":\"Container\", \"Name\":\"\",\"Layers\":null,\"HvPartition\":false}",
     "these are not Go's bytes", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"a&b\",\"Layers\":null,\"HvPartition\":false}",
     "these are not Go's bytes", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"a\\/b\",\"Layers\":null,\"HvPartition\":false}",
     "these are not Go's bytes", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"\\u00e9\",\"Layers\":null,\"HvPartition\":false}",
     "these are not Go's bytes", 1},
    {"{\"SystemType\":\"Container\",\"Name\":\"\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":"
     "false}",
     "duplicate object key", 0},
    {"{\"SystemType\":\"Container\"", "expected near end of file", 0},
    {"[]", "the document: an object is wanted", 0},
};

static void complains_of_configurations(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(configs); i++) {
    HCS_SYSTEM system;
    HRESULT status = create("c", configs[i].document, &system);
    if ((status == PENDING) != configs[i].is_readable) {
      fail_msg("number %zu: 0x%08lX", i, (unsigned long)status);
    }
    assert_complaint(configs[i].complaint);
    dll.StandinReset();
  }
}

static void takes_what_go_sends(void **state) {
  static const char *const right[] = {
      "{\"SystemType\":\"container\",\"Name\":\"\",\"Layers\":[],\"HvPartition\":false}",
      "{\"SystemType\":\"Container\",\"Name\":\"\\u003ca\\u0026b\\u003e \\u2028 \\u0001 "
      "\\b\\f\\n\\r\\t \\\"\\\\ \xC3\xA9\x7F\",\"Layers\":null,\"HvPartition\":false}",
      "{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"MemoryMaximumInMB\":"
      "9223372036854775807,\"MappedDirectories\":[{\"HostPath\":\"C:\\\\\",\"ContainerPath\":"
      "\"\",\"ReadOnly\":false,\"BandwidthMaximum\":0,\"IOPSMaximum\":0,\"CreateInUtilityVM\":"
      "false}],\"HvPartition\":true,\"HvRuntime\":{},\"AssignedDevices\":[{}]}",
  };
  (void)state;
  for (size_t i = 0; i < COUNT(right); i++) {
    HCS_SYSTEM system;
    watcher watch;
    assert_int_equal(create("c", right[i], &system), PENDING);
    watch_system(&watch, system);
    assert_int_equal(watch_wait(&watch, CREATE_COMPLETED), S_OK);
    end(system, &watch);
    assert_clean();
  }
}

static void keeps_the_bytes(void **state) {
  HCS_SYSTEM system;
  (void)state;
  assert_int_equal(create("c", HYPER_V, &system), PENDING);
  json_t *seen = report(), *first = json_array_get(json_object_get(seen, "Received"), 0);
  assert_string_equal(json_string_value(json_object_get(first, "Call")), "HcsCreateComputeSystem");
  assert_string_equal(json_string_value(json_object_get(first, "Id")), "c");
  assert_string_equal(json_string_value(json_object_get(first, "Document")), HYPER_V);
  json_decref(seen);
}

static void takes_any_when_told(void **state) {
  static const char merged[] = "{ \"Layers\": null, \"Mine\": 1, \"SystemType\": \"Container\" }";
  HCS_SYSTEM system;
  (void)state;
  tell("{\"Set\":{\"Documents\":\"any\"}}");
  assert_int_equal(create("c", merged, &system), PENDING);
  json_t *seen = report();
  assert_empty(seen, "Complaints");
  json_decref(seen);
}

/* ---- processes and the rest ---------------------------------------------------------------------------- */

static void complains_of_processes(void **state) {
  static const wrong parameters[] = {
      {"\"CommandLine\":\"standin hang\",\"CreateStdInPipe\":false,",
       "CreateStdInPipe: empty, and not omitted", 1},
      {"\"CommandLine\":\"standin hang\",\"Environment\":{},",
       "Environment: empty, and not omitted", 1},
      {"\"CommandLine\":\"standin hang\",\"Environment\":{\"b\":\"1\",\"a\":\"2\"},",
       "Environment: the keys are not sorted", 1},
      {"\"CommandLine\":\"standin hang\",\"Environment\":{\"a\":1},",
       "Environment.a: a string is wanted", 0},
      {"\"CommandLine\":[\"standin\"],", "CommandLine: a string is wanted", 0},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(parameters); i++) {
    watcher watch;
    subprocess child;
    HCS_SYSTEM system = running("c", ISOLATED, &watch);
    HRESULT status = spawn(system, parameters[i].document, &child);
    if ((status == S_OK) != parameters[i].is_readable) {
      fail_msg("number %zu: 0x%08lX", i, (unsigned long)status);
    }
    assert_complaint(parameters[i].complaint);
    dll.StandinReset();
  }
}

typedef HRESULT (*sender)(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document, PWSTR *result);

static HRESULT send_query(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document, PWSTR *result) {
  PWSTR given = NULL;
  (void)process;
  HRESULT status = dll.HcsGetComputeSystemProperties(system, document, &given, result);
  CoTaskMemFree(given);
  return status;
}

static HRESULT send_list(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document, PWSTR *result) {
  PWSTR given = NULL;
  (void)system;
  (void)process;
  HRESULT status = dll.HcsEnumerateComputeSystems(document, &given, result);
  CoTaskMemFree(given);
  return status;
}

static HRESULT send_change(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document, PWSTR *result) {
  (void)process;
  return dll.HcsModifyComputeSystem(system, document, result);
}

static HRESULT send_settings(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document,
                             PWSTR *result) {
  (void)system;
  return dll.HcsModifyProcess(process, document, result);
}

static HRESULT send_signal(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document, PWSTR *result) {
  (void)system;
  return dll.HcsSignalProcess(process, document, result);
}

static HRESULT send_options(HCS_SYSTEM system, HCS_PROCESS process, PCWSTR document,
                            PWSTR *result) {
  (void)process;
  return dll.HcsShutdownComputeSystem(system, document, result);
}

static void complains_of_all_others(void **state) {
  static const struct {
    sender send;
    PCWSTR document;
    const char *complaint;
  } others[] = {
      {send_query, L"{\"PropertyTypes\":[]}", "PropertyTypes: empty, and not omitted"},
      {send_query, L"", "expected near end of file"},
      {send_query, NULL, "the document is NULL"},
      {send_query, L"{\"PropertyTypes\":[\"\xD800\"]}", "the document is not UTF-16"},
      {send_list, L"{\"Owners\":[\"a\"],\"Ids\":[\"b\"]}", "Ids: not in the order"},
      {send_change, L"{\"ResourceType\":\"Network\",\"RequestType\":\"Add\"}",
       "Settings: missing, it is always emitted"},
      {send_change, L"{\"ResourceType\":\"X\",\"Settings\":{\"b\":1,\"a\":2}}",
       "Settings: the keys are not sorted"},
      {send_settings, L"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Width\":1,\"Height\":1}}",
       "ConsoleSize.Height: not in the order"},
      {send_settings, L"{\"Operation\":\"ConsoleSize\"}", "ConsoleSize without what it says"},
      {send_settings,
       L"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":70000,"
       L"\"Width\":1}}",
       "ConsoleSize.Height: out of its type's range"},
      {send_signal, L"{\"Signal\":15}", "Signal: a string is wanted"},
      {send_options, L"{}", "options for a container"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(others); i++) {
    watcher watch;
    subprocess child;
    PWSTR result = NULL;
    HCS_SYSTEM system = running("c", ISOLATED, &watch);
    assert_int_equal(spawn(system, "\"CommandLine\":\"standin hang\",", &child), S_OK);
    (void)others[i].send(system, child.process, others[i].document, &result);
    CoTaskMemFree(result);
    assert_complaint(others[i].complaint);
    dll.StandinReset();
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(complains_of_configurations, dll_reset),
    cmocka_unit_test_teardown(takes_what_go_sends, dll_reset),
    cmocka_unit_test_teardown(keeps_the_bytes, dll_reset),
    cmocka_unit_test_teardown(takes_any_when_told, dll_reset),
    cmocka_unit_test_teardown(complains_of_processes, dll_reset),
    cmocka_unit_test_teardown(complains_of_all_others, dll_reset),
};

int main(void) { return cmocka_run_group_tests(tests, dll_load, NULL); }
