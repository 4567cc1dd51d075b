/*
 * system_test.c - containers' handles: gates, ids, the stored exit, closing, forked children.
 */
#include "memory_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- the gates --------------------------------------------------------------------------------- */

#define REQUEST "{\"ResourceType\":\"Network\",\"Settings\":\"x\",\"RequestType\":\"Add\"}"

static int wait_now(hcs_system *system, hcs_error *e) { return hcs_system_wait(system, 0, e); }

static int modify(hcs_system *system, hcs_error *e) {
  return hcs_system_modify(system, REQUEST, e);
}

static int properties(hcs_system *system, hcs_error *e) {
  char *text = hcs_system_properties(system, NULL, e);

  hcs_string_free(text);
  return text != NULL ? 0 : -1;
}

static int state(hcs_system *system, hcs_error *e) {
  return hcs_system_state(system, e) != NULL ? 0 : -1;
}

static int create_process(hcs_system *system, hcs_error *e) {
  hcs_process *process = hcs_process_create(system, "{\"CommandLine\":\"exit 0\"}", e);

  hcs_process_free(process);
  return process != NULL ? 0 : -1;
}

/* The process that bring_to() has left there. */
static int open_process(hcs_system *system, hcs_error *e) {
  hcs_process *process = hcs_process_open(system, 2, e);

  hcs_process_free(process);
  return process != NULL ? 0 : -1;
}

static const hcs_file_options as_it_is = {.mode = -1, .user = NULL};

static int write_file(hcs_system *system, hcs_error *e) {
  return hcs_system_write_file(system, "/file", "x", 1, &as_it_is, e);
}

/* What bring_to() has left there. */
static int read_file(hcs_system *system, hcs_error *e) {
  size_t size;
  char *data = hcs_system_read_file(system, "/file", &size, e);

  hcs_string_free(data);
  return data != NULL ? 0 : -1;
}

#define OK 0
#define STATE HCS_E_INVALID_STATE
#define GONE HCS_E_SYSTEM_ALREADY_STOPPED
#define CLOSED HCS_E_ALREADY_CLOSED
#define LATE HCS_E_TIMEOUT

enum { CREATED, RUNNING, PAUSED, STOPPED, SHUT, STATES };

static const struct {
  const char *name;
  int (*call)(hcs_system *, hcs_error *);
  uint64_t expected[STATES];
} operations[] = {
    /*                                       Created Running Paused Stopped closed */
    {"hcs::System::Start", hcs_system_start, {OK, STATE, STATE, GONE, CLOSED}},
    {"hcs::System::Shutdown", hcs_system_shutdown, {OK, OK, OK, OK, CLOSED}},
    {"hcs::System::Terminate", hcs_system_terminate, {OK, OK, OK, OK, CLOSED}},
    {"hcs::System::Pause", hcs_system_pause, {STATE, OK, STATE, GONE, CLOSED}},
    {"hcs::System::Resume", hcs_system_resume, {STATE, STATE, OK, GONE, CLOSED}},
    {"hcs::System::Modify", modify, {STATE, OK, STATE, GONE, CLOSED}},
    {"hcs::System::CreateProcess: exit 0", create_process, {STATE, OK, STATE, GONE, CLOSED}},
    {"hcs::System::OpenProcess", open_process, {STATE, OK, OK, GONE, CLOSED}},
    {"hcs::System::ReadFile", read_file, {OK, OK, STATE, GONE, CLOSED}},
    {"hcs::System::WriteFile", write_file, {OK, OK, STATE, GONE, CLOSED}},
    {"hcs::System::Properties", properties, {OK, OK, OK, OK, CLOSED}},
    {"hcs::System::State", state, {OK, OK, OK, OK, CLOSED}},
    {"hcsshim::ComputeSystem::Wait", wait_now, {LATE, LATE, LATE, OK, CLOSED}},
};

