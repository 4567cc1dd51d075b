/*
 * service_fixture.h - what the tests on the stand-in's service share: it is made to misbehave, its report
 * is read, and at the end of every test nothing is left open and nothing was complained of.
 */
#ifndef SERVICE_FIXTURE_H
#define SERVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <windows.h>

#include <jansson.h>

#include "hcs/error.h"
#include "hcs/hcs.h"

#define UNUSED __attribute__((unused))
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static hcs_error *err;

/* ---- the stand-in's own functions -------------------------------------------------------------- */

typedef struct standin_functions {
  int (*tell)(const char *json);
  char *(*report)(void);
  void (*free)(char *text);
  void (*reset)(void);
} standin_functions;

static standin_functions standin;

static FARPROC standin_function(HMODULE library, const char *name) {
  FARPROC function = GetProcAddress(library, name);

  if (function == NULL) fail_msg("vmcompute.dll has no %s: it is not the stand-in", name);
  return function;
}

static void standin_find(void) {
  HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  FARPROC found[4];

  if (library == NULL) fail_msg("no vmcompute.dll in System32");
  found[0] = standin_function(library, "StandinTell");
  found[1] = standin_function(library, "StandinReport");
  found[2] = standin_function(library, "StandinFree");
  found[3] = standin_function(library, "StandinReset");
  memcpy(&standin, found, sizeof found);
}

/* `...` is JSON; a container's id may be put in with printf's means. */
UNUSED static HCS_PRINTF(1, 2) void tell(const char *format, ...) {
  char json[1024];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(json, sizeof json, format, arguments);
  va_end(arguments);
  if (standin.tell(json) != 0) fail_msg("the stand-in does not understand %s", json);
}

/* Owned. */
UNUSED static json_t *report(void) {
  char *text = standin.report();
  json_t *root = json_loads(text, JSON_ALLOW_NUL, NULL);

  standin.free(text);
  assert_non_null(root);
  return root;
}

/* How often a function of the service has been called. */
UNUSED static int calls(const char *function) {
  json_t *root = report();
  int count = (int)json_integer_value(json_object_get(json_object_get(root, "Calls"), function));

  json_decref(root);
  return count;
}

/* Whether the service has received that document through that function, and how often. */
UNUSED static int received(const char *function, const char *document) {
  json_t *root = report(), *list = json_object_get(root, "Received");
  int count = 0;

  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *row = json_array_get(list, i);
    const char *call = json_string_value(json_object_get(row, "Call"));
    const char *text = json_string_value(json_object_get(row, "Document"));

    count +=
        call != NULL && text != NULL && strcmp(call, function) == 0 && strcmp(text, document) == 0;
  }
  json_decref(root);
  return count;
}

/* Containers that the service knows, ended ones not. */
UNUSED static int systems(void) {
  json_t *root = report();
  int count = (int)json_array_size(json_object_get(root, "Systems"));

  json_decref(root);
  return count;
}

/* ---- setup and teardown ------------------------------------------------------------------------ */

/* What it complains of in the test's own orders has failed in tell(), where it matters. */
static int is_about_orders(const json_t *item) {
  const char *text = json_string_value(item);

  return text != NULL && strncmp(text, "StandinTell:", 12) == 0;
}

/* How many entries the list has; says what they are. */
static int print_left(const json_t *root, const char *list) {
  const json_t *left = json_object_get(root, list);
  int count = 0;

  for (size_t i = 0; i < json_array_size(left); i++) {
    const json_t *item = json_array_get(left, i);
    char *text;

    if (is_about_orders(item)) continue;
    text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
    print_error("%s: %s\n", list, text != NULL ? text : "?");
    free(text);
    count++;
  }
  return count;
}

static const char *const open_things[] = {"Handles", "Pipes", "Strings"};

static int is_all_closed(void) {
  json_t *root = report();
  size_t count = 0;

  for (size_t i = 0; i < COUNT(open_things); i++)
    count += json_array_size(json_object_get(root, open_things[i]));
  json_decref(root);
  return count == 0;
}

static int is_clean(void) {
  json_t *root = report();
  int count = print_left(root, "Complaints");

  for (size_t i = 0; i < COUNT(open_things); i++) count += print_left(root, open_things[i]);
  json_decref(root);
  return count == 0;
}

UNUSED static void set_timeout(const wchar_t *variable, const wchar_t *seconds) {
  assert_true(SetEnvironmentVariableW(variable, seconds));
}

