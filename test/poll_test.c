/*
 * poll_test.c - waiting for many objects at once.
 */
#include "memory_fixture.h"

#include <unistd.h>

static int poll_in_ms(hcs_poll_item *items, size_t count, int64_t ms) {
  return hcs_poll(items, count, in_ms(ms), err);
}

static void ends_make_ready_and_stay(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "");
  hcs_poll_item items[] = {{.system = system}, {.process = process}};
  hcs_process_exit exit;

  (void)unused;
  assert_ok(poll_in_ms(items, 2, 5));
  assert_int_equal(items[0].ready + items[1].ready, 0);
  assert_ok(hcs_process_kill(process, err));
  for (int again = 0; again < 2; again++) {
    assert_ok(hcs_poll(items, 2, HCS_FOREVER, err));
    assert_int_equal(items[0].ready, 0);
    assert_int_equal(items[1].ready, 1);
  }
  assert_ok(hcs_process_wait(process, 0, &exit, err)); /* latched: the platform is not asked */
  assert_ok(hcs_poll(items + 1, 1, HCS_FOREVER, err));
  assert_int_equal(items[1].ready, 1);
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_poll(items, 2, HCS_FOREVER, err));
  assert_int_equal(items[0].ready, 1);
  hcs_process_free(process);
  gone(system);
}

static void streams_are_ready_when_a_call_would_not_wait(void **unused) {
  static const char bytes[65536];
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "io");
  hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
  hcs_stream *out = hcs_process_stream(process, HCS_STDOUT, err);
  hcs_poll_item items[] = {{.stream = in}, {.stream = out}};
  size_t size;

  (void)unused;
  assert_ok(hcs_poll(items, 2, 0, err));
  assert_int_equal(items[0].ready, 1);
  assert_int_equal(items[1].ready, 0);
  assert_ok(hcs_stream_write(in, bytes, sizeof bytes, &size, 0, err));
  assert_ok(hcs_poll(items, 2, 0, err));
  assert_int_equal(items[0].ready, 0);
  assert_ok(hcs_process_kill(process, err));
  assert_ok(hcs_poll(items, 2, HCS_FOREVER, err));
  assert_int_equal(items[0].ready, 1); /* its reader is gone */
  assert_int_equal(items[1].ready, 1); /* the end */
  assert_ok(hcs_stream_fill(out, &size, 0, err));
  assert_ok(hcs_poll(items + 1, 1, HCS_FOREVER, err)); /* and stays so when it has been read */
  assert_int_equal(items[1].ready, 1);
  hcs_stream_free(in);
  hcs_stream_free(out);
  hcs_process_free(process);
  gone(system);
}

static void buffered_bytes_are_ready_at_once(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"cat\"", "io");
  hcs_process *other = spawned(system, "\"exit\",\"0\"", "");
  hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
  hcs_stream *out = hcs_process_stream(process, HCS_STDOUT, err);
  hcs_poll_item items[] = {{.system = system}, {.stream = out}, {.process = other}};
  size_t size;

  (void)unused;
  assert_ok(hcs_stream_write(in, "ab", 2, &size, 0, err));
  assert_ok(hcs_stream_fill(out, &size, 0, err));
  assert_ok(hcs_poll(items, 3, HCS_FOREVER, err));
  assert_int_equal(items[0].ready, 0);
  assert_int_equal(items[1].ready, 1);
  assert_int_equal(items[2].ready, 1); /* the others are looked at all the same */
  memory_platform_interrupt("poll");   /* no excuse when something is ready */
  assert_ok(hcs_poll(items, 3, HCS_FOREVER, err));
  assert_int_equal(items[1].ready, 1);
  hcs_stream_consume(out, 2);
  assert_ok(hcs_poll(items, 2, 0, err));
  assert_int_equal(items[1].ready, 0);
  hcs_stream_free(in);
  hcs_stream_free(out);
  hcs_process_free(other);
  hcs_process_free(process);
  gone(system);
}

static void an_ended_stdin_is_ready(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"sleep\"", "i");
  hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
  hcs_poll_item item = {.stream = in};

  (void)unused;
  assert_ok(hcs_process_close_stdin(process, err));
  assert_ok(hcs_poll(&item, 1, HCS_FOREVER, err));
  assert_int_equal(item.ready, 1);
  hcs_stream_free(in);
  hcs_process_free(process);
  gone(system);
}

static void bare_descriptors(void **unused) {
  hcs_system *system = running("web");
  int ends[2];
  hcs_poll_item items[3] = {{.system = system}};

  (void)unused;
  assert_int_equal(pipe(ends), 0);
  items[1].descriptor = ends[0];
  items[2].descriptor = ends[1];
  items[2].for_write = 1;
  assert_ok(hcs_poll(items, 2, 0, err));
  assert_int_equal(items[1].ready, 0);
  assert_ok(hcs_poll(items, 3, HCS_FOREVER, err));
  assert_int_equal(items[2].ready, 1);
  assert_int_equal(write(ends[1], "x", 1), 1);
  assert_ok(hcs_poll(items, 2, HCS_FOREVER, err));
  assert_int_equal(items[0].ready, 0);
  assert_int_equal(items[1].ready, 1);
  close(ends[0]);
  close(ends[1]);
  gone(system);
}