static hcs_system *bring_to(int wanted) {
  hcs_system *system = created("gate");

  assert_ok(write_file(system, err));
  if (wanted == CREATED) return system;
  assert_ok(hcs_system_start(system, err));
  hcs_process_free(spawned(system, "\"sleep\"", ""));
  if (wanted == PAUSED) assert_ok(hcs_system_pause(system, err));
  if (wanted == STOPPED) assert_ok(hcs_system_terminate(system, err));
  if (wanted == SHUT) assert_ok(hcs_system_close(system, 0, err));
  return system;
}

static void end(const char *id) {
  hcs_system *system = hcs_system_open(id, err);

  if (system != NULL) gone(system);
}

static void check_row(size_t row, int in) {
  uint64_t expected = operations[row].expected[in];
  hcs_system *system = bring_to(in);
  int result = operations[row].call(system, err);

  if ((expected == OK) != (result == 0) || (result != 0 && hcs_error_kind(err) != expected))
    fail_msg("%s in state %d: %d, %s", operations[row].name, in, result, hcs_error_message(err));
  if (result != 0) {
    assert_string_equal(hcs_error_id(err), "gate");
    if (expected != CLOSED || operations[row].call != create_process)
      assert_string_equal(hcs_error_operation(err), operations[row].name);
  }
  hcs_system_free(system);
  end("gate");
}

static void gates_row_by_row(void **unused) {
  (void)unused;
  for (size_t row = 0; row < sizeof operations / sizeof operations[0]; row++)
    for (int in = 0; in < STATES; in++) check_row(row, in);
}

static void refusals_say_what_to_do(void **unused) {
  hcs_system *system = created("web");

  (void)unused;
  assert_fails(hcs_system_pause(system, err), HCS_E_INVALID_STATE);
  assert_string_equal(hcs_error_message(err),
                      "the container is Created, not Running: call start() first");
  assert_ok(hcs_system_start(system, err));
  assert_ok(hcs_system_pause(system, err));
  assert_int_equal(create_process(system, err), -1);
  assert_says("the container is Paused, not Running: call resume() first");
  gone(system);
}

static void state_has_a_name(void **unused) {
  hcs_system *system = created("web");

  (void)unused;
  assert_string_equal(hcs_system_state(system, err), "Created");
  assert_ok(hcs_system_start(system, err));
  assert_string_equal(hcs_system_state(system, err), "Running");
  assert_ok(hcs_system_pause(system, err));
  assert_string_equal(hcs_system_state(system, err), "Paused");
  assert_ok(hcs_system_terminate(system, err));
  assert_string_equal(hcs_system_state(system, err), "Stopped");
  hcs_system_free(system);
}

/* The gate sees Running, and then another client's terminate is quicker. */
static void requests_that_come_too_late_are_done(void **unused) {
  static const uint64_t codes[] = {HCS_E_SYSTEM_ALREADY_STOPPED, HCS_E_SYSTEM_NOT_FOUND,
                                   HCS_E_OPERATION_PENDING, 0x80370110};
  hcs_system *system = running("web");

  (void)unused;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    memory_platform_fail("system_shutdown", codes[i]);
    assert_ok(hcs_system_shutdown(system, err));
    memory_platform_fail("system_terminate", codes[i]);
    assert_ok(hcs_system_terminate(system, err));
  }
  memory_platform_fail("system_terminate", HCS_E_BUSY);
  assert_fails(hcs_system_terminate(system, err), HCS_E_BUSY);
  gone(system);
}

static void operations_that_a_platform_lacks(void **unused) {
  hcs_system *system = running("web");
  intptr_t descriptor;

  (void)unused;
  assert_fails(hcs_system_pollfd(system, &descriptor, err), HCS_E_NOT_SUPPORTED);
  assert_string_equal(hcs_error_operation(err), "hcs::System::PollFd");
  gone(system);
}

/* ---- files ------------------------------------------------------------------------------------- */

