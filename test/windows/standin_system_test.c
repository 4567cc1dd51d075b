/*
 * standin_system_test.c - the stand-in vmcompute.dll itself: compute systems, their states and their
 * notifications, seen through the DLL's functions alone.
 */
#include "test/windows/standin_fixture.h"

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(lives_and_ends, dll_reset),
};

int main(void) { return cmocka_run_group_tests(tests, dll_load, NULL); }
