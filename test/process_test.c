/*
 * process_test.c - processes' handles: exit codes, signals, closing, what outlives what.
 */
#include "memory_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/* Ends everything at the end of a test. */
static void done(hcs_process *process, hcs_system *system) {
  hcs_process_free(process);
  gone(system);
}

/* ---- the exit ------------------------------------------------------------------------------------ */

static void exit_codes_come_back(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"exit\",\"64\"", "");
  hcs_process_exit exit = {99, "x", 0};

  (void)unused;
  assert_ok(hcs_process_wait(process, 0, &exit, err));
  assert_int_equal(exit.code, 64);
  assert_null(exit.signal);
  assert_int_equal(exit.tracked, 1);
  assert_ok(hcs_process_exit_get(process, &exit, err));
  assert_int_equal(exit.code, 64);
  assert_string_equal(hcs_process_system_id(process), "web");
  assert_int_equal(hcs_process_pid(process), 2);
  done(process, system);
}

static void no_exit_code_before_the_end(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit;

  (void)unused;
  memory_platform_interrupt("process_wait"); /* exit_get never waits, so it is not interrupted */
  assert_fails(hcs_process_exit_get(process, &exit, err), HCS_E_INVALID_PROCESS_STATE);
  assert_string_equal(hcs_error_operation(err), "hcs::Process::ExitCode");
  assert_string_equal(hcs_error_id(err), "web");
  assert_int_equal(hcs_error_pid(err), 2);
  assert_fails(hcs_process_wait(process, in_ms(5), &exit, err), HCS_E_TIMEOUT);
  assert_string_equal(hcs_error_operation(err), "hcsshim::Process::Wait");
  memory_platform_interrupt("process_wait");
  assert_int_equal(hcs_process_wait(process, HCS_FOREVER, &exit, err), HCS_INTERRUPTED);
  done(process, system);
}

static void the_exit_is_stored_once(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"exit\",\"3\"", "");
  hcs_process_exit exit = {0};
  unsigned calls;

  (void)unused;
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  calls = memory_platform_calls("process_wait");
  assert_ok(hcs_process_wait(process, 0, &exit, err));
  assert_ok(hcs_process_exit_get(process, &exit, err));
  assert_ok(hcs_process_close(process, err));
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  assert_ok(hcs_process_exit_get(process, &exit, err));
  assert_int_equal(exit.code, 3);
  assert_int_equal(memory_platform_calls("process_wait"), calls);
  done(process, system);
}

