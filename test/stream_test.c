/*
 * stream_test.c - standard streams: shared pipes and buffers, how a pipe ends, big transfers.
 */
#include "memory_fixture.h"

/* Reads once and expects `text`, which stays in the buffer. */
static void fills(hcs_stream *stream, const char *text) {
  size_t size = 0;

  assert_ok(hcs_stream_fill(stream, &size, in_ms(5000), err));
  assert_int_equal(size, strlen(text));
}

static void holds(hcs_stream *stream, const char *text) {
  size_t size = 99;
  const char *bytes = hcs_stream_buffer(stream, &size);

  assert_int_equal(size, strlen(text));
  if (size > 0) assert_memory_equal(bytes, text, size);
}

static void at_end(hcs_stream *stream) {
  size_t size = 99;

  assert_ok(hcs_stream_fill(stream, &size, in_ms(5000), err));
  assert_int_equal(size, 0);
}

static int fill_now(hcs_stream *stream) {
  size_t size;

  return hcs_stream_fill(stream, &size, 0, err);
}

static int put(hcs_stream *stream, const char *text) {
  size_t written = 0;
  int result = hcs_stream_write(stream, text, strlen(text), &written, in_ms(5000), err);

  if (result == 0) assert_int_equal(written, strlen(text));
  return result;
}

/* A container with a process, and what a test wants of it. */
typedef struct scene {
  hcs_system *system;
  hcs_process *process;
  hcs_stream *in, *out;
} scene;

static scene play(const char *arguments, const char *pipes) {
  scene s = {.system = running("web")};

  s.process = spawned(s.system, arguments, pipes);
  if (strchr(pipes, 'i') != NULL)
    assert_non_null(s.in = hcs_process_stream(s.process, HCS_STDIN, err));
  if (strchr(pipes, 'o') != NULL)
    assert_non_null(s.out = hcs_process_stream(s.process, HCS_STDOUT, err));
  return s;
}

static void curtain(scene *s) {
  hcs_stream_free(s->in);
  hcs_stream_free(s->out);
  hcs_process_free(s->process);
  gone(s->system);
}

static int exited(const scene *s) {
  hcs_process_exit exit;

  return hcs_process_exit_get(s->process, &exit, err) == 0;
}

/* ---- reading and writing -------------------------------------------------------------------------- */

static void output_is_read_after_the_exit(void **unused) {
  scene s = play("\"echo\",\"hello\"", "o");

  (void)unused;
  assert_true(exited(&s));
  assert_int_equal(hcs_stream_which(s.out), HCS_STDOUT);
  holds(s.out, "");
  fills(s.out, "hello\n");
  holds(s.out, "hello\n");
  hcs_stream_consume(s.out, 2);
  holds(s.out, "llo\n");
  at_end(s.out);
  memory_platform_fail("stream_read", HCS_E_BUSY); /* the end stays: nobody is asked again */
  at_end(s.out);
  memory_platform_fail("stream_read", 0);
  holds(s.out, "llo\n");
  hcs_stream_consume(s.out, 99);
  holds(s.out, "");
  curtain(&s);
}

static void stderr_is_a_stream_of_its_own(void **unused) {
  scene s = play("\"err\",\"oh\"", "oe");
  hcs_stream *errors = hcs_process_stream(s.process, HCS_STDERR, err);

  (void)unused;
  assert_int_equal(hcs_stream_which(errors), HCS_STDERR);
  at_end(s.out);
  fills(errors, "oh\n");
  hcs_stream_free(errors);
  curtain(&s);
}

