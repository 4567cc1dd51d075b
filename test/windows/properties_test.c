/*
 * properties_test.c - what a container tells of itself, and lists of containers.
 */
#include "service_fixture.h"

/* Owned; NULL with `err` filled. */
static json_t *properties(hcs_system *system, const char *query) {
  char *text = hcs_system_properties(system, query, err);
  json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;

  hcs_string_free(text);
  return root;
}

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));

  return text != NULL ? text : "absent";
}

static int has(const json_t *object, const char *name) {
  return json_object_get(object, name) != NULL;
}

static void test_basic(void **state) {
  hcs_system *system = created_as("c1", "{\"Owner\":\"lab\",\"Name\":\"web\"," LAYER "}");
  json_t *root = properties(system, NULL);

  (void)state;
  assert_string_equal(text_of(root, "Id"), "c1");
  assert_string_equal(text_of(root, "State"), "Created");
  assert_string_equal(text_of(root, "Owner"), "lab");
  assert_string_equal(text_of(root, "SystemType"), "Container");
  assert_int_equal(strlen(text_of(root, "RuntimeId")), 36);
  assert_false(has(root, "Statistics"));
  assert_false(has(root, "Stopped"));
  assert_int_equal(received("HcsGetComputeSystemProperties", "{}"), 2);
  json_decref(root);
  gone(system);
}

static void test_types(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "hang", "");
  json_t *root = properties(system, "{\"PropertyTypes\":[\"Statistics\",\"ProcessList\"]}");

  (void)state;
  assert_true(has(root, "Statistics"));
  assert_true(json_array_size(json_object_get(root, "ProcessList")) >= 1);
  json_decref(root);
  hcs_process_free(process);
  gone(system);
}

/* The API takes a type in any case, the service knows one. */
static void test_spelling(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  json_decref(properties(system, "{\"PropertyTypes\":[\"statistics\",\"PROCESSLIST\"]}"));
  assert_int_equal(received("HcsGetComputeSystemProperties",
                            "{\"PropertyTypes\":[\"Statistics\",\"ProcessList\"]}"),
                   1);
  gone(system);
}

/* It says of itself what was known, and how it ended, whatever the service forgets. */
static void test_after_the_end(void **state) {
  hcs_system *system = running_as("c1", "{\"Owner\":\"lab\"," LAYER "}");
  json_t *root;

  (void)state;
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  root = properties(system, "{\"PropertyTypes\":[\"Statistics\"]}");
  assert_string_equal(text_of(root, "Id"), "c1");
  assert_string_equal(text_of(root, "State"), "Stopped");
  assert_string_equal(text_of(root, "ExitType"), "ForcedExit");
  assert_string_equal(text_of(root, "Owner"), "lab");
  assert_true(json_is_true(json_object_get(root, "Stopped")));
  json_decref(root);
  hcs_system_free(system);
}

/* The service has forgotten it already, and its end is told a moment later: or never. */
static void test_forgotten(void **state) {
  static const char *const answers[] = {"0xC037010E", "0x8037010E", "0xC0370110", "0x80370110"};

  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    hcs_system *system = running("c1");
    json_t *root;

    tell("[{\"On\":\"HcsGetComputeSystemProperties\",\"Times\":2,\"Status\":\"%s\"},"
         "{\"On\":\"SystemExited\",\"NotifyDelayMs\":100}]",
         answers[i]);
    assert_string_equal(hcs_system_state(system, err), "Stopped");
    if (i == 0) tell("{\"Do\":\"Exit\",\"Id\":\"c1\"}");
    root = properties(system, NULL);
    assert_string_equal(text_of(root, "State"), "Stopped");
    assert_string_equal(text_of(root, "ExitType"), i == 0 ? "GracefulExit" : "Unknown");
    json_decref(root);
    gone(system);
  }
}

/* While it is torn down nothing is known (hcs-contract §1.5); its end has not been told, so it runs. */
static void test_being_torn_down(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (int i = 0; i < 2; i++) {
    tell("{\"On\":\"HcsGetComputeSystemProperties\",\"Times\":2,\"Status\":\"%s\"}",
         i == 0 ? "0xC0370105" : "0x80070006");
    assert_string_equal(hcs_system_state(system, err), "Running");
    assert_null(properties(system, NULL));
    assert_failed_with(i == 0 ? HCS_E_INVALID_STATE : HCS_E_INVALID_HANDLE);
  }
  tell("{\"On\":\"HcsGetComputeSystemProperties\",\"Times\":1,\"Status\":\"0x80070005\"}");
  assert_null_with(hcs_system_state(system, err), HCS_E_ACCESS_DENIED);
  gone(system);
}