static void files_are_bytes(void **unused) {
  static const char bytes[] = "one\0two";
  hcs_system *system = created("web");
  size_t size;
  char *data;

  (void)unused;
  assert_ok(hcs_system_write_file(system, "/f", bytes, sizeof bytes, &as_it_is, err));
  data = hcs_system_read_file(system, "/f", &size, err);
  assert_non_null(data);
  assert_int_equal(size, sizeof bytes);
  assert_memory_equal(data, bytes, size);
  assert_int_equal(data[size], '\0');
  hcs_string_free(data);
  gone(system);
}

static void what_is_wrong_with_a_file_is_found_first(void **unused) {
  static const hcs_file_options bad[] = {{.mode = -2}, {.mode = 010000}};
  hcs_system *system = created("web");
  unsigned writes = memory_platform_calls("system_write_file");
  size_t size;

  (void)unused;
  assert_null_with(hcs_system_read_file(system, "", &size, err), HCS_E_INVALID_PARAMETER);
  assert_fails(hcs_system_write_file(system, "", "", 0, &as_it_is, err), HCS_E_INVALID_PARAMETER);
  assert_says("path: it is empty");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_fails(hcs_system_write_file(system, "/f", "", 0, &bad[i], err), HCS_E_INVALID_PARAMETER);
  assert_int_equal(memory_platform_calls("system_write_file"), writes);
  assert_null_with(hcs_system_read_file(system, "/f", &size, err), HCS_E_FILE_NOT_FOUND);
  assert_string_equal(hcs_error_operation(err), "hcs::System::ReadFile");
  gone(system);
}

/* ---- ids and documents -------------------------------------------------------------------------- */

static void ids_are_checked_first(void **unused) {
  static const char too_long[] =
      "1234567890123456789012345678901234567890123456789012345678901234x";
  static const char *const bad[] = {"",    "-a",  ".a",       "_a",    "a/b",
                                    "a b", "a\n", "\xc3\xa4", too_long};
  unsigned creates = memory_platform_calls("system_create");
  unsigned opens = memory_platform_calls("system_open");

  (void)unused;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_null_with(hcs_system_create(bad[i], "{}", err), HCS_E_INVALID_PARAMETER);
    assert_string_equal(hcs_error_operation(err), "hcs::CreateComputeSystem");
    assert_null_with(hcs_system_open(bad[i], err), HCS_E_INVALID_PARAMETER);
    assert_string_equal(hcs_error_operation(err), "hcs::OpenComputeSystem");
  }
  assert_int_equal(memory_platform_calls("system_create"), creates);
  assert_int_equal(memory_platform_calls("system_open"), opens);
  gone(created("0.A_z-9"));
  gone(created("1234567890123456789012345678901234567890123456789012345678901234"));
}

static void no_id_makes_a_new_one(void **unused) {
  hcs_system *one = created(NULL), *other = created(NULL);

  (void)unused;
  assert_int_equal(strlen(hcs_system_id(one)), 28);
  assert_int_equal(strncmp(hcs_system_id(one), "hcs-", 4), 0);
  assert_string_not_equal(hcs_system_id(one), hcs_system_id(other));
  gone(one);
  gone(other);
}

static void ids_name_one_container(void **unused) {
  hcs_system *system = created("web");

  (void)unused;
  assert_null_with(hcs_system_create("web", "{}", err), HCS_E_SYSTEM_ALREADY_EXISTS);
  assert_string_equal(hcs_error_id(err), "web");
  assert_null_with(hcs_system_open("other", err), HCS_E_SYSTEM_NOT_FOUND);
  gone(system);
  gone(created("web"));
}

static void documents_are_checked(void **unused) {
  hcs_system *system = running("web");
  unsigned calls = memory_platform_calls("system_properties");

  (void)unused;
  assert_null(hcs_system_create("other", "{", err));
  assert_string_equal(hcs_error_operation(err), "hcs::CreateComputeSystem");
  assert_null(hcs_system_properties(system, "{", err));
  assert_string_equal(hcs_error_operation(err), "hcs::System::Properties");
  assert_int_equal(memory_platform_calls("system_properties"), calls);
  assert_int_equal(hcs_system_modify(system, "{", err), -1);
  assert_null(hcs_process_create(system, "{", err));
  assert_null(hcs_enumerate("{", NULL, err));
  assert_null(hcs_enumerate("{}", "{", err));
  gone(system);
}