UNUSED static int setup(void **state) {
  (void)state;
  if (standin.tell == NULL) standin_find();
  standin.reset();
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

/* What goes on in the background is given a moment: a pipe is closed by another thread. */
UNUSED static int teardown(void **state) {
  int clean;

  (void)state;
  for (int i = 0; i < 200 && !is_all_closed(); i++) Sleep(10);
  clean = is_clean();
  standin.reset();
  hcs_error_free(err);
  return clean ? 0 : -1;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- expectations ------------------------------------------------------------------------------ */

#define assert_ok(call)                                                                            \
  do {                                                                                             \
    if ((call) != 0) fail_msg("%s: %s", #call, hcs_error_message(err));                            \
  } while (0)

#define assert_failed_with(expected)                                                               \
  do {                                                                                             \
    if (hcs_error_kind(err) != (uint64_t)(expected))                                               \
      fail_msg("%s expected, got %s: %s", #expected, hcs_error_name(err), hcs_error_message(err)); \
  } while (0)

#define assert_fails(call, expected)                                                               \
  do {                                                                                             \
    assert_int_equal((call), -1);                                                                  \
    assert_failed_with(expected);                                                                  \
  } while (0)

#define assert_null_with(call, expected)                                                           \
  do {                                                                                             \
    assert_null(call);                                                                             \
    assert_failed_with(expected);                                                                  \
  } while (0)

#define assert_says(text)                                                                          \
  do {                                                                                             \
    if (strstr(hcs_error_message(err), (text)) == NULL)                                            \
      fail_msg("'%s' expected in '%s'", (text), hcs_error_message(err));                           \
  } while (0)

/* ---- containers and processes ------------------------------------------------------------------ */

UNUSED static int64_t in_ms(int64_t ms) { return hcs_clock_ns() + ms * MS; }

#define LAYER                                                                                      \
  "\"Layers\":[{\"ID\":\"18955d65-d45a-557b-bf1c-49d6dfefc526\",\"Path\":\"C:\\\\windows\"}]"
#define CONFIG "{" LAYER "}"
/* One that can be paused. */
#define HYPER_V "{" LAYER ",\"HvPartition\":true}"

UNUSED static hcs_system *created_as(const char *id, const char *config) {
  hcs_system *system = hcs_system_create(id, config, err);

  if (system == NULL) fail_msg("create %s: %s", id, hcs_error_message(err));
  return system;
}

UNUSED static hcs_system *created(const char *id) { return created_as(id, CONFIG); }

UNUSED static hcs_system *running_as(const char *id, const char *config) {
  hcs_system *system = created_as(id, config);

  assert_ok(hcs_system_start(system, err));
  return system;
}

UNUSED static hcs_system *running(const char *id) { return running_as(id, CONFIG); }

UNUSED static hcs_system *opened(const char *id) {
  hcs_system *system = hcs_system_open(id, err);

  if (system == NULL) fail_msg("open %s: %s", id, hcs_error_message(err));
  return system;
}

/* Ends and frees a container. */
UNUSED static void gone(hcs_system *system) {
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, in_ms(10000), err));
  hcs_system_free(system);
}

/* A process that does what `words` say (see standin.h); `pipes` of "ioe" says which it has. */
UNUSED static hcs_process *spawned(hcs_system *system, const char *words, const char *pipes) {
  char config[512];
  hcs_process *process;

  snprintf(config, sizeof config,
           "{\"CommandLine\":\"standin %s\",\"CreateStdInPipe\":%s,\"CreateStdOutPipe\":%s,"
           "\"CreateStdErrPipe\":%s}",
           words, strchr(pipes, 'i') ? "true" : "false", strchr(pipes, 'o') ? "true" : "false",
           strchr(pipes, 'e') ? "true" : "false");
  process = hcs_process_create(system, config, err);
  if (process == NULL) fail_msg("create_process %s: %s", words, hcs_error_message(err));
  return process;
}

UNUSED static hcs_process_exit exited(hcs_process *process) {
  hcs_process_exit exit = {0};

  assert_ok(hcs_process_wait(process, in_ms(10000), &exit, err));
  return exit;
}

UNUSED static void assert_exits_with(hcs_process *process, uint32_t code) {
  hcs_process_exit exit = exited(process), again = {0};

  assert_int_equal(exit.code, code);
  assert_int_equal(exit.tracked, 1);
  assert_null(exit.signal);
  assert_ok(hcs_process_exit_get(process, &again, err));
  assert_int_equal(again.code, code);
}

/* ---- other threads ----------------------------------------------------------------------------- */

/* One call on another thread; `result` and `error` are there once joined. */
typedef struct background {
  HANDLE thread;
  int (*call)(void *object, hcs_error *error);
  void *object;
  hcs_error *error;
  int result;
} background;

static DWORD WINAPI background_run(void *context) {
  background *self = context;

  self->result = self->call(self->object, self->error);
  return 0;
}

UNUSED static void begin(background *self, int (*call)(void *, hcs_error *), void *object) {
  *self = (background){.call = call, .object = object, .error = hcs_error_new(), .result = 99};
  self->thread = CreateThread(NULL, 0, background_run, self, 0, NULL);
  assert_non_null(self->thread);
}

/* Expects it to end soon; moves its error into `err`. */
UNUSED static int joined(background *self) {
  if (WaitForSingleObject(self->thread, 10000) != WAIT_OBJECT_0) fail_msg("a call hangs");
  CloseHandle(self->thread);
  hcs_error_free(err);
  err = self->error;
  return self->result;
}

UNUSED static int wait_system(void *object, hcs_error *error) {
  return hcs_system_wait(object, HCS_FOREVER, error);
}

UNUSED static int wait_process(void *object, hcs_error *error) {
  hcs_process_exit exit;

  return hcs_process_wait(object, HCS_FOREVER, &exit, error);
}

UNUSED static int start_system(void *object, hcs_error *error) {
  return hcs_system_start(object, error);
}

#endif
