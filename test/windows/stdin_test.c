/*
 * stdin_test.c - the end of a standard input reaches the service, whoever is left to tell it.
 */
#include "service_fixture.h"

#define CLOSE_STDIN "{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}"

/* It is told by another thread. */
static int ends_told(int expected) {
  for (int i = 0; i < 500 && received("HcsModifyProcess", CLOSE_STDIN) < expected; i++) Sleep(10);
  return received("HcsModifyProcess", CLOSE_STDIN);
}

/* Some services close it by this request alone; it goes out though the streams were handed out. */
static void test_close_stdin(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process;
  hcs_stream *stream;

  (void)state;
  tell("{\"Set\":{\"StdInByRequest\":true}}");
  process = spawned(system, "cat", "io");
  stream = hcs_process_stream(process, HCS_STDIN, err);
  assert_ok(hcs_process_close_stdin(process, err));
  assert_exits_with(process, 0);
  assert_ok(hcs_process_close_stdin(process, err));
  assert_ok(hcs_stream_close(stream, err));
  hcs_stream_free(stream);
  hcs_process_free(process);
  assert_int_equal(ends_told(1), 1);
  gone(system);
}

static void test_last_stdin_stream(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process;
  hcs_stream *streams[2];

  (void)state;
  tell("{\"Set\":{\"StdInByRequest\":true}}");
  process = spawned(system, "cat", "i");
  for (int i = 0; i < 2; i++) streams[i] = hcs_process_stream(process, HCS_STDIN, err);
  assert_ok(hcs_stream_close(streams[0], err));
  Sleep(50);
  assert_int_equal(received("HcsModifyProcess", CLOSE_STDIN), 0);
  assert_ok(hcs_stream_close(streams[1], err));
  assert_exits_with(process, 0);
  for (int i = 0; i < 2; i++) hcs_stream_free(streams[i]);
  hcs_process_free(process);
  gone(system);
}

/* A stream outlives the process handle: the service's handle is kept until it has been told. */
static void test_stdin_outlives_the_handle(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process, *other;
  hcs_stream *stream;
  size_t written;

  (void)state;
  tell("{\"Set\":{\"StdInByRequest\":true}}");
  process = spawned(system, "cat", "i");
  other = hcs_process_open(system, hcs_process_pid(process), err);
  assert_non_null(other);
  stream = hcs_process_stream(process, HCS_STDIN, err);
  hcs_process_free(process);
  assert_ok(hcs_stream_write(stream, "x", 1, &written, in_ms(5000), err));
  assert_ok(hcs_stream_close(stream, err));
  assert_exits_with(other, 0);
  hcs_stream_free(stream);
  hcs_process_free(other);
  gone(system);
}

/* Nobody has a stream: the pipe ends with the process handle. */
static void test_stdin_ends_with_the_handle(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  hcs_process_free(spawned(system, "cat", "ioe"));
  assert_int_equal(ends_told(1), 1);
  gone(system);
}

/* That the service refuses is nobody's business any more. */
static void test_end_is_refused(void **state) {
  hcs_system *system = running("c1");
  hcs_process *process = spawned(system, "cat", "i");

  (void)state;
  tell(
      "{\"On\":\"HcsModifyProcess\",\"Status\":\"0xC0370105\",\"Result\":{\"ErrorMessage\":\"x\"}}");
  assert_ok(hcs_process_close_stdin(process, err));
  assert_exits_with(process, 0);
  hcs_process_free(process);
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_close_stdin),
      TEST(test_last_stdin_stream),
      TEST(test_stdin_outlives_the_handle),
      TEST(test_stdin_ends_with_the_handle),
      TEST(test_end_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