static void the_environment_adds_to_the_config(void **unused) {
  hcs_system *system;
  char *list;

  (void)unused;
  setenv("HCSSHIM_CREATECONTAINER_ADDITIONALJSON", "{\"Owner\":\"lab\"}", 1);
  system = created("web");
  setenv("HCSSHIM_CREATECONTAINER_ADDITIONALJSON", "", 1);
  list = hcs_enumerate("{\"Owners\":[\"lab\"]}", NULL, err);
  unsetenv("HCSSHIM_CREATECONTAINER_ADDITIONALJSON");
  assert_non_null(list);
  assert_non_null(strstr(list, "\"web\""));
  hcs_string_free(list);
  gone(system);
}

static void the_list_and_cleaning_up(void **unused) {
  hcs_system *one = created("one"), *two = created("two");
  char *list = hcs_enumerate("{\"Ids\":[\"two\",\"three\"]}", NULL, err);
  int cleaned = -1;

  (void)unused;
  assert_non_null(list);
  assert_null(strstr(list, "\"one\""));
  assert_non_null(strstr(list, "\"two\""));
  hcs_string_free(list);
  memory_platform_fail("enumerate", HCS_E_BUSY);
  assert_null_with(hcs_enumerate(NULL, NULL, err), HCS_E_BUSY);
  assert_string_equal(hcs_error_operation(err), "hcs::GetComputeSystems");
  assert_ok(hcs_gc(&cleaned, err));
  assert_int_equal(cleaned, 0);
  assert_string_equal(hcs_backend(), "memory");
  gone(one);
  gone(two);
}

static void deadlines_from_the_environment(void **unused) {
  static const char *const useless[] = {"0", "-1", "1.5", "x", "", "1x"};
  hcs_system *system = created("web");

  (void)unused;
  for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
    setenv("HCSSHIM_TIMEOUT_SYSTEMPAUSE", useless[i], 1);
    if (i == 0) assert_ok(hcs_system_start(system, err));
    memory_platform_delay("system_pause", 2 * MS);
    assert_ok(hcs_system_pause(system, err));
    assert_ok(hcs_system_resume(system, err));
  }
  setenv("HCSSHIM_TIMEOUT_SYSTEMPAUSE", "1", 1);
  memory_platform_delay("system_pause", SECOND + 20 * MS);
  assert_fails(hcs_system_pause(system, err), HCS_E_TIMEOUT);
  setenv("HCSSHIM_TIMEOUT_SYSTEMPAUSE", "99999999999999999999999", 1);
  assert_ok(hcs_system_pause(system, err));
  unsetenv("HCSSHIM_TIMEOUT_SYSTEMPAUSE");
  gone(system);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void a_wanted_end_is_success(void **unused) {
  hcs_system *forced = running("forced"), *graceful = running("graceful");

  (void)unused;
  assert_fails(hcs_system_wait(forced, in_ms(5), err), HCS_E_TIMEOUT);
  assert_ok(hcs_system_terminate(forced, err));
  assert_ok(hcs_system_wait(forced, HCS_FOREVER, err));
  assert_ok(hcs_system_shutdown(graceful, err));
  assert_ok(hcs_system_wait(graceful, 0, err)); /* completion wins over the deadline */
  hcs_system_free(forced);
  hcs_system_free(graceful);
}