static void test_states_of_the_service(void **state) {
  static const struct {
    const char *said, *state;
  } rows[] = {{"Created", "Created"}, {"Running", "Running"}, {"Paused", "Paused"},
              {"Stopped", "Stopped"}, {"Unknown", "Running"}, {"SavedAsTemplate", "Paused"}};
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    json_t *root;

    tell("{\"On\":\"HcsGetComputeSystemProperties\",\"Times\":2,\"Document\":{\"Id\":\"c1\","
         "\"SystemType\":\"Container\",\"State\":\"%s\",\"More\":[null,1]}}",
         rows[i].said);
    assert_string_equal(hcs_system_state(system, err), rows[i].state);
    root = properties(system, NULL);
    assert_string_equal(text_of(root, "State"), rows[i].state);
    assert_true(has(root, "More"));
    json_decref(root);
  }
  gone(system);
}

/* ---- lists --------------------------------------------------------------------------------------- */

static json_t *list(const char *query, const char *types) {
  char *text = hcs_enumerate(query, types, err);
  json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;

  hcs_string_free(text);
  if (root == NULL) fail_msg("enumerate: %s", hcs_error_message(err));
  return root;
}

static void test_list(void **state) {
  hcs_system *one = created("c1"), *two = running("c2");
  json_t *all = list(NULL, NULL), *some = list("{\"Ids\":[\"c2\",\"c3\"]}", NULL);

  (void)state;
  assert_int_equal(json_array_size(all), 2);
  assert_int_equal(json_array_size(some), 1);
  assert_string_equal(text_of(json_array_get(some, 0), "Id"), "c2");
  assert_string_equal(text_of(json_array_get(some, 0), "State"), "Running");
  assert_int_equal(calls("HcsOpenComputeSystem"), 0);
  assert_int_equal(received("HcsEnumerateComputeSystems", "{\"Ids\":[\"c2\",\"c3\"]}"), 1);
  json_decref(all);
  json_decref(some);
  gone(one);
  gone(two);
  all = list(NULL, NULL);
  assert_int_equal(json_array_size(all), 0);
  json_decref(all);
}

static void test_list_with_types(void **state) {
  hcs_system *one = created("c1"), *two = running("c2");
  json_t *all = list(NULL, "{\"PropertyTypes\":[\"Statistics\"]}");

  (void)state;
  assert_int_equal(json_array_size(all), 2);
  for (size_t i = 0; i < 2; i++) {
    const json_t *item = json_array_get(all, i);
    int is_running = strcmp(text_of(item, "Id"), "c2") == 0;

    assert_string_equal(text_of(item, "State"), is_running ? "Running" : "Created");
    if (is_running) assert_true(has(item, "Statistics"));
  }
  json_decref(all);
  gone(one);
  gone(two);
}

/* What vanishes meanwhile is left out; what tells no more is listed with what is known. */
static void test_list_of_changing(void **state) {
  static const struct {
    const char *function, *status;
    size_t listed;
  } rows[] = {
      {"HcsOpenComputeSystem", "0xC037010E", 1},
      {"HcsOpenComputeSystem", "0x8037010E", 1},
      {"HcsOpenComputeSystem", "0x80070005", 2},
      {"HcsGetComputeSystemProperties", "0xC0370110", 1},
      {"HcsGetComputeSystemProperties", "0xC0370105", 2},
  };
  hcs_system *one = running("c1"), *two = running("c2");

  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    json_t *all;

    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"%s\"}", rows[i].function, rows[i].status);
    all = list(NULL, "{\"PropertyTypes\":[\"Statistics\"]}");
    assert_int_equal(json_array_size(all), rows[i].listed);
    json_decref(all);
  }
  gone(one);
  gone(two);
}

static void test_unexpected_lists(void **state) {
  static const char *const documents[] = {"null", "\"\"", "\"nonsense\"", "{}"};

  (void)state;
  for (size_t i = 0; i < COUNT(documents); i++) {
    tell("{\"On\":\"HcsEnumerateComputeSystems\",\"Times\":1,\"Document\":%s}", documents[i]);
    assert_null_with(hcs_enumerate(NULL, NULL, err), HCS_E_UNEXPECTED_VALUE);
  }
}

static void test_modify(void **state) {
  static const char request[] =
      "{\"ResourceType\":\"Network\",\"Settings\":\"eef2649d-bb17-4d53-9937-295a8efe6f2c\","
      "\"RequestType\":\"Add\"}";
  hcs_system *system = running("c1");

  (void)state;
  assert_ok(hcs_system_modify(system, request, err));
  assert_int_equal(received("HcsModifyComputeSystem", request), 1);
  tell("{\"On\":\"HcsModifyComputeSystem\",\"Times\":1,\"Carry\":true,\"Status\":\"0xC0370103\"}");
  assert_ok(hcs_system_modify(system, request, err));
  gone(system);
}

static void test_gc(void **state) {
  int cleaned = 7;

  (void)state;
  assert_ok(hcs_gc(&cleaned, err));
  assert_int_equal(cleaned, 0);
  assert_string_equal(hcs_backend(), "windows");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_basic),
      TEST(test_types),
      TEST(test_spelling),
      TEST(test_after_the_end),
      TEST(test_forgotten),
      TEST(test_being_torn_down),
      TEST(test_states_of_the_service),
      TEST(test_list),
      TEST(test_list_with_types),
      TEST(test_list_of_changing),
      TEST(test_unexpected_lists),
      TEST(test_modify),
      TEST(test_gc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