static void deadlines_and_interruptions(void **unused) {
  scene s = play("\"cat\"", "io");

  (void)unused;
  assert_fails(fill_now(s.out), HCS_E_TIMEOUT);
  assert_string_equal(hcs_error_operation(err), "hcs::Stream::Read");
  assert_string_equal(hcs_error_id(err), "web");
  assert_int_equal(hcs_error_pid(err), 2);
  memory_platform_interrupt("stream_read");
  assert_int_equal(fill_now(s.out), HCS_INTERRUPTED);
  assert_ok(put(s.in, "a"));
  memory_platform_interrupt("stream_write");
  assert_int_equal(put(s.in, "b"), HCS_INTERRUPTED);
  assert_ok(put(s.in, ""));
  fills(s.out, "a");
  curtain(&s);
}

static void the_wrong_direction(void **unused) {
  scene s = play("\"cat\"", "io");

  (void)unused;
  assert_int_equal(fill_now(s.in), -1);
  assert_string_equal(hcs_error_errno(err), "EBADF");
  assert_int_equal(put(s.out, "x"), -1);
  assert_string_equal(hcs_error_errno(err), "EBADF");
  curtain(&s);
}

static void a_lost_reader_is_epipe(void **unused) {
  scene s = play("\"exit\",\"0\"", "i");

  (void)unused;
  assert_int_equal(put(s.in, "x"), -1);
  assert_string_equal(hcs_error_errno(err), "EPIPE");
  assert_string_equal(hcs_error_operation(err), "hcs::Stream::Write");
  curtain(&s);
}

/* 3 MB in one buffer: it grows, and nothing is lost or moved about for every chunk. */
static void big_transfers(void **unused) {
  scene s = play("\"flood\",\"3000000\"", "o");
  size_t total = 0, size = 1, fills_done = 0;
  int64_t begin = hcs_clock_ns();

  (void)unused;
  for (; size > 0; fills_done++) {
    assert_ok(hcs_stream_fill(s.out, &size, in_ms(5000), err));
    total += size;
  }
  assert_int_equal(total, 3000000);
  assert_in_range(fills_done, 1, 3000000 / 65536 + 3);
  hcs_stream_buffer(s.out, &size);
  assert_int_equal(size, 3000000);
  for (size_t i = 0; i < 3000000; i++) hcs_stream_consume(s.out, 1);
  holds(s.out, "");
  assert_true(hcs_clock_ns() - begin < 5 * SECOND);
  curtain(&s);
}

/* Bytes keep their order through consuming at odd places, moving and growing. */
static void the_buffer_keeps_the_order(void **unused) {
  scene s = play("\"cat\"", "io");
  unsigned char next_in = 0, next_out = 0, chunk[1000];
  size_t size;

  (void)unused;
  for (unsigned round = 0; round < 2000; round++) {
    size_t written = 0, drop;
    const char *bytes;

    for (size_t i = 0; i < sizeof chunk; i++) chunk[i] = (unsigned char)(next_in + i);
    assert_ok(hcs_stream_write(s.in, chunk, sizeof chunk, &written, in_ms(5000), err));
    next_in = (unsigned char)(next_in + written);
    assert_ok(hcs_stream_fill(s.out, &size, in_ms(5000), err));
    bytes = hcs_stream_buffer(s.out, &size);
    drop = round % 3 == 0 ? size : size * (round % 7) / 7;
    for (size_t i = 0; i < drop; i++)
      if ((unsigned char)bytes[i] != next_out++)
        fail_msg("byte %zu of round %u is out of order", i, round);
    hcs_stream_consume(s.out, drop);
  }
  curtain(&s);
}

/* ---- sharing -------------------------------------------------------------------------------------- */

static void objects_of_a_pipe_share_its_buffer(void **unused) {
  scene s = play("\"cat\"", "io");
  hcs_stream *other = hcs_process_stream(s.process, HCS_STDOUT, err);

  (void)unused;
  assert_ptr_not_equal(other, s.out);
  assert_ok(put(s.in, "abc"));
  fills(s.out, "abc");
  holds(other, "abc");
  hcs_stream_consume(other, 1);
  holds(s.out, "bc");
  assert_ok(hcs_stream_close(s.out, err));
  assert_ok(hcs_stream_close(s.out, err));
  assert_int_equal(hcs_stream_closed(s.out), 1);
  assert_int_equal(hcs_stream_closed(other), 0);
  holds(s.out, "");
  hcs_stream_consume(s.out, 1);
  holds(other, "bc");
  assert_fails(fill_now(s.out), HCS_E_ALREADY_CLOSED);
  assert_ok(put(s.in, "d"));
  fills(other, "d");
  holds(other, "bcd");
  hcs_stream_free(other);
  curtain(&s);
}