static void a_crash_is_told_every_time(void **unused) {
  hcs_system *system = running("web");
  unsigned calls;

  (void)unused;
  memory_platform_crash("web");
  assert_fails(hcs_system_wait(system, HCS_FOREVER, err), HCS_E_UNEXPECTED_EXIT);
  calls = memory_platform_calls("system_wait");
  assert_fails(hcs_system_wait(system, 0, err), HCS_E_UNEXPECTED_EXIT);
  assert_string_equal(hcs_error_operation(err), "hcsshim::ComputeSystem::Wait");
  assert_ok(hcs_system_close(system, 0, err));
  assert_fails(hcs_system_wait(system, HCS_FOREVER, err), HCS_E_UNEXPECTED_EXIT);
  assert_int_equal(memory_platform_calls("system_wait"), calls); /* latched */
  hcs_system_free(system);
}

static void close_keeps_an_end_that_nobody_waited_for(void **unused) {
  hcs_system *ended = running("ended"), *alive = running("alive");

  (void)unused;
  assert_ok(hcs_system_terminate(ended, err));
  assert_ok(hcs_system_close(ended, 0, err));
  assert_ok(hcs_system_wait(ended, 0, err));
  assert_ok(hcs_system_close(alive, 0, err));
  assert_fails(hcs_system_wait(alive, HCS_FOREVER, err), HCS_E_ALREADY_CLOSED);
  hcs_system_free(ended);
  hcs_system_free(alive);
  end("alive");
}

static void interrupted_waits_go_on(void **unused) {
  hcs_system *system = running("web");

  (void)unused;
  memory_platform_interrupt("system_wait");
  assert_int_equal(hcs_system_wait(system, HCS_FOREVER, err), HCS_INTERRUPTED);
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_wait(system, HCS_FOREVER, err));
  hcs_system_free(system);
}

/* ---- closing ------------------------------------------------------------------------------------ */

static void close_may_be_repeated(void **unused) {
  hcs_system *system = running("web");
  unsigned releases = memory_platform_calls("system_release");

  (void)unused;
  assert_int_equal(hcs_system_closed(system), 0);
  assert_ok(hcs_system_close(system, 1, err));
  assert_int_equal(hcs_system_closed(system), 1);
  assert_ok(hcs_system_close(system, 1, err));
  assert_string_equal(hcs_system_id(system), "web");
  hcs_system_free(system);
  assert_int_equal(memory_platform_calls("system_release"), releases + 1);
  hcs_system_free(NULL);
  end("web");
}

static void a_failing_close_has_closed(void **unused) {
  hcs_system *system = running("web");

  (void)unused;
  memory_platform_fail("system_release", HCS_E_TIMEOUT);
  assert_fails(hcs_system_close(system, 1, err), HCS_E_TIMEOUT);
  assert_string_equal(hcs_error_operation(err), "hcs::System::Close");
  assert_int_equal(hcs_system_closed(system), 1);
  assert_ok(hcs_system_close(system, 1, err));
  hcs_system_free(system);
  end("web");
}

static void the_last_handle_ends_the_container(void **unused) {
  hcs_system *first = hcs_system_create("web", "{\"TerminateOnLastHandleClosed\":true}", err);
  hcs_system *second = hcs_system_open("web", err);

  (void)unused;
  assert_ok(hcs_system_close(first, 1, err));
  assert_string_equal(hcs_system_state(second, err), "Created");
  hcs_system_free(second); /* collected is as good as closed */
  assert_null_with(hcs_system_open("web", err), HCS_E_SYSTEM_NOT_FOUND);
  hcs_system_free(first);
}

/* A thread's call; cmocka's assertions belong to the main thread. */
typedef struct call {
  pthread_t thread;
  hcs_system *system;
  int (*function)(hcs_system *, hcs_error *);
  hcs_error *err;
  int result;
} call;

static void *call_run(void *argument) {
  call *c = argument;

  c->result = c->function(c->system, c->err);
  return NULL;
}

static void call_begin(call *c, hcs_system *system, int (*function)(hcs_system *, hcs_error *)) {
  *c = (call){.system = system, .function = function, .err = hcs_error_new(), .result = -2};
  assert_int_equal(pthread_create(&c->thread, NULL, call_run, c), 0);
}

