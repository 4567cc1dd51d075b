/*
 * standin_stress_test.c - the stand-in vmcompute.dll under many threads: it must not be what a stress test
 * of the library stumbles over.
 */
#include "test/windows/standin_fixture.h"

#define THREADS 16
#define ROUNDS 25 /* of each; standin_stress_test.exe ROUNDS for more */

static int rounds = ROUNDS;

/* A container of its own each round, a process that ends by itself while it is killed, ends in any order. */
static DWORD WINAPI live(void *context) {
  int number = (int)(intptr_t)context;
  char id[20];
  (void)snprintf(id, sizeof id, "own-%d", number);
  for (int i = 0; i < rounds; i++) {
    watcher watch;
    subprocess child;
    PWSTR result = NULL;
    HCS_SYSTEM system = running(id, ISOLATED, &watch);
    spawn_watched(system, "\"CommandLine\":\"standin out x exit 3\",\"CreateStdOutPipe\":true,",
                  &child);
    if (i % 3 == 0) (void)dll.HcsTerminateProcess(child.process, &result);
    CoTaskMemFree(result);
    if (i % 2 == 0) assert_int_equal(watch_wait(&child.watch, PROCESS_EXITED), S_OK);
    if (i % 5 == 0) close_child(&child);
    end(system, &watch);
    if (i % 5 != 0) close_child(&child);
  }
  return 0;
}

/* All of them on one container: handles come and go, it does not. */
static DWORD WINAPI visit(void *context) {
  (void)context;
  for (int i = 0; i < rounds; i++) {
    watcher watch;
    subprocess child;
    PWSTR result = NULL;
    HCS_SYSTEM system = NULL;
    assert_int_equal(dll.HcsOpenComputeSystem(L"shared", &system, &result), S_OK);
    watch_system(&watch, system);
    spawn_watched(system, "\"CommandLine\":\"standin cat exit 4\"," PIPES, &child);
    write_text(child.information.StdInput, "y");
    close_pipe(&child.information.StdInput);
    assert_string_equal(i % 2 == 0 ? "y" : read_all(child.information.StdOutput), "y");
    assert_int_equal(exit_code(&child), 4);
    close_child(&child);
    close_system(system, &watch);
  }
  return 0;
}

static void in_threads(LPTHREAD_START_ROUTINE routine) {
  HANDLE threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    threads[i] = CreateThread(NULL, 0, routine, (void *)(intptr_t)i, 0, NULL);
    assert_non_null(threads[i]);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(WaitForSingleObject(threads[i], INFINITE), WAIT_OBJECT_0);
    assert_true(CloseHandle(threads[i]));
  }
}

static void bears_many_containers(void **state) {
  (void)state;
  in_threads(live);
  assert_clean();
}

static void bears_many_handles_on_one(void **state) {
  watcher watch;
  HCS_SYSTEM system = running("shared", ISOLATED, &watch);
  (void)state;
  in_threads(visit);
  end(system, &watch);
  assert_clean();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(bears_many_containers, dll_reset),
    cmocka_unit_test_teardown(bears_many_handles_on_one, dll_reset),
};

int main(int count, char **words) {
  if (count > 1) rounds = atoi(words[1]);
  return cmocka_run_group_tests(tests, dll_load, NULL);
}
