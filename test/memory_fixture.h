/*
 * memory_fixture.h - what the tests of the handles share: containers in a wanted state, threads that
 * are known to be inside a call, expectations on errors.
 */
#ifndef MEMORY_FIXTURE_H
#define MEMORY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pthread.h>

#include <cmocka.h>

#include "hcs/error.h"
#include "hcs/hcs.h"
#include "memory_platform.h"

#define UNUSED __attribute__((unused))
#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

/* The error of the test that runs; every test ends with as many objects as it began with. */
static hcs_error *err;
static int objects_before;

UNUSED static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  objects_before = memory_platform_objects();
  return err != NULL ? 0 : -1;
}

UNUSED static int teardown(void **state) {
  (void)state;
  hcs_error_free(err);
  if (memory_platform_objects() == objects_before) return 0;
  print_error("%d objects of the platform are left\n", memory_platform_objects());
  return -1;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* Expects success, and says why there was none. */
#define assert_ok(call)                                                                            \
  do {                                                                                             \
    if ((call) != 0) {                                                                             \
      print_error("%s: %s\n", #call, hcs_error_message(err));                                      \
      fail();                                                                                      \
    }                                                                                              \
  } while (0)

#define assert_fails(call, expected)                                                               \
  do {                                                                                             \
    assert_int_equal((call), -1);                                                                  \
    assert_true(hcs_error_kind(err) == (expected));                                                \
  } while (0)

#define assert_null_with(call, expected)                                                           \
  do {                                                                                             \
    assert_null(call);                                                                             \
    assert_true(hcs_error_kind(err) == (expected));                                                \
  } while (0)

#define assert_says(text) assert_non_null(strstr(hcs_error_message(err), (text)))

UNUSED static int64_t in_ms(int64_t ms) { return hcs_clock_ns() + ms * MS; }

UNUSED static void sleep_ms(long ms) {
  nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Returns when the platform's operation has been called that often: a thread is inside. */
UNUSED static void await_calls(const char *operation, unsigned calls) {
  int64_t deadline = in_ms(10000);

  while (memory_platform_calls(operation) < calls && hcs_clock_ns() < deadline) sleep_ms(1);
  assert_true(memory_platform_calls(operation) >= calls);
  sleep_ms(2);
}

UNUSED static hcs_system *created(const char *id) {
  hcs_system *system = hcs_system_create(id, "{\"Layers\":[{\"Path\":\"/\"}]}", err);

  if (system == NULL) print_error("%s\n", hcs_error_message(err));
  assert_non_null(system);
  return system;
}

UNUSED static hcs_system *running(const char *id) {
  hcs_system *system = created(id);

  assert_ok(hcs_system_start(system, err));
  return system;
}

/* Ends and frees a container. */
UNUSED static void gone(hcs_system *system) {
  assert_ok(hcs_system_terminate(system, err));
  hcs_system_free(system);
}

/* `arguments` is the inside of CommandArgs, `pipes` of "ioe" says which there are. */
UNUSED static hcs_process *spawned(hcs_system *system, const char *arguments, const char *pipes) {
  char config[512];
  hcs_process *process;

  snprintf(config, sizeof config,
           "{\"CommandArgs\":[%s],\"CreateStdInPipe\":%s,\"CreateStdOutPipe\":%s,"
           "\"CreateStdErrPipe\":%s}",
           arguments, strchr(pipes, 'i') ? "true" : "false", strchr(pipes, 'o') ? "true" : "false",
           strchr(pipes, 'e') ? "true" : "false");
  process = hcs_process_create(system, config, err);
  if (process == NULL) print_error("%s\n", hcs_error_message(err));
  assert_non_null(process);
  return process;
}

#endif