static void nothing_to_wait_for_sleeps(void **unused) {
  int64_t begin = hcs_clock_ns();

  (void)unused;
  assert_ok(poll_in_ms(NULL, 0, 20));
  assert_true(hcs_clock_ns() - begin >= 20 * MS);
  memory_platform_interrupt("poll");
  assert_int_equal(hcs_poll(NULL, 0, HCS_FOREVER, err), HCS_INTERRUPTED);
  memory_platform_fail("poll", HCS_E_BUSY);
  assert_fails(hcs_poll(NULL, 0, HCS_FOREVER, err), HCS_E_BUSY);
  assert_string_equal(hcs_error_operation(err), "hcs::Poll");
}

static void closed_objects_are_refused(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"cat\"", "i");
  hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
  hcs_poll_item items[] = {{.system = system}, {.process = process}, {.stream = in}};

  (void)unused;
  assert_ok(hcs_stream_close(in, err));
  assert_fails(hcs_poll(items, 3, HCS_FOREVER, err), HCS_E_ALREADY_CLOSED);
  assert_string_equal(hcs_error_operation(err), "hcs::Poll");
  assert_int_equal(hcs_error_pid(err), 2);
  assert_ok(hcs_process_close(process, err));
  assert_fails(hcs_poll(items, 2, HCS_FOREVER, err), HCS_E_ALREADY_CLOSED);
  assert_ok(hcs_system_terminate(system, err));
  assert_ok(hcs_system_close(system, 0, err));
  assert_fails(hcs_poll(items, 1, HCS_FOREVER, err), HCS_E_ALREADY_CLOSED);
  assert_string_equal(hcs_error_id(err), "web");
  hcs_stream_free(in);
  hcs_process_free(process);
  hcs_system_free(system);
}

static void more_than_a_few(void **unused) {
  hcs_system *system = running("web");
  hcs_process *process = spawned(system, "\"exit\",\"0\"", "");
  hcs_poll_item items[100];

  (void)unused;
  for (int i = 0; i < 100; i++)
    items[i] =
        (hcs_poll_item){.system = i == 77 ? NULL : system, .process = i == 77 ? process : NULL};
  assert_ok(hcs_poll(items, 100, HCS_FOREVER, err));
  for (int i = 0; i < 100; i++) assert_int_equal(items[i].ready, i == 77);
  hcs_process_free(process);
  gone(system);
}

/* ---- closing what is waited for --------------------------------------------------------------------- */

typedef struct waiter {
  pthread_t thread;
  hcs_poll_item items[3];
  hcs_error *err;
  int result;
} waiter;

static void *waiter_run(void *argument) {
  waiter *w = argument;

  w->result = hcs_poll(w->items, 3, HCS_FOREVER, w->err);
  return NULL;
}

/* 0: the system is closed, 1: the process, 2: the stream; with free instead of close from 3 on. */
static void end_one(int which, hcs_poll_item *items) {
  if (which == 0) assert_ok(hcs_system_close(items[0].system, 0, err));
  if (which == 1) assert_ok(hcs_process_close(items[1].process, err));
  if (which == 2) assert_ok(hcs_stream_close(items[2].stream, err));
  if (which == 3) hcs_system_free(items[0].system);
  if (which == 4) hcs_process_free(items[1].process);
}

static void close_releases_poll(void **unused) {
  (void)unused;
  for (int which = 0; which < 5; which++) {
    hcs_system *system = running("web");
    hcs_process *process = spawned(system, "\"sleep\"", "i");
    hcs_stream *in = hcs_process_stream(process, HCS_STDIN, err);
    static const char bytes[65536];
    unsigned calls = memory_platform_calls("poll");
    size_t size;
    waiter w = {.items = {{.system = system}, {.process = process}, {.stream = in}},
                .err = hcs_error_new()};

    assert_ok(hcs_stream_write(in, bytes, sizeof bytes, &size, 0, err)); /* full: not ready */
    assert_int_equal(pthread_create(&w.thread, NULL, waiter_run, &w), 0);
    await_calls("poll", calls + 1);
    end_one(which, w.items);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.result, -1);
    assert_true(hcs_error_kind(w.err) == HCS_E_ALREADY_CLOSED);
    hcs_error_free(w.err);
    hcs_stream_free(in);
    if (which != 4) hcs_process_free(process);
    if (which != 3) hcs_system_free(system);
    gone(hcs_system_open("web", err));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(ends_make_ready_and_stay),
      TEST(streams_are_ready_when_a_call_would_not_wait),
      TEST(buffered_bytes_are_ready_at_once),
      TEST(an_ended_stdin_is_ready),
      TEST(bare_descriptors),
      TEST(nothing_to_wait_for_sleeps),
      TEST(closed_objects_are_refused),
      TEST(more_than_a_few),
      TEST(close_releases_poll),
  };

  return cmocka_run_group_tests_name("poll", tests, NULL, NULL);
}
