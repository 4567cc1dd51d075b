/*
 * guest_life_test.c - a container's life in its guest: from the commit, through its states, to its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "test/guest_fixture.h"

static void ends_without_commit(void **state) {
  (void)state;
  guest g;
  guest_boot(&g, &(options){0});
  close(g.boot);
  g.boot = -1;
  assert_int_equal(WEXITSTATUS(guest_wait(&g)), 1);
}

static void refuses_other_than_commit(void **state) {
  (void)state;
  int ends[2], wrong = open("/dev/null", O_RDWR | O_CLOEXEC);
  exit_pair(ends);
  struct {
    uint16_t type;
    uint32_t length;
    int fds[2];
    size_t count;
  } cases[] = {{HCS_START, 0, {ends[1]}, 1},
               {HCS_COMMIT, 0, {0}, 0},
               {HCS_COMMIT, 4, {ends[1]}, 1},
               {HCS_COMMIT, 0, {ends[1], ends[0]}, 2},
               {HCS_COMMIT, 0, {wrong}, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    guest g;
    guest_boot(&g, &(options){0});
    send_frame(g.boot, cases[i].type, "abcd", cases[i].length, cases[i].fds, cases[i].count);
    assert_int_equal(WEXITSTATUS(guest_wait(&g)), 1);
  }
  close(ends[0]);
  close(ends[1]);
  close(wrong);
}

static void goes_through_its_states(void **state) {
  (void)state;
  guest g;
  process p;
  guest_boot(&g, &(options){0});
  guest_commit(&g);
  assert_int_equal(spawn_try(g.boot, &sleeper, &p).status, HCS_STATUS_STATE);
  close(p.exit);
  assert_int_equal(open_status(g.boot, 2), HCS_STATUS_STATE);
  hcs_reply reply = call(g.boot, HCS_START, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_RUNNING);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);

  const char *arguments[] = {"sh", "-c", "trap '' TERM; echo ready; sleep 1000 & wait; wait", NULL};
  int out[2];
  char text[16];
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  p = spawn(g.boot, &(command){.arguments = arguments, .streams = {0, out[1], 0}});
  assert_int_equal(read(out[0], text, sizeof text), 6);
  reply = call(g.boot, HCS_SHUTDOWN, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_SHUTDOWN);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);
  process late;
  assert_int_equal(spawn_try(g.boot, &sleeper, &late).status, HCS_STATUS_STATE);
  close(late.exit);
  process again = open_pid(g.boot, p.pid);
  reply = call(g.boot, HCS_TERMINATE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_ENDING);
  assert_exit(p.exit, 137, SIGKILL);
  assert_exit(again.exit, 137, SIGKILL);
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
  close(p.exit);
  close(again.exit);
  close(out[0]);
  close(out[1]);
}

static void starts_nothing_while_paused(void **state) {
  (void)state;
  guest g;
  process p;
  guest_boot(&g, &(options){0});
  guest_commit(&g);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_STATE);
  assert_int_equal(ask(g.boot, HCS_RESUME), HCS_STATUS_STATE);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_OK);
  process before = spawn(g.boot, &sleeper);
  for (int round = 0; round < 2; round++) {
    int other = client_open(&g);
    hcs_reply reply = call(g.boot, HCS_PAUSE, NULL, 0, NULL, 0);
    assert_int_equal(reply.status, HCS_STATUS_OK);
    assert_int_equal(reply.state, HCS_GUEST_PAUSED);
    assert_int_equal(ask(other, HCS_PAUSE), HCS_STATUS_OK); /* the last one may have been killed */
    reply = spawn_try(other, &sleeper, &p);
    assert_int_equal(reply.status, HCS_STATUS_STATE);
    assert_int_equal(reply.state, HCS_GUEST_PAUSED);
    close(p.exit);
    assert_int_equal(ask(other, HCS_START), HCS_STATUS_STATE);
    process again = open_pid(other, before.pid);
    close(again.exit);
    assert_int_equal(ask(other, HCS_RESUME), HCS_STATUS_OK);
    assert_int_equal(ask(other, HCS_RESUME), HCS_STATUS_OK);
    p = shell(g.boot, "exit 3");
    assert_exit(p.exit, 3, 0);
    close(p.exit), close(other);
  }
  close(before.exit);
  guest_end(&g);
}