static void close_keeps_an_end_that_nobody_waited_for(void **unused) {
  hcs_system *system = running("web");
  hcs_process *ended = spawned(system, "\"exit\",\"5\"", "");
  hcs_process *alive = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit = {0};

  (void)unused;
  assert_ok(hcs_process_close(ended, err));
  assert_ok(hcs_process_exit_get(ended, &exit, err));
  assert_int_equal(exit.code, 5);
  assert_ok(hcs_process_close(alive, err));
  assert_fails(hcs_process_exit_get(alive, &exit, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_wait(alive, HCS_FOREVER, &exit, err), HCS_E_ALREADY_CLOSED);
  hcs_process_free(ended);
  done(alive, system);
}

static void the_containers_end_ends_it(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit = {0};

  (void)unused;
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  assert_int_equal(exit.code, 137);
  assert_string_equal(exit.signal, "KILL");
  done(process, system);
}

static void a_lost_guest_is_an_abort(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit;

  (void)unused;
  memory_platform_fail("process_wait", HCS_E_UNEXPECTED_PROCESS_ABORT);
  assert_fails(hcs_process_wait(process, 0, &exit, err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  memory_platform_fail("process_wait", HCS_E_UNEXPECTED_PROCESS_ABORT);
  assert_fails(hcs_process_exit_get(process, &exit, err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  done(process, system);
}

static void daemons_have_no_exit_code(void **unused) {
  hcs_system *system = running("web");
  hcs_process *parent = spawned(system, "\"daemon\"", "");
  hcs_process *child = hcs_process_open(system, hcs_process_pid(parent) + 1, err);
  hcs_process_exit exit = {0, NULL, 1};

  (void)unused;
  assert_non_null(child);
  assert_ok(hcs_process_kill(child, err));
  assert_ok(hcs_process_wait(child, HCS_FOREVER, &exit, err));
  assert_int_equal(exit.tracked, 0);
  assert_fails(hcs_process_exit_get(child, &exit, err), HCS_E_INVALID_PROCESS_STATE);
  assert_says("create_process");
  hcs_process_free(child);
  done(parent, system);
}

/* ---- making -------------------------------------------------------------------------------------- */

static void create_names_the_command(void **unused) {
  hcs_system *system = running("web");
  char config[600] = "{\"CommandLine\":\"ls ";

  (void)unused;
  assert_null_with(hcs_process_create(system, "{\"CommandArgs\":[\"missing\",\"-l\"]}", err),
                   HCS_E_FILE_NOT_FOUND);
  assert_string_equal(hcs_error_operation(err), "hcs::System::CreateProcess: missing -l");
  assert_string_equal(hcs_error_id(err), "web");
  memset(config + strlen(config), 'x', 500);
  strcat(config, "\"}");
  memory_platform_fail("process_create", HCS_E_BUSY);
  assert_null_with(hcs_process_create(system, config, err), HCS_E_BUSY);
  assert_int_equal(strlen(hcs_error_operation(err)), 255);
  gone(system);
}

static void open_finds_it_again(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"exit\",\"7\"", "");
  hcs_process *again = hcs_process_open(system, hcs_process_pid(process), err);
  hcs_process_exit exit = {0};

  (void)unused;
  assert_ok(hcs_process_exit_get(again, &exit, err));
  assert_int_equal(exit.code, 7);
  hcs_process_free(again);
  assert_null_with(hcs_process_open(system, 99, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_string_equal(hcs_error_operation(err), "hcs::System::OpenProcess");
  assert_int_equal(hcs_error_pid(err), 99);
  done(process, system);
}

static void it_works_on_after_its_containers_handle(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  unsigned frees = memory_platform_calls("system_free");
  hcs_process_exit exit = {0};

  (void)unused;
  hcs_system_free(system);
  assert_int_equal(memory_platform_calls("system_free"), frees); /* the platform may rely on it */
  assert_string_equal(hcs_process_system_id(process), "web");
  assert_ok(hcs_process_signal(process, "TERM", 0, err));
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  assert_int_equal(exit.code, 143);
  hcs_process_free(process);
  assert_int_equal(memory_platform_calls("system_free"), frees + 1);
  gone(hcs_system_open("web", err));
}

/* ---- signals ------------------------------------------------------------------------------------- */

static void kill_by_the_book(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit;

  (void)unused;
  assert_ok(hcs_process_kill(process, err));
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  assert_int_equal(exit.code, 137);
  assert_fails(hcs_process_kill(process, err), HCS_E_PROCESS_ALREADY_STOPPED);
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Kill");
  assert_ok(hcs_process_close(process, err));
  assert_fails(hcs_process_kill(process, err), HCS_E_ALREADY_CLOSED);
  done(process, system);
}

/* The process is killed already but its end is not seen yet: nothing is sent, nothing is wrong. */
static void a_second_kill_sends_nothing(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  unsigned calls;

  (void)unused;
  assert_ok(hcs_process_kill(process, err));
  calls = memory_platform_calls("process_signal");
  memory_platform_fail("process_wait", HCS_E_TIMEOUT);
  assert_ok(hcs_process_kill(process, err));
  assert_int_equal(memory_platform_calls("process_signal"), calls);
  done(process, system);
}

static void a_kill_that_failed_may_be_repeated(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_process_exit exit;

  (void)unused;
  memory_platform_fail("process_signal", HCS_E_BUSY);
  assert_fails(hcs_process_kill(process, err), HCS_E_BUSY);
  assert_ok(hcs_process_kill(process, err));
  assert_ok(hcs_process_wait(process, HCS_FOREVER, &exit, err));
  done(process, system);
}

static void a_process_that_is_gone_has_stopped(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");

  (void)unused;
  memory_platform_fail("process_signal", HCS_E_ELEMENT_NOT_FOUND);
  assert_fails(hcs_process_kill(process, err), HCS_E_PROCESS_ALREADY_STOPPED);
  memory_platform_fail("process_signal", HCS_E_ELEMENT_NOT_FOUND);
  assert_fails(hcs_process_signal(process, "INT", 1, err), HCS_E_PROCESS_ALREADY_STOPPED);
  assert_fails(hcs_process_signal(process, "NONSENSE", 0, err), HCS_E_INVALID_PARAMETER);
  assert_ok(hcs_process_signal(process, "INT", 1, err));
  assert_fails(hcs_process_signal(process, "INT", 1, err), HCS_E_PROCESS_ALREADY_STOPPED);
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Signal");
  done(process, system);
}

/* ---- closing ------------------------------------------------------------------------------------- */

static void everything_is_refused_after_close(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"cat\"", "io");
  intptr_t descriptor;

  (void)unused;
  assert_fails(hcs_process_pollfd(process, &descriptor, err), HCS_E_NOT_SUPPORTED);
  assert_fails(hcs_process_resize_console(process, 80, 25, err), HCS_E_NOT_SUPPORTED);
  assert_int_equal(hcs_process_closed(process), 0);
  assert_ok(hcs_process_close(process, err));
  assert_ok(hcs_process_close(process, err));
  assert_int_equal(hcs_process_closed(process), 1);
  assert_fails(hcs_process_kill(process, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_signal(process, "TERM", 0, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_resize_console(process, 80, 25, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_close_stdin(process, err), HCS_E_ALREADY_CLOSED);
  assert_fails(hcs_process_pollfd(process, &descriptor, err), HCS_E_ALREADY_CLOSED);
  assert_null_with(hcs_process_stream(process, HCS_STDIN, err), HCS_E_ALREADY_CLOSED);
  assert_int_equal(hcs_process_pid(process), 2);
  hcs_process_free(NULL);
  done(process, system);
}

typedef struct waiter {
  pthread_t thread;
  hcs_process *process;
  hcs_process_exit exit;
  hcs_error *err;
  int result;
} waiter;

static void *waiter_run(void *argument) {
  waiter *w = argument;

  w->result = hcs_process_wait(w->process, HCS_FOREVER, &w->exit, w->err);
  return NULL;
}

static void waiters_begin(waiter waiters[4], hcs_process *process) {
  unsigned calls = memory_platform_calls("process_wait");

  for (int i = 0; i < 4; i++) {
    waiters[i] = (waiter){.process = process, .err = hcs_error_new()};
    assert_int_equal(pthread_create(&waiters[i].thread, NULL, waiter_run, &waiters[i]), 0);
  }
  await_calls("process_wait", calls + 4);
}

/* All of them fail with `kind`, or, if it is 0, get `code`. */
static void waiters_end(waiter waiters[4], uint64_t kind, uint32_t code) {
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
    assert_int_equal(waiters[i].result, kind != 0 ? -1 : 0);
    if (kind != 0)
      assert_true(hcs_error_kind(waiters[i].err) == kind);
    else
      assert_int_equal(waiters[i].exit.code, code);
    hcs_error_free(waiters[i].err);
  }
}

static void close_releases_waiters(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  waiter waiters[4];

  (void)unused;
  waiters_begin(waiters, process);
  assert_ok(hcs_process_close(process, err));
  waiters_end(waiters, HCS_E_ALREADY_CLOSED, 0);
  done(process, system);
}

static void all_waiters_get_the_code(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  waiter waiters[4];

  (void)unused;
  waiters_begin(waiters, process);
  assert_ok(hcs_process_signal(process, "HUP", 0, err));
  waiters_end(waiters, 0, 129);
  done(process, system);
}

static void free_may_overtake_a_wait(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  waiter waiters[4];

  (void)unused;
  waiters_begin(waiters, process);
  hcs_process_free(process);
  waiters_end(waiters, HCS_E_ALREADY_CLOSED, 0);
  gone(system);
}

/* ---- forked children ------------------------------------------------------------------------------ */

static int child_of(hcs_system *system, hcs_process *process, hcs_stream *stream) {
  hcs_process_exit exit;
  size_t size = 1;

  if (hcs_process_wait(process, 0, &exit, err) != -1 || hcs_error_kind(err) != HCS_E_INVALID_STATE)
    return 1;
  if (hcs_process_kill(process, err) != -1 || hcs_error_kind(err) != HCS_E_INVALID_STATE) return 2;
  if (hcs_process_stream(process, HCS_STDIN, err) != NULL ||
      hcs_error_kind(err) != HCS_E_INVALID_STATE)
    return 3;
  if (hcs_stream_fill(stream, &size, 0, err) != -1 || hcs_error_kind(err) != HCS_E_INVALID_STATE)
    return 4;
  if (hcs_stream_buffer(stream, &size) != NULL || size != 0) return 5;
  hcs_stream_consume(stream, 1);
  if (hcs_process_pid(process) != 2 || hcs_process_closed(process) || hcs_stream_closed(stream))
    return 6;
  hcs_system_free(system); /* before its process: its platform object has to wait */
  if (memory_platform_foreign_frees() != 0) return 7;
  if (hcs_process_close(process, err) != 0 || !hcs_process_closed(process)) return 8;
  if (memory_platform_foreign_frees() != 2) /* process, stdin */
    return 9;
  hcs_process_free(process);
  if (hcs_stream_close(stream, err) != 0 || !hcs_stream_closed(stream)) return 10;
  hcs_stream_free(stream);
  return memory_platform_foreign_frees() == 4 ? 0 : 11; /* system, stdout */
}

static void *fill_run(void *argument) {
  waiter *w = argument;
  size_t size;

  w->result = hcs_stream_fill((hcs_stream *)(void *)w->process, &size, HCS_FOREVER, w->err);
  return NULL;
}

static void a_forked_child_only_lets_go(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"cat\"", "io");
  hcs_stream *stream = hcs_process_stream(process, HCS_STDOUT, err);
  unsigned reads = memory_platform_calls("stream_read");
  waiter reader = {.process = (hcs_process *)(void *)stream, .err = hcs_error_new()};
  waiter waiters[4];
  hcs_process_exit exit;
  int status = -1;
  pid_t child;

  (void)unused;
  waiters_begin(waiters, process);
  assert_int_equal(pthread_create(&reader.thread, NULL, fill_run, &reader), 0);
  await_calls("stream_read", reads + 1);
  child = fork();
  if (child == 0) {
    alarm(10);
    _exit(child_of(system, process, stream));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_fails(hcs_process_exit_get(process, &exit, err), HCS_E_INVALID_PROCESS_STATE);
  assert_ok(hcs_process_close_stdin(process, err)); /* the parent's pipes are as they were */
  waiters_end(waiters, 0, 0);
  assert_int_equal(pthread_join(reader.thread, NULL), 0);
  assert_int_equal(reader.result, 0);
  hcs_error_free(reader.err);
  hcs_stream_free(stream);
  done(process, system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(exit_codes_come_back),
      TEST(no_exit_code_before_the_end),
      TEST(the_exit_is_stored_once),
      TEST(close_keeps_an_end_that_nobody_waited_for),
      TEST(the_containers_end_ends_it),
      TEST(a_lost_guest_is_an_abort),
      TEST(daemons_have_no_exit_code),
      TEST(create_names_the_command),
      TEST(open_finds_it_again),
      TEST(it_works_on_after_its_containers_handle),
      TEST(kill_by_the_book),
      TEST(a_second_kill_sends_nothing),
      TEST(a_kill_that_failed_may_be_repeated),
      TEST(a_process_that_is_gone_has_stopped),
      TEST(everything_is_refused_after_close),
      TEST(close_releases_waiters),
      TEST(all_waiters_get_the_code),
      TEST(free_may_overtake_a_wait),
      TEST(a_forked_child_only_lets_go),
  };

  return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