/* The kind of its error, 0 for success. */
static uint64_t call_end(call *c) {
  uint64_t kind;

  assert_int_equal(pthread_join(c->thread, NULL), 0);
  kind = c->result == 0 ? 0 : hcs_error_kind(c->err);
  hcs_error_free(c->err);
  return kind;
}

static int wait_for_ever(hcs_system *system, hcs_error *e) {
  return hcs_system_wait(system, HCS_FOREVER, e);
}

static void close_releases_waiters(void **unused) {
  hcs_system *system = running("web");
  unsigned calls = memory_platform_calls("system_wait");
  call waiters[4];

  (void)unused;
  for (int i = 0; i < 4; i++) call_begin(&waiters[i], system, wait_for_ever);
  await_calls("system_wait", calls + 4);
  assert_ok(hcs_system_close(system, 0, err));
  for (int i = 0; i < 4; i++) assert_true(call_end(&waiters[i]) == HCS_E_ALREADY_CLOSED);
  hcs_system_free(system);
  end("web");
}

static void all_waiters_are_told_the_end(void **unused) {
  hcs_system *system = running("web");
  unsigned calls = memory_platform_calls("system_wait");
  call waiters[4];

  (void)unused;
  for (int i = 0; i < 4; i++) call_begin(&waiters[i], system, wait_for_ever);
  await_calls("system_wait", calls + 4);
  memory_platform_crash("web");
  for (int i = 0; i < 4; i++) assert_true(call_end(&waiters[i]) == HCS_E_UNEXPECTED_EXIT);
  hcs_system_free(system);
}

static void free_may_overtake_a_wait(void **unused) {
  hcs_system *system = running("web");
  unsigned calls = memory_platform_calls("system_wait");
  call waiter;

  (void)unused;
  call_begin(&waiter, system, wait_for_ever);
  await_calls("system_wait", calls + 1);
  hcs_system_free(system);
  assert_true(call_end(&waiter) == HCS_E_ALREADY_CLOSED);
  assert_int_equal(memory_platform_objects(), objects_before);
  end("web");
}

static void close_waits_for_operations(void **unused) {
  hcs_system *system = created("web");
  unsigned calls = memory_platform_calls("system_start");
  hcs_system *look = hcs_system_open("web", err);
  call starter;

  (void)unused;
  memory_platform_delay("system_start", 50 * MS);
  call_begin(&starter, system, hcs_system_start);
  await_calls("system_start", calls + 1);
  assert_ok(hcs_system_close(system, 0, err));
  assert_string_equal(hcs_system_state(look, err), "Running"); /* close came after start's end */
  assert_true(call_end(&starter) == 0);
  hcs_system_free(system);
  gone(look);
}

static int close_here(hcs_system *system, hcs_error *e) { return hcs_system_close(system, 0, e); }

/* Otherwise a steady stream of operations could hold it off for ever. */
static void close_lets_nobody_overtake(void **unused) {
  hcs_system *system = created("web");
  unsigned calls = memory_platform_calls("system_start");
  call starter, closer;

  (void)unused;
  memory_platform_delay("system_start", 200 * MS);
  call_begin(&starter, system, hcs_system_start);
  await_calls("system_start", calls + 1);
  call_begin(&closer, system, close_here);
  sleep_ms(50);
  assert_int_equal(hcs_system_closed(system), 0);
  assert_null_with(hcs_system_state(system, err), HCS_E_ALREADY_CLOSED);
  assert_true(call_end(&starter) == 0);
  assert_true(call_end(&closer) == 0);
  hcs_system_free(system);
  end("web");
}