static void output_can_be_had_again_after_close(void **unused) {
  scene s = play("\"cat\"", "io");
  unsigned releases = memory_platform_calls("stream_release");

  (void)unused;
  assert_ok(put(s.in, "abc"));
  fills(s.out, "abc");
  assert_ok(hcs_stream_close(s.out, err));
  assert_int_equal(memory_platform_calls("stream_release"), releases);
  hcs_stream_free(s.out);
  s.out = hcs_process_stream(s.process, HCS_STDOUT, err);
  holds(s.out, "abc");
  curtain(&s);
}

static void a_missing_pipe_is_named(void **unused) {
  static const char *const fields[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
  scene s = play("\"sleep\"", "");
  hcs_process *opened;

  (void)unused;
  for (int i = 0; i < 3; i++) {
    assert_null_with(hcs_process_stream(s.process, (hcs_stdio)i, err), HCS_E_ELEMENT_NOT_FOUND);
    assert_says(fields[i]);
    assert_string_equal(hcs_error_operation(err), "hcs::Process::StdioLegacy");
  }
  assert_fails(hcs_process_close_stdin(s.process, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_string_equal(hcs_error_operation(err), "hcs::Process::CloseStdin");
  opened = hcs_process_open(s.system, hcs_process_pid(s.process), err);
  assert_null_with(hcs_process_stream(opened, HCS_STDOUT, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_says("CreateStdOutPipe");
  assert_ok(hcs_process_kill(opened, err));
  assert_ok(hcs_process_close_stdin(opened, err)); /* after the exit there is nothing to close */
  hcs_process_free(opened);
  curtain(&s);
}

static void a_console_implies_its_streams(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = hcs_process_create(
      system, "{\"CommandArgs\":[\"cat\"],\"EmulateConsole\":true,\"CreateStdErrPipe\":true}", err);
  hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
  hcs_stream *out = hcs_process_stream(process, HCS_STDOUT, err);

  (void)unused;
  assert_ok(put(in, "abc"));
  fills(out, "abc");
  assert_null_with(hcs_process_stream(process, HCS_STDERR, err), HCS_E_ELEMENT_NOT_FOUND);
  assert_says("console");
  hcs_stream_free(in);
  hcs_stream_free(out);
  hcs_process_free(process);
  gone(system);
}

/* ---- the end of stdin ----------------------------------------------------------------------------- */

static void the_last_close_ends_stdin(void **unused) {
  scene s = play("\"cat\"", "io");
  hcs_stream *other = hcs_process_stream(s.process, HCS_STDIN, err);

  (void)unused;
  assert_ok(hcs_stream_close(s.in, err));
  assert_ok(hcs_stream_close(s.in, err)); /* counts once, */
  hcs_stream_free(hcs_process_stream(s.process, HCS_STDIN, err));
  assert_false(exited(&s));
  assert_fails(put(s.in, "x"), HCS_E_ALREADY_CLOSED);
  assert_ok(put(other, "abc"));
  assert_ok(hcs_stream_close(other, err));
  assert_true(exited(&s));
  fills(s.out, "abc");
  at_end(s.out);
  hcs_stream_free(other);
  curtain(&s);
}

static void close_stdin_ends_it_at_once(void **unused) {
  scene s = play("\"cat\"", "io");
  hcs_stream *late;

  (void)unused;
  assert_ok(hcs_process_close_stdin(s.process, err));
  assert_true(exited(&s));
  assert_ok(hcs_process_close_stdin(s.process, err));
  assert_int_equal(put(s.in, "x"), -1);
  assert_string_equal(hcs_error_errno(err), "EPIPE");
  assert_non_null(late = hcs_process_stream(s.process, HCS_STDIN, err));
  assert_int_equal(put(late, "x"), -1);
  assert_string_equal(hcs_error_errno(err), "EPIPE");
  assert_ok(hcs_stream_close(late, err));
  hcs_stream_free(late);
  curtain(&s);
}

static void collecting_is_not_closing(void **unused) {
  scene s = play("\"cat\"", "io");
  hcs_stream *again;

  (void)unused;
  hcs_stream_free(s.in);
  s.in = NULL;
  assert_false(exited(&s));
  assert_non_null(again = hcs_process_stream(s.process, HCS_STDIN, err));
  assert_ok(put(again, "abc"));
  fills(s.out, "abc");
  hcs_stream_free(again);
  assert_false(exited(&s));
  hcs_process_free(s.process); /* now nobody can reach it: cat sees the end and goes */
  s.process = hcs_process_open(s.system, 2, err);
  assert_true(exited(&s));
  curtain(&s);
}

/* One object closed, the other collected: the closing does not count as the last one. */
static void a_collected_object_does_not_end_stdin(void **unused) {
  scene s = play("\"cat\"", "i");
  hcs_stream *other = hcs_process_stream(s.process, HCS_STDIN, err);

  (void)unused;
  assert_ok(hcs_stream_close(other, err));
  hcs_stream_free(s.in);
  s.in = NULL;
  assert_false(exited(&s));
  assert_ok(hcs_process_close_stdin(s.process, err));
  assert_true(exited(&s));
  hcs_stream_free(other);
  curtain(&s);
}

/* ---- the process handle's end --------------------------------------------------------------------- */

static void close_leaves_streams_alone(void **unused) {
  scene s = play("\"cat\"", "ioe");
  unsigned frees = memory_platform_calls("stream_free");

  (void)unused;
  assert_ok(hcs_process_close(s.process, err));
  assert_int_equal(memory_platform_calls("stream_free"), frees + 1); /* stderr: never asked for */
  assert_ok(put(s.in, "abc"));
  fills(s.out, "abc");
  assert_ok(hcs_stream_close(s.in, err));
  assert_int_equal(memory_platform_calls("stream_free"), frees + 2);
  at_end(s.out);
  assert_ok(hcs_stream_close(s.out, err));
  assert_int_equal(memory_platform_calls("stream_free"), frees + 3);
  curtain(&s);
}

static void streams_outlive_everything(void **unused) {
  scene s = play("\"cat\"", "io");

  (void)unused;
  hcs_process_free(s.process);
  hcs_system_free(s.system);
  assert_ok(put(s.in, "abc"));
  fills(s.out, "abc");
  hcs_stream_free(s.out);
  s.out = NULL;
  assert_ok(put(s.in, "x")); /* SIGPIPE: its output has lost the last reader */
  assert_int_equal(put(s.in, "y"), -1);
  assert_string_equal(hcs_error_errno(err), "EPIPE");
  hcs_stream_free(s.in);
  gone(hcs_system_open("web", err));
  hcs_stream_free(NULL);
}

static void closed_output_goes_with_the_process(void **unused) {
  scene s = play("\"cat\"", "o");
  unsigned releases = memory_platform_calls("stream_release");

  (void)unused;
  assert_ok(hcs_stream_close(s.out, err));
  assert_int_equal(memory_platform_calls("stream_release"), releases);
  assert_ok(hcs_process_close(s.process, err));
  assert_int_equal(memory_platform_calls("stream_release"), releases + 1);
  curtain(&s);
}

/* ---- threads --------------------------------------------------------------------------------------- */

typedef struct user {
  pthread_t thread;
  hcs_stream *stream;
  hcs_error *err;
  size_t size;
  int result;
} user;

static void *read_run(void *argument) {
  user *u = argument;

  u->result = hcs_stream_fill(u->stream, &u->size, HCS_FOREVER, u->err);
  return NULL;
}

/* More than the pipes hold, so that it waits. */
static void *write_run(void *argument) {
  static const char bytes[65536];
  user *u = argument;

  do u->result = hcs_stream_write(u->stream, bytes, sizeof bytes, &u->size, HCS_FOREVER, u->err);
  while (u->result == 0);
  return NULL;
}

static void user_begin(user *u, hcs_stream *stream, void *(*run)(void *)) {
  *u = (user){.stream = stream, .err = hcs_error_new()};
  assert_int_equal(pthread_create(&u->thread, NULL, run, u), 0);
}

/* The kind of its error, 0 for success. */
static uint64_t user_end(user *u) {
  uint64_t kind;

  assert_int_equal(pthread_join(u->thread, NULL), 0);
  kind = u->result == 0 ? 0 : hcs_error_kind(u->err);
  hcs_error_free(u->err);
  return kind;
}

static void close_releases_a_writer(void **unused) {
  scene s = play("\"sleep\"", "i");
  unsigned calls = memory_platform_calls("stream_write");
  user writer;

  (void)unused;
  user_begin(&writer, s.in, write_run);
  await_calls("stream_write", calls + 2);
  assert_ok(hcs_stream_close(s.in, err));
  assert_true(user_end(&writer) == HCS_E_ALREADY_CLOSED);
  curtain(&s);
}

static void close_stdin_releases_a_writer(void **unused) {
  scene s = play("\"sleep\"", "i");
  unsigned calls = memory_platform_calls("stream_write");
  user writer;

  (void)unused;
  user_begin(&writer, s.in, write_run);
  await_calls("stream_write", calls + 2);
  assert_ok(hcs_process_close_stdin(s.process, err));
  assert_int_equal(pthread_join(writer.thread, NULL), 0);
  assert_string_equal(hcs_error_errno(writer.err), "EPIPE");
  hcs_error_free(writer.err);
  curtain(&s);
}

static void free_may_overtake_a_read(void **unused) {
  scene s = play("\"sleep\"", "o");
  unsigned calls = memory_platform_calls("stream_read");
  user reader;

  (void)unused;
  hcs_process_free(s.process);
  s.process = NULL;
  user_begin(&reader, s.out, read_run);
  await_calls("stream_read", calls + 1);
  hcs_stream_free(s.out);
  s.out = NULL;
  assert_true(user_end(&reader) == HCS_E_ALREADY_CLOSED);
  curtain(&s);
}

/* The bytes that a closed object's reader has taken belong to the pipe. */
static void a_closed_objects_bytes_are_kept(void **unused) {
  scene s = play("\"cat\"", "io");
  hcs_stream *other = hcs_process_stream(s.process, HCS_STDOUT, err);
  unsigned calls = memory_platform_calls("stream_read");
  user reader;

  (void)unused;
  user_begin(&reader, s.out, read_run);
  await_calls("stream_read", calls + 1);
  assert_ok(hcs_stream_close(s.out, err));
  assert_ok(put(s.in, "abc"));
  assert_true(user_end(&reader) == HCS_E_ALREADY_CLOSED);
  holds(other, "abc");
  hcs_stream_free(other);
  curtain(&s);
}

/* Three threads fill one buffer: every byte arrives once. */
static void *drain_run(void *argument) {
  user *u = argument;
  size_t size = 1, total = 0;

  while ((u->result = hcs_stream_fill(u->stream, &size, HCS_FOREVER, u->err)) == 0 && size > 0)
    total += size;
  u->size = total;
  return NULL;
}

static void many_readers_of_one_pipe(void **unused) {
  scene s = play("\"flood\",\"3000000\"", "o");
  size_t total = 0, size;
  user readers[3];

  (void)unused;
  for (int i = 0; i < 3; i++) user_begin(&readers[i], s.out, drain_run);
  for (int i = 0; i < 3; i++) {
    assert_true(user_end(&readers[i]) == 0);
    total += readers[i].size;
  }
  assert_int_equal(total, 3000000);
  hcs_stream_buffer(s.out, &size);
  assert_int_equal(size, 3000000);
  curtain(&s);
}

/* They all wait with room of their own, so none of them may find the buffer too small. */
static void waiting_readers_have_room(void **unused) {
  scene s = play("\"cat\"", "io");
  unsigned calls = memory_platform_calls("stream_read");
  char bytes[65536];
  const char *got;
  user readers[3];
  size_t size, sum = 0;

  (void)unused;
  for (int i = 0; i < 3; i++) user_begin(&readers[i], s.out, read_run);
  await_calls("stream_read", calls + 3);
  for (int i = 0; i < 3; i++) {
    memset(bytes, i + 1, sizeof bytes);
    assert_ok(hcs_stream_write(s.in, bytes, sizeof bytes, &size, in_ms(5000), err));
    assert_int_equal(size, sizeof bytes);
  }
  for (int i = 0; i < 3; i++) assert_true(user_end(&readers[i]) == 0);
  got = hcs_stream_buffer(s.out, &size);
  assert_int_equal(size, 3 * sizeof bytes);
  for (size_t i = 0; i < size; i++) sum += (size_t)got[i];
  assert_int_equal(sum, (1 + 2 + 3) * sizeof bytes);
  curtain(&s);
}

/* Emptying a big buffer gives it back, but not under a reader who counts on it. */
static void consuming_leaves_a_reader_its_room(void **unused) {
  static const char bytes[65536];
  scene s = play("\"cat\"", "io");
  unsigned calls;
  user reader;
  size_t size;

  (void)unused;
  for (int i = 0; i < 8; i++) {
    assert_ok(hcs_stream_write(s.in, bytes, sizeof bytes, &size, in_ms(5000), err));
    assert_ok(hcs_stream_fill(s.out, &size, in_ms(5000), err));
  }
  calls = memory_platform_calls("stream_read");
  user_begin(&reader, s.out, read_run);
  await_calls("stream_read", calls + 1);
  hcs_stream_consume(s.out, SIZE_MAX);
  holds(s.out, "");
  assert_ok(put(s.in, "abc"));
  assert_true(user_end(&reader) == 0);
  holds(s.out, "abc");
  hcs_stream_consume(s.out, SIZE_MAX); /* now it is given back */
  assert_ok(put(s.in, "d"));
  fills(s.out, "d");
  holds(s.out, "d");
  curtain(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(output_is_read_after_the_exit),
      TEST(stderr_is_a_stream_of_its_own),
      TEST(deadlines_and_interruptions),
      TEST(the_wrong_direction),
      TEST(a_lost_reader_is_epipe),
      TEST(big_transfers),
      TEST(the_buffer_keeps_the_order),
      TEST(objects_of_a_pipe_share_its_buffer),
      TEST(output_can_be_had_again_after_close),
      TEST(a_missing_pipe_is_named),
      TEST(a_console_implies_its_streams),
      TEST(the_last_close_ends_stdin),
      TEST(close_stdin_ends_it_at_once),
      TEST(collecting_is_not_closing),
      TEST(a_collected_object_does_not_end_stdin),
      TEST(close_leaves_streams_alone),
      TEST(streams_outlive_everything),
      TEST(closed_output_goes_with_the_process),
      TEST(close_releases_a_writer),
      TEST(close_stdin_releases_a_writer),
      TEST(free_may_overtake_a_read),
      TEST(a_closed_objects_bytes_are_kept),
      TEST(many_readers_of_one_pipe),
      TEST(waiting_readers_have_room),
      TEST(consuming_leaves_a_reader_its_room),
  };

  return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