/* The signal waits for the resume, since it would end what stands still. */
static void shuts_down_while_paused(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  process p = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  hcs_reply reply = call(g.boot, HCS_SHUTDOWN, NULL, 0, NULL, 0);
  assert_int_equal(reply.state, HCS_GUEST_SHUTDOWN);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_STATE);
  assert_false(wait_readable(p.exit, MOMENT_MS));
  assert_int_equal(ask(g.boot, HCS_RESUME), HCS_STATUS_OK);
  assert_exit(p.exit, 128 + SIGTERM, SIGTERM);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
  close(p.exit);
  guest_start(&g, NULL);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
}

/* v1: frozen processes do not die of the signal alone. */
static void thaws_who_is_to_die(void **state) {
  (void)state;
  guest g;
  int freezer[2];
  char text[16] = "";
  assert_int_equal(pipe2(freezer, O_CLOEXEC), 0);
  guest_start(&g, &(options){.arguments = {"freezer"}, .tasks = freezer[1]});
  process p = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  assert_false(wait_readable(freezer[0], MOMENT_MS)); /* all else is the client's */
  guest_end(&g);
  assert_int_equal(read(freezer[0], text, sizeof text), 6);
  assert_string_equal(text, "THAWED");
  close(p.exit);
  close(freezer[0]), close(freezer[1]);
}

static void shuts_down_at_once_without_processes(void **state) {
  (void)state;
  for (int started = 0; started < 2; started++) {
    guest g;
    guest_boot(&g, &(options){0});
    guest_commit(&g);
    if (started) assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_OK);
    assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
    assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
    assert_int_equal(guest_wait(&g), 0);
  }
}

static void shutdown_waits_for_the_last(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  const char *arguments[] = {"sh", "-c", "trap 'exit 5' TERM; echo ready; read x", NULL};
  int in[2], out[2];
  char text[16];
  assert_int_equal(pipe2(in, O_CLOEXEC), 0);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  process stubborn =
      spawn(g.boot, &(command){.arguments = arguments, .streams = {in[0], out[1], 0}});
  assert_int_equal(read(out[0], text, sizeof text), 6);
  process plain = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_exit(plain.exit, 128 + SIGTERM, SIGTERM);
  assert_exit(stubborn.exit, 5, 0);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
  close(plain.exit);
  close(stubborn.exit);
  close(in[0]), close(in[1]), close(out[0]), close(out[1]);
}

/* When the container's end can be read, every process' can. */
static void processes_end_before_the_container(void **state) {
  (void)state;
  for (int round = 0; round < 10; round++) {
    guest g;
    process p[20];
    hcs_exit_record record;
    guest_start(&g, NULL);
    for (int i = 0; i < 20; i++) p[i] = spawn(g.boot, &sleeper);
    send_frame(g.boot, round % 2 == 0 ? HCS_TERMINATE : HCS_SHUTDOWN, NULL, 0, NULL, 0);
    exit_of(g.ending);
    for (int i = 0; i < 20; i++) {
      assert_true(has_exit(p[i].exit, 0, &record));
      assert_int_equal(record.signal, round % 2 == 0 ? SIGKILL : SIGTERM);
      close(p[i].exit);
    }
    assert_int_equal(guest_wait(&g), 0);
  }
}