/* Everybody on one handle at once: for the sanitizers. */
static void any_call_from_any_thread(void **unused) {
  (void)unused;
  for (int round = 0; round < 50; round++) {
    hcs_system *system = running("web");
    call calls[6];

    call_begin(&calls[0], system, wait_for_ever);
    call_begin(&calls[1], system, state);
    call_begin(&calls[2], system, properties);
    call_begin(&calls[3], system, create_process);
    call_begin(&calls[4], system, close_here);
    call_begin(&calls[5], system, close_here);
    assert_true(call_end(&calls[0]) == HCS_E_ALREADY_CLOSED);
    for (int i = 1; i < 4; i++) {
      uint64_t kind = call_end(&calls[i]);

      assert_true(kind == 0 || kind == HCS_E_ALREADY_CLOSED);
    }
    assert_true(call_end(&calls[4]) == 0);
    assert_true(call_end(&calls[5]) == 0);
    hcs_system_free(system);
    end("web");
  }
}

/* ---- forked children ----------------------------------------------------------------------------- */

/* What must hold in the child, as the number of the first thing that does not. */
static int child_of(hcs_system *system, long parent) {
  char text[32];

  snprintf(text, sizeof text, "process %ld", parent);
  if (hcs_system_state(system, err) != NULL || hcs_error_kind(err) != HCS_E_INVALID_STATE) return 1;
  if (strstr(hcs_error_message(err), text) == NULL) return 2;
  if (hcs_system_wait(system, 0, err) != -1 || hcs_error_kind(err) != HCS_E_INVALID_STATE) return 3;
  if (create_process(system, err) != -1 || hcs_error_kind(err) != HCS_E_INVALID_STATE) return 4;
  if (strcmp(hcs_system_id(system), "web") != 0 || hcs_system_closed(system)) return 5;
  if (hcs_system_close(system, 1, err) != 0 || !hcs_system_closed(system)) return 6;
  if (memory_platform_foreign_frees() != 1) return 7;
  hcs_system_free(system);
  return memory_platform_foreign_frees() != 1 ? 8 : 0;
}

static void a_forked_child_only_lets_go(void **unused) {
  hcs_system *system = created("web");
  unsigned waits = memory_platform_calls("system_wait");
  unsigned starts = memory_platform_calls("system_start");
  call waiter, starter;
  long parent = getpid();
  int status = -1;
  pid_t child;

  (void)unused;
  /* The child inherits a lock that is held and a caller inside, whose threads it has not. */
  call_begin(&waiter, system, wait_for_ever);
  await_calls("system_wait", waits + 1);
  memory_platform_delay("system_start", 200 * MS);
  call_begin(&starter, system, hcs_system_start);
  await_calls("system_start", starts + 1);
  child = fork();
  if (child == 0) {
    alarm(10);
    _exit(child_of(system, parent));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_true(call_end(&starter) == 0);
  assert_ok(hcs_system_terminate(system, err)); /* the parent's handle is as it was */
  assert_true(call_end(&waiter) == 0);
  hcs_system_free(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(gates_row_by_row),
      TEST(refusals_say_what_to_do),
      TEST(state_has_a_name),
      TEST(requests_that_come_too_late_are_done),
      TEST(operations_that_a_platform_lacks),
      TEST(files_are_bytes),
      TEST(what_is_wrong_with_a_file_is_found_first),
      TEST(ids_are_checked_first),
      TEST(no_id_makes_a_new_one),
      TEST(ids_name_one_container),
      TEST(documents_are_checked),
      TEST(the_environment_adds_to_the_config),
      TEST(the_list_and_cleaning_up),
      TEST(deadlines_from_the_environment),
      TEST(a_wanted_end_is_success),
      TEST(a_crash_is_told_every_time),
      TEST(close_keeps_an_end_that_nobody_waited_for),
      TEST(interrupted_waits_go_on),
      TEST(close_may_be_repeated),
      TEST(a_failing_close_has_closed),
      TEST(the_last_handle_ends_the_container),
      TEST(close_releases_waiters),
      TEST(all_waiters_are_told_the_end),
      TEST(free_may_overtake_a_wait),
      TEST(close_waits_for_operations),
      TEST(close_lets_nobody_overtake),
      TEST(any_call_from_any_thread),
      TEST(a_forked_child_only_lets_go),
  };

  return cmocka_run_group_tests_name("system", tests, NULL, NULL);
}