static void ends_with_the_last_handle(void **state) {
  (void)state;
  guest g;
  const options last = {.arguments = {"last"}};
  guest_start(&g, &last);
  int a = client_open(&g), b = client_open(&g);
  int ending_a = client_acquire(a), ending_b = client_acquire(b), ending_b2 = client_acquire(b);
  process p = spawn(a, &sleeper);
  hcs_reply reply = call(g.boot, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.ending, 0);
  assert_int_equal(ask(g.boot, HCS_RELEASE), HCS_STATUS_STATE);
  close(b); /* a crash: two handles */
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);
  reply = call(a, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.ending, 1);
  assert_int_equal(reply.state, HCS_GUEST_ENDING);
  assert_exit(p.exit, 137, SIGKILL);
  assert_ended(ending_a, HCS_SYSTEM_FORCED);
  assert_ended(ending_b, HCS_SYSTEM_FORCED);
  assert_ended(ending_b2, HCS_SYSTEM_FORCED);
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
  close(a), close(ending_a), close(ending_b), close(ending_b2), close(p.exit);

  /* The creator crashes. */
  guest_start(&g, &last);
  close(g.boot);
  g.boot = -1;
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
}

static void outlives_its_handles(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  process p = spawn(g.boot, &sleeper);
  hcs_reply reply = call(g.boot, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.ending, 0);
  close(g.boot);
  g.boot = client_open(&g);
  process q = open_pid(g.boot, p.pid);
  assert_true(q.spawn == p.spawn);
  close(p.exit), close(q.exit);
  guest_end(&g);
}

/* TERMINATE wins against processes that fork all the time, and against those that wait. */
static void ends_a_fork_storm(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) {
    guest g;
    guest_start(&g, NULL);
    process p[4];
    for (int k = 0; k < 4; k++)
      p[k] = shell(g.boot,
                   "trap '' TERM; f() { while :; do (sleep 0.001 &) ; (:); done; }; f & f & f");
    usleep(20000);
    guest_end(&g);
    for (int k = 0; k < 4; k++) {
      assert_exit(p[k].exit, 137, SIGKILL);
      close(p[k].exit);
    }
  }
}

/* Whether another reply is queued; passes over the one ECONNRESET of receive_reply(). */
static int more_replies(int fd) {
  char byte;
  if (!wait_readable(fd, PATIENCE_MS)) return 0;
  ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_TRUNC);
  if (n < 0 && errno == ECONNRESET) n = recv(fd, &byte, 1, MSG_PEEK | MSG_TRUNC);
  return n > 0;
}

/* A request in hand when the end begins is answered with the state, or was in time. */
static void ends_while_spawning(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    guest g;
    enum { MANY = 30 };
    process p[MANY];
    uint32_t request;
    guest_start(&g, NULL);
    int c = client_open(&g);
    for (int i = 0; i < MANY; i++) spawn_send(c, &sleeper, &p[i]);
    usleep((useconds_t)round * 200);
    assert_int_equal(ask(g.boot, round % 2 == 0 ? HCS_TERMINATE : HCS_SHUTDOWN), HCS_STATUS_OK);
    exit_of(g.ending);
    int started = 0, refused = 0, ended = 0, silent = 0;
    hcs_exit_record record;
    while (more_replies(c)) {
      hcs_reply reply = receive_reply(c, &request);
      if (reply.status == HCS_STATUS_OK)
        started++;
      else if (reply.status == HCS_STATUS_STATE)
        refused++;
      else
        fail();
    }
    for (int i = 0; i < MANY; i++) {
      if (has_exit(p[i].exit, PATIENCE_MS, &record))
        ended++;
      else
        silent++;
      close(p[i].exit);
    }
    assert_int_equal(started, ended);
    assert_int_equal(ended + silent, MANY);
    assert_true(refused <= silent);
    close(c);
    assert_int_equal(guest_wait(&g), 0);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(ends_without_commit),
      TEST(refuses_other_than_commit),
      TEST(goes_through_its_states),
      TEST(starts_nothing_while_paused),
      TEST(shuts_down_while_paused),
      TEST(thaws_who_is_to_die),
      TEST(shuts_down_at_once_without_processes),
      TEST(shutdown_waits_for_the_last),
      TEST(processes_end_before_the_container),
      TEST(ends_with_the_last_handle),
      TEST(outlives_its_handles),
      TEST(ends_a_fork_storm),
      TEST(ends_while_spawning),
  };
  return RUN(argc, argv, tests);
}
